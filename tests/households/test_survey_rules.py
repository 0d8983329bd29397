"""Rules of the survey: readings as typed, journeys, and where a household stands after a knock."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.models import SurveyState
from households.rules import outcomes
from households.rules.answers import temperature_read, travel_problem
from households.rules.outcomes import Standing, standing_after
from tests.factories import aware

NOON = aware("2020-01-29 12:00")
OUTCOMES = ("SIGNED", "ABSENT", "REFUSED", "BY_PHONE", "VACANT")
knocks = st.lists(st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 400)), max_size=12)


def walk(given_knocks: list[tuple[str, int]]) -> Standing:
    """Where a household stands after these knocks (outcome, hours after noon), entered in this order."""
    standing = Standing()
    for outcome, hours in given_knocks:
        standing = standing_after(standing, outcome=outcome, visited_at=NOON + dt.timedelta(hours=hours))
    return standing


@pytest.mark.parametrize("text", ["36.5", "36.5℃", "36。5", "36,5 ", "\ufeff36.5", "36.50", "36.5度"])
def test_a_temperature_is_read_as_people_type_it(text: str) -> None:
    assert temperature_read(text) == Decimal("36.5")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("63.5", "颠倒"),
        ("3.65", "小数点"),
        ("365", "小数点"),
        ("36.55", "一位小数"),
        ("29.9", "30"),
        ("NaN", "数字"),
    ],
)
def test_a_slip_is_pointed_out_and_never_repaired(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        temperature_read(text)


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_plausible_temperature_or_refused(text: str) -> None:
    try:
        value = temperature_read(text)
    except ValueError as refused:
        assert str(refused).endswith("。")
    else:
        assert value is None or Decimal(30) <= value <= Decimal(43)


def test_nothing_typed_is_no_reading() -> None:
    assert temperature_read(" ") is None


@pytest.mark.parametrize(
    ("left", "returned", "field"),
    [((2020, 1, 20), (2020, 1, 19), "returned_on"), ((2020, 2, 1), None, "left_on"),
     (None, (2020, 2, 1), "returned_on"), ((2020, 1, 20), (2020, 1, 20), "")],
)  # fmt: skip
def test_a_journey_goes_forward_and_has_been_made(
    left: tuple[int, int, int] | None, returned: tuple[int, int, int] | None, field: str
) -> None:
    dates = {
        "left_on": dt.date(*left) if left else None,
        "returned_on": dt.date(*returned) if returned else None,
    }
    assert travel_problem(**dates, today=dt.date(2020, 1, 29))[0] == field


@given(knocks)
def test_the_first_letter_is_never_forgotten(given_knocks: list[tuple[str, int]]) -> None:
    standing = walk(given_knocks)
    signed = [hours for outcome, hours in given_knocks if outcome == "SIGNED"]
    expected = NOON + dt.timedelta(hours=min(signed)) if signed else None
    assert standing.signed_at == expected
    assert (standing.state == "SIGNED") == bool(signed)


@given(knocks)
def test_the_latest_knock_is_remembered_whatever_the_order_of_entry(
    given_knocks: list[tuple[str, int]],
) -> None:
    latest = max((hours for _outcome, hours in given_knocks), default=None)
    expected = None if latest is None else NOON + dt.timedelta(hours=latest)
    assert walk(given_knocks).surveyed_at == expected


@given(knocks)
def test_a_signed_door_asks_for_no_further_visit(given_knocks: list[tuple[str, int]]) -> None:
    standing = walk(given_knocks)
    assert standing.state in SurveyState.values
    if standing.state == "SIGNED":
        assert standing.next_visit_on is None


def test_an_unsigned_door_stands_as_the_latest_knock_left_it() -> None:
    assert walk([("REFUSED", 1), ("ABSENT", 2)]).state == "ABSENT"
    assert walk([("REFUSED", 2), ("ABSENT", 1)]).state == "REFUSED"


def test_tries_count_until_somebody_is_met_and_a_call_meets_nobody() -> None:
    assert walk([("ABSENT", 1), ("ABSENT", 2), ("BY_PHONE", 3), ("ABSENT", 4)]).absent_tries == 3
    assert walk([("ABSENT", 1), ("REFUSED", 2)]).absent_tries == 0


def test_an_empty_flat_can_sign_and_a_signed_one_found_empty_stays_signed() -> None:
    assert walk([("VACANT", 1), ("SIGNED", 2)]).state == "SIGNED"
    assert walk([("SIGNED", 1), ("VACANT", 2)]).state == "SIGNED"


def test_the_states_of_the_rules_are_those_of_the_table() -> None:
    assert {getattr(outcomes, name) for name in SurveyState.values} == set(SurveyState.values)
