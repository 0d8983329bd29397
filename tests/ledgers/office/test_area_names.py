"""When two writings are one area, and when two names are suspiciously alike."""

from __future__ import annotations

import pytest

from grassroots.grid.area_names import area_key, is_alike
from grassroots.grid.models import Level


@pytest.mark.parametrize("text", ["第3组", "3组", "三组", "03组", "3 组", "第三村民小组", "3社", "３组", "3"])
def test_writings_of_a_group(text):
    assert area_key(text, Level.GROUP) == "3组"


@pytest.mark.parametrize(
    "level, one, other",
    [
        (Level.GROUP, "十二组", "12组"), (Level.GROUP, "第一百零二组", "102组"), (Level.GROUP, "第二网格", "2网格"),
        (Level.VILLAGE, "城厢社区居委会", "城厢社区"), (Level.VILLAGE, "龚家村村民委员会", "龚家村"),
        (Level.VILLAGE, "龚家村委会", "龚家村"), (Level.STREET, "淮口街道办事处", "淮口街道"),
        (Level.COMPOUND, "翠柏苑 二期", "翠柏苑2期"),
    ],
)  # fmt: skip
def test_writings_of_one_place(level, one, other):
    assert area_key(one, level) == area_key(other, level)


@pytest.mark.parametrize(
    "level, one, other",
    [(Level.GROUP, "3组", "13组"), (Level.GROUP, "3组", "3网格"), (Level.VILLAGE, "龚家村", "龚家社区"),
     (Level.COMPOUND, "翠柏苑1期", "翠柏苑2期")],
)  # fmt: skip
def test_two_places(level, one, other):
    assert area_key(one, level) != area_key(other, level)


@pytest.mark.parametrize(
    "level, one, other, expected",
    [
        (Level.COMPOUND, "翠柏苑", "翠柏苑小区", True), (Level.COMPOUND, "翠柏苑", "翠白苑", True),
        (Level.VILLAGE, "龚家村", "龚家社区", True), (Level.VILLAGE, "红旗社区", "红星社区", False),
        (Level.COMPOUND, "翠柏苑1期", "翠柏苑2期", False), (Level.GROUP, "3组", "3网格", False),
    ],
)  # fmt: skip
def test_names_that_are_almost_one(level, one, other, expected):
    assert is_alike(one, other, level) is expected
