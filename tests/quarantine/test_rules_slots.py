"""Slots: what is laid down when an observation opens, and which slot a moment lies in."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantine.rules.clock import SHANGHAI
from quarantine.rules.policy import HISTORICAL_POLICIES, policy_terms_from_json
from quarantine.rules.slots import slot_at, slot_window, slot_windows

TERMS = policy_terms_from_json(HISTORICAL_POLICIES[0])  # AM 06:00–12:00, PM 12:00–21:00
MONTH_END = date(2020, 1, 31)

dates = st.dates(min_value=date(2019, 12, 20), max_value=date(2024, 3, 10))
instants = st.datetimes(
    min_value=datetime(2019, 12, 20), max_value=datetime(2024, 3, 10), timezones=st.just(SHANGHAI)
)


def at(hour, minute=0, day=21):
    return datetime(2020, 1, day, hour, minute, tzinfo=SHANGHAI)


def laid_down(from_at, from_on=date(2020, 1, 21), to_on=date(2020, 1, 22)):
    return [(window.date.day, window.slot) for window in slot_windows(TERMS, from_on, to_on, from_at)]


def test_a_whole_term_has_two_visits_a_day():
    windows = slot_windows(TERMS, date(2020, 1, 21), date(2020, 2, 3), at(0))
    assert len(windows) == 28
    assert windows[0].opens_at.isoformat() == "2020-01-21T06:00:00+08:00"
    assert windows[-1].closes_at.isoformat() == "2020-02-03T21:00:00+08:00"


@pytest.mark.parametrize(
    ("opened_at", "first"),
    [
        (at(5), (21, "AM")),
        (at(11, 59), (21, "AM")),  # still open, a minute is left
        (at(12), (21, "PM")),  # just closed
        (at(20, 59), (21, "PM")),
        (at(21), (22, "AM")),
        (at(23), (22, "AM")),
    ],
)
def test_visits_begin_with_the_first_slot_still_open(opened_at, first):
    assert laid_down(opened_at)[0] == first


def test_an_observation_that_is_entered_late_gets_no_visits_for_the_past():
    assert laid_down(at(15, day=22)) == [(22, "PM")]


def test_an_observation_that_is_entered_after_its_term_gets_no_visits():
    assert laid_down(at(22, day=22)) == []


def test_a_span_without_days_has_no_slots():
    assert slot_windows(TERMS, date(2020, 1, 22), date(2020, 1, 21), at(0)) == []


def test_the_moment_of_opening_may_come_in_another_zone():
    assert laid_down(at(12).astimezone(UTC)) == laid_down(at(12))


def test_the_leap_day_is_measured_too():
    windows = slot_windows(TERMS, date(2020, 2, 28), date(2020, 3, 1), at(0))
    assert [window.date for window in windows[::2]] == [
        date(2020, 2, 28),
        date(2020, 2, 29),
        date(2020, 3, 1),
    ]


@given(from_on=dates, length=st.integers(0, 30), from_at=instants)
def test_no_slot_is_closed_before_the_observation_opens_and_none_is_left_out(from_on, length, from_at):
    to_on = from_on + timedelta(days=length)
    windows = slot_windows(TERMS, from_on, to_on, from_at)
    everything = slot_windows(TERMS, from_on, to_on, datetime(2000, 1, 1, tzinfo=SHANGHAI))
    assert len(everything) == 2 * (length + 1)
    assert all(window.closes_at > from_at for window in windows)
    assert windows == [window for window in everything if window.closes_at > from_at]
    assert windows == sorted(windows, key=lambda window: window.opens_at)
    assert len({(window.date, window.slot) for window in windows}) == len(windows)


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (at(5, 59), None),
        (at(6), "AM"),
        (at(11, 59), "AM"),
        (at(12), "PM"),
        (at(20, 59), "PM"),
        (at(21), None),
    ],
)
def test_a_slot_is_open_from_its_opening_until_just_before_its_closing(moment, code):
    found = slot_at(TERMS, moment)
    assert (found.slot if found else None) == code


def test_the_day_of_a_slot_is_the_day_in_shanghai():
    found = slot_at(TERMS, datetime(2020, 1, 31, 23, 30, tzinfo=UTC))  # 2月1日 07:30 in Shanghai
    assert (found.date, found.slot) == (date(2020, 2, 1), "AM")


@given(moment=instants)
def test_the_slot_at_a_moment_is_the_window_of_that_day(moment):
    found = slot_at(TERMS, moment)
    if found is None:
        assert moment.hour < 6 or moment.hour >= 21
    else:
        assert found == slot_window(TERMS, moment.date(), found.slot)
        assert found.opens_at <= moment < found.closes_at


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        slot_at(TERMS, datetime(2020, 1, 21, 7))
    with pytest.raises(ValueError, match="without a zone"):
        slot_windows(TERMS, MONTH_END, MONTH_END, datetime(2020, 1, 21, 7))
