"""Adding, editing, closing and moving areas; what apps above do when an area gets a successor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.areas import StaleArea, area_add, area_close, area_edit, area_move
from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Office, Posting, Staff
from households.models import Household
from tests.factories import OfficeCast, make_household, make_person

DAY = dt.timedelta(days=1)


@dataclass
class FakeApp:
    """An app above that holds rows in some areas and writes down what it is told."""

    held: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)
    told: list[tuple[dict[int, int], str]] = field(default_factory=list)

    def holds_data(self, ids: Sequence[int]) -> bool:
        return bool(self.held & set(ids))

    def holds_open(self, ids: Sequence[int]) -> bool:
        return bool(self.open & set(ids))

    def succeeded(self, mapping: Mapping[int, int], at: dt.datetime, by: Staff) -> None:
        self.told.append((dict(mapping), by.name))


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApp]:
    fake = FakeApp()
    hooks = registry.AreaHooks(fake.holds_data, fake.succeeded, fake.holds_open)
    monkeypatch.setattr(registry, "area_hooks", [hooks])
    yield fake


def reload(area: Area) -> Area:
    return Area.objects.get(pk=area.pk)


def edit(area: Area, by: Staff, version: int = 1, **changes: object) -> Area:
    values = {
        "name": area.name,
        "code": area.code,
        "kind": area.kind,
        "expected_households": area.expected_households,
    }
    return area_edit(area=area, by=by, version=version, **{**values, **changes})  # type: ignore[arg-type]


def test_an_area_is_added_below_its_parent_and_open_from_today(office: OfficeCast) -> None:
    area = area_add(parent=office.village, level=Level.GROUP, name=" 9组 ", expected_households=40)
    assert reload(area).name == "9组"
    assert reload(office.village).holds(reload(area))
    assert reload(area).valid_from == timezone.localdate()


@pytest.mark.parametrize("level", [Level.VILLAGE, Level.STREET, Level.COUNTY])
def test_an_area_never_lies_under_one_of_its_own_or_a_lower_level(office: OfficeCast, level: Level) -> None:
    with pytest.raises(ValidationError, match="不能放在"):
        area_add(parent=office.village, level=level, name="错级")


def test_a_closed_area_takes_no_children(office: OfficeCast, app: FakeApp) -> None:
    area_close(area=office.other_group, by=office.admin)
    with pytest.raises(ValidationError, match="已停用"):
        area_add(parent=office.other_group, level=Level.COMPOUND, name="新院")


def test_two_open_areas_side_by_side_never_share_a_name(office: OfficeCast) -> None:
    with pytest.raises(ValidationError) as refused:
        area_add(parent=office.village, level=Level.GROUP, name="1组")
    assert "已经有" in refused.value.message_dict["name"][0]
    area_add(parent=office.other_village, level=Level.GROUP, name="1组")


def test_two_open_areas_never_share_a_code_and_the_refusal_names_the_other(office: OfficeCast) -> None:
    with pytest.raises(ValidationError) as refused:
        area_add(parent=office.village, level=Level.GROUP, name="9组", code=office.other_group.code)
    assert "2组" in refused.value.message_dict["code"][0]


def test_an_edit_saves_and_raises_the_version(office: OfficeCast) -> None:
    edit(office.group, office.admin, name="第一组", expected_households=88)
    area = reload(office.group)
    assert (area.name, area.expected_households, area.version) == ("第一组", 88, 2)


def test_a_stale_edit_saves_nothing_and_carries_both_values(office: OfficeCast) -> None:
    edit(office.group, office.admin, name="一组", expected_households=88)
    with pytest.raises(StaleArea) as stale:
        edit(office.group, office.admin, version=1, name="第1网格", expected_households=88)
    assert [(one.label, one.mine, one.theirs) for one in stale.value.differences] == [
        ("名称", "第1网格", "一组")
    ]
    assert reload(office.group).name == "一组"


def test_an_edit_may_keep_its_own_name_and_code(office: OfficeCast) -> None:
    edit(office.group, office.admin, kind="网格")
    assert reload(office.group).kind == "网格"


def test_closing_an_area_closes_what_lies_below_with_duties_and_postings(
    office: OfficeCast, app: FakeApp
) -> None:
    today = timezone.localdate()
    area_close(area=office.village, by=office.admin)
    assert not Area.objects.within(office.village).open().exists()
    assert reload(office.compound).valid_to == today
    assert not AreaDuty.objects.open().filter(area__in=[office.village, office.group]).exists()
    assert not Posting.objects.open().filter(area__in=[office.village, office.group]).exists()
    assert AreaDuty.objects.open(today - DAY).filter(area=office.village).exists()


def test_an_area_with_open_rows_is_not_closed_and_says_why(office: OfficeCast, app: FakeApp) -> None:
    app.open = {office.compound.pk}
    with pytest.raises(ValidationError, match="还有登记的住户或人员"):
        area_close(area=office.village, by=office.admin)
    assert reload(office.village).is_open


def test_an_area_with_only_past_rows_can_be_closed(office: OfficeCast, app: FakeApp) -> None:
    app.held = {office.compound.pk}
    area_close(area=office.village, by=office.admin)
    assert not reload(office.village).is_open


def test_the_offices_own_area_is_neither_closed_nor_moved(office: OfficeCast, app: FakeApp) -> None:
    with pytest.raises(ValidationError, match="辖区不能停用"):
        area_close(area=office.street, by=office.admin)
    other = area_add(parent=None, level=Level.COUNTY, name="邻县")
    with pytest.raises(ValidationError, match="辖区不能移动"):
        area_move(area=office.street, parent=other, by=office.admin)
    assert Office.current().area == office.street  # type: ignore[union-attr]


def test_an_area_without_data_is_simply_moved(office: OfficeCast, app: FakeApp) -> None:
    moved = area_move(area=office.group, parent=office.other_village, by=office.admin)
    assert moved.pk == office.group.pk
    assert reload(office.other_village).holds(reload(office.compound))
    assert not app.told
    assert moved.history.first().history_change_reason == "移到“龚家村”下面"


def test_an_area_with_data_is_closed_and_gets_a_successor_with_all_below_it(
    office: OfficeCast, app: FakeApp
) -> None:
    app.held = {office.compound.pk}
    new = area_move(area=office.group, parent=office.other_village, by=office.admin)
    old = reload(office.group)
    assert new.pk != old.pk
    assert (old.is_open, old.successor_id, new.name, new.code) == (False, new.pk, "1组", office.group.code)
    assert reload(office.village).holds(old)
    assert reload(office.other_village).holds(new)
    compound = Area.objects.open().get(name="翠柏苑")
    assert new.holds(compound)
    assert reload(office.compound).successor_id == compound.pk
    assert app.told == [({office.group.pk: new.pk, office.compound.pk: compound.pk}, "管某")]


def test_past_data_of_a_closed_area_below_also_makes_a_successor(office: OfficeCast, app: FakeApp) -> None:
    area_close(area=office.compound, by=office.admin)
    app.held = {office.compound.pk}
    new = area_move(area=office.group, parent=office.other_village, by=office.admin)
    assert new.pk != office.group.pk
    assert reload(office.village).holds(reload(office.compound))


def test_duties_and_postings_go_over_to_the_successor_without_a_day_between(
    office: OfficeCast, app: FakeApp
) -> None:
    today = timezone.localdate()
    AreaDuty.objects.filter(staff=office.jia).update(
        deputy=office.yi, standin_from=today, section="一片", valid_to=today + 9 * DAY
    )
    app.held = {office.group.pk}
    new = area_move(area=office.group, parent=office.other_village, by=office.admin)
    duty = AreaDuty.objects.open().get(area=new)
    assert (duty.staff, duty.deputy, duty.section, duty.valid_to) == (
        office.jia,
        office.yi,
        "一片",
        today + 9 * DAY,
    )
    assert (duty.valid_from, duty.standin_from) == (today, today)
    assert not AreaDuty.objects.open().filter(area=office.group).exists()
    assert AreaDuty.objects.open(today - DAY).filter(area=office.group, staff=office.jia).exists()
    assert set(Posting.objects.open().filter(area=new).values_list("staff__name", flat=True)) == {
        "甲某",
        "乙某",
    }
    seen = Area.objects.visible_to(Staff.objects.get(pk=office.jia.pk))
    assert set(seen) == set(Area.objects.within(new))


def test_a_duty_of_today_moves_with_its_area_and_leaves_no_trace_on_yesterday(
    office: OfficeCast, app: FakeApp
) -> None:
    today = timezone.localdate()
    police = DutyKind.objects.get(code="police")
    AreaDuty.objects.create(kind=police, staff=office.police, area=office.group, valid_from=today)
    app.held = {office.group.pk}
    new = area_move(area=office.group, parent=office.other_village, by=office.admin)
    assert [duty.area for duty in AreaDuty.objects.filter(kind=police)] == [new]


def test_whoever_sees_only_the_old_parent_sees_the_moved_area_no_more(
    office: OfficeCast, app: FakeApp
) -> None:
    app.held = {office.group.pk}
    new = area_move(area=office.group, parent=office.other_village, by=office.admin)
    health = Staff.objects.get(pk=office.health.pk)
    assert new not in Area.objects.visible_to(health)
    assert new in Area.objects.visible_to(Staff.objects.get(pk=office.bing.pk))


def test_an_area_moves_neither_into_itself_nor_where_it_is_nor_out_of_order(
    office: OfficeCast, app: FakeApp
) -> None:
    for parent, words in (
        (office.compound, "它自己下面"),
        (office.village, "已经在"),
        (office.other_group, "不能放在"),
    ):
        with pytest.raises(ValidationError, match=words):
            area_move(area=office.group, parent=parent, by=office.admin)


def test_an_area_does_not_move_beside_one_of_its_name(office: OfficeCast, app: FakeApp) -> None:
    area_add(parent=office.other_village, level=Level.GROUP, name="1组")
    with pytest.raises(ValidationError, match="请先改名"):
        area_move(area=office.group, parent=office.other_village, by=office.admin)


def test_an_area_whose_households_have_all_gone_closes_but_moves_with_a_successor(office: OfficeCast) -> None:
    """With the apps that are really above."""
    household = make_household(office.compound)
    with pytest.raises(ValidationError, match="还有登记的住户或人员"):
        area_close(area=office.compound, by=office.admin)
    household.closed_on = timezone.localdate()
    household.save()
    new = area_move(area=office.group, parent=office.other_village, by=office.admin)
    assert new.pk != office.group.pk
    household.refresh_from_db()
    assert household.area_id == office.compound.pk  # what is past stays where it was counted
    area_close(area=new, by=office.admin)
    assert not reload(new).is_open


def test_households_and_their_people_go_over_with_a_moved_group(office: OfficeCast) -> None:
    household = make_household(office.compound)
    person = make_person(household=household)
    new = area_move(area=office.group, parent=office.other_village, by=office.admin)
    household.refresh_from_db()
    assert new.holds(household.area)
    assert person.residencies.get().area == household.area
    assert household in Household.objects.visible_to(Staff.objects.get(pk=office.bing.pk))
    assert household not in Household.objects.visible_to(Staff.objects.get(pk=office.health.pk))
