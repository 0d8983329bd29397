"""一栋一图: doors as they stand in the building, and what may be missing among them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import IntegrityError, transaction

from grassroots.grid.models import Area, Level
from households import areas, picture
from households.models import DismissedDoor, Followup, Household, SurveyState
from households.services.doors import doors_dismiss
from tests.factories import OfficeCast, make_area, make_household
from tests.households.door_pages import office, send, signed_in
from tests.households.test_pages_doors import _queries
from tests.texts import source_of, text_of

__all__ = ["office"]


def url(area: Area, page: str = "picture") -> str:
    return f"/households/{page}/{area.pk}/"


def names(text: str) -> list[str]:
    return re.findall(r'door__number">([^<]+)<', text)


def test_the_highest_floor_is_on_top_and_every_tile_says_its_state_in_words(office: OfficeCast):
    make_household(office.compound, door="101", survey_state=SurveyState.REFUSED)
    make_household(office.compound, door="102", survey_state=SurveyState.ABSENT)
    make_household(office.compound, door="201", followup_state=Followup.OBSERVED)
    watched = make_household(office.compound, door="202", survey_state=SurveyState.SIGNED)
    page = source_of(signed_in(office.police).get(url(office.compound)))
    assert names(page) == ["201", "202", "101", "102"]
    assert f'href="/households/{watched.uid}/"' in page
    for word in ("拒绝", "无人", "未访", "已签", "观察"):
        assert word in page


def test_a_door_between_two_is_a_dashed_tile_that_leads_to_the_list(office: OfficeCast):
    for door in ("501", "503"):
        make_household(office.compound, door=door, building="3", unit="2")
    client = signed_in(office.jia)
    page = text_of(client.get(url(office.compound)))
    assert names(page) == ["501", "502", "503"]
    assert page.count("door--possible") == 2  # the tile and the legend
    assert f'href="{url(office.compound, "missing")}#3/2/502"' in page
    listed = text_of(client.get(url(office.compound, "missing")))
    assert "3栋2单元502" in listed and "501和503之间" in listed


def test_a_possible_door_opens_the_form_of_a_new_one_filled_in(office: OfficeCast):
    values = {"building": "3", "unit": "2", "floor": "5", "door": "502", "find": "door"}
    client = signed_in(office.jia)
    page = text_of(client.post(f"/households/create/?area={office.compound.pk}", values))
    for name in ("building", "unit", "floor", "door"):
        assert re.search(rf'name="{name}" value="{values[name]}"', page), name
    assert not Household.objects.filter(door="502").exists()


def test_a_group_shows_its_houses_in_a_run(office: OfficeCast):
    for door in ("10", "2", "9", "7"):
        make_household(office.other_group, door=door, building="", unit="")
    page = text_of(signed_in(office.bing).get(url(office.other_group)))
    assert names(page) == ["2", "7", "8", "9", "10"]


def test_a_village_without_buildings_shows_groups_by_door_numbers(office: OfficeCast):
    second = make_area(office.other_village, Level.GROUP, "9组")
    for area, door in ((office.other_group, "1"), (office.other_group, "3"), (second, "5")):
        make_household(area, door=door, building="", unit="", survey_state=SurveyState.SIGNED)
    client = signed_in(office.ding)
    page = text_of(client.get(url(office.other_village)))
    assert names(page) == ["1", "2", "3", "5"]
    assert f'href="{url(office.other_group, "missing")}"' in page and "可能漏 1 户" in page
    few = _queries(client, url(office.other_village))
    for number in range(12):
        more = make_area(office.other_village, Level.GROUP, f"{number + 10}组")
        make_household(more, door="1", building="", unit="")
    assert _queries(client, url(office.other_village)) == few <= 16
    make_household(second, door="101", building="1")
    assert names(text_of(client.get(url(office.other_village)))) == []


def test_a_dismissed_door_is_proposed_no_more_until_that_is_undone(office: OfficeCast):
    for door in ("501", "503"):
        make_household(office.compound, door=door)
    client = signed_in(office.jia)
    page = url(office.compound, "missing")
    answer = send(client, page, doors="1/1/502", reason="其他", note="")
    assert answer.status_code == 422 and "请写明原因" in text_of(answer)
    assert 'value="1/1/502"' in text_of(answer) and "checked" in text_of(answer)
    assert send(client, page, doors="1/1/502", reason="两户打通").status_code == 302
    row = DismissedDoor.objects.get()
    assert (row.door, row.reason, row.by) == ("502", "两户打通", office.jia)
    assert names(text_of(client.get(url(office.compound)))) == ["501", "503"]
    stale = send(client, page, doors="1/1/502", reason="没有这个号")
    assert stale.status_code == 422 and "刚才已有人处理" in text_of(stale)

    assert send(client, f"/households/missing/doors/{row.uid}/undo/").status_code == 302
    row.refresh_from_db()
    assert row.undone_by == office.jia and row.undone_at is not None
    assert names(text_of(client.get(url(office.compound)))) == ["501", "502", "503"]


def test_a_door_of_a_closed_household_is_not_proposed(office: OfficeCast):
    for door in ("501", "503"):
        make_household(office.compound, door=door)
    make_household(office.compound, door="502", closed_on=dt.date(2030, 1, 1))
    assert picture.possible_doors(office.compound) == []


def test_two_who_dismiss_the_same_door_leave_one_row(office: OfficeCast):
    for door in ("501", "503"):
        make_household(office.compound, door=door)
    found = picture.possible_doors(office.compound)
    for by in (office.jia, office.yi):
        doors_dismiss(area=office.compound, doors=found, reason="没有这个号", by=by)
    assert DismissedDoor.objects.get().by == office.jia
    with pytest.raises(IntegrityError), transaction.atomic():
        DismissedDoor.objects.create(
            area=office.compound, building="1", unit="1", door="502", reason="x", by=office.yi
        )


def test_what_was_dismissed_moves_along_with_its_area(office: OfficeCast):
    for door in ("501", "503"):
        make_household(office.compound, door=door)
    found = picture.possible_doors(office.compound)
    doors_dismiss(area=office.compound, doors=found, reason="没有这个号", by=office.jia)
    at = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    areas.succeeded({office.compound.pk: office.group.pk}, at, office.ding)
    assert picture.possible_doors(office.group) == []
    assert DismissedDoor.objects.get().area == office.group


def test_a_large_compound_asks_for_the_building_and_says_where_doors_may_be_missing(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(picture, "MOST_DOORS", 5)
    for building in "12":
        for door in ("101", "102", "103", "201", "203"):
            make_household(office.compound, door=door, building=building)
    client = signed_in(office.jia)
    page = text_of(client.get(url(office.compound)))
    assert "选择楼栋" in page and page.count("可能漏 1") == 2 and names(page) == []
    page = text_of(client.get(url(office.compound) + "?building=2"))
    assert names(page) == ["201", "202", "203", "101", "102", "103"]
    assert client.get(url(office.compound) + "?building=9").status_code == 404


def test_a_tower_takes_no_more_queries_than_a_house(office: OfficeCast):
    client = signed_in(office.jia)
    for door in ("101", "103"):
        make_household(office.compound, door=door)
    few = [_queries(client, url(office.compound, page)) for page in ("picture", "missing")]
    for floor in range(1, 13):
        for slot in range(1, 4):
            make_household(office.compound, door=f"{floor}{slot:02}", unit="2")
    many = [_queries(client, url(office.compound, page)) for page in ("picture", "missing")]
    assert many == few and max(many) <= 12, many
