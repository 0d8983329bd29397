"""Papers: numbers without gaps, what is printed frozen, one valid paper a kind, reasons in words, words by area."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from households.models import Person
from quarantine.models import Observation, Paper, PaperKind, PaperSerial
from quarantine.papers.printing import walked_pages
from quarantine.papers.texts import text_for
from quarantine.rules.papers import (
    BLANK,
    SHIPPED,
    check_digit,
    fill,
    full_code,
    place_problems,
    read_code,
    read_serial,
)
from quarantine.services.papers import (
    MOST_LINES,
    paper_void,
    papers_issue,
    papers_of,
    sheet_issue,
    text_save,
)
from tests.factories import OfficeCast, aware, make_household, make_office
from tests.quarantine.cases import make_observation, make_returnee, switch_on

AT = aware("2020-01-29 09:00")
BOTH = [("AM", "上午"), ("PM", "下午")]


@pytest.fixture
def office(db: None) -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observation(office: OfficeCast) -> Observation:
    return make_observation(office, "张三")


def issue(office: OfficeCast, observation: Observation, kind: str = "NOTICE") -> Paper:
    return papers_issue(observations=[observation], kind=kind, by=office.health, at=AT)[0]


# --- rules ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(PaperKind))
def test_the_texts_that_ship_use_only_places_that_their_kind_knows(kind):
    words = SHIPPED[kind]
    for text in (words.title, words.body, words.signs, words.stamp):
        assert place_problems(text, kind) == ""


def test_a_place_that_is_not_known_is_named_with_those_that_are():
    assert "{身份证}" in (words := place_problems("您好{身份证}", PaperKind.NOTICE))
    assert "{证件号}" in words
    assert "没有成对" in place_problems("{姓名 您好", PaperKind.NOTICE)


@pytest.mark.parametrize("place", ["姓名", "证件号", "电话", "住址"])
def test_nothing_that_names_the_observed_may_hang_outside_the_door(place):
    assert "门外" in place_problems(f"{{{place}}}", PaperKind.DOOR)


def test_what_is_not_known_is_left_to_be_written_by_hand():
    assert fill("电话{电话}，{姓名}", {"电话": "", "姓名": "张三"}) == f"电话{BLANK}，张三"


@pytest.mark.parametrize("at", range(10))
def test_the_check_digit_finds_a_wrong_digit(at):
    code = full_code("482177301")
    assert read_code(code) == (code, "")
    wrong = code[:at] + str((int(code[at]) + 1) % 10) + code[at + 1 :]
    assert read_code(wrong) == ("", "查验码有一位不对，请对照纸质表重输。")
    assert check_digit("7992739871") == "3"


def test_a_code_is_read_as_typed_and_as_scanned():
    code = full_code("482177301")
    for typed in (
        f"{code[:4]} {code[4:7]} {code[7:]}",
        f"http://10.0.0.5:8000/quarantine/p/{code}/",
        f" {code} ",
    ):
        assert read_code(typed) == (code, "")
    assert "现在有 11 位" in read_code("12345678901")[1]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("城厢社区测登〔2020〕0012号", (2020, 12)),
        ("2020-12", (2020, 12)),
        ("１２", (None, 12)),
        ("张三", None),
    ],
)
def test_a_serial_number_is_read_as_people_type_it(typed, found):
    assert read_serial(typed) == found


def test_the_pages_of_a_round_name_the_place_anew_and_hold_a_bounded_number_of_lines():
    rows = [{"place": f"{number // 3}组", "number": number} for number in range(40)]
    pages = walked_pages(rows)
    assert [row for page in pages for row in page] == rows
    assert all(len(page) + len({row["place"] for row in page}) <= 18 for page in pages)


# --- numbers ----------------------------------------------------------------------------------------------
def test_numbers_run_by_village_kind_and_year_and_a_void_one_stays_taken(office, observation):
    other = make_observation(office, "李四")
    first = issue(office, observation)
    paper_void(paper=first, reason="住址写错", by=office.health)
    second, third = issue(office, observation), issue(office, other)
    assert [paper.serial for paper in (first, second, third)] == [
        "城厢社区居观告〔2020〕0001号",
        "城厢社区居观告〔2020〕0002号",
        "城厢社区居观告〔2020〕0003号",
    ]
    assert issue(office, observation, "PLEDGE").number == 1


def test_what_was_rolled_back_gives_its_number_back(office, observation):
    with pytest.raises(RuntimeError), transaction.atomic():
        issue(office, observation)
        raise RuntimeError
    assert issue(office, observation).number == 1
    assert PaperSerial.objects.get().last == 1


# --- what is printed --------------------------------------------------------------------------------------
def test_what_is_printed_does_not_change_with_the_register(office, observation):
    paper = issue(office, observation)
    Person.objects.filter(pk=observation.person_id).update(name="张三三")
    Observation.objects.filter(pk=observation.pk).update(last_on=dt.date(2020, 2, 20))
    text_save(area=office.street, kind="NOTICE", words=SHIPPED[PaperKind.PLEDGE], by=office.admin)
    facts = Paper.objects.get(pk=paper.pk).read_facts()
    assert facts["title"] == "居家医学观察告知书"
    assert facts["paragraphs"][0] == "张三同志："
    assert (
        f"至{observation.last_on.year}年{observation.last_on.month}月{observation.last_on.day}日"
        in facts["paragraphs"][1]
    )
    assert facts["keepers"] == ["被观察人", "村（社区）", "卫生院"]
    assert paper.copies == 3


def test_numbers_of_the_person_are_masked_and_nothing_printed_lies_open_in_the_database(office, observation):
    person = observation.person
    for kind in ("NOTICE", "PLEDGE", "DOOR", "TEMPERATURE"):
        issue(office, observation, kind)
    for paper in Paper.objects.all():
        printed = json.dumps(paper.read_facts(), ensure_ascii=False)
        assert person.id_number not in printed
        assert person.phone not in printed
        if paper.kind == PaperKind.DOOR:
            assert person.name not in printed
            assert observation.household.display not in printed
    with connection.cursor() as cursor:
        cursor.execute("SELECT facts FROM quarantine_paper")
        assert not any("张三" in row[0] or "居家" in row[0] for row in cursor.fetchall())


def test_a_persons_sheet_has_at_least_14_numbered_days_from_the_first(office, observation):
    rows = issue(office, observation, "TEMPERATURE").read_facts()["rows"]
    assert len(rows) == 14
    assert rows[0] == {"number": 1, "on": observation.day_one_on.isoformat()}


def test_the_notices_number_stands_in_the_returnees_file_until_it_is_void(office, observation):
    paper = issue(office, observation)
    observation.returnee.refresh_from_db()
    assert observation.returnee.notice_no == paper.serial
    paper_void(paper=paper, reason="写错", by=office.health)
    observation.returnee.refresh_from_db()
    assert observation.returnee.notice_no == ""


# --- when, and when not -----------------------------------------------------------------------------------
def test_a_release_notice_waits_for_the_release(office, observation):
    with pytest.raises(ValidationError, match="没有确认解除"):
        issue(office, observation, "RELEASE")
    assert not PaperSerial.objects.filter(kind="RELEASE", last__gt=0).exists()
    Observation.objects.filter(pk=observation.pk).update(
        state="CLOSED", outcome="TRANSFERRED", closed_at=aware("2020-02-04 09:00")
    )
    with pytest.raises(ValidationError, match="不是解除"):
        issue(office, observation, "RELEASE")
    Observation.objects.filter(pk=observation.pk).update(outcome="RELEASED")
    assert "自2020年2月4日起解除" in issue(office, observation, "RELEASE").read_facts()["paragraphs"][1]
    with pytest.raises(ValidationError, match="已结束"):
        issue(office, observation, "DOOR")


def test_a_second_notice_is_refused_and_the_first_one_named(office, observation):
    first = issue(office, observation)
    with pytest.raises(ValidationError, match=re.escape(first.serial)):
        issue(office, observation)
    assert PaperSerial.objects.get().last == 1


def test_voiding_asks_for_a_reason_and_happens_once(office, observation):
    paper = issue(office, observation)
    with pytest.raises(ValidationError, match="作废原因"):
        paper_void(paper=paper, reason="  ", by=office.health)
    paper_void(paper=paper, reason="写错", by=office.health)
    with pytest.raises(ValidationError, match="已经作废"):
        paper_void(paper=paper, reason="又错", by=office.health)


def test_a_sheet_of_a_round_keeps_who_was_on_it_in_walking_order(office):
    far = make_observation(
        office,
        "远某",
        returnee=make_returnee(office, "远某", household=make_household(office.compound, "902")),
    )
    near = make_observation(
        office,
        "近某",
        returnee=make_returnee(office, "近某", household=make_household(office.compound, "101")),
    )
    paper = sheet_issue(
        observations=[near, far], kind="ROUTE", area=office.village, on=dt.date(2020, 1, 29), slots=BOTH,
        by=office.health, at=AT,
    )  # fmt: skip
    facts = paper.read_facts()
    assert [(row["number"], row["name"]) for row in facts["rows"]] == [(1, "近某"), (2, "远某")]
    assert facts["rows"][0]["observation"] == str(near.uid)
    with pytest.raises(ValidationError, match=f"超过 {MOST_LINES} 人"):
        sheet_issue(
            observations=[near] * (MOST_LINES + 1), kind="ROUTE", area=office.village, on=dt.date(2020, 1, 29),
            slots=BOTH, by=office.health,
        )  # fmt: skip


def test_many_papers_cost_as_many_queries_as_one(office, observation):
    more = [make_observation(office) for _ in range(5)]

    def queries(rows: list[Observation], kind: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            papers_issue(observations=rows, kind=kind, by=office.health, at=AT)
        return len(seen)

    issue(office, observation, "DOOR")  # the counter of the kind is there
    assert queries(more[:1], "DOOR") == queries(more[1:], "DOOR")
    assert queries([observation], "TEMPERATURE") >= queries(more, "TEMPERATURE")


def test_papers_of_a_person_are_listed_the_latest_first(office, observation):
    notice, door = issue(office, observation), issue(office, observation, "DOOR")
    make = make_observation(office)
    issue(office, make)
    assert papers_of(observation.person) == [door, notice]


# --- words ------------------------------------------------------------------------------------------------
def test_the_nearest_offices_last_version_holds_until_it_is_withdrawn(office):
    mine = SHIPPED[PaperKind.DOOR]
    changed = type(mine)(**{**mine.__dict__, "title": "居家观察户"})
    text_save(area=office.street, kind="DOOR", words=mine, by=office.admin)
    text_save(area=office.village, kind="DOOR", words=changed, by=office.admin)
    assert text_for("DOOR", office.compound).words.title == "居家观察户"
    assert text_for("DOOR", office.other_village).words.title == "居家医学观察"
    row = text_save(area=office.village, kind="DOOR", words=None, by=office.admin)
    assert row.number == 2
    assert text_for("DOOR", office.compound).row.area == office.street


def test_words_with_unknown_places_are_not_saved(office):
    words = type(SHIPPED[PaperKind.DOOR])(title="牌", mark="牌", body="{姓名}家")
    with pytest.raises(ValidationError) as caught:
        text_save(area=office.street, kind="DOOR", words=words, by=office.admin)
    assert list(caught.value.message_dict) == ["body"]
    assert text_for("DOOR", office.street).row is None
