"""The life of an observation: open, extend, move; how it ends is in endings.py. Each is a dated event by a person."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.rollups import mark_dirty
from households.models import Household, Person
from quarantine.models import EventKind, Observation, ObservationEvent, Place, Policy, Returnee, VisitState
from quarantine.rules.clock import extend
from quarantine.rules.policy import PolicyTerms
from quarantine.services.changes import observation_restart, observation_shorten
from quarantine.services.contacts import contacts_link
from quarantine.services.endings import (
    observation_end,
    observation_left_home,
    observation_refused,
    observation_release,
    observation_transfer,
)
from quarantine.services.events import check_time, event_add, observation_lock, visits_lay_down
from quarantine.services.followup import followup_refresh
from quarantine.services.homes import live_at
from quarantine.services.pending import handover_lapse
from quarantine.services.plans import Plan, StartDates, observation_plan
from quarantine.services.service_requests import services_follow
from quarantine.services.shared_clock import household_propose
from quarantine.services.stays import stay_close, stay_open

__all__ = [
    "Plan",
    "StartDates",
    "event_add",
    "observation_end",
    "observation_extend",
    "observation_left_home",
    "observation_lock",
    "observation_move",
    "observation_move_locked",
    "observation_open",
    "observation_plan",
    "observation_refused",
    "observation_release",
    "observation_restart",
    "observation_shorten",
    "observation_transfer",
    "visits_lay_down",
]


def _check_opening(
    person: Person, area: Area, household: Household | None, returnee: Returnee | None, place: str
) -> None:
    if Observation.objects.open().filter(person=person).exists():
        raise ValidationError(f"{person.name}已在居家观察中，不能重复开始。")
    if returnee is not None and (returnee.person_id != person.pk or returnee.voided_at is not None):
        raise ValidationError("返乡档案与人员不符，或已作废。")
    if not area.is_open:
        raise ValidationError({"area": f"“{area.name}”已停用，请选择现在的区域。"})
    if household is not None and household.area_id != area.pk:
        raise ValidationError({"area": "观察住所不在所选的区域内。"})
    if place not in Place.values:
        raise ValidationError({"place": "请选择观察地点。"})


def _opened(plan: Plan, values: dict[str, Any]) -> Observation:
    """The row of a plan."""
    household: Household | None = values["household"]
    return Observation.objects.create(
        policy=plan.policy,
        start_basis=plan.start.basis,
        basis_on=plan.start.basis_on,
        day_one_on=plan.start.day_one_on,
        last_on=plan.term.last_on,
        walk_key=household.walk_key if household else "",
        **values,
    )


@transaction.atomic
def observation_open(
    *, person: Person, area: Area, dates: StartDates, by: Staff, household: Household | None = None,
    returnee: Returnee | None = None, policy: Policy | None = None, place: str = Place.HOME, place_note: str = "",
    reason: str = "", plan: Plan | None = None, continues: Observation | None = None, clock: str = "",
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """Open an observation from `at` (default now) and lay down its visits.

    `plan`, `continues` and `clock` are given by `observation_return` for somebody who comes back.
    Raises ValidationError when the person is under observation already, no policy applies, or no date is known from
    which to count. What `observation_preview` warns of is for the caller to have confirmed.
    """
    known_at = known_at or timezone.now()
    at = at or known_at
    if at > known_at:
        raise ValidationError({"at": "开始管控的时间不能晚于现在。"})
    Person.objects.select_for_update().get(pk=person.pk)  # two who open at once: the second one is told
    _check_opening(person, area, household, returnee, place)
    plan = plan or observation_plan(dates=dates.controlled_by(timezone.localdate(at)), policy=policy)
    values: dict[str, Any] = {
        "person": person,
        "returnee": returnee,
        "household": household,
        "area": area,
        "place": place,
        "continues": continues,
    }
    values |= {"place_note": place_note.strip(), "opened_at": at, "recorded_at": known_at}
    observation = _opened(plan, values)
    contacts_link(person)
    event = event_add(
        observation=observation, kind=EventKind.OPENED, at=at, known_at=known_at, by=by, to_area=area, reason=reason,
        detail={"clock": clock} if clock else {},
    )  # fmt: skip
    stay_open(observation=observation, area=area, place=place, at=at, known_at=known_at)
    visits_lay_down(observation=observation, terms=plan.terms, from_at=max(at, known_at))
    followup_refresh([household.pk] if household else [])
    household_propose(row=observation, event=event, at=known_at)
    mark_dirty([area.pk])
    return observation


def _extension_problem(terms: PolicyTerms, days: int) -> str:
    if not terms.extension.is_allowed:
        return f"“{terms.name}”不允许延长观察。"
    if not 1 <= days <= terms.extension.longest_days:
        return f"一次延长 1 到 {terms.extension.longest_days} 天，现在填的是 {days} 天。"
    return ""


@transaction.atomic
def observation_extend(
    *, observation: Observation, version: int, days: int, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """Move the last day `days` later, as many as the policy allows, and lay down the further visits.

    Raises ValidationError by field, StaleVersion.
    """
    known_at = known_at or timezone.now()
    at = at or known_at
    if not reason.strip():
        raise ValidationError({"reason": "请写明延长的原因。"})
    row = observation_lock(observation, version)
    terms = row.policy.parsed()
    if problem := _extension_problem(terms, days):
        raise ValidationError({"days": problem})
    check_time(row, at, known_at)
    before, row.last_on = row.last_on, extend(row.last_on, days)
    row.save(update_fields=["last_on", "version"])
    event = event_add(
        observation=row, kind=EventKind.EXTENDED, at=at, known_at=known_at, by=by, reason=reason, to_area=row.area,
        detail={"days": days, "from": before.isoformat(), "to": row.last_on.isoformat()},
    )  # fmt: skip
    visits_lay_down(observation=row, terms=terms, from_at=known_at)
    household_propose(row=row, event=event, at=known_at)
    mark_dirty([row.area_id])
    return row


@transaction.atomic
def observation_move(
    *, observation: Observation, version: int, area: Area, reason: str, by: Staff, household: Household | None = None,
    place: str = "", place_note: str = "", at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """The person goes on under observation elsewhere (转出/转入). Raises ValidationError, StaleVersion."""
    known_at = known_at or timezone.now()
    at = at or known_at
    if not reason.strip():
        raise ValidationError({"reason": "请写明转往他处的原因。"})
    if not area.is_open:
        raise ValidationError({"area": f"“{area.name}”已停用，请选择现在的区域。"})
    row = observation_lock(observation, version)
    check_time(row, at, known_at)
    event = observation_move_locked(
        row, area=area, household=household, reason=reason, by=by, at=at, known_at=known_at, place=place,
        place_note=place_note,
    )  # fmt: skip
    handover_lapse(row, by=by, at=known_at, why="已另行转往他处")
    household_propose(row=row, event=event, at=known_at)
    if row.place == Place.HOME:
        live_at(person=row.person, area=area, household=household, address=place_note, by=by, at=known_at)
    services_follow(person=row.person, area=area, by=by, at=known_at)
    return row


def observation_move_locked(
    row: Observation, *, area: Area, household: Household | None, reason: str, by: Staff, at: dt.datetime,
    known_at: dt.datetime, place: str = "", place_note: str | None = "",
) -> ObservationEvent:  # fmt: skip
    """Move a row that is already locked; also used when its area gets a successor (`place_note` None: it stays)."""
    before = {
        "household": row.household_id,
        "place": row.place,
        "place_note": row.place_note,
        "walk_key": row.walk_key,
    }
    old_area, old_household = row.area, row.household_id
    row.area, row.household, row.place = area, household, place or row.place
    row.place_note = row.place_note if place_note is None else place_note.strip()
    row.walk_key = household.walk_key if household else ""
    after = {
        "household": row.household_id,
        "place": row.place,
        "place_note": row.place_note,
        "walk_key": row.walk_key,
    }
    if area.pk == old_area.pk and after == before:
        raise ValidationError({"area": "新的观察地点与现在的相同。"})
    row.save(update_fields=["area", "household", "place", "place_note", "walk_key", "version"])
    event = event_add(
        observation=row, kind=EventKind.MOVED, at=at, known_at=known_at, by=by, reason=reason, from_area=old_area,
        to_area=area, detail={"before": before, "to_household": row.household_id},
    )  # fmt: skip
    stay_close(observation=row, at=at, known_at=known_at)
    stay_open(observation=row, area=area, place=row.place, at=at, known_at=known_at)
    row.visits.filter(state=VisitState.PLANNED, closes_at__gt=at).update(area=area)
    followup_refresh([pk for pk in (old_household, row.household_id) if pk])
    mark_dirty([old_area.pk, area.pk])
    return event
