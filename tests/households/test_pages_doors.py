"""Choosing a door: areas, tiles, lists, the box for a door, and adding one."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.models import Level
from grassroots.ledgers.models import AreaRollup
from households import doors
from households.models import Followup, Household, HouseholdDuty, SurveyState
from tests.factories import OfficeCast, make_area, make_household, make_person
from tests.households.door_pages import office, send, signed_in
from tests.texts import source_of, text_of

__all__ = ["office"]
LIST = "/households/"


def _queries(client, url: str) -> int:
    client.get(url)  # the session is written at most once a minute
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_a_compound_with_few_doors_shows_them_as_tiles_by_floor(office: OfficeCast):
    make_household(office.compound, door="501", building="3", unit="2", survey_state=SurveyState.REFUSED)
    make_household(office.compound, door="101", building="3", unit="2")
    page = text_of(signed_in(office.jia).get(f"{LIST}?area={office.compound.pk}"))
    assert "3栋 2单元" in page and "5层" in page
    assert page.index(">101<") < page.index(">501<")
    assert "拒绝" in page and "未访" in page


def test_a_compound_with_many_doors_asks_for_the_building_first(office: OfficeCast):
    for building in "12":
        for number in range(20):
            make_household(office.compound, door=str(101 + number), building=building)
    client = signed_in(office.jia)
    page = text_of(client.get(f"{LIST}?area={office.compound.pk}"))
    assert "选择楼栋" in page and "household_detail" not in page and "20 户" in page
    page = text_of(client.get(f"{LIST}?area={office.compound.pk}&building=2"))
    assert page.count('class="door door--') == 20


def test_a_group_lists_its_doors_with_the_head_of_each(office: OfficeCast):
    household = make_household(office.other_group, door="34", building="", unit="")
    make_person("何大山", household)
    page = text_of(signed_in(office.bing).get(f"{LIST}?area={office.other_group.pk}"))
    assert "34号" in page and "何大山" in page


def test_the_filter_reaches_the_whole_village_and_shows_only_that_state(office: OfficeCast):
    there = make_household(office.compound, door="201", survey_state=SurveyState.ABSENT)
    other = make_household(office.group, door="7", building="", unit="")
    page = source_of(signed_in(office.health).get(f"{LIST}?area={office.village.pk}&state=ABSENT"))
    assert str(there.uid) in page and str(other.uid) not in page


def test_the_filter_knows_who_is_under_observation(office: OfficeCast):
    watched = make_household(office.compound, followup_state=Followup.OBSERVED)
    other = make_household(office.compound)
    page = source_of(signed_in(office.jia).get(f"{LIST}?area={office.compound.pk}&state=OBSERVED"))
    assert str(watched.uid) in page and str(other.uid) not in page
    assert "观察中" in page


def test_pages_follow_on_without_losing_or_repeating_a_door(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(doors, "ROWS_PER_PAGE", 4)
    for number in range(10):
        make_household(office.compound, door=str(101 + number), survey_state=SurveyState.ABSENT)
        make_household(
            office.group, door=str(1 + number), building="", unit="", survey_state=SurveyState.ABSENT
        )
    client = signed_in(office.jia)
    url, seen = f"{LIST}?area={office.group.pk}&state=ABSENT", []
    while url:
        page = source_of(client.get(url))
        seen += re.findall(r'cell cell--warn"\s+href="/households/([0-9a-f-]+)/"', page)
        following = re.search(r'rel="next"\s+href="([^"]+)"', page)
        url = LIST + following[1] if following else ""
    assert len(seen) == 20 and len(set(seen)) == 20


def _door_of(office: OfficeCast, number: int) -> Household:
    place = {
        "area": office.compound,
        "building": str(1 + number % 3),
        "unit": "2",
        "door": str(1000 + number),
    }
    keys = {"display": f"{number}", "door_key": f"{number}", "walk_key": f"{number:05}"}
    return Household(**place, **keys, survey_state=SurveyState.ABSENT)


@pytest.mark.parametrize("query", ["", "&building=1", "&state=ABSENT"])
def test_the_number_of_queries_does_not_grow_with_the_doors(office: OfficeCast, query: str):
    for number in range(5):
        make_person(household=make_household(office.compound, door=str(101 + number), survey_state="ABSENT"))
    client = signed_in(office.jia)
    few = _queries(client, f"{LIST}?area={office.compound.pk}{query}")
    Household.objects.bulk_create(_door_of(office, number) for number in range(295))
    assert _queries(client, f"{LIST}?area={office.compound.pk}{query}") <= few
    assert few <= 15


def test_a_township_is_shown_from_rollups_and_never_counted(office: OfficeCast):
    make_household(office.compound)
    figures = {
        "households": 812,
        "signed_households": 406,
        "vacant_households": 12,
        "surveyed_households": 500,
    }
    AreaRollup.objects.create(area=office.village, on=timezone.localdate(), total=figures)
    client = signed_in(office.ding)
    client.get(LIST)
    with CaptureQueriesContext(connection) as captured:
        page = text_of(client.get(LIST))
    assert "812 户" in page and "50.8%" in page
    assert not [
        one
        for one in captured.captured_queries
        if "households_household" in one["sql"] and "COUNT" in one["sql"]
    ]


def test_doors_of_a_township_cannot_be_filtered_all_at_once(office: OfficeCast):
    household = make_household(office.compound, survey_state=SurveyState.ABSENT)
    page = source_of(signed_in(office.ding).get(f"{LIST}?area={office.street.pk}&state=ABSENT"))
    assert str(household.uid) not in page


@pytest.mark.parametrize("number", ["other", "99999999", "x", "-1", "9" * 30])
def test_an_area_outside_the_scope_or_unknown_is_404(office: OfficeCast, number: str):
    number = str(office.other_group.pk) if number == "other" else number
    assert signed_in(office.jia).get(f"{LIST}?area={number}").status_code == 404


def test_a_page_after_a_foreign_door_is_404(office: OfficeCast):
    foreign = make_household(office.other_group)
    url = f"{LIST}?area={office.compound.pk}&after={foreign.uid}"
    assert signed_in(office.jia).get(url).status_code == 404
    assert signed_in(office.jia).get(f"{LIST}?area={office.compound.pk}&after=x").status_code == 404


def test_the_auditor_has_no_right_to_the_list(office: OfficeCast):
    assert signed_in(office.auditor).get(LIST).status_code == 403


def test_households_held_one_by_one_are_listed_for_somebody_without_an_area(office: OfficeCast):
    from grassroots.grid.models import DutyKind, Role
    from tests.factories import make_staff

    alone = make_staff("单某", Role.OFFICER, None)
    household = make_household(office.compound)
    kind = DutyKind.objects.get(code="group")
    HouseholdDuty.objects.create(staff=alone, kind=kind, household=household, valid_from=dt.date(2020, 1, 1))
    page = source_of(signed_in(alone).get(LIST))
    assert str(household.uid) in page and "我单独包的户" in page


# --- the box for a door ----------------------------------------------------------------------------------


def test_the_box_jumps_to_the_door(office: OfficeCast):
    household = make_household(office.compound, door="501", building="3", unit="2")
    client = signed_in(office.jia)
    for typed in ("3-2-501", "3栋2单元501", "三栋二单元501室"):
        response = client.post("/households/find/", {"area": office.compound.pk, "q": typed})
        assert response.status_code == 302 and str(household.uid) in response["Location"]


def test_the_box_reaches_a_second_household_behind_the_door_by_a_list(office: OfficeCast):
    first = make_household(office.compound, door="501", building="3", unit="2")
    second = make_household(office.compound, door="501", building="3", unit="2", share_no="2")
    Household.objects.filter(pk=second.pk).update(door_key="3-2-501#2")
    page = source_of(
        signed_in(office.jia).post("/households/find/", {"area": office.compound.pk, "q": "3-2-501"})
    )
    assert str(first.uid) in page and str(second.uid) in page


def test_an_ambiguous_door_is_a_list_to_tap(office: OfficeCast):
    uids = [str(make_household(office.compound, door="501", building=one).uid) for one in "12"]
    page = source_of(
        signed_in(office.jia).post("/households/find/", {"area": office.compound.pk, "q": "501"})
    )
    assert all(uid in page for uid in uids) and "请点选" in page


def test_the_building_that_is_shown_settles_a_bare_number(office: OfficeCast):
    make_household(office.compound, door="501", building="1")
    wanted = make_household(office.compound, door="501", building="2")
    data = {"area": office.compound.pk, "q": "501", "building": "2"}
    assert str(wanted.uid) in signed_in(office.jia).post("/households/find/", data)["Location"]


def test_a_group_in_the_text_is_looked_up(office: OfficeCast):
    wanted = make_household(office.other_group, door="34", building="", unit="")
    elsewhere = make_area(office.other_village, Level.GROUP, "3组")
    make_household(elsewhere, door="34", building="", unit="")
    response = signed_in(office.bing).post(
        "/households/find/", {"area": office.other_village.pk, "q": "2组34号"}
    )
    assert str(wanted.uid) in response["Location"]


def test_a_missing_door_is_offered_with_what_was_typed(office: OfficeCast):
    page = text_of(
        signed_in(office.jia).post("/households/find/", {"area": office.compound.pk, "q": "9-1-101"})
    )
    assert "没有登记这一户" in page and 'name="door_text" value="9-1-101"' in page


def test_a_missing_door_is_not_offered_without_the_right(office: OfficeCast):
    page = text_of(
        signed_in(office.health).post("/households/find/", {"area": office.compound.pk, "q": "9-1-101"})
    )
    assert "没有登记这一户" in page and "door_text" not in page


def test_an_unreadable_door_says_so_and_keeps_the_text(office: OfficeCast):
    response = signed_in(office.jia).post("/households/find/", {"area": office.compound.pk, "q": "那边那家"})
    assert response.status_code == 422 and "看不懂" in text_of(response) and "那边那家" in text_of(response)


def test_the_box_does_not_find_doors_outside_the_area(office: OfficeCast):
    make_household(office.other_group, door="501", building="3", unit="2")
    response = signed_in(office.ding).post("/households/find/", {"area": office.compound.pk, "q": "3-2-501"})
    assert response.status_code == 200 and "没有登记这一户" in text_of(response)


def test_the_box_with_a_foreign_area_is_404(office: OfficeCast):
    data = {"area": office.other_group.pk, "q": "1-1-101"}
    assert signed_in(office.jia).post("/households/find/", data).status_code == 404
    assert signed_in(office.jia).get("/households/find/").status_code == 405


# --- adding a door ---------------------------------------------------------------------------------------


def test_a_door_is_added_from_one_line(office: OfficeCast):
    url = f"/households/create/?area={office.compound.pk}"
    values = {"area": office.compound.pk, "door_text": "3-2-501", "housing_kind": "RENTED"}
    response = send(signed_in(office.jia), url, **values)
    household = Household.objects.get()
    assert response["Location"] == f"/households/{household.uid}/"
    assert (household.building, household.unit, household.door, household.floor) == ("3", "2", "501", "5")
    assert (household.area, household.housing_kind) == (office.compound, "RENTED")


def test_saving_can_lead_straight_on_to_the_survey(office: OfficeCast):
    values = {"area": office.compound.pk, "door_text": "3-2-501", "housing_kind": "OWNED", "survey": "1"}
    response = send(signed_in(office.jia), f"/households/create/?area={office.compound.pk}", **values)
    assert response["Location"] == f"/households/{Household.objects.get().uid}/survey/"


def test_a_door_that_is_taken_is_said_beside_the_line_and_nothing_typed_is_lost(office: OfficeCast):
    make_household(office.compound, door="501", building="3", unit="2")
    values = {"area": office.compound.pk, "door_text": "3-2-501", "housing_kind": "OWNED", "note": "朝南"}
    response = send(signed_in(office.jia), f"/households/create/?area={office.compound.pk}", **values)
    page = text_of(response)
    assert response.status_code == 422 and Household.objects.count() == 1
    assert "同门序号" in page and "朝南" in page and 'value="3-2-501"' in page


def test_an_area_outside_the_scope_is_refused_in_the_form(office: OfficeCast):
    values = {"area": office.other_group.pk, "door_text": "34号", "housing_kind": "OWNED"}
    for url in ("/households/create/", f"/households/create/?area={office.compound.pk}"):
        response = send(signed_in(office.jia), url, **values)
        assert response.status_code == 422 and not Household.objects.exists()
    url = f"/households/create/?area={office.other_group.pk}"
    assert signed_in(office.jia).get(url).status_code == 404
    assert send(signed_in(office.jia), url, **values).status_code == 404


def test_the_number_of_another_group_is_caught(office: OfficeCast):
    values = {"area": office.other_group.pk, "door_text": "12组34号", "housing_kind": "OWNED"}
    response = send(signed_in(office.bing), f"/households/create/?area={office.other_group.pk}", **values)
    assert response.status_code == 422 and "12组的门牌" in text_of(response)


def test_adding_needs_the_right(office: OfficeCast):
    url = f"/households/create/?area={office.compound.pk}"
    assert signed_in(office.inspector).get(url).status_code == 403
    assert (
        send(signed_in(office.inspector), url, area=office.compound.pk, door_text="1-1-101").status_code
        == 403
    )


def test_sending_the_form_twice_adds_one_door(office: OfficeCast):
    import uuid

    client, submission = signed_in(office.jia), uuid.uuid4()
    values = {"area": office.compound.pk, "door_text": "3-2-501", "housing_kind": "OWNED"}
    url = f"/households/create/?area={office.compound.pk}"
    answers = [send(client, url, submission=submission, **values)["Location"] for _ in range(2)]
    assert Household.objects.count() == 1 and len(set(answers)) == 1
