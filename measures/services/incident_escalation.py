"""Incidents that nobody has read, or to which nobody has said what is to be done: one level up.

Of all that go up at once everybody hears in one message; who was told stands at each incident by itself.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from measures.models import Incident, IncidentAction, IncidentReader, IncidentState, IncidentStep
from measures.rules.orders import Severity, incident_next_at
from measures.services.incident_levels import Ladder
from measures.services.incident_messages import readers_made, tell_raised


def _next_at(row: Incident, *, is_read: bool) -> dt.datetime | None:
    if row.state == IncidentState.CLOSED:
        return None
    return incident_next_at(
        Severity(row.severity), row.since, is_read=is_read, is_answered=row.answered_at is not None,
        told=row.level_told,
    )  # fmt: skip


def escalate_next(row: Incident) -> dt.datetime | None:
    """When the incident goes up next, as it stands (one query)."""
    return _next_at(row, is_read=row.readers.filter(read_at__isnull=False).exists())


def _readers_of(rows: Iterable[Incident]) -> dict[int, dict[int, bool]]:
    """Who must know of each, by id, and whether he has read it (one query)."""
    found: dict[int, dict[int, bool]] = defaultdict(dict)
    readers = IncidentReader.objects.filter(incident__in=[row.pk for row in rows]).order_by()
    for incident, staff, read_at in readers.values_list("incident", "staff", "read_at"):
        found[incident][staff] = read_at is not None
    return found


@transaction.atomic
def incidents_escalate(pks: Collection[int], at: dt.datetime) -> int:
    """Tell the next level above, once for each time that is over; how many levels were told.

    Whoever has been told is not told again; at the top it ends, and the incident stays on the pages. Rows that another
    tick is at are left alone. The number of queries does not grow with the rows.
    """
    due = Incident.objects.select_for_update(of=("self",), skip_locked=True).escalating(at)
    rows = list(due.filter(pk__in=pks).select_related("kind", "area", "reported_by").order_by("pk"))
    if not rows:
        return 0
    ladders = Ladder.above_each([(row.area, row.household_id) for row in rows], timezone.localdate(at))
    readers = _readers_of(rows)
    new, steps = [], []
    for row, ladder in zip(rows, ladders, strict=True):
        known = readers[row.pk]
        found, told = _raised(row, ladder, is_read=any(known.values()), known=set(known), at=at)
        new += found
        steps += told
    tell_raised(IncidentReader.objects.bulk_create(new), at)
    IncidentStep.objects.bulk_create(steps)
    Incident.objects.bulk_update(rows, ["escalate_at", "level_told"], batch_size=500)
    return len(steps)


def _raised(
    row: Incident, ladder: Ladder, *, is_read: bool, known: set[int], at: dt.datetime
) -> tuple[list[IncidentReader], list[IncidentStep]]:
    """Who hears of it now, and what stands at the incident; the row is set on to its next time, not saved."""
    readers: list[IncidentReader] = []
    steps: list[IncidentStep] = []
    told = known | {row.reported_by_id}
    due = _next_at(row, is_read=is_read)
    while due is not None and due <= at:
        rungs = ladder.next_above(told)
        if not rungs:
            due = None
            break
        new = readers_made(row, rungs, told, at=at)
        row.level_told += 1
        names = "、".join(one.staff.name for one in new)
        words = f"无人{'批示' if is_read else '阅知'}，已报{rungs[-1].title}{names}"
        steps.append(
            IncidentStep(
                incident=row, action=IncidentAction.ESCALATED, severity=row.severity, at=at, words=words[:500]
            )
        )
        readers += new
        told |= {one.staff_id for one in new}
        due = _next_at(row, is_read=is_read)
    row.escalate_at = due
    return readers, steps
