"""Services on doors that do not exist: dismissed with a reason, and proposed again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.models import DismissedDoor
from households.picture import Possible

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff


def doors_dismiss(
    *, area: Area, doors: Iterable[Possible], reason: str, by: Staff, at: dt.datetime | None = None
) -> int:
    """Say of possible doors of an area that they do not exist; returns how many were named.

    One that somebody else has dismissed in the meantime stays as he did it. Raises ValidationError by field.
    """
    doors = list(doors)
    if not doors:
        raise ValidationError({"doors": "请勾选不存在的门牌。"})
    if not reason.strip():
        raise ValidationError({"reason": "请选择原因。"})
    at = at or timezone.now()
    rows = [
        DismissedDoor(
            area=area,
            building=one.building,
            unit=one.unit,
            door=one.missing.door,
            display=one.display,
            reason=reason.strip(),
            by=by,
            at=at,
        )
        for one in doors
    ]
    DismissedDoor.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def dismissed_undo(*, dismissed: DismissedDoor, by: Staff, at: dt.datetime | None = None) -> bool:
    """Propose the door again; whether it was this call that did so."""
    rows = DismissedDoor.objects.standing().filter(pk=dismissed.pk)
    return bool(rows.update(undone_by=by, undone_at=at or timezone.now()))


def dismissed_move(successors: Mapping[int, int]) -> None:
    """Take what was dismissed along when areas move; where the successor has the same, its own stays."""
    with transaction.atomic():
        for row in DismissedDoor.objects.standing().filter(area__in=successors):
            there = DismissedDoor.objects.standing().filter(
                area=successors[row.area_id], building=row.building, unit=row.unit, door=row.door
            )
            if not there.exists():
                row.area_id = successors[row.area_id]
                row.save(update_fields=["area"])
