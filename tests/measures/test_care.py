"""Care: when somebody is due, one tap, a visit with all it brought, the daily round, what the officer is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from grassroots.ledgers.models import DirtyArea
from households.models import Person, SupportStatus
from measures.care import CareStanding, board_in_scope
from measures.models import CareFile, CareVisit
from measures.rules.care import Good, Timing, WrongGoods, parse_goods
from measures.services.care import CareData, care_correct, care_record, care_void, care_well
from measures.services.care_files import care_file_save, rhythm, rhythm_mark, rhythm_set
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.measures.cases import days_ago
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.quarantine.cases import queries_of, running, switch_on
from tests.quarantine.test_services import observed_at_home, old_home
from tests.texts import text_of

TODAY = dt.date(2020, 2, 10)


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def helped(office: OfficeCast, *kinds: str, ago: int = 10, name: str = "", area: Any = None) -> Person:
    """Somebody of the compound on the register since so many days."""
    person = make_person(name, make_household(area or office.compound))
    at = timezone.now() - dt.timedelta(days=ago)
    person.residencies.update(started_on=timezone.localdate(at), recorded_at=at)
    for kind in kinds or ("DESTITUTE",):
        SupportStatus.objects.create(
            person=person, kind=kind, started_on=timezone.localdate(at), recorded_at=at
        )
    return person


def visited(office: OfficeCast, person: Person, ago: int = 0, by: Any = None, **values: Any) -> CareVisit:
    at = timezone.now() - dt.timedelta(days=ago)
    data = CareData(on=days_ago(ago), **values)
    return care_record(person=person, area=office.compound, data=data, recorded_by=by or office.jia, at=at)


def standing(office: OfficeCast, person: Person, staff: Any = None) -> CareStanding | None:
    board = board_in_scope(staff or office.jia, timezone.now())
    return next((row for row in board if row.person_id == person.pk), None)


# --- the rule -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("timing", "due_on", "late"),
    [
        (Timing(every=3, since=dt.date(2020, 2, 1)), dt.date(2020, 2, 1), 9),
        (Timing(every=3, since=dt.date(2020, 2, 1), last_on=dt.date(2020, 2, 7)), TODAY, 0),
        (Timing(every=3, last_on=dt.date(2020, 2, 6)), dt.date(2020, 2, 9), 1),
        (Timing(every=7, last_on=dt.date(2020, 2, 7), next_on=TODAY), TODAY, 0),
        (Timing(last_on=dt.date(2020, 2, 7)), None, 0),
        (Timing(last_on=dt.date(2020, 2, 9), is_daily=True), TODAY, 0),
        (Timing(every=3, last_on=TODAY, is_daily=True), dt.date(2020, 2, 13), 0),
    ],
)
def test_a_visit_is_due_by_rhythm_agreement_or_every_day(
    timing: Timing, due_on: dt.date | None, late: int
) -> None:
    assert (timing.due_on(TODAY), timing.late(TODAY)) == (due_on, late)


def test_goods_are_read_as_they_are_said() -> None:
    assert parse_goods("大米2袋、N95口罩 x 10 个，84消毒液３瓶\n棉被 1") == (
        Good("大米", 2, "袋"), Good("N95口罩", 10, "个"), Good("84消毒液", 3, "瓶"), Good("棉被", 1),
    )  # fmt: skip
    for wrong, words in (("大米", "没有写清"), ("12", "没有写清"), ("大米0袋", "数量应在")):
        with pytest.raises(WrongGoods, match=words):
            parse_goods(wrong)


# --- who is due ---------------------------------------------------------------------------------------------
def test_the_shortest_rhythm_of_all_kinds_counts_and_the_office_sets_its_own(office: OfficeCast) -> None:
    person = helped(office, "LOW_INCOME", "DESTITUTE")
    visited(office, person, 3)
    found = standing(office, person)
    assert found is not None and found.is_due and not found.late
    rhythm_set(every={"DESTITUTE": 5, "LOW_INCOME": None}, seen=rhythm_mark(rhythm()), by=office.admin)
    found = standing(office, person)
    assert found is not None and not found.is_due and found.due_on == days_ago(-2)
    with pytest.raises(ValidationError, match="1 至 31"):
        rhythm_set(every={"DESTITUTE": 0}, seen=rhythm_mark(rhythm()), by=office.admin)


def test_a_knock_at_a_closed_door_leaves_him_due_and_an_ended_support_does_not(office: OfficeCast) -> None:
    person = helped(office)
    visited(office, person, result="UNREACHED")
    found = standing(office, person)
    assert found is not None and found.late == 10
    SupportStatus.objects.filter(person=person).update(ended_on=days_ago(0))
    assert standing(office, person) is None


def test_the_observed_and_those_left_alone_are_due_every_day_once(office: OfficeCast) -> None:
    switch_on(office.admin)
    home, granny = old_home(office)
    observation = observed_at_home(office, home)
    SupportStatus.objects.create(person=granny, kind="LOW_INCOME")
    visited(office, granny, 1)
    rows = [
        row
        for row in board_in_scope(office.jia, timezone.now())
        if row.person_id in (granny.pk, observation.person_id)
    ]
    assert {(row.person_id, row.is_due, row.is_observed, row.alone is not None) for row in rows} == {
        (granny.pk, True, False, True), (observation.person_id, True, True, False),
    } and len(rows) == 2  # fmt: skip
    care_well(person=granny, area=office.compound, way="VISIT", by=office.yi)
    found = standing(office, granny)
    assert found is not None and found.is_done and not found.is_due


def test_nobody_sees_those_of_another_village(office: OfficeCast) -> None:
    person = helped(office)
    assert standing(office, person, office.bing) is None and standing(office, person, office.ding) is not None


# --- visits -------------------------------------------------------------------------------------------------
def test_one_tap_refuses_the_second_of_a_day_and_an_open_problem(office: OfficeCast) -> None:
    person = helped(office)
    visited(office, person, 1, result="NEEDS", needs="缺降压药", is_open=True)
    with pytest.raises(ValidationError, match="还没有解决"):
        care_well(person=person, area=office.compound, way="VISIT", by=office.jia)
    visited(office, person, result="NEEDS", needs="缺降压药", done="药已送到")
    with pytest.raises(ValidationError, match="今天已经登记过"):
        care_well(person=person, area=office.compound, way="VISIT", by=office.jia)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"result": "NEEDS"}, "needs"),
        ({"needs": "缺米"}, "result"),
        ({"is_open": True}, "is_open"),
        ({"goods": (Good("大米", 2),)}, "received_by"),
        ({"goods": (Good("大米", 2),), "received_by": "本人", "way": "PHONE"}, "goods"),
        ({"next_on": days_ago(0)}, "next_on"),
        ({"next_on": days_ago(-90)}, "next_on"),
    ],
)
def test_a_visit_that_contradicts_itself_is_refused_by_field(
    office: OfficeCast, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        visited(office, helped(office), **values)
    assert field in refused.value.message_dict
    assert not CareVisit.objects.exists()


def test_a_correction_follows_and_a_void_visit_leaves_him_due_again(office: OfficeCast) -> None:
    person = helped(office)
    visit = visited(office, person, goods=(Good("大米", 20, "袋"),), received_by="本人")
    DirtyArea.objects.all().delete()
    better = care_correct(
        visit=visit, data=CareData(on=days_ago(0), goods=(Good("大米", 2, "袋"),), received_by="本人"),
        reason="数量填错", by=office.yi,
    )  # fmt: skip
    assert better.by == office.jia and better.goods_words == "大米2袋" and visit.goods_words == "大米20袋"
    assert DirtyArea.objects.get().area_id == office.compound.pk
    with pytest.raises(ValidationError, match="已经更正"):
        care_void(visit=visit, reason="再来", by=office.yi)
    care_void(visit=better, reason="登记错了人", by=office.yi)
    found = standing(office, person)
    assert found is not None and found.late == 10 and found.last_id is None


def test_the_guardians_phone_is_sealed_and_an_empty_file_is_gone(office: OfficeCast) -> None:
    person = helped(office)
    care_file_save(
        person=person, version=0, by=office.jia, guardian="王某（女儿）", guardian_phone="13812341234"
    )
    row = CareFile.objects.get()
    assert row.masked_phone == "138****1234" and row.version == 1
    with pytest.raises(ValidationError) as refused:
        care_file_save(person=person, version=1, by=office.jia, guardian_phone="138123")
    assert "guardian_phone" in refused.value.message_dict
    care_file_save(person=person, version=1, by=office.jia, guardian="", guardian_phone="")
    assert not CareFile.objects.exists() and CareFile.history.count() == 2


# --- pages --------------------------------------------------------------------------------------------------
def test_the_list_walks_door_by_door_and_a_tap_takes_him_off(office: OfficeCast) -> None:
    first, second = helped(office, name="李一"), helped(office, name="李二")
    browser, url = client_of(office.jia), reverse("measures:care_list")
    text = text_of(browser.get(url))
    assert text.index("李一") < text.index("李二") and "已逾期 10 天" in text
    answer = post(browser, reverse("measures:care_tap", args=[first.uid]), {"way": "PHONE", "view": "late"})
    assert answer.status_code == 302 and answer.url == f"{url}?view=late"
    assert CareVisit.objects.get().way == "PHONE"
    text = text_of(browser.get(url))
    assert "李二" in text and "电话走访，一切正常" in text
    assert [row["count"] for row in browser.get(url).context["chips"]] == [1, 1, 0, 0, 1, 2]
    assert second.name in text_of(browser.get(reverse("measures:care_person", args=[second.uid])))


def test_the_form_keeps_what_was_typed_and_names_the_part_that_is_wrong(office: OfficeCast) -> None:
    person = helped(office)
    browser, url = client_of(office.jia), reverse("measures:care_visit_create", args=[person.uid])
    typed = {"on": days_ago(0).isoformat(), "way": "VISIT", "result": "NEEDS", "needs": "没有口罩",
             "goods": "口罩10个、大米", "received_by": "本人"}  # fmt: skip
    page = post(browser, url, typed)
    assert page.status_code == 422 and "“大米”没有写清" in text_of(page) and "没有口罩" in text_of(page)
    assert post(browser, url, typed | {"goods": "口罩10个"}).status_code == 302
    text = text_of(browser.get(reverse("measures:care_person", args=[person.uid])))
    assert "有困难需求：没有口罩" in text and "发放 口罩10个，本人 签收" in text


def test_the_number_of_queries_does_not_grow(office: OfficeCast) -> None:
    switch_on(office.admin)
    running(office)
    visited(office, helped(office), 1)
    browser, url = client_of(office.jia), reverse("measures:care_list") + "?view=all"
    once = queries_of(browser, url)
    for _ in range(4):
        visited(office, helped(office, "ALONE", "DISABLED"), 1)
        running(office)
    assert queries_of(browser, url) == once <= 30


def test_two_administrators_do_not_overwrite_each_others_rhythm(office: OfficeCast) -> None:
    client, url = client_of(office.admin), reverse("measures:care_rhythm")
    seen = rhythm_mark(rhythm())
    rhythm_set(every={"ALONE": 2}, seen=seen, by=office.admin)
    typed = {**{kind: days or "" for kind, days in rhythm().items()}, "ALONE": "4", "seen": seen}
    page = post(client, url, typed)
    assert page.status_code == 409 and "刚才有人先改了" in text_of(page) and rhythm()["ALONE"] == 2
    assert post(client, url, {**typed, "seen": rhythm_mark(rhythm())}).status_code == 302
    assert rhythm()["ALONE"] == 4
