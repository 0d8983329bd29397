"""Opening, changing and closing households."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.areas import area_move
from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.models import DirtyArea
from households.models import Household, Residency
from households.services import household_close, household_open, household_update
from tests.factories import OfficeCast, make_household, make_office, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> OfficeCast:
    return make_office()


def test_it_opens_a_door_in_the_offices_own_writing(cast: OfficeCast) -> None:
    household = household_open(area=cast.compound, building="三栋", unit="2单元", door="501室", by=cast.jia)
    assert (household.building, household.unit, household.floor, household.door) == ("3", "2", "5", "501")
    assert household.display == "3栋2单元501"
    assert household.door_key == "3-2-501"


def test_it_writes_history_in_the_name_of_who_opened_it_and_marks_the_area(cast: OfficeCast) -> None:
    household = household_open(area=cast.group, door="34号", by=cast.jia)
    line = household.history.get()
    assert (line.history_type, line.history_user) == ("+", cast.jia)
    assert DirtyArea.objects.filter(area=cast.group).exists()


def test_a_second_household_behind_one_door_is_sent_to_the_share_number(cast: OfficeCast) -> None:
    household_open(area=cast.compound, building="1", unit="1", door="101", by=cast.jia)
    with pytest.raises(ValidationError) as refused:
        household_open(area=cast.compound, building="1栋", unit="1", door="101", by=cast.jia)
    assert "同门序号" in refused.value.message_dict["door"][0]
    second = household_open(area=cast.compound, building="1", unit="1", door="101", share_no="2", by=cast.jia)
    assert second.display == "1栋1单元101(2)"


def test_a_door_is_free_again_after_its_household_was_closed(cast: OfficeCast) -> None:
    first = household_open(area=cast.compound, building="1", unit="1", door="101", by=cast.jia)
    household_close(household=first, by=cast.jia, on=timezone.localdate(), reason="拆迁")
    again = household_open(area=cast.compound, building="1", unit="1", door="101", by=cast.jia)
    assert again.pk != first.pk


def test_an_empty_door_and_an_overlong_note_are_refused_beside_their_fields(cast: OfficeCast) -> None:
    with pytest.raises(ValidationError) as refused:
        household_open(area=cast.compound, door=" ", note="长" * 201, by=cast.jia)
    assert set(refused.value.message_dict) == {"door", "note"}


def test_a_change_raises_the_version_and_moves_the_door_in_the_walking_order(cast: OfficeCast) -> None:
    household = make_household(cast.compound, door="501")
    before = household.walk_key
    changed = household_update(household=household, version=1, changes={"door": "601"}, by=cast.jia)
    assert (changed.version, changed.display, changed.floor) == (2, "1栋1单元601", "6")
    assert Household.objects.get(pk=household.pk).walk_key > before


def test_a_stale_change_carries_both_values_and_writes_neither(cast: OfficeCast) -> None:
    household = make_household(cast.compound, door="501")
    household_update(household=household, version=1, changes={"note": "甲的备注"}, by=cast.jia)
    with pytest.raises(StaleVersion) as stale:
        household_update(household=household, version=1, changes={"note": "乙的备注"}, by=cast.yi)
    [difference] = stale.value.differences
    assert (difference.label, difference.mine, difference.theirs) == ("备注", "乙的备注", "甲的备注")
    assert Household.objects.get(pk=household.pk).note == "甲的备注"


def test_nothing_changed_writes_no_history(cast: OfficeCast) -> None:
    household = make_household(cast.compound, door="501", note="")
    household_update(household=household, version=1, changes={"note": ""}, by=cast.jia)
    assert household.history.count() == 1
    assert Household.objects.get(pk=household.pk).version == 1


def test_a_household_with_people_is_not_closed(cast: OfficeCast) -> None:
    household = make_household(cast.compound)
    make_person(household=household)
    with pytest.raises(ValidationError, match="1人"):
        household_close(household=household, by=cast.jia, on=timezone.localdate(), reason="搬空")


@pytest.mark.parametrize(
    ("days", "reason", "field"), [(1, "拆迁", "on"), (-9, "拆迁", "on"), (0, " ", "reason")]
)
def test_a_closing_needs_a_reason_and_a_date_in_order(
    cast: OfficeCast, days: int, reason: str, field: str
) -> None:
    household = make_household(cast.compound)
    on = timezone.localdate() + dt.timedelta(days=days)
    with pytest.raises(ValidationError) as refused:
        household_close(household=household, by=cast.jia, on=on, reason=reason)
    assert set(refused.value.message_dict) == {field}


def test_households_and_people_go_over_with_an_area_that_moves(cast: OfficeCast) -> None:
    household = make_household(cast.compound)
    person = make_person(household=household)
    closed = make_household(cast.compound, closed_on=timezone.localdate())
    successor = area_move(area=cast.compound, parent=cast.other_group, by=cast.ding)
    household.refresh_from_db()
    closed.refresh_from_db()
    residency = Residency.objects.get(person=person)
    assert household.area_id == residency.area_id == successor.pk
    assert closed.area_id == cast.compound.pk
    assert household.history.first().history_change_reason == "区域调整"
    assert residency.history.first().area_id == successor.pk
