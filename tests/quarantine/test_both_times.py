"""When it was measured stands beside when it was entered: on pages, on the printed sheet and in the ledger."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from quarantine.models import Observation
from quarantine.services.readings import reading_correct, reading_record
from quarantine.sheets import sheet_of
from tests.factories import OfficeCast, aware, make_office
from tests.households.door_pages import signed_in
from tests.ledgers.conftest import export
from tests.quarantine.cases import make_observation, switch_on
from tests.texts import text_of

pytestmark = pytest.mark.django_db
ON = dt.date(2020, 1, 29)
BOTH = "上午补录(01-30 09:10录入)"


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def late(office: OfficeCast) -> Observation:
    """Measured in the morning of the 29th by the health worker, typed in by 甲 a day later from paper."""
    observation = make_observation(office)
    reading_record(
        visit=observation.visits.get(date=ON, slot="AM"), temperature=Decimal("36.4"), by=office.health,
        entered_by=office.jia, source="PAPER", measured_at=aware("2020-01-29 08:30"), at=aware("2020-01-30 09:10"),
    )  # fmt: skip
    return observation


def test_a_late_entry_is_marked_with_both_times_on_the_page_of_the_observation(office, late):
    with time_machine.travel(aware("2020-01-30 10:00"), tick=False):
        page = " ".join(text_of(signed_in(office.ding).get(f"/quarantine/observations/{late.uid}/")).split())
    assert "补录" in page
    assert "08:30 （1月30日 09:10录入）" in page


def test_one_entered_at_the_door_says_one_time(office):
    observation = make_observation(office)
    at = aware("2020-01-29 08:30")
    reading = reading_record(
        visit=observation.visits.get(date=ON, slot="AM"), temperature=Decimal("36.4"), by=office.health, at=at
    ).reading
    assert (reading.measured_at, reading.entered_at, reading.is_entered_apart) == (at, at, False)


def test_a_measurement_whose_time_nobody_knows_says_when_it_was_entered(office, late):
    reading = reading_record(
        visit=late.visits.get(date=ON, slot="PM"), temperature=Decimal("36.4"), by=office.health,
        entered_by=office.jia, source="PAPER", at=aware("2020-01-30 09:10"),
    ).reading  # fmt: skip
    assert reading.measured_at is None
    assert reading.is_entered_apart


def test_the_sheet_and_the_ledger_say_when_it_was_entered(office, late):
    assert next(row.note for row in sheet_of(late, dt.date(2020, 1, 30)).rows if row.on == ON) == BOTH
    book = export("temperatures", office.village, office.ding, on=dt.date(2020, 1, 30))
    cells = [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]
    assert BOTH in cells


def test_a_corrected_value_stays_and_is_struck_through(office, late):
    reading = late.visits.get(date=ON, slot="AM").readings.get()
    reading_correct(
        reading=reading,
        temperature=Decimal("36.9"),
        reason="看错",
        by=office.jia,
        at=aware("2020-01-30 09:20"),
    )
    with time_machine.travel(aware("2020-01-30 10:00"), tick=False):
        page = text_of(signed_in(office.ding).get(f"/quarantine/observations/{late.uid}/"))
    assert "<del>36.4 ℃</del>" in page
    assert "36.9 ℃" in page
    assert reading.visit.readings.count() == 2
