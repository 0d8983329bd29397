"""What every event of an observation begins with: the lock, the time, the row; and the visits that follow from it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.grid.versions import check_version
from quarantine.models import EventKind, Observation, ObservationEvent, ObservationState, Visit, VisitState
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.slots import slot_windows
from quarantine.services.contacts import contacts_mark_dirty
from quarantine.services.stays import stay_since

# What changes who is under observation at all.
COMING_AND_GOING = frozenset(
    {
        EventKind.OPENED, EventKind.RELEASED, EventKind.TRANSFERRED, EventKind.LOST, EventKind.DIED,
        EventKind.ANNULLED,
    }
)  # fmt: skip


def observation_lock(observation: Observation, version: int) -> Observation:
    """Lock an open observation for an event; the version goes one up. Raises StaleVersion, ValidationError."""
    row = (
        Observation.objects.select_for_update(of=("self",))
        .select_related("area", "policy")
        .get(pk=observation.pk)
    )
    check_version(row, version)
    if row.state != ObservationState.OPEN:
        raise ValidationError("该观察已经结束，不能再办理。")
    row.version += 1
    return row


def check_time(row: Observation, at: dt.datetime, known_at: dt.datetime) -> None:
    """Events lie between the start of the present stay and now: else flows and stock of that day would part."""
    if at > known_at:
        raise ValidationError({"at": "发生时间不能晚于现在。"})
    if at < row.opened_at:
        began = f"{timezone.localtime(row.opened_at):%m-%d %H:%M}"
        raise ValidationError({"at": f"发生时间早于开始管控的时间（{began}）。"})
    since = stay_since(row)
    if since is not None and at < since:
        moved = f"{timezone.localtime(since):%m-%d %H:%M}"
        raise ValidationError(
            {"at": f"发生时间早于最近一次转往他处的时间（{moved}）；如那次转移有误，请先更正它。"}
        )


def event_add(
    *, observation: Observation, kind: EventKind, at: dt.datetime, known_at: dt.datetime, by: Staff, reason: str = "",
    **fields: Any,
) -> ObservationEvent:  # fmt: skip
    """Write one event; events are never changed, only followed."""
    if kind in COMING_AND_GOING:
        contacts_mark_dirty(observation.person_id)
    return ObservationEvent.objects.create(
        observation=observation, kind=kind, happened_at=at, recorded_at=known_at, by=by, reason=reason.strip(),
        **fields,
    )  # fmt: skip


def visits_lay_down(*, observation: Observation, terms: PolicyTerms, from_at: dt.datetime) -> int:
    """Plan a visit for every slot from the first still open at `from_at` to the last day; returns how many.

    Nothing is "missed" before it began. Slots that have a visit keep it; a cancelled one is planned again.
    """
    first = max(timezone.localdate(from_at), observation.day_one_on)
    windows = slot_windows(terms, first, observation.last_on, from_at)
    there = {(visit.date, visit.slot): visit for visit in observation.visits.filter(date__gte=first)}
    cancelled = [
        visit.pk
        for window in windows
        if (visit := there.get((window.date, window.slot))) and visit.state == VisitState.CANCELLED
    ]
    observation.visits.filter(pk__in=cancelled).update(
        state=VisitState.PLANNED,
        state_at=None,
        state_recorded_at=None,
        state_by=None,
        area=observation.area_id,
    )
    new = [
        Visit(
            observation=observation,
            area_id=observation.area_id,
            date=window.date,
            slot=window.slot,
            opens_at=window.opens_at,
            closes_at=window.closes_at,
            recorded_at=from_at,
        )
        for window in windows
        if (window.date, window.slot) not in there
    ]
    Visit.objects.bulk_create(new)
    return len(new) + len(cancelled)
