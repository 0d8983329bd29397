"""The page of one household, changing and closing it, and the list of 无人户."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.models import AreaDuty
from households.models import Household, Relation, Residency, Survey, SurveyOutcome, SurveyState
from households.services import household_update
from households.views import absent
from tests.factories import OfficeCast, make_household, make_person
from tests.households.door_pages import office, send, signed_in
from tests.texts import source_of, text_of

__all__ = ["office"]
FORM = {"building": "1", "unit": "1", "door": "101", "housing_kind": "OWNED"}


def page_of(household: Household, verb: str = "") -> str:
    return f"/households/{household.uid}/{verb + '/' if verb else ''}"


# --- looking ---------------------------------------------------------------------------------------------


def test_the_page_shows_who_lives_there_masked_and_who_is_away(office: OfficeCast):
    household = make_household(office.compound)
    head = make_person("张建国", household)
    son = make_person("张远", household, relation=Relation.CHILD)
    Residency.objects.filter(person=son).update(is_away=True, away_where="广东东莞")
    page = text_of(signed_in(office.jia).get(page_of(household)))
    assert "张建国" in page and "现住 1 人" in page and "外出未归 1 人" in page and "广东东莞" in page
    assert head.masked_phone in page and head.phone not in page and head.id_number not in page


def test_the_page_shows_the_chain_and_its_gaps(office: OfficeCast):
    household = make_household(office.compound)
    AreaDuty.objects.filter(kind__code="health").delete()
    page = text_of(signed_in(office.jia).get(page_of(household)))
    assert "甲某" in page and "拨打" in page
    assert re.search(
        r"包人</span>\s*<span class=\"chain__who\">\s*<span class=\"state state--danger\">.*?无人负责",
        page,
        re.S,
    )


def test_the_page_leads_to_the_doors_before_and_after(office: OfficeCast):
    first, middle, last = (make_household(office.compound, door=door) for door in ("101", "201", "301"))
    elsewhere = make_household(office.group, door="1", building="", unit="")
    page = source_of(signed_in(office.jia).get(page_of(middle)))
    assert re.search(rf'rel="prev"\s+href="{page_of(first)}"', page)
    assert re.search(rf'rel="next"\s+href="{page_of(last)}"', page)
    assert 'rel="next"' not in source_of(signed_in(office.jia).get(page_of(last)))
    assert str(elsewhere.uid) not in page


def test_the_page_shows_what_was_found_at_the_door(office: OfficeCast):
    household = make_household(office.compound, survey_state=SurveyState.ABSENT, absent_tries=2)
    Survey.objects.create(
        household=household, area=household.area, staff=office.yi, recorded_by=office.yi,
        outcome=SurveyOutcome.ABSENT, absent_try=2, slip_left=True, note="邻居说过年没回来",
    )  # fmt: skip
    page = source_of(signed_in(office.jia).get(page_of(household)))
    assert (
        "敲了 2 次没有人" in page and "乙某" in page and "邻居说过年没回来" in page and "已贴温馨提示" in page
    )
    assert f"/households/{household.uid}/survey/" in page


@pytest.mark.parametrize("verb", ["", "edit", "close", "duties/create"])
def test_a_household_outside_the_scope_is_404_whatever_is_asked(office: OfficeCast, verb: str):
    foreign = make_household(office.other_group, door="34", building="", unit="")
    client = signed_in(office.jia)
    assert client.get(page_of(foreign, verb)).status_code == 404
    if verb:
        assert send(client, page_of(foreign, verb), **FORM, version=1, reason="x").status_code == 404
    foreign.refresh_from_db()
    assert foreign.version == 1 and foreign.closed_on is None


def test_looking_is_not_changing(office: OfficeCast):
    household = make_household(office.compound)
    client = signed_in(office.inspector)
    assert client.get(page_of(household)).status_code == 200
    for verb in ("edit", "close", "duties/create"):
        assert client.get(page_of(household, verb)).status_code == 403
        assert send(client, page_of(household, verb), **FORM, version=1).status_code == 403
    assert "入户登记" not in text_of(client.get(page_of(household)))


def test_the_page_costs_the_same_for_one_person_and_for_nine(office: OfficeCast):
    household = make_household(office.compound)
    make_person(household=household)
    client = signed_in(office.jia)
    client.get(page_of(household))
    with CaptureQueriesContext(connection) as few:
        client.get(page_of(household))
    for _ in range(8):
        make_person(household=household)
    with CaptureQueriesContext(connection) as many:
        client.get(page_of(household))
    assert len(many) == len(few) <= 19


# --- changing --------------------------------------------------------------------------------------------


def test_a_change_is_saved_and_raises_the_version(office: OfficeCast):
    household = make_household(office.compound, door="101")
    values = FORM | {"door": "102", "housing_kind": "RENTED", "landlord": "刘房东"}
    response = send(signed_in(office.jia), page_of(household, "edit"), **values, version=1)
    assert response.status_code == 302
    household.refresh_from_db()
    assert (household.door, household.display, household.housing_kind) == ("102", "1栋1单元102", "RENTED")
    assert household.landlord == "刘房东" and household.version == 2


def test_a_stale_save_shows_both_values_and_writes_neither_over_the_other(office: OfficeCast):
    household = make_household(office.compound, door="101")
    client = signed_in(office.jia)
    household_update(household=household, version=1, changes={"note": "乙:三楼有狗"}, by=office.yi)
    response = send(client, page_of(household, "edit"), **FORM, note="甲:白天上班", version=1)
    page = text_of(response)
    assert response.status_code == 409
    assert "甲:白天上班" in page and "乙:三楼有狗" in page
    household.refresh_from_db()
    assert household.note == "乙:三楼有狗"
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version and version[1] == "2"
    assert send(client, page_of(household, "edit"), **FORM, note="甲:白天上班", version=2).status_code == 302
    household.refresh_from_db()
    assert household.note == "甲:白天上班"


def test_a_door_that_is_taken_is_refused_in_words(office: OfficeCast):
    make_household(office.compound, door="102")
    household = make_household(office.compound, door="101")
    response = send(signed_in(office.jia), page_of(household, "edit"), **(FORM | {"door": "102"}), version=1)
    assert response.status_code == 422 and "同门序号" in text_of(response)


# --- closing ---------------------------------------------------------------------------------------------


def test_closing_is_refused_while_people_live_there_and_offers_to_move_them(office: OfficeCast):
    household = make_household(office.compound)
    person = make_person("张建国", household)
    client = signed_in(office.jia)
    page = source_of(client.get(page_of(household, "close")))
    residency = person.residencies.get()
    assert "不能销户" in page and f"/people/{person.uid}/residencies/{residency.pk}/end/" in page
    response = send(client, page_of(household, "close"), on=timezone.localdate(), reason="拆迁")
    assert response.status_code == 422
    household.refresh_from_db()
    assert household.closed_on is None


def test_an_empty_household_is_closed_with_a_reason(office: OfficeCast):
    household = make_household(office.compound)
    client = signed_in(office.jia)
    assert send(client, page_of(household, "close"), on=timezone.localdate(), reason="").status_code == 422
    response = send(client, page_of(household, "close"), on=timezone.localdate(), reason="拆迁")
    assert response.status_code == 302
    household.refresh_from_db()
    assert household.closed_on == timezone.localdate()
    page = text_of(client.get(page_of(household)))
    assert "已销户" in page and "入户登记" not in page


# --- 无人户 ----------------------------------------------------------------------------------------------


def absent_door(area, door: str, days: int | None, **fields) -> Household:
    next_on = None if days is None else timezone.localdate() + dt.timedelta(days=days)
    return make_household(
        area, door=door, survey_state=SurveyState.ABSENT, next_visit_on=next_on, absent_tries=1, **fields
    )


def order_of(page: str) -> list[str]:
    return re.findall(r'class="absent__door" href="/households/([0-9a-f-]+)/absent/"', page)


def test_the_absent_stand_in_the_order_of_their_next_visit(office: OfficeCast):
    later = absent_door(office.compound, "101", 3)
    overdue = absent_door(office.compound, "302", -2)
    undated = absent_door(office.compound, "401", None)
    today_far, today_near = absent_door(office.compound, "602", 0), absent_door(office.compound, "201", 0)
    make_household(office.compound, survey_state=SurveyState.SIGNED)
    page = source_of(signed_in(office.jia).get("/households/absent/"))
    assert order_of(page) == [str(one.uid) for one in (undated, overdue, today_near, today_far, later)]
    assert "已过期" in page and "今天去" in page and "没定日期" in page


def test_the_filter_keeps_what_is_due(office: OfficeCast):
    absent_door(office.compound, "101", 1)
    due = [absent_door(office.compound, "201", 0), absent_door(office.compound, "301", -1)]
    page = source_of(signed_in(office.jia).get("/households/absent/?view=due"))
    assert set(order_of(page)) == {str(one.uid) for one in due}


def test_the_list_shows_the_last_note_and_leads_to_the_survey(office: OfficeCast):
    household = absent_door(office.compound, "101", 0)
    for day, note in ((1, "第一次:无人应"), (2, "第二次:邻居说晚上在")):
        Survey.objects.create(
            household=household, area=household.area, staff=office.yi, recorded_by=office.yi, note=note,
            outcome=SurveyOutcome.ABSENT, visited_at=timezone.now() - dt.timedelta(days=3 - day),
        )  # fmt: skip
    page = source_of(signed_in(office.jia).get("/households/absent/"))
    assert "第二次:邻居说晚上在" in page and "第一次" not in page
    assert f"/households/{household.uid}/survey/" in page and "城厢社区 1组 翠柏苑" in page


def test_pages_of_the_absent_follow_on(office: OfficeCast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(absent, "ROWS_PER_PAGE", 3)
    for number in range(8):
        absent_door(office.compound, str(101 + number), number % 3 if number else None)
    client, url, seen = signed_in(office.jia), "/households/absent/", []
    while url:
        page = source_of(client.get(url))
        seen += order_of(page)
        following = re.search(r'rel="next"\s+href="([^"]+)"', page)
        url = "/households/absent/" + following[1] if following else ""
    assert len(seen) == len(set(seen)) == 8


def test_the_absent_of_other_areas_stay_unseen(office: OfficeCast):
    foreign = absent_door(office.other_group, "34", 0)
    client = signed_in(office.jia)
    assert str(foreign.uid) not in source_of(client.get("/households/absent/"))
    assert client.get(f"/households/absent/?area={office.other_group.pk}").status_code == 404
    after = f"{timezone.localdate():%Y-%m-%d}.{foreign.uid}"
    for bad in (after, "x", "2020-01-29", "2020-99-99.x"):
        assert client.get(f"/households/absent/?after={bad}").status_code == 404
    assert signed_in(office.auditor).get("/households/absent/").status_code == 403


def test_the_list_of_the_absent_costs_the_same_for_five_and_forty(office: OfficeCast):
    for number in range(5):
        make_person(household=absent_door(office.compound, str(101 + number), 0))
    client = signed_in(office.jia)
    client.get("/households/absent/")
    with CaptureQueriesContext(connection) as few:
        client.get("/households/absent/")
    for number in range(35):
        make_person(household=absent_door(office.group, str(1 + number), number % 4, building="", unit=""))
    with CaptureQueriesContext(connection) as many:
        client.get("/households/absent/")
    assert len(many) == len(few) <= 16
