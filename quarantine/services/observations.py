"""The life of an observation: open, extend, move, transfer, release. Each is a dated event by a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.grid.versions import check_version
from grassroots.ledgers.rollups import mark_dirty
from households.models import Household, Person
from quarantine.models import (
    EventKind,
    Observation,
    ObservationEvent,
    ObservationState,
    Outcome,
    Place,
    Policy,
    Returnee,
    Visit,
    VisitState,
)
from quarantine.rules.clock import MeasureOff, MissingStart, Start, Term, choose_start, term
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.slots import slot_windows
from quarantine.services.followup import followup_refresh
from quarantine.services.policies import policy_in_force
from quarantine.services.stays import stay_close, stay_open


@dataclass(frozen=True)
class StartDates:
    """The dates from which the count may start; the policy's order decides which."""

    last_contact_on: dt.date | None = None
    left_on: dt.date | None = None
    arrived_on: dt.date | None = None
    controlled_on: dt.date | None = None

    @classmethod
    def of(cls, returnee: Returnee, controlled_on: dt.date | None = None) -> StartDates:
        """A returnee's own dates."""
        return cls(returnee.last_contact_on, returnee.left_on, returnee.arrived_on, controlled_on)


@dataclass(frozen=True)
class Plan:
    """What opening an observation would lay down, to be explained before it is done."""

    policy: Policy
    terms: PolicyTerms
    start: Start
    term: Term


def observation_plan(*, dates: StartDates, policy: Policy | None = None) -> Plan:
    """Choose the policy and work out start and term. Raises ValidationError in the office's words."""
    arrived_on = dates.arrived_on or dates.controlled_on or timezone.localdate()
    policy = policy or policy_in_force(arrived_on)
    if policy is None:
        raise ValidationError(f"{arrived_on:%Y-%m-%d} 返回时没有执行中的防控政策,请管理员先启用政策。")
    terms = policy.parsed()
    try:
        start = choose_start(
            terms,
            last_contact_on=dates.last_contact_on,
            left_on=dates.left_on,
            arrived_on=dates.arrived_on,
            controlled_on=dates.controlled_on,
        )
        return Plan(policy, terms, start, term(terms, start))
    except (MissingStart, MeasureOff) as refused:
        raise ValidationError(str(refused)) from refused


def _check_time(observation: Observation, at: dt.datetime, known_at: dt.datetime) -> None:
    if at > known_at:
        raise ValidationError("发生时间不能晚于现在。")
    if at < observation.opened_at:
        raise ValidationError(f"发生时间早于开始管控的时间({timezone.localtime(observation.opened_at):%m-%d %H:%M})。")


def event_add(
    *, observation: Observation, kind: EventKind, at: dt.datetime, known_at: dt.datetime, by: Staff, reason: str = "",
    **fields: Any,
) -> ObservationEvent:  # fmt: skip
    """Write one event; events are never changed, only followed."""
    return ObservationEvent.objects.create(
        observation=observation, kind=kind, happened_at=at, recorded_at=known_at, by=by, reason=reason, **fields
    )


def visits_lay_down(*, observation: Observation, terms: PolicyTerms, from_at: dt.datetime) -> int:
    """Plan a visit for every slot from the first still open at `from_at` to the last day; returns how many are new.

    Nothing is "missed" before it began. Slots that have a visit already keep it.
    """
    first = max(timezone.localdate(from_at), observation.day_one_on)
    rows = [
        Visit(
            observation=observation,
            area_id=observation.area_id,
            date=window.date,
            slot=window.slot,
            opens_at=window.opens_at,
            closes_at=window.closes_at,
            recorded_at=from_at,
        )
        for window in slot_windows(terms, first, observation.last_on, from_at)
    ]
    there = set(observation.visits.values_list("date", "slot"))
    new = [row for row in rows if (row.date, row.slot) not in there]
    Visit.objects.bulk_create(new)
    return len(new)


@transaction.atomic
def observation_open(
    *,
    person: Person,
    area: Area,
    dates: StartDates,
    by: Staff,
    household: Household | None = None,
    returnee: Returnee | None = None,
    policy: Policy | None = None,
    place: str = Place.HOME,
    place_note: str = "",
    reason: str = "",
    at: dt.datetime | None = None,
    known_at: dt.datetime | None = None,
) -> Observation:
    """Open an observation from `at` (default now) and lay down its visits.

    Raises ValidationError when the person is under observation already, no policy applies, or no date is known from
    which to count.
    """
    known_at = known_at or timezone.now()
    at = at or known_at
    if at > known_at:
        raise ValidationError("开始管控的时间不能晚于现在。")
    if Observation.objects.open().filter(person=person).exists():
        raise ValidationError(f"{person.name}已在居家观察中,不能重复开始。")
    if dates.controlled_on is None:
        dates = StartDates(dates.last_contact_on, dates.left_on, dates.arrived_on, timezone.localdate(at))
    plan = observation_plan(dates=dates, policy=policy)
    observation = Observation.objects.create(
        person=person,
        returnee=returnee,
        policy=plan.policy,
        household=household,
        area=area,
        place=place,
        place_note=place_note,
        start_basis=plan.start.basis,
        basis_on=plan.start.basis_on,
        day_one_on=plan.start.day_one_on,
        last_on=plan.term.last_on,
        opened_at=at,
        recorded_at=known_at,
        walk_key=household.walk_key if household else "",
    )
    event_add(
        observation=observation, kind=EventKind.OPENED, at=at, known_at=known_at, by=by, to_area=area, reason=reason
    )
    stay_open(observation=observation, area=area, place=place, at=at, known_at=known_at)
    visits_lay_down(observation=observation, terms=plan.terms, from_at=max(at, known_at))
    followup_refresh([household.pk] if household else [])
    mark_dirty([area.pk])
    return observation


def _locked(observation: Observation, version: int) -> Observation:
    row = Observation.objects.select_for_update().get(pk=observation.pk)
    check_version(row, version)
    if row.state != ObservationState.OPEN:
        raise ValidationError("该观察已经结束,不能再办理。")
    row.version += 1
    return row


@transaction.atomic
def observation_extend(
    *, observation: Observation, version: int, days: int, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """Move the last day `days` (1 to 60) later and lay down the further visits. Raises ValidationError, StaleVersion."""
    known_at = known_at or timezone.now()
    at = at or known_at
    if not 1 <= days <= 60:
        raise ValidationError({"days": "延长天数应在 1 到 60 天之间。"})
    if not reason.strip():
        raise ValidationError({"reason": "请写明延长的原因。"})
    row = _locked(observation, version)
    _check_time(row, at, known_at)
    before, row.last_on = row.last_on, row.last_on + dt.timedelta(days=days)
    row.save(update_fields=["last_on", "version"])
    event_add(
        observation=row, kind=EventKind.EXTENDED, at=at, known_at=known_at, by=by, reason=reason, to_area=row.area,
        detail={"days": days, "from": before.isoformat(), "to": row.last_on.isoformat()},
    )  # fmt: skip
    visits_lay_down(observation=row, terms=row.policy.parsed(), from_at=known_at)
    mark_dirty([row.area_id])
    return row


@transaction.atomic
def observation_move(
    *, observation: Observation, version: int, area: Area, reason: str, by: Staff, household: Household | None = None,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """The person goes on under observation elsewhere (转出/转入). Raises ValidationError, StaleVersion."""
    known_at = known_at or timezone.now()
    at = at or known_at
    row = _locked(observation, version)
    _check_time(row, at, known_at)
    observation_move_locked(row, area=area, household=household, reason=reason, by=by, at=at, known_at=known_at)
    return row


def observation_move_locked(
    row: Observation, *, area: Area, household: Household | None, reason: str, by: Staff, at: dt.datetime,
    known_at: dt.datetime,
) -> None:  # fmt: skip
    """Move a row that is already locked; also used when its area gets a successor."""
    old_area, old_household = row.area, row.household_id
    if area.pk == old_area.pk and household and household.pk == old_household:
        raise ValidationError("新的观察地点与现在的相同。")
    row.area, row.household, row.walk_key = area, household, household.walk_key if household else row.walk_key
    row.save(update_fields=["area", "household", "walk_key", "version"])
    detail = {"from_household": old_household, "to_household": household.pk if household else None}
    event_add(
        observation=row, kind=EventKind.MOVED, at=at, known_at=known_at, by=by, reason=reason,
        from_area=old_area, to_area=area, detail=detail,
    )  # fmt: skip
    stay_close(observation=row, at=at, known_at=known_at)
    stay_open(observation=row, area=area, place=row.place, at=at, known_at=known_at)
    row.visits.filter(state=VisitState.PLANNED, closes_at__gt=at).update(area=area)
    followup_refresh([pk for pk in (old_household, row.household_id) if pk])
    mark_dirty([old_area.pk, area.pk])


def _close(
    row: Observation, *, outcome: Outcome, kind: EventKind, at: dt.datetime, known_at: dt.datetime, by: Staff,
    reason: str, confirmed_by: Staff | None = None, detail: dict[str, Any] | None = None,
) -> Observation:  # fmt: skip
    row.state, row.outcome, row.closed_at = ObservationState.CLOSED, outcome, at
    row.save(update_fields=["state", "outcome", "closed_at", "version"])
    event_add(
        observation=row, kind=kind, at=at, known_at=known_at, by=by, reason=reason, from_area=row.area,
        confirmed_by=confirmed_by, detail=detail or {},
    )  # fmt: skip
    stay_close(observation=row, at=at, known_at=known_at)
    row.visits.filter(state=VisitState.PLANNED, closes_at__gt=at).update(
        state=VisitState.CANCELLED, state_at=at, state_recorded_at=known_at, state_by=by
    )
    followup_refresh([row.household_id] if row.household_id else [])
    mark_dirty([row.area_id])
    return row


@transaction.atomic
def observation_transfer(
    *, observation: Observation, version: int, destination: str, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """转送: taken to a hospital or a central isolation place; the home observation ends. Raises ValidationError."""
    known_at = known_at or timezone.now()
    at = at or known_at
    if not destination.strip():
        raise ValidationError({"destination": "请填写转送到哪里。"})
    row = _locked(observation, version)
    _check_time(row, at, known_at)
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

    Raises ValidationError with every blocker in words: term not over, unexplained missed readings, open alerts.
    """
    from quarantine.services.release import blockers_of

    known_at = known_at or timezone.now()
    at = at or known_at
    row = _locked(observation, version)
    _check_time(row, at, known_at)
    if reviewer.pk == by.pk:
        raise ValidationError({"reviewer": "经办人和审核人不能是同一个人。"})
    blockers = blockers_of(row, at)
    if blockers:
        raise ValidationError(blockers)
    return _close(
        row, outcome=Outcome.RELEASED, kind=EventKind.RELEASED, at=at, known_at=known_at, by=by, reason=reason,
        confirmed_by=reviewer,
    )  # fmt: skip


@transaction.atomic
def observation_end(
    *, observation: Observation, version: int, outcome: Outcome, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """失联 or 死亡: the observation ends without release. Raises ValidationError, StaleVersion."""
    kinds = {Outcome.LOST: EventKind.LOST, Outcome.DIED: EventKind.DIED}
    if outcome not in kinds or not reason.strip():
        raise ValidationError("请选择失联或死亡,并写明情况。")
    known_at = known_at or timezone.now()
    at = at or known_at
    row = _locked(observation, version)
    _check_time(row, at, known_at)
    return _close(row, outcome=outcome, kind=kinds[outcome], at=at, known_at=known_at, by=by, reason=reason)
