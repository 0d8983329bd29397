"""Doors as people type them, and the order in which one walks past them."""

import itertools

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from households.rules.addresses import (
    Door,
    door_display,
    door_key,
    floor_of,
    normalise_address_text,
    parse_door,
    walk_key,
)

numbers = st.integers(1, 40).map(str)
doors = st.builds(lambda floor, place: f"{floor}{place:02d}", st.integers(1, 33), st.integers(1, 12))
buildings = st.one_of(numbers, st.sampled_from(["A", "B", "A3", "东", "1期3", "东区2"]))
typed_text = st.text(
    st.sampled_from("0123456789ABab三二十百零一-—#.栋幢座号楼单元层室组社第附期 　五"), max_size=14
)


@pytest.mark.parametrize(
    "typed",
    [
        "3-2-501",
        "３－２－５０１",
        "3–2–501",
        "3—2—501",
        "3.2.501",
        "3*2*501",
        "3/2/501",
        "3#2#501",
        "3#2-501",
        "3#2单元501",
        "3栋2单元501",
        "3幢2单元5楼501号",
        "3幢2单元5层501室",
        "3号楼2单元501",
        "3 栋 2 单元 501 室",
        "3栋-2单元-501",
        "3栋2-501",
        "3-2单元501",
        "3-2-501号",
        "3-2-5-501",
        "三栋二单元501",
        "三栋二单元五〇一",
        "三幢二单元五零一室",
    ],
)
def test_one_flat_is_one_door_however_it_was_typed(typed: str) -> None:
    assert parse_door(typed) == Door("3", "2", "5", "501")


@pytest.mark.parametrize(
    ("typed", "door"),
    [
        ("3号楼501", Door("3", "", "5", "501")),
        ("3-501", Door("3", "", "5", "501")),
        ("3-501号", Door("3", "", "5", "501")),
        ("B座2单元1801室", Door("B", "2", "18", "1801")),
        ("b-1801", Door("B", "", "18", "1801")),
        ("十二栋二十三单元1101", Door("12", "23", "11", "1101")),
        ("一期3栋2单元501", Door("1期3", "2", "5", "501")),
        ("2单元501", Door("", "2", "5", "501")),
        ("1栋1单元0501", Door("1", "1", "5", "0501")),
        ("1栋1单元501A", Door("1", "1", "5", "501A")),
        ("1栋5楼1号", Door("1", "", "5", "1")),
        ("1栋一百零二号", Door("1", "", "1", "102")),
    ],
)
def test_parts_that_are_not_named_stay_empty(typed: str, door: Door) -> None:
    assert parse_door(typed) == door


@pytest.mark.parametrize(
    ("typed", "door"),
    [
        ("34号", Door(door="34")),
        ("34", Door(door="34")),
        ("三十四号", Door(door="34")),
        ("门牌:34号", Door(door="34")),
        ("123号", Door(door="123")),
        ("34号附1号", Door(door="34附1")),
        ("34-1号", Door(door="34-1")),
        ("12组34号", Door(door="34", group="12")),
        ("12组159号", Door(door="159", group="12")),
        ("12社34号", Door(door="34", group="12")),
        ("第十二村民小组三十四号", Door(door="34", group="12")),
        ("12组34-1号", Door(door="34-1", group="12")),
        ("12组3栋501", Door("3", "", "5", "501", "12")),
    ],
)
def test_a_rural_door_has_a_number_and_perhaps_a_group_but_no_floor(typed: str, door: Door) -> None:
    assert parse_door(typed) == door


@pytest.mark.parametrize(
    "typed", ["", " ", "不详", "综合楼后面", "3栋", "12组", "3栋2单元", "-", "3--501", "9" * 40]
)
def test_what_cannot_be_read_gives_no_door(typed: str) -> None:
    assert parse_door(typed) == Door()


@given(st.one_of(typed_text, st.text()))
def test_reading_never_raises_and_fits_the_columns(text: str) -> None:
    read = parse_door(text)
    assert max(len(read.building), len(read.unit), len(read.door)) <= 20 and len(read.floor) <= 10


@pytest.mark.parametrize(
    ("door", "floor"),
    [("501", "5"), ("1801", "18"), ("0501", "5"), ("A501", "5"), ("501A", "5"), ("101-2", "1"), ("34", ""), ("500", ""),
     ("9901", ""), ("12345", ""), ("", ""), ("34附1", "")],
)  # fmt: skip
def test_the_floor_is_told_by_a_door_number_that_can_tell_it(door: str, floor: str) -> None:
    assert floor_of(door) == floor


@given(st.one_of(typed_text, st.text()))
def test_normalising_an_address_twice_is_normalising_it_once(text: str) -> None:
    once = normalise_address_text(text)
    assert normalise_address_text(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("翠柏苑3幢二单元501室", "翠柏苑 3栋2单元501"),
        ("龚家村第二村民小组159号", "龚家村2组159号"),
        ("龚家村二社１５９号", "龚家村2组159号"),
        ("河滨路34号附1号", "河滨路34附1号"),
        ("翠柏苑3#楼501", "翠柏苑3号楼501"),
    ],
)
def test_two_writings_of_one_address_are_equal(one: str, other: str) -> None:
    assert normalise_address_text(one) == normalise_address_text(other)


@pytest.mark.parametrize("text", ["三星村", "五一路", "城厢社区", "八一社区"])
def test_numerals_in_the_names_of_places_stay(text: str) -> None:
    assert normalise_address_text(text) == text


@pytest.mark.parametrize(
    ("parts", "key", "display"),
    [
        (("3", "2", "501", ""), "3-2-501", "3栋2单元501"),
        (("3", "2", "501", "2"), "3-2-501#2", "3栋2单元501(2)"),
        (("3栋", "二单元", "501室", ""), "3-2-501", "3栋2单元501"),
        (("03", "02", "0501", ""), "3-2-501", "03栋02单元0501"),
        (("", "", "34", ""), "34", "34号"),
        (("", "", "34号", ""), "34", "34号"),
        (("", "", "34号附1号", ""), "34附1", "34号附1号"),
        (("", "", "34", "2"), "34#2", "34号(2)"),
        (("3", "", "501", ""), "3-501", "3栋501"),
        (("综合楼", "", "501", ""), "综合楼-501", "综合楼501"),
        (("", "", "村委会", ""), "村委会", "村委会"),
    ],
)
def test_a_door_has_one_key_and_one_display(parts: tuple[str, str, str, str], key: str, display: str) -> None:
    assert (door_key(*parts), door_display(*parts)) == (key, display)


@given(buildings, st.one_of(st.just(""), numbers), doors)
def test_the_display_is_read_back_as_the_same_door(building: str, unit: str, door: str) -> None:
    read = parse_door(door_display(building, unit, door))
    assert (read.building, read.unit, read.door, read.floor) == (building, unit, door, floor_of(door))


@given(numbers, numbers, doors)
def test_the_key_is_read_back_as_the_same_door(building: str, unit: str, door: str) -> None:
    read = parse_door(door_key(building, unit, door))
    assert (read.building, read.unit, read.door) == (building, unit, door)


places = st.tuples(
    st.integers(0, 10**7), st.integers(0, 40), st.integers(1, 9999), st.integers(0, 9)
)  # building, unit, door, share; 0 stands for none


def key_of(place: tuple[int, int, int, int]) -> str:
    building, unit, door, share = (str(part) if part else "" for part in place)
    return walk_key(building, unit, "", door, share)


@given(places, places)
def test_keys_sort_as_people_count(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> None:
    assert (key_of(one) < key_of(other)) == (one < other)


@given(buildings, numbers, doors)
def test_a_floor_that_was_typed_and_one_that_the_number_tells_are_the_same(
    building: str, unit: str, door: str
) -> None:
    assert walk_key(building, unit, floor_of(door), door) == walk_key(building, unit, "", door)


@given(st.tuples(*[st.text()] * 5))
def test_a_key_is_of_digits_and_capital_letters_and_fits_its_column(
    parts: tuple[str, str, str, str, str],
) -> None:
    key = walk_key(*parts)
    assert all(char in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" for char in key) and len(key) <= 120


WALK = [
    ("", "", "", "1", ""),
    ("", "", "", "34", ""),
    ("", "", "", "34附1", ""),
    ("", "", "", "34附2", ""),
    ("", "", "", "34A", ""),
    ("", "", "", "35", ""),
    ("", "", "", "101", ""),
    ("1", "1", "-1", "3", ""),
    ("1", "1", "", "101", ""),
    ("1", "1", "", "101", "2"),
    ("1", "1", "", "101", "10"),
    ("1", "1", "", "102", ""),
    ("1", "1", "2", "1", ""),
    ("1", "1", "", "201", ""),
    ("1", "1", "", "901", ""),
    ("1", "1", "", "1001", ""),
    ("1", "2", "", "101", ""),
    ("1", "10", "", "101", ""),
    ("1A", "1", "", "101", ""),
    ("2", "1", "", "101", ""),
    ("10", "甲", "", "101", ""),
    ("10", "乙", "", "101", ""),
    ("10", "丙", "", "101", ""),
    ("A", "1", "", "101", ""),
    ("A2", "1", "", "101", ""),
    ("A10", "1", "", "101", ""),
    ("B", "1", "", "101", ""),
    ("综合楼", "", "", "101", ""),
]


def test_the_walk_goes_by_building_unit_floor_door_and_share() -> None:
    keys = [walk_key(*place) for place in WALK]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.django_db
def test_the_database_walks_in_the_same_order() -> None:
    """Also under a collation that ignores punctuation, as PostgreSQL's of a language does."""
    keys = [walk_key(*place) for place in WALK]
    collations = [""]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            known = ["und-x-icu", "zh-x-icu", "en_US.utf8", "zh_CN.utf8", "C"]
            cursor.execute("SELECT DISTINCT collname FROM pg_collation WHERE collname = ANY(%s)", [known])
            collations += [f' COLLATE "{name}"' for (name,) in cursor.fetchall()]
    rows = " UNION ALL ".join(["SELECT %s AS k"] * len(keys))
    shuffled = list(itertools.chain(keys[::2], reversed(keys[1::2])))
    for collation in collations:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT k FROM ({rows}) AS doors ORDER BY k{collation}", shuffled)
            assert [key for (key,) in cursor.fetchall()] == keys
