"""A step of the tick: once a day everybody is told how many people he is to visit, and what of the plans is due."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import DutyTarget
from grassroots.grid.models import Area, Staff
from grassroots.notices.leaves import stand_ins
from grassroots.notices.reminders import Letter, remind_many
from households.models import Household, Residency
from measures.care import CareStanding, board_of
from measures.models import CareDigest, CareFile
from measures.plans_due import plans_due
from quarantine.serving import servers_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

KIND = "care-due"
FROM = dt.time(8, 0)
AREAS, SECONDS = 200, 2.0  # areas a portion, and after how long the rest is left to the next tick
KEPT = dt.timedelta(days=30)


def care_remind(at: dt.datetime) -> Mapping[str, int]:
    """Tell each officer once a day, from eight in the morning on; after an outage as soon as the tick runs again.

    People are counted portion by portion; where a city has too many for one tick, the next one goes on. Nobody is
    told before all are counted: one message a day.
    """
    local = timezone.localtime(at)
    if local.time() < FROM or CareDigest.objects.filter(on=local.date(), told_at__isnull=False).exists():
        return {"told": 0}
    CareDigest.objects.filter(on__lt=local.date() - KEPT).delete()
    CareDigest.objects.get_or_create(on=local.date())
    with transaction.atomic():
        rows = CareDigest.objects.select_for_update(skip_locked=True)
        day = rows.filter(on=local.date(), told_at=None).first()
        if day is None:  # another machine is at it
            return {"told": 0}
        if not _count(day, at):
            day.save(update_fields=["after_path", "counts"])
            return {"told": 0}
        told = _tell(day, at)
        day.told_at, day.counts = at, {}
        day.save(update_fields=["told_at", "counts"])
    return {"told": told}


def _count(day: CareDigest, at: dt.datetime) -> bool:
    """Count on from where the day stands; whether all areas are done."""
    until = time.monotonic() + SECONDS
    while True:
        areas: QuerySet[Area] = Area.objects.open(day.on).filter(path__gt=day.after_path).order_by("path")
        portion = list(areas.values_list("pk", "path")[:AREAS])
        if not portion:
            return True
        _add(day, [pk for pk, _path in portion], at)
        day.after_path = portion[-1][1]
        if time.monotonic() > until:
            return False


def _add(day: CareDigest, areas: Sequence[int], at: dt.datetime) -> None:
    homes = Residency.objects.actual().filter(person__voided_at=None, area__in=areas)
    due = [row for row in board_of(homes, Household.objects.open().filter(area__in=areas), at) if row.is_due]
    for staff, rows in _answering(due, day.on).items():
        found = (
            len(rows),
            sum(row.late > 0 for row in rows),
            sum(row.alone is not None for row in rows),
            sum(row.is_observed for row in rows),
        )
        _count_for(day, staff, (*found, 0))
    for staff, number in plans_due(areas, day.on).items():
        _count_for(day, staff, (0, 0, 0, 0, number))


def _count_for(day: CareDigest, staff: int, found: Sequence[int]) -> None:
    """Add to what somebody is told; a day that was begun before plans were counted has no number of them."""
    before = [*day.counts.get(str(staff), []), *([0] * len(found))][: len(found)]
    day.counts[str(staff)] = [old + new for old, new in zip(before, found, strict=True)]


def _answering(rows: Sequence[CareStanding], on: dt.date) -> dict[int, list[CareStanding]]:
    """By the id of whoever was named for the person or stands in for him; else of the nearest officers."""
    if not rows:
        return {}
    files = CareFile.objects.filter(officer__is_active=True, person__in=[row.person_id for row in rows])
    named = {row.person_id: row.officer for row in files.select_related("officer") if row.officer}
    deputies = stand_ins(set(named.values()), on)
    free = {
        row.home_id: DutyTarget(row.area_id, row.household_id, row.person_id)
        for row in rows
        if row.person_id not in named
    }
    servers = servers_of(free.values(), on) if free else {}
    groups: dict[int, list[CareStanding]] = defaultdict(list)
    for row in rows:
        if row.home_id in free:
            officers = servers[free[row.home_id]]
        else:
            holder = named[row.person_id]
            officers = [deputies.get(holder.pk, holder)]
        for officer in officers:
            groups[officer.pk].append(row)
    return groups


def _words(late: int, alone: int, observed: int) -> str:
    """其中逾期3人、无人照料1人。 Counts and nothing else: it may leave the system (DOMAIN.md §5)."""
    counts = (("逾期", late), ("无人照料", alone), ("居家观察", observed))
    said = "、".join(f"{word}{number}人" for word, number in counts if number)
    return f"其中{said}。" if said else "请按行走顺序走访，一切正常的点一下即可。"


def _letter(officer: Staff, counts: Sequence[int]) -> Letter:
    """One message for both; the link leads to people where there are any, else to what is due of the plans."""
    due, late, alone, observed, plans = [*counts, 0][:5]
    parts = [f"走访{due}人" if due else "", f"做消毒清运{plans}项" if plans else ""]
    words = _words(late, alone, observed) if due else "做完一项登记一项，没有做的会列在“今日应做”里。"
    url = reverse("measures:care_list" if due else "measures:due_list")
    return Letter(officer, f"今日应{'、'.join(filter(None, parts))}", words, url=url)


def _tell(day: CareDigest, at: dt.datetime) -> int:
    staff = Staff.objects.active().in_bulk([int(pk) for pk in day.counts])
    letters = [_letter(staff[int(pk)], counts) for pk, counts in day.counts.items() if int(pk) in staff]
    return remind_many(letters, subject=f"care:{day.on}", kind=KIND, due_at=at, at=at)
