"""Rules that ask for a second look: by table, and against a plain count."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantine.rules.truth import RULES, Entry, FlagKind, bursts, identical, in_future, repeated, two_places

T0 = dt.datetime(2020, 1, 29, 8, 0, tzinfo=dt.UTC)
EVEN = Decimal("36.5")


def entry(number: int, seconds: float, **fields: object) -> Entry:
    at = T0 + dt.timedelta(seconds=seconds)
    values = {
        "pk": number, "officer": 1, "observation": number, "village": "A", "entered_at": at, "measured_at": at,
        "temperature": Decimal(360 + number * 3 % 9) / 10,
    }  # fmt: skip
    return Entry(**{**values, **fields})  # type: ignore[arg-type]


def test_every_rule_has_numbers_words_and_a_source():
    assert set(RULES) == set(FlagKind)
    assert all(rule.words and rule.source for rule in RULES.values())


# --- twenty in a minute -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("count", "seconds_apart", "expected"),
    [(20, 3, [20]), (19, 1, []), (20, 3.2, []), (50, 1, [50])],
)
def test_twenty_within_a_minute_are_one_hint(count, seconds_apart, expected):
    found = bursts(entry(number, number * seconds_apart) for number in range(count))
    assert [len(group) for group in found] == expected


@pytest.mark.parametrize(
    "fields",
    [{"source": "IMPORT"}, {"source": "PAPER"}, {"is_late": True}, {"is_by_clerk": True}],
)
def test_imports_late_entries_and_a_clerks_typing_say_nothing_about_pace(fields):
    rows = [entry(number, number, village="AB"[number % 2], **fields) for number in range(40)]
    assert bursts(rows) == []
    assert two_places(rows) == []


def test_what_came_late_over_a_bad_line_counts_by_when_it_was_measured():
    sent = T0 + dt.timedelta(hours=1)
    rows = [entry(number, number * 120, entered_at=sent) for number in range(30)]
    assert bursts(rows) == []


def test_two_officers_together_are_no_hint():
    assert bursts(entry(number, number, officer=number % 2) for number in range(38)) == []


def test_two_quick_minutes_of_one_day_are_two_hints():
    rows = [entry(n, n) for n in range(20)] + [entry(20 + n, 3_600 + n) for n in range(20)]
    assert [len(group) for group in bursts(rows)] == [20, 20]


@given(st.lists(st.integers(0, 400), max_size=60))
def test_an_entry_is_in_a_hint_exactly_when_it_lies_in_a_minute_with_twenty(seconds):
    rows = [entry(number, at) for number, at in enumerate(seconds)]
    given_ones = {one.pk for group in bursts(rows) for one in group}
    expected = set()
    for start in rows:
        window = [one for one in rows if 0 <= (one.moment - start.moment).total_seconds() <= 60]
        if len(window) >= 20:
            expected |= {one.pk for one in window}
    assert given_ones == expected


# --- two villages -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "villages", "expected"),
    [
        ([0, 60], "AB", [2]),
        ([0, 61], "AB", []),
        ([0, 30], "AA", []),
        ([0, 30, 60, 90], "ABAB", [4]),
        ([0, 30, 600, 630], "ABAB", [2, 2]),
        ([0, 30], ["", "B"], []),
    ],
)
def test_doors_of_two_villages_within_a_minute(seconds, villages, expected):
    rows = [entry(number, at, village=villages[number]) for number, at in enumerate(seconds)]
    assert [len(group) for group in two_places(rows)] == expected


def test_a_call_can_reach_anywhere():
    assert two_places([entry(1, 0), entry(2, 10, village="B", source="PHONE")]) == []


# --- one value again and again ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "expected"),
    [(["36.5"] * 8, [8]), (["36.5"] * 7, []), (["36.5"] * 5 + ["36.6"] + ["36.5"] * 5, []), (["36.4"] * 9, [9])],
)  # fmt: skip
def test_one_value_at_eight_people_in_a_row(values, expected):
    rows = [entry(number, number * 300, temperature=Decimal(value)) for number, value in enumerate(values)]
    assert [len(group) for group in repeated(rows)] == expected


@pytest.mark.parametrize(("same", "other", "expected"), [(11, 4, [11]), (10, 5, []), (10, 4, [])])
def test_one_value_at_most_people_of_a_day_however_mixed(same, other, expected):
    """11 of 15 are seven in ten; 10 of 15 are not; fourteen people are too few to say so."""
    is_other = [number % 3 == 2 and number // 3 < other for number in range(same + other)]
    values = [Decimal("36.7") if odd else EVEN for odd in is_other]
    assert values.count(EVEN) == same
    rows = [entry(number, number * 300, temperature=value) for number, value in enumerate(values)]
    assert [len(group) for group in repeated(rows)] == expected


def test_one_person_measured_often_is_not_eight_people_and_another_day_is_another_run():
    assert repeated(entry(n, n * 300, temperature=EVEN, observation=1) for n in range(12)) == []
    assert repeated(entry(n, n * 43_200, temperature=EVEN) for n in range(12)) == []


def test_paper_counts_for_whoever_measured_and_imports_for_nobody():
    typed = {"source": "PAPER", "is_late": True, "is_by_clerk": True}
    paper = [entry(number, number * 5, temperature=EVEN, **typed) for number in range(8)]
    assert [len(group) for group in repeated(paper)] == [8]
    assert repeated(entry(n, n * 5, temperature=EVEN, source="IMPORT") for n in range(8)) == []


# --- the future -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("ahead", "expected"), [(0, 0), (300, 0), (301, 1)])
def test_a_measurement_after_its_entry(ahead, expected):
    assert len(in_future([entry(1, ahead, entered_at=T0)])) == expected


def test_a_time_that_is_not_known_is_no_hint():
    assert in_future([entry(1, 0, measured_at=None)]) == []


# --- one person for days ----------------------------------------------------------------------------------
def line(*days: str) -> list[tuple[dt.date, Decimal]]:
    """Readings by day: '36.5 36.5' is a morning and an afternoon, '' a day without."""
    return [
        (dt.date(2020, 1, 20) + dt.timedelta(days=number), Decimal(value))
        for number, day in enumerate(days)
        for value in day.split()
    ]


@pytest.mark.parametrize(
    ("readings", "days", "expected"),
    [
        (line("36.5 36.5", "36.5 36.5", "36.5 36.5"), 3, 6),
        (line("36.5 36.5", "36.5 36.5", "36.5"), 3, 5),
        (line("36.5", "36.5", "36.5"), 3, 0),
        (line("36.5 36.5", "36.5 36.5"), 3, 0),
        (line("36.5 36.5", "36.5 36.5"), 2, 4),
        (line("36.4 36.5", "36.5 36.5", "36.5 36.5", "36.5 36.5"), 3, 7),
        (line("36.5 36.5", "36.5 36.5", "36.5 36.6"), 3, 0),
        (line("36.5 36.5", "36.5 36.5", "", "36.5 36.5"), 3, 0),
        (line("36.5 36.5", "36.5 36.5", "36.5 36.5"), 0, 0),
        ([], 3, 0),
    ],
)
def test_a_run_of_one_value_over_days(readings, days, expected):
    assert identical(readings, days=days, slots=2) == expected


def test_with_one_measurement_a_day_as_many_as_days_are_needed():
    assert identical(line("36.5", "36.5", "36.5"), days=3, slots=1) == 3
    assert identical(line("36.5", "36.5"), days=3, slots=1) == 0
