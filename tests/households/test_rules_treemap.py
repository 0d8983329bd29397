"""The squarified treemap: areas in proportion, nothing overlaps, nothing leaves the frame."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.rules.treemap import Rect, squarify

EPSILON = 1e-6


def test_the_example_of_the_paper():
    rects = squarify([6, 6, 4, 3, 2, 2, 1], 6, 4)
    assert [round(rect.area, 6) for rect in rects] == [6, 6, 4, 3, 2, 2, 1]
    assert rects[0] == Rect(0, 0, 3, 2)
    assert rects[1] == Rect(0, 2, 3, 2)


@pytest.mark.parametrize("values", [[], [0], [0, 0]])
def test_nothing_to_show(values: list[float]):
    assert squarify(values, 100, 50) == [Rect(0, 0, 0, 0)] * len(values)


def test_one_value_fills_the_frame():
    assert squarify([7], 100, 50) == [Rect(0, 0, 100, 50)]


def test_equal_values_come_out_nearly_square():
    for rect in squarify([5] * 20, 1008, 480):
        assert max(rect.width / rect.height, rect.height / rect.width) < 2.5


values = st.lists(st.integers(0, 50_000), max_size=40)
sides = st.integers(1, 2000)


@given(values=values, width=sides, height=sides)
def test_areas_are_in_proportion_inside_the_frame_and_apart(values: list[int], width: int, height: int):
    rects = squarify(values, width, height)
    assert len(rects) == len(values)
    total = sum(values)
    for value, rect in zip(values, rects, strict=True):
        assert rect.area == pytest.approx(width * height * value / total if total else 0, rel=1e-6, abs=1e-6)
        assert -EPSILON <= rect.x <= rect.x + rect.width <= width + EPSILON
        assert -EPSILON <= rect.y <= rect.y + rect.height <= height + EPSILON
    for one, other in itertools.combinations([rect for rect in rects if rect.area], 2):
        across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
        down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
        assert min(across, down) <= EPSILON
