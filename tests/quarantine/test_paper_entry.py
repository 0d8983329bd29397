"""补录 from a printed sheet: its own order and boxes, digits only, the sheet's number beside, nothing typed lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from quarantine.forms.readings import with_point
from quarantine.models import Observation, Paper, PaperEntry, Reading, Visit
from quarantine.services.papers import papers_issue, sheet_issue
from quarantine.steps import mark_missed
from tests.factories import OfficeCast, aware, make_household, make_office
from tests.quarantine.cases import make_observation, make_returnee, queries_of, sent, signed_in, switch_on
from tests.texts import text_of

ON = dt.date(2020, 1, 29)
BOTH = [("AM", "上午"), ("PM", "下午")]
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def evening() -> Iterator[None]:
    with time_machine.travel(aware("2020-01-29 21:30"), tick=False):
        yield


@pytest.fixture
def office(db: None) -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def lived(office: OfficeCast, name: str, door: str) -> Observation:
    home = make_household(office.compound, door)
    return make_observation(office, returnee=make_returnee(office, name, household=home))


@pytest.fixture
def near(office: OfficeCast) -> Observation:
    return lived(office, "近某", "101")


@pytest.fixture
def sheet(office: OfficeCast, near: Observation) -> Paper:
    far = lived(office, "远某", "902")
    # The walk was printed from the far end: the paper's order is what counts.
    return sheet_issue(
        observations=[far, near], kind="ROUTE", area=office.village, on=ON, slots=BOTH, by=office.health
    )


@pytest.fixture
def browser(office: OfficeCast) -> Client:
    return signed_in(office.health)


def page_of(sheet: Paper) -> str:
    return f"/quarantine/papers/no/{sheet.code}/entry/"


def type_in(browser: Client, sheet: Paper, observation: Observation, value: str, **more: object):
    by = Observation.objects.get(pk=observation.pk).events.first().by
    data = sent(on="2020-01-29", slot="AM", temperature=value, method="FOREHEAD", by=str(by.uid))
    return browser.post(f"{page_of(sheet)}{observation.uid}/", {**data, **more}, **HTMX)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [("366", "36.6"), ("３７３", "37.3"), ("36.6", "36.6"), ("37", "37"), ("299", "299"), ("440", "440")],
)
def test_three_digits_are_a_temperature_without_its_point(typed, taken):
    assert with_point(typed) == taken


def test_the_lines_stand_as_on_the_paper(browser, sheet):
    page = text_of(browser.get(page_of(sheet)))
    assert page.index("远某") < page.index("近某")
    assert "还有 4 格没有录" in page


def test_what_is_typed_is_marked_with_the_sheets_number(office, browser, sheet, near):
    page = text_of(type_in(browser, sheet, near, "366", measured_at="830", symptom_words="干咳、乏力"))
    reading = Reading.objects.get()
    assert (reading.temperature, reading.symptoms) == (Decimal("36.6"), ["干咳", "乏力"])
    assert reading.measured_at == aware("2020-01-29 08:30")
    assert reading.is_late
    entry = PaperEntry.objects.get()
    assert (entry.reading, entry.paper, entry.number) == (reading, sheet, sheet.serial)
    assert sheet.serial in page
    assert sheet.serial in browser.get(f"/quarantine/observations/{near.uid}/").content.decode()


@pytest.mark.parametrize(
    ("typed", "words"), [("566", "不在30.0至43.0"), ("", "请填写体温"), ("3.66", "小数点的位置")]
)
def test_an_impossible_value_is_asked_about_in_its_box_and_stays_typed(browser, sheet, near, typed, words):
    response = type_in(browser, sheet, near, typed, measured_at="830", symptom_words="干咳")
    assert response.status_code == 422
    page = text_of(response)
    assert words in page
    assert all(f'value="{kept}"' in page for kept in (typed, "830", "干咳"))
    assert not Reading.objects.exists()


def test_a_symptom_that_the_policy_does_not_know_is_asked_about_once(browser, sheet, near):
    response = type_in(browser, sheet, near, "366", symptom_words="流涕")
    assert response.status_code == 422
    assert "不在症状名单里" in text_of(response)
    type_in(browser, sheet, near, "366", symptom_words="流涕", confirmed="流涕")
    assert Reading.objects.get().symptoms == ["流涕"]


def test_words_where_the_temperature_should_be_say_why_there_is_none(browser, sheet, near):
    mark_missed(aware("2020-01-29 12:30"))
    page = text_of(type_in(browser, sheet, near, "不在家，去买药"))
    assert Visit.objects.get(observation=near, date=ON, slot="AM").explanation == "不在家，去买药"
    assert "不在家，去买药" in page
    assert not Reading.objects.exists()


def test_a_fever_on_the_sheet_asks_for_the_second_measurement(browser, sheet, near):
    assert "复测的数" in text_of(type_in(browser, sheet, near, "381"))
    type_in(browser, sheet, near, "379", is_rechecked="on")
    assert [str(reading.temperature) for reading in near.visits.get(date=ON, slot="AM").readings.all()] == [
        "38.1",
        "37.9",
    ]
    assert PaperEntry.objects.count() == 2


def test_a_persons_sheet_is_typed_day_by_day(office, browser, near):
    paper = papers_issue(observations=[near], kind="TEMPERATURE", by=office.health)[0]
    page = text_of(browser.get(page_of(paper)))
    assert page.index("1月26日") < page.index("1月29日")
    assert "未到" in page  # tomorrow and later
    type_in(browser, paper, near, "365", on="2020-01-28", slot="PM")
    assert Reading.objects.get().visit.date == dt.date(2020, 1, 28)


def test_only_boxes_of_the_sheet_can_be_typed(office, browser, sheet, near):
    stranger = lived(office, "生某", "303")
    assert type_in(browser, sheet, stranger, "366").status_code == 404
    assert type_in(browser, sheet, near, "366", on="2020-01-28").status_code == 404
    assert type_in(browser, sheet, near, "366", slot="XX").status_code == 404
    assert signed_in(office.bing).get(page_of(sheet)).status_code == 404
    assert not Reading.objects.exists()


def test_without_script_a_box_leads_back_to_the_page(office, browser, sheet, near):
    data = sent(on="2020-01-29", slot="AM", temperature="366", method="FOREHEAD", by=str(office.jia.uid))
    response = browser.post(f"{page_of(sheet)}{near.uid}/", data)
    assert response["Location"].startswith(page_of(sheet))
    wrong = browser.post(
        f"{page_of(sheet)}{near.uid}/", {**sent(), **data, "temperature": "566", "slot": "PM"}
    )
    assert wrong.status_code in {409, 422}


def test_a_longer_sheet_takes_no_more_queries(office, browser, sheet, near):
    few = queries_of(browser, page_of(sheet))
    people = [lived(office, f"人{number}", f"2{number:02}") for number in range(5)]
    longer = sheet_issue(
        observations=[near, *people], kind="ROUTE", area=office.village, on=ON, slots=BOTH, by=office.health
    )
    assert queries_of(browser, page_of(longer)) == few


def test_the_backfill_page_finds_the_sheet_and_keeps_a_number_that_is_not_ours(office, browser, sheet, near):
    url = "/quarantine/backfill/"
    assert browser.get(url, {"number": sheet.code})["Location"] == page_of(sheet)
    page = text_of(browser.get(url, {"number": "卫生院-7"}))
    assert "不是系统打印的纸" in page
    data = sent(
        on="2020-01-29",
        slot="AM",
        temperature="366",
        method="FOREHEAD",
        by=str(office.jia.uid),
        number="卫生院-7",
    )
    shown = text_of(browser.post(f"{url}{near.uid}/", data, **HTMX))
    assert PaperEntry.objects.get().number == "卫生院-7"
    assert "卫生院-7" in shown
