"""可能漏户: which doors the numbers make one expect, and which never."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.rules.missing import MOST, NEAR, missing_flats, missing_houses


def numbers(found: object) -> list[str]:
    return [one.door for one in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("doors", "missing"),
    [
        ("501 503", "502"),
        ("0501 0503", "0502"),
        ("901 903 1001 1002 1003", "902"),
        ("101 102 201 301 302", "202"),  # the floors above and below have it
        ("101 102 301 302", "201 202"),  # a whole floor between two
        ("101 102 401 402", ""),  # two floors left out: a numbering of its own
        ("101 103 201 203 301 303", ""),  # nobody has a number 2: so the building is numbered
        ("101 103 201 202 203 301 303", "102 302"),
        ("501 506", ""),  # too far apart
        ("501 505", "502 503 504"),
        ("501 502A 503", ""),  # 502 has been divided
        ("501 503 东门 商铺3 B2", "502"),  # what has no number makes no pattern
        ("A501 A503", ""),
        ("1 3", ""),  # no flats
        ("500 502", ""),
        ("9901 9903", ""),  # no such floor
        ("", ""),
    ],
)
def test_flats(doors: str, missing: str):
    assert numbers(missing_flats(doors.split())) == missing.split()


@pytest.mark.parametrize(
    ("doors", "missing"),
    [
        ("1 2 4", "3"),
        ("1 3 5", "2 4"),
        ("1 3 5 9", "7"),  # one side of the lane
        ("2 4 6 8", ""),
        ("1 2 6", "3 4 5"),
        ("1 2 7", ""),
        ("33 34附1 35", ""),
        ("33 34-2 35", ""),
        ("A1 A3", ""),
        ("001 003", "002"),
    ],
)
def test_houses(doors: str, missing: str):
    assert numbers(missing_houses(doors.split())) == missing.split()


def test_what_is_known_not_to_exist_is_not_proposed_and_makes_no_pattern():
    assert numbers(missing_flats(["501", "503"], ["502"])) == []
    assert numbers(missing_houses(["1", "4"], ["2"])) == ["3"]
    assert numbers(missing_flats(["501"], ["503"])) == []


def test_the_pattern_is_told_in_words():
    assert missing_flats(["501", "503"])[0].why == "501和503之间"
    assert missing_flats(["101", "102", "201", "301", "302"])[0].why == "1层、3层都有02号"
    assert missing_houses(["7", "9"])[0].why == "7号和9号之间"


flats = st.builds(lambda floor, slot: f"{floor}{slot:02}", st.integers(1, 34), st.integers(1, 9))
odd = st.sampled_from(["502A", "A501", "东", "34附1", "7-2", "0503", "负1", "１２", ""])
doors = st.lists(st.one_of(flats, st.integers(0, 400).map(str), odd), max_size=120)


@pytest.mark.parametrize("rule", [missing_flats, missing_houses])
@given(here=doors, known=doors)
def test_never_a_door_that_exists_and_never_without_end(rule, here: list[str], known: list[str]):
    found = rule(here, known)
    taken = {int(lead[0]) for door in here + known if (lead := re.match(r"[0-9]+", door))}
    assert not {int(one.door) for one in found} & taken
    assert len(found) == len(set(found)) <= min(MOST, NEAR * 2 * len(here))
    assert found == sorted(found, key=lambda one: int(one.door))
    assert rule(list(reversed(here)), known) == found


@given(here=st.lists(flats, max_size=80))
def test_a_flat_proposed_and_registered_is_proposed_no_more(here: list[str]):
    first = missing_flats(here)
    assert not set(numbers(first)) & set(numbers(missing_flats([*here, *numbers(first)])))
