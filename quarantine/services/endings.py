"""How an observation ends: transfer, release, loss, death; and what is only told at once: 擅自外出, 拒绝配合."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import AlertKind, EventKind, Observation, ObservationState, Outcome, VisitState
from quarantine.services.aftercare import followups_lay_down
from quarantine.services.alerts import alert_raise
from quarantine.services.events import check_time, event_add, observation_lock
from quarantine.services.followup import followup_refresh
from quarantine.services.pending import handover_lapse, recalculation_lapse
from quarantine.services.release import blockers_of, reviewers_of
from quarantine.services.shared_clock import household_propose
from quarantine.services.stays import stay_close

# What a closing event undoes: slots after it were never due, whatever the tick has made of them since.
NOT_DUE = (VisitState.PLANNED, VisitState.MISSED)


def _close(
    row: Observation, *, outcome: Outcome, kind: EventKind, at: dt.datetime, known_at: dt.datetime, by: Staff,
    reason: str, confirmed_by: Staff | None = None, detail: dict[str, Any] | None = None,
) -> Observation:  # fmt: skip
    row.state, row.outcome, row.closed_at = ObservationState.CLOSED, outcome, at
    row.save(update_fields=["state", "outcome", "closed_at", "version"])
    event = event_add(
        observation=row, kind=kind, at=at, known_at=known_at, by=by, reason=reason, from_area=row.area,
        confirmed_by=confirmed_by, detail=detail or {},
    )  # fmt: skip
    stay_close(observation=row, at=at, known_at=known_at)
    row.visits.filter(state__in=NOT_DUE, closes_at__gt=at).update(
        state=VisitState.CANCELLED, state_at=at, state_recorded_at=known_at, state_by=by
    )
    why = f"观察已结束（{kind.label}）"
    handover_lapse(row, by=by, at=known_at, why=why)
    recalculation_lapse(row, by=by, at=known_at, why=why)
    household_propose(row=row, event=event, at=known_at)
    followup_refresh([row.household_id] if row.household_id else [])
    mark_dirty([row.area_id])
    return row


@transaction.atomic
def observation_transfer(
    *, observation: Observation, version: int, destination: str, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """转送: taken to a hospital or a central isolation place; the home observation ends.

    Raises ValidationError by field, StaleVersion.
    """
    known_at = known_at or timezone.now()
    at = at or known_at
    if not destination.strip():
        raise ValidationError({"destination": "请填写转送到哪里。"})
    row = observation_lock(observation, version)
    check_time(row, at, known_at)
    return _close(
        row, outcome=Outcome.TRANSFERRED, kind=EventKind.TRANSFERRED, at=at, known_at=known_at, by=by, reason=reason,
        detail={"destination": destination.strip()},
    )  # fmt: skip


@transaction.atomic
def observation_release(
    *, observation: Observation, version: int, reviewer: Staff, by: Staff, reason: str = "",
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """期满解除, confirmed by the health worker (`by`) and a reviewer, two different people.

    Raises ValidationError with every blocker in words: term not over, unexplained missed readings, open alerts; and on
    `reviewer` for oneself or somebody who may not release here; StaleVersion.
    """
    known_at = known_at or timezone.now()
    at = at or known_at
    row = observation_lock(observation, version)
    check_time(row, at, known_at)
    if reviewer.pk == by.pk:
        raise ValidationError({"reviewer": "经办人和审核人不能是同一个人。"})
    if not reviewers_of(row).filter(pk=reviewer.pk).exists():
        raise ValidationError({"reviewer": f"{reviewer.name}没有确认解除这里的观察的权限。"})
    if blockers := blockers_of(row, at):
        raise ValidationError(blockers)
    _close(
        row, outcome=Outcome.RELEASED, kind=EventKind.RELEASED, at=at, known_at=known_at, by=by, reason=reason,
        confirmed_by=reviewer,
    )  # fmt: skip
    followups_lay_down(row, released_on=timezone.localdate(at))
    return row


@transaction.atomic
def observation_end(
    *, observation: Observation, version: int, outcome: str, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """失联 or 死亡: the observation ends without release. Raises ValidationError by field, StaleVersion."""
    kinds = {Outcome.LOST.value: EventKind.LOST, Outcome.DIED.value: EventKind.DIED}
    if outcome not in kinds:
        raise ValidationError({"outcome": "请选择失联或死亡。"})
    if not reason.strip():
        raise ValidationError({"reason": "请写明情况。"})
    known_at = known_at or timezone.now()
    at = at or known_at
    row = observation_lock(observation, version)
    check_time(row, at, known_at)
    return _close(
        row, outcome=Outcome(outcome), kind=kinds[outcome], at=at, known_at=known_at, by=by, reason=reason
    )


@transaction.atomic
def observation_left_home(
    *, observation: Observation, version: int, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """擅自外出: noted as an event, and an alert raised at once. Raises ValidationError by field, StaleVersion."""
    if not reason.strip():
        raise ValidationError({"reason": "请写明外出的情况。"})
    return _note(
        observation, version, by=by, reason=reason, at=at, known_at=known_at, kind=EventKind.LEFT_HOME,
        alert=AlertKind.LEFT_HOME,
    )  # fmt: skip


@transaction.atomic
def observation_refused(
    *, observation: Observation, version: int, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """拒绝配合: noted as an event, and an alert raised at once. Raises ValidationError by field, StaleVersion."""
    if not reason.strip():
        raise ValidationError({"reason": "请写明怎样拒绝、做了哪些劝导。"})
    return _note(
        observation, version, by=by, reason=reason, at=at, known_at=known_at, kind=EventKind.REFUSED,
        alert=AlertKind.REFUSED,
    )  # fmt: skip


def _note(
    observation: Observation, version: int, *, by: Staff, reason: str, at: dt.datetime | None,
    known_at: dt.datetime | None, kind: EventKind, alert: AlertKind,
) -> Observation:  # fmt: skip
    """What ends nothing and is told at once."""
    known_at = known_at or timezone.now()
    at = at or known_at
    row = observation_lock(observation, version)
    check_time(row, at, known_at)
    row.save(update_fields=["version"])
    event_add(observation=row, kind=kind, at=at, known_at=known_at, by=by, reason=reason, to_area=row.area)
    alert_raise(observation=row, kind=alert, at=known_at)
    return row
