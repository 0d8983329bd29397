"""The number of households surveyed is the number of signed letters: whatever is done about absent ones adds none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, indicator
from households.absent import figures_of
from households.models import Household, Survey, SurveyOutcome, SurveyState
from households.services import survey_record
from households.services.absent import (
    absence_end,
    absence_open,
    call_record,
    contact_add,
    knock_record,
    next_set,
)
from households.services.data import SurveyData
from households.services.slips import slips_issue
from tests.factories import OfficeCast, aware, make_household, make_office

pytestmark = pytest.mark.django_db
TODAY = dt.date(2020, 1, 29)
FOLLOW_UPS: dict[str, Callable[[Household, OfficeCast], Any]] = {
    "try": lambda home, office: knock_record(
        household=home,
        version=home.version,
        by=office.jia,
        visited_at=aware("2020-01-29 11:00"),
        slip_left=True,
    ),
    "call": lambda home, office: call_record(household=home, result="REACHED", by=office.jia, next_on=TODAY),
    "contact": lambda home, office: contact_add(
        household=home, relation="NEIGHBOUR", name="邻居", phone="13800112233", by=office.jia
    ),
    "away": lambda home, office: absence_open(household=home, where="东莞", back_on=TODAY, by=office.jia),
    "back": lambda home, office: absence_end(household=home, by=office.jia),
    "date": lambda home, office: next_set(household=home, on=TODAY, by=office.jia),
    "slip": lambda home, office: slips_issue(households=[home], by=office.jia),
}
steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([*FOLLOW_UPS, *SurveyOutcome.values])),
    min_size=1,
    max_size=10,
)


def _step(home: Household, what: str, office: OfficeCast) -> None:
    if what not in FOLLOW_UPS:
        data = SurveyData(outcome=what, visited_at=aware("2020-01-29 11:00"))
        survey_record(household=home, version=home.version, data=data, by=office.jia)
        return
    try:
        FOLLOW_UPS[what](home, office)
    except ValidationError:
        assert home.survey_state not in (SurveyState.ABSENT, SurveyState.VACANT) or what == "away"


@settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps)
def test_only_a_signature_counts(db: None, taken: list[tuple[int, str]]) -> None:
    from django.db import transaction

    with time_machine.travel(aware("2020-01-29 12:00"), tick=False), transaction.atomic():
        office = make_office()
        homes = [make_household(office.compound, str(101 + number)) for number in range(3)]
        for number, what in taken:
            home = Household.objects.select_related("area").get(pk=homes[number].pk)
            _step(home, what, office)
        signed = {number for number, what in taken if what == "SIGNED"}
        areas = Area.objects.within(office.village).order_by()
        asof = AsOf.day(TODAY)
        counted = {
            key: sum(indicator(key).count(areas, asof).values())
            for key in ("signed_households", "households")
        }
        assert counted == {"signed_households": len(signed), "households": 3}
        queued = set(Household.objects.queued().values_list("pk", flat=True))
        assert queued.isdisjoint({homes[number].pk for number in signed})
        latest = {number: what for number, what in taken if what in SurveyOutcome.values}
        open_ones = {n for n, what in latest.items() if what in ("ABSENT", "VACANT")} - signed
        tried = {n for n, what in taken if what == "try"}
        assert (
            {homes[number].pk for number in open_ones} <= queued <= {homes[n].pk for n in open_ones | tried}
        )
        assert figures_of(Household.objects.all(), TODAY).queued == len(queued)
        letters = Survey.objects.filter(outcome="SIGNED").values("household").distinct().count()
        assert letters == len(signed)
        transaction.set_rollback(True)
