"""Where a row of a sheet is: columns and addresses in all their spellings, and what lies outside."""

from __future__ import annotations

from typing import Any

import pytest

from grassroots.grid.models import Area, Level
from grassroots.ledgers.intake.protocol import ImportContext
from households.imports.places import Doors, NewArea, Places, Spot, plain_village
from tests.factories import OfficeCast, aware, make_area, make_household, make_office

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 10:00")


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def context_of(office: OfficeCast, area: Area, **more: Any) -> ImportContext:
    return ImportContext(area=area, staff=office.ding, at=AT, reference=AT.date(), **more)


def find(office: OfficeCast, area: Area | None = None, **cells: str) -> Spot:
    return Places(context_of(office, area or office.street)).find(**cells)


@pytest.mark.parametrize("text", ["城厢社区", "城厢", "城厢社区居委会", " 城 厢 社区", "淮口街道城厢社区"])
def test_a_village_goes_by_many_names(office: OfficeCast, text: str):
    assert find(office, village=text).area == office.village


@pytest.mark.parametrize(
    "address",
    [
        "龚家村2组159号",
        "龚家村第二村民小组159号",
        "四川省金堂县淮口街道龚家村2社159号",
        "龚家2组159号",
        "淮口镇龚家村二组159号",
    ],
)
def test_an_address_tells_village_group_and_door(office: OfficeCast, address: str):
    spot = find(office, address=address)
    assert (spot.area, spot.door.door, spot.problem, spot.rest) == (office.other_group, "159", "", "")


def test_an_address_tells_a_compound_that_the_tree_has(office: OfficeCast):
    spot = find(office, village="城厢社区", address="城厢社区翠柏苑3栋2单元501")
    assert spot.area == office.compound
    assert spot.door_key == "3-2-501"


def test_parts_of_a_door_may_stand_in_columns(office: OfficeCast):
    spot = find(office, village="城厢", compound="翠柏苑", building="3栋", unit="2单元", room="501")
    assert (spot.area, spot.door_key, spot.door.floor) == (office.compound, "3-2-501", "5")


def test_an_unknown_village_is_turned_down_and_named(office: OfficeCast):
    spot = find(office, village="红旗村", address="红旗村1组2号")
    assert spot.area is None
    assert spot.column == "village"
    assert "红旗村" in spot.problem


def test_an_unknown_village_in_the_address_alone_is_turned_down(office: OfficeCast):
    spot = find(office, address="红旗村1组2号")
    assert (spot.area, spot.column) == (None, "address")
    assert "红旗村" in spot.problem


def test_a_village_outside_the_import_is_as_unknown_as_one_that_does_not_exist(office: OfficeCast):
    there, nowhere = (
        find(office, office.village, village="龚家村"),
        find(office, office.village, village="无此村"),
    )
    assert there.area is None
    assert there.problem.replace("龚家村", "无此村") == nowhere.problem


def test_a_group_that_is_missing_is_proposed_once_for_all_rows(office: OfficeCast):
    places = Places(context_of(office, office.street))
    first, second = places.find(address="龚家村9组1号"), places.find(village="龚家村", group="第九村民小组")
    assert first.area is second.area
    assert isinstance(first.area, NewArea)
    assert first.proposals == ["新建组(网格)“9组”(龚家村)"]
    assert not Area.objects.filter(name="9组").exists()


def test_what_is_proposed_is_made_and_noted_when_it_is_written(office: OfficeCast):
    made: list[Any] = []
    context = context_of(office, office.street, note_created=made.append)
    places = Places(context)
    spot = places.find(village="龚家村", group="9组", compound="新村苑")
    area = places.area_of(spot, context)
    assert [(one.name, one.level) for one in made] == [("9组", Level.GROUP), ("新村苑", Level.COMPOUND)]
    assert area.full_name() == "龚家村9组新村苑"
    assert places.area_of(spot, context) is area


def test_a_compound_of_another_group_is_taken_as_it_is_registered(office: OfficeCast):
    make_area(office.village, Level.GROUP, "2组")
    spot = find(office, village="城厢社区", group="2组", compound="翠柏苑")
    assert spot.area == office.compound
    assert "翠柏苑" in spot.warning


def test_column_and_address_that_disagree_are_told(office: OfficeCast):
    spot = find(office, village="城厢社区", address="龚家村2组3号")
    assert spot.warning
    assert spot.known_area is None or office.village.holds(spot.known_area)


def test_without_a_village_it_is_the_import_s_own(office: OfficeCast):
    assert find(office, office.other_village, address="2组159号").area == office.other_group
    assert find(office, office.street, address="2组159号").problem == "没有写明村(社区)。"


def test_an_import_of_a_group_takes_only_its_own_rows(office: OfficeCast):
    assert find(office, office.group, village="城厢社区", group="1组").area == office.group
    assert find(office, office.group, village="城厢社区").area == office.group
    assert find(office, office.group, village="城厢社区", group="2组").problem
    assert find(office, office.compound, compound="翠柏苑", room="1-1-101").area == office.compound
    assert find(office, office.compound, compound="金色家园").problem


def test_words_that_are_no_door_are_kept(office: OfficeCast):
    spot = find(office, address="龚家村2组老磨坊旁边")
    assert (spot.area, spot.rest) == (office.other_group, "老磨坊旁边")


def test_households_are_found_behind_doors_at_or_below_the_place(
    office: OfficeCast, django_assert_num_queries: Any
):
    home = make_household(office.compound, "501", building="3", unit="2")
    make_household(office.other_group, "501", building="3", unit="2")
    places, doors = Places(context_of(office, office.street)), Doors(office.street)
    exact = places.find(village="城厢", compound="翠柏苑", address="3栋2单元501")
    above = places.find(village="城厢", address="3栋2单元501")
    empty = places.find(village="城厢", address="3栋2单元502")
    with django_assert_num_queries(1):
        doors.ask([exact, above, empty])
    assert doors.at(exact) == [home] == doors.at(above)
    assert doors.at(empty) == []


def test_the_tree_is_read_once(office: OfficeCast, django_assert_num_queries: Any):
    with django_assert_num_queries(1):
        places = Places(context_of(office, office.street))
        for number in range(20):
            places.find(village="龚家村", address=f"龚家村{number}组{number}号")


@pytest.mark.parametrize(("left", "right"), [("龚家村", "龚家村民委员会"), ("城厢社区", "城厢居委会")])
def test_two_names_of_one_village(left: str, right: str):
    assert plain_village(left) == plain_village(right)
