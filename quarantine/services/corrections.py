"""A mistaken event is never deleted: a further event annuls it."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.grid.versions import check_version
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import EventKind, Observation, ObservationEvent, ObservationState, Outcome, VisitState
from quarantine.services.followup import followup_refresh
from quarantine.services.observations import event_add
from quarantine.services.stays import stay_reopen, stay_unmove, stay_void

CLOSING = {EventKind.RELEASED, EventKind.TRANSFERRED, EventKind.LOST, EventKind.DIED}
SHIFTING = {EventKind.EXTENDED, EventKind.SHORTENED}


@transaction.atomic
def event_annul(
    *, event: ObservationEvent, version: int, reason: str, by: Staff, known_at: dt.datetime | None = None
) -> ObservationEvent:
    """Annul the latest effective event of an observation and undo what it did; returns the annulment.

    Raises ValidationError without a reason, or for an event that others have followed; StaleVersion.
    """
    known_at = known_at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请写明更正的原因。"})
    row = Observation.objects.select_for_update().get(pk=event.observation_id)
    check_version(row, version)
    latest = row.events.effective(known_at).order_by("-recorded_at", "-pk").first()
    if latest is None or latest.pk != event.pk:
        raise ValidationError("只能更正最近的一次事件;更早的请从后往前逐个更正。")
    row.version += 1
    areas = {row.area_id}
    if event.kind in CLOSING:
        _reopen(row, known_at)
    elif event.kind == EventKind.MOVED:
        areas |= _move_back(row, event, known_at)
    elif event.kind in SHIFTING:
        row.last_on = dt.date.fromisoformat(event.detail["from"])
        row.save(update_fields=["last_on", "version"])
        _cancel_visits(row, known_at, by, after=row.last_on)
    elif event.kind == EventKind.OPENED:
        _void(row, by, known_at)
    else:
        row.save(update_fields=["version"])
    annulment = event_add(
        observation=row, kind=EventKind.ANNULLED, at=event.happened_at, known_at=known_at, by=by, reason=reason,
        corrects=event, from_area=event.from_area, to_area=event.to_area,
    )  # fmt: skip
    followup_refresh([pk for pk in {row.household_id, event.detail.get("to_household")} if pk])
    mark_dirty(areas)
    return annulment


def _reopen(row: Observation, known_at: dt.datetime) -> None:
    others = Observation.objects.open().filter(person=row.person_id).exclude(pk=row.pk)
    if others.exists():
        raise ValidationError("该人员已有新的观察,不能恢复这一次。")
    row.state, row.outcome, row.closed_at = ObservationState.OPEN, "", None
    row.save(update_fields=["state", "outcome", "closed_at", "version"])
    stay_reopen(observation=row, known_at=known_at)
    # Slots that have passed in the meantime stay cancelled: nobody was due then.
    row.visits.filter(state=VisitState.CANCELLED, closes_at__gt=known_at, date__lte=row.last_on).update(
        state=VisitState.PLANNED, state_at=None, state_recorded_at=None, state_by=None
    )


def _move_back(row: Observation, event: ObservationEvent, known_at: dt.datetime) -> set[int]:
    assert event.from_area_id is not None and event.to_area_id is not None
    row.area_id = event.from_area_id
    row.household_id = event.detail.get("from_household")
    row.walk_key = row.household.walk_key if row.household else row.walk_key
    row.save(update_fields=["area", "household", "walk_key", "version"])
    stay_unmove(observation=row, known_at=known_at)
    row.visits.filter(state=VisitState.PLANNED, closes_at__gt=event.happened_at).update(area=row.area_id)
    return {event.from_area_id, event.to_area_id}


def _cancel_visits(row: Observation, known_at: dt.datetime, by: Staff, after: dt.date) -> None:
    row.visits.filter(state=VisitState.PLANNED, date__gt=after).update(
        state=VisitState.CANCELLED, state_at=known_at, state_recorded_at=known_at, state_by=by
    )


def _void(row: Observation, by: Staff, known_at: dt.datetime) -> None:
    row.state, row.outcome, row.closed_at = ObservationState.CLOSED, Outcome.VOIDED, known_at
    row.save(update_fields=["state", "outcome", "closed_at", "version"])
    stay_void(observation=row, known_at=known_at)
    _cancel_visits(row, known_at, by, after=row.day_one_on - dt.timedelta(days=1))
