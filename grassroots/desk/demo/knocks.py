"""How the survey of a demo township went: the latest knock on each door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from grassroots.desk.demo.invent import Inventor
from grassroots.desk.demo.officers import VillageStaff
from grassroots.desk.demo.people import Knock
from households.models import SurveyState

Choose = Callable[[Inventor, dt.datetime, VillageStaff], Knock]
Shares = tuple[tuple[SurveyState, float], ...]

#: A village in the middle of its round: the rest has not been visited yet.
LIVELY: Shares = (
    (SurveyState.SIGNED, 0.70), (SurveyState.ABSENT, 0.10), (SurveyState.REFUSED, 0.02), (SurveyState.BY_PHONE, 0.04),
    (SurveyState.VACANT, 0.04),
)  # fmt: skip
#: A township near the end of its round. Nobody's door is vacant, so that its people are as many as were planned.
UNDER_WAY: Shares = (
    (SurveyState.SIGNED, 0.88), (SurveyState.ABSENT, 0.06), (SurveyState.REFUSED, 0.01), (SurveyState.BY_PHONE, 0.03),
)  # fmt: skip


def _moment(invent: Inventor, now: dt.datetime, days_back: int) -> dt.datetime:
    """A time between 9 and 20 o'clock `days_back` days before the demo's day, never after `now`."""
    day = timezone.localdate(now) - dt.timedelta(days=days_back)
    minutes = invent.rng.randrange(11 * 60)
    at = timezone.make_aware(dt.datetime.combine(day, dt.time(9, 0))) + dt.timedelta(minutes=minutes)
    return min(at, now - dt.timedelta(minutes=5))


def signed(invent: Inventor, now: dt.datetime, staff: VillageStaff) -> Knock:
    """Everybody has signed."""
    at = _moment(invent, now, invent.rng.randint(0, 4))
    return Knock(SurveyState.SIGNED, at, invent.rng.choice(staff.surveyors))


def lively(invent: Inventor, now: dt.datetime, staff: VillageStaff) -> Knock:
    """Most doors signed, some absent, refused, vacant, not yet visited."""
    return _by_chance(LIVELY, invent, now, staff)


def under_way(invent: Inventor, now: dt.datetime, staff: VillageStaff) -> Knock:
    """Nearly all doors signed."""
    return _by_chance(UNDER_WAY, invent, now, staff)


def _by_chance(shares: Shares, invent: Inventor, now: dt.datetime, staff: VillageStaff) -> Knock:
    chance = invent.rng.random()
    by = invent.rng.choice(staff.surveyors)
    for state, share in shares:
        if chance < share:
            tries = invent.rng.randint(1, 3) if state == SurveyState.ABSENT else 0
            return Knock(state, _moment(invent, now, invent.rng.randint(0, 3)), by, tries)
        chance -= share
    return Knock(SurveyState.UNVISITED, None, by)
