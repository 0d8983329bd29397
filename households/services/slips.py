"""温馨提示: numbering slips for doors where nobody opened (docs/absent.md)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from grassroots.grid.models import Area, Level
from grassroots.grid.paper_codes import free_codes
from households.models import DoorSlip
from households.services.absent import QUEUED

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Household

MOST_SLIPS = 100


@transaction.atomic
def slips_issue(
    *, households: Sequence[Household], by: Staff, at: dt.datetime | None = None
) -> list[DoorSlip]:
    """Number a slip for each of up to MOST_SLIPS absent households, in their order: all of them or none.

    Numbers run by village and year; the village's row is locked, so that none is given twice and none is left out.
    Raises ValidationError saying why not.
    """
    if not households:
        raise ValidationError("请勾选要打印提示单的户。")
    if len(households) > MOST_SLIPS:
        raise ValidationError(f"一次最多打印 {MOST_SLIPS} 张，请分批打印。")
    if wrong := [row.display for row in households if row.closed_on or row.survey_state not in QUEUED]:
        raise ValidationError(f"{'、'.join(wrong[:3])}已不在无人户名单里，不用打印提示单。")
    at = at or timezone.now()
    year, issue = timezone.localdate(at).year, uuid.uuid4()
    villages = _villages([row.area for row in households])
    numbers = _numbers([villages[row.area_id] for row in households], year)
    codes = free_codes(
        len(households), lambda made: DoorSlip.objects.filter(code__in=made).values_list("code", flat=True)
    )
    slips = [
        DoorSlip(
            code=code, household=row, area=villages[row.area_id], year=year, number=number, issue=issue,
            printed_by=by, printed_at=at,
        )
        for row, number, code in zip(households, numbers, codes, strict=True)
    ]  # fmt: skip
    return list(DoorSlip.objects.bulk_create(slips))


def _villages(areas: Sequence[Area]) -> dict[int, Area]:
    """The area whose numbers a slip bears: the village, or itself above that (one query)."""
    paths = {path for area in areas for path in area.ancestor_paths()}
    found = {area.path: area for area in Area.objects.filter(path__in=paths, level=Level.VILLAGE)}
    return {
        area.pk: next((found[path] for path in area.ancestor_paths() if path in found), area)
        for area in areas
    }


def _numbers(areas: Sequence[Area], year: int) -> list[int]:
    following: dict[int, int] = defaultdict(int)
    for pk in sorted({area.pk for area in areas}):
        Area.objects.select_for_update().get(pk=pk)
        last = DoorSlip.objects.filter(area=pk, year=year).aggregate(last=Max("number"))["last"]
        following[pk] = (last or 0) + 1
    numbers = []
    for area in areas:
        numbers.append(following[area.pk])
        following[area.pk] += 1
    return numbers
