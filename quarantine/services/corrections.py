"""A mistaken event is never deleted: a further event annuls it."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.grid.versions import check_version
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import (
    EventKind,
    Observation,
    ObservationEvent,
    ObservationState,
    Outcome,
    Place,
    VisitState,
)
from quarantine.models.visits import UNMEASURED
from quarantine.services.aftercare import followups_call_off
from quarantine.services.events import event_add, visits_lay_down
from quarantine.services.followup import followup_refresh
from quarantine.services.homes import live_at
from quarantine.services.observations import observation_move_locked
from quarantine.services.pending import handover_lapse, recalculation_lapse
from quarantine.services.service_requests import services_follow
from quarantine.services.stays import stay_reopen, stay_unmove, stay_void
from quarantine.services.terms import TERM_FIELDS, term_restore, visits_fit

CLOSING = frozenset({EventKind.RELEASED, EventKind.TRANSFERRED, EventKind.LOST, EventKind.DIED})
SHIFTING = frozenset({EventKind.EXTENDED, EventKind.SHORTENED, EventKind.RESTARTED, EventKind.RECALCULATED})


def latest_event(observation: Observation, known_at: dt.datetime) -> ObservationEvent | None:
    """The one event that can be annulled now: the last one recorded that still stands."""
    return observation.events.effective(known_at).order_by("-recorded_at", "-pk").first()


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
    row = (
        Observation.objects.select_for_update(of=("self",))
        .select_related("area")
        .get(pk=event.observation_id)
    )
    check_version(row, version)
    latest = latest_event(row, known_at)
    if latest is None or latest.pk != event.pk:
        raise ValidationError("只能更正最近的一次事件；更早的请从后往前逐个更正。")
    row.version += 1
    touched = {row.area_id, event.from_area_id, event.to_area_id}
    homes = {row.household_id}
    annulment = event_add(
        observation=row, kind=EventKind.ANNULLED, at=event.happened_at, known_at=known_at, by=by, reason=reason,
        corrects=event, from_area=event.from_area, to_area=event.to_area,
    )  # fmt: skip
    _undo(row, event, by, known_at)
    followup_refresh([pk for pk in homes | {row.household_id} if pk])
    mark_dirty({pk for pk in touched | {row.area_id} if pk})
    return annulment


def _undo(row: Observation, event: ObservationEvent, by: Staff, known_at: dt.datetime) -> None:
    if event.kind in CLOSING:
        _reopen(row, event, by, known_at)
    elif event.kind == EventKind.MOVED:
        _move_back(row, event, by, known_at)
    elif event.kind in SHIFTING:
        _shift_back(row, event, by, known_at)
    elif event.kind == EventKind.OPENED:
        _void(row, by, known_at)
    else:
        row.save(update_fields=["version"])


def _reopen(row: Observation, event: ObservationEvent, by: Staff, known_at: dt.datetime) -> None:
    others = Observation.objects.open().filter(person=row.person_id).exclude(pk=row.pk)
    if others.exists():
        raise ValidationError("该人员已有新的观察，不能恢复这一次。")
    row.state, row.outcome, row.closed_at = ObservationState.OPEN, "", None
    row.save(update_fields=["state", "outcome", "closed_at", "version"])
    stay_reopen(observation=row, known_at=known_at)
    followups_call_off(row)
    # Slots that had closed before the mistake was made are missed again; those that closed since stay cancelled:
    # nobody was due then.
    undone = row.visits.filter(state=VisitState.CANCELLED, state_recorded_at=event.recorded_at)
    undone.filter(closes_at__lte=event.recorded_at).update(
        state=VisitState.MISSED, state_recorded_at=known_at, state_by=None
    )
    visits_lay_down(observation=row, terms=row.policy.parsed(), from_at=known_at)
    _follow_successor(row, by, known_at)


def _follow_successor(row: Observation, by: Staff, known_at: dt.datetime) -> None:
    """The area may have moved on while the observation was closed: it goes on where the area is now."""
    area: Area = row.area
    while area.successor is not None:
        area = area.successor
    if area.pk == row.area_id:
        return
    household = row.household if row.household and row.household.area_id == area.pk else None
    observation_move_locked(
        row,
        area=area,
        household=household,
        reason="区域调整",
        by=by,
        at=known_at,
        known_at=known_at,
        place_note=None,
    )


def _move_back(row: Observation, event: ObservationEvent, by: Staff, known_at: dt.datetime) -> None:
    assert event.from_area is not None
    if not event.from_area.is_open:
        raise ValidationError(f"原来的“{event.from_area.name}”已停用，不能退回；请改办转往他处。")
    before = event.detail["before"]
    row.area, row.household_id = event.from_area, before["household"]
    row.place, row.place_note, row.walk_key = before["place"], before["place_note"], before["walk_key"]
    row.save(update_fields=["area", "household", "place", "place_note", "walk_key", "version"])
    stay_unmove(observation=row, known_at=known_at)
    row.visits.filter(state=VisitState.PLANNED, closes_at__gt=event.happened_at).update(area=row.area_id)
    if row.place == Place.HOME:
        live_at(
            person=row.person,
            area=row.area,
            household=row.household,
            address=row.place_note,
            by=by,
            at=known_at,
        )
    services_follow(person=row.person, area=row.area, by=by, at=known_at)


def _shift_back(row: Observation, event: ObservationEvent, by: Staff, known_at: dt.datetime) -> None:
    """The term as it was before, under the policy of then; an extension of before 0004 knows its last day only."""
    if "before" in event.detail:
        term_restore(row, event.detail["before"])
    else:
        row.last_on = dt.date.fromisoformat(event.detail["from"])
    row.save(update_fields=TERM_FIELDS)
    visits_fit(row, row.policy.parsed(), by=by, known_at=known_at)


def _void(row: Observation, by: Staff, known_at: dt.datetime) -> None:
    """Entered by mistake: nothing was ever due, also what was missed."""
    row.state, row.outcome, row.closed_at = ObservationState.CLOSED, Outcome.VOIDED, known_at
    row.save(update_fields=["state", "outcome", "closed_at", "version"])
    stay_void(observation=row, known_at=known_at)
    handover_lapse(row, by=by, at=known_at, why="观察误建作废")
    recalculation_lapse(row, by=by, at=known_at, why="观察误建作废")
    row.visits.filter(state__in=[*UNMEASURED, VisitState.MISSED]).update(
        state=VisitState.CANCELLED, state_at=known_at, state_recorded_at=known_at, state_by=by
    )
