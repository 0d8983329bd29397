"""Back from a hospital or a central place: a further observation, the count going on as the policy says."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from households.models import Household
from quarantine.models import Observation, Outcome, Place
from quarantine.rules.clock import term_until
from quarantine.rules.life import returned
from quarantine.rules.policy import ReturnClock
from quarantine.services.homes import live_at
from quarantine.services.observations import observation_open
from quarantine.services.plans import Plan, StartDates
from quarantine.services.terms import term_of


def return_plan(*, observation: Observation, clock: str, returned_on: dt.date) -> Plan:
    """The term of the further observation, under the policy version of the one that ended with the transfer.

    Raises ValidationError on `clock` where the policy leaves nothing to count.
    """
    terms = observation.policy.parsed()
    if clock not in ReturnClock.values:
        raise ValidationError({"clock": "请选择天数怎么算。"})
    before = term_of(observation)
    try:
        new = returned(
            terms, ReturnClock(clock), returned_on=returned_on, start=before.start, last_on=before.last_on
        )
    except ValueError as refused:
        raise ValidationError({"clock": f"{refused}。"}) from refused
    return Plan(
        observation.policy, terms, new.start, term_until(terms, new.start.day_one_on, new.last_on)
    )  # fmt: skip


@transaction.atomic
def observation_return(
    *, observation: Observation, clock: str, reason: str, by: Staff, area: Area | None = None,
    household: Household | None = None, place_note: str = "", at: dt.datetime | None = None,
    known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """Open a further observation for somebody who was transferred and comes home at `at`; returns it.

    Without `area` he comes back to where he was observed. Raises ValidationError by field: not transferred, back
    before he went, under observation again already, nothing left to count.
    """
    known_at = known_at or timezone.now()
    at = at or known_at
    if not reason.strip():
        raise ValidationError({"reason": "请写明返回的情况，如：出院，核酸阴性。"})
    if observation.outcome != Outcome.TRANSFERRED or observation.closed_at is None:
        raise ValidationError("只有转送的人才能办理返回观察。")
    if at < observation.closed_at:
        went = f"{timezone.localtime(observation.closed_at):%m-%d %H:%M}"
        raise ValidationError({"at": f"返回时间早于转送时间（{went}）。"})
    plan = return_plan(observation=observation, clock=clock, returned_on=timezone.localdate(at))
    if area is None:
        area, household = observation.area, observation.household
        place_note = place_note or observation.place_note
    further = observation_open(
        person=observation.person, area=area, household=household, returnee=observation.returnee,
        dates=StartDates(), plan=plan, continues=observation, clock=clock, place=Place.HOME, place_note=place_note,
        reason=reason, by=by, at=at, known_at=known_at,
    )  # fmt: skip
    live_at(
        person=observation.person, area=area, household=household, address=place_note, by=by, at=known_at
    )  # fmt: skip
    return further
