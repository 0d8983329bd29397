"""Times of day as people write them on paper."""

from datetime import time

import pytest

from quarantine.rules.times import check_clock


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("8:30", time(8, 30)),
        ("08：30", time(8, 30)),
        ("0830", time(8, 30)),
        ("830", time(8, 30)),
        ("１９：０５", time(19, 5)),
        ("8点30分", time(8, 30)),
        ("8点半", time(8, 30)),
        ("8点", time(8)),
        ("8。30", time(8, 30)),
        (" 7 : 05 ", time(7, 5)),
    ],
)
def test_the_ways_of_writing_a_time_are_understood(typed, value):
    assert check_clock(typed) == (value, "")


@pytest.mark.parametrize("typed", ["", "  "])
def test_nothing_is_an_unknown_time_and_no_mistake(typed):
    assert check_clock(typed) == (None, "")


@pytest.mark.parametrize("typed", ["早上", "24:00", "8:60", "12345", "36.5度", "8:30:00"])
def test_what_is_no_time_is_refused_in_words(typed):
    value, words = check_clock(typed)
    assert value is None
    assert "时间" in words
