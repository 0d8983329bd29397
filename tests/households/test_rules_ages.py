"""Ages in whole years."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.rules.ages import age_from_stated, age_on

days = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))


@pytest.mark.parametrize(
    ("birth", "on", "age"),
    [
        ("1990-01-29", "2020-01-28", 29),
        ("1990-01-29", "2020-01-29", 30),
        ("2000-02-29", "2019-02-28", 18),
        ("2000-02-29", "2019-03-01", 19),
        ("2000-02-29", "2020-02-29", 20),
        ("2020-01-29", "2020-01-29", 0),
        ("2020-01-30", "2020-01-29", 0),
    ],
)
def test_somebody_becomes_older_on_his_birthday(birth: str, on: str, age: int) -> None:
    assert age_on(dt.date.fromisoformat(birth), dt.date.fromisoformat(on)) == age


@pytest.mark.parametrize(
    ("on", "age"),
    [
        ("2020-01-29", 60),
        ("2021-01-28", 60),
        ("2021-01-29", 61),
        ("2020-01-28", 60),
        ("2019-01-29", 59),
        ("1950-01-01", 0),
    ],
)
def test_a_stated_age_moves_by_whole_years_only(on: str, age: int) -> None:
    assert age_from_stated(60, dt.date(2020, 1, 29), dt.date.fromisoformat(on)) == age


@given(days, days, days)
def test_an_age_stated_truly_is_never_more_than_one_year_behind(
    birth: dt.date, stated: dt.date, on: dt.date
) -> None:
    birth, stated, on = sorted([birth, stated, on])
    assert 0 <= age_on(birth, on) - age_from_stated(age_on(birth, stated), stated, on) <= 1
