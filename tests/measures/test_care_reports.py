"""What comes out of care: the ledger, figures with their 更正, the brief, one message a day, the person's file."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, indicator
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.paragraphs import Figures
from grassroots.notices.models import Message
from households.models import SupportStatus
from households.services.removals import people_merge
from measures.care_figures import _care
from measures.care_hooks import care_section
from measures.rules.care import Good
from measures.services.care import care_void
from measures.services.care_digests import care_remind
from measures.services.care_files import care_file_save
from tests.factories import OfficeCast, make_office
from tests.measures.cases import days_ago
from tests.measures.test_care import helped, visited
from tests.permissions.test_table import client_of
from tests.texts import text_of

FIGURES = ("care_visits_today", "care_visits", "care_overdue", "relief_goods", "care_problems")


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def rows_of(office: OfficeCast, staff: Any = None, **options: Any) -> list[list[Any]]:
    """The ledger's rows of the street as a workbook has them."""
    file = io.BytesIO()
    options = {"on": timezone.localdate(), "area": office.street, **options}
    export_run(key="vulnerable", staff=staff or office.ding, target=file, **options)
    sheet = load_workbook(file).active
    return [list(row) for row in sheet.iter_rows(values_only=True) if str(row[0]).isdecimal()]


def figures(office: OfficeCast, on: dt.date | None = None) -> dict[str, int]:
    areas, asof = Area.objects.within(office.street).order_by(), AsOf.day(on or timezone.localdate())
    return {key: sum(indicator(key).count(areas, asof).values()) for key in FIGURES}


# --- the ledger ---------------------------------------------------------------------------------------------
def test_the_ledger_has_the_offices_columns_with_numbers_masked(office: OfficeCast) -> None:
    person = helped(office, "DISABLED", "DESTITUTE", name="李一")
    care_file_save(
        person=person, version=0, by=office.jia, guardian="王某（女儿）", guardian_phone="13812341234",
        health="高血压", help="每周送菜", note="听力不好",
    )  # fmt: skip
    visited(office, person, 2)
    visited(office, person, 1, result="NEEDS", needs="缺口罩", done="已送到", is_open=True,
            goods=(Good("口罩", 10, "个"),), received_by="本人")  # fmt: skip
    [row] = rows_of(office)
    assert row[1:5] == ["城厢社区", "1组", "李一", person.get_sex_display()]
    assert row[6] != person.id_number and row[8] != person.phone
    assert row[9:14] == ["特困供养、残疾", "王某（女儿）", "138****1234", "高血压", "是"]
    assert row[14:18] == ["缺口罩", "每周送菜；发放口罩10个", "甲某", office.jia.phone]
    assert row[19:] == ["上门", "有困难需求；已送到（还没有解决）", "听力不好"]
    [earlier] = rows_of(office, on=days_ago(2))
    assert earlier[14] is None and earlier[20] == "一切正常"
    assert rows_of(office, office.bing, area=office.other_village) == []


def test_the_ledger_costs_the_same_for_many_and_filters_by_kind(office: OfficeCast) -> None:
    visited(office, helped(office, "ALONE"), 1)
    rows_of(office)  # what is asked once in a process is not counted
    with CaptureQueriesContext(connection) as once:
        rows_of(office)
    for _ in range(4):
        visited(office, helped(office, "LOW_INCOME"), 1)
    with CaptureQueriesContext(connection) as more:
        assert len(rows_of(office)) == 5
    assert len(more) == len(once)
    assert [row[9] for row in rows_of(office, filters={"kind": ("ALONE",)})] == ["孤寡"]


# --- figures ------------------------------------------------------------------------------------------------
def test_the_figures_count_visits_people_overdue_and_goods(office: OfficeCast) -> None:
    first, second = helped(office), helped(office)
    visited(office, first, 5, goods=(Good("大米", 2, "袋"), Good("口罩", 10, "个")), received_by="本人")
    visited(office, first, result="NEEDS", needs="缺药", is_open=True)
    visited(office, second, result="UNREACHED")
    assert figures(office) == dict(zip(FIGURES, (1, 2, 1, 12, 1), strict=True))
    assert figures(office, days_ago(1)) == dict(zip(FIGURES, (0, 1, 2, 12, 0), strict=True))
    SupportStatus.objects.filter(person=second).update(ended_on=days_ago(0))
    assert figures(office)["care_overdue"] == 0


def test_a_visit_made_void_later_is_a_correction_of_its_day(office: OfficeCast) -> None:
    visit = visited(office, helped(office), 1, goods=(Good("大米", 2, "袋"),), received_by="本人")
    since = timezone.now()
    care_void(visit=visit, reason="登记错了人", by=office.jia)
    areas, asof = Area.objects.within(office.street).order_by(), AsOf.day(days_ago(1))
    for key, change in (("care_visits_today", -1), ("relief_goods_today", -2)):
        late = indicator(key).late
        assert late is not None and [row.change for row in late(areas, asof, since)] == [change]


def test_the_brief_says_a_zero() -> None:
    words = _care(Figures({}))
    assert "今日无走访" in words and "今日无发放物资" in words and "逾期未走访0人" in words


# --- told ---------------------------------------------------------------------------------------------------
def test_whoever_answers_is_told_once_a_day_with_a_count_and_no_name(office: OfficeCast) -> None:
    mine, named = helped(office, name="李一"), helped(office, name="李二")
    visited(office, helped(office, name="李三"))
    care_file_save(person=named, version=0, by=office.jia, officer=office.yi)
    morning = timezone.localtime().replace(hour=7, minute=59)
    assert care_remind(morning) == {"told": 0} and not Message.objects.exists()
    at = morning + dt.timedelta(minutes=1)
    assert care_remind(at) == {"told": 2} and care_remind(at) == {"told": 0}
    told = {message.recipient.name: (message.title, message.body) for message in Message.objects.all()}
    assert told == dict.fromkeys(
        ("甲某", "乙某"), ("今日应走访1人", "其中逾期1人。")
    ) and mine.name not in str(told)


# --- the person's file --------------------------------------------------------------------------------------
def test_the_file_and_the_page_of_a_person_tell_the_visits_of_the_scope(office: OfficeCast) -> None:
    person = helped(office)
    visited(office, person, goods=(Good("大米", 2, "袋"),), received_by="本人")
    section = care_section(person, [], office.jia)
    assert section is not None and section.entries[0].note == "一切正常；发放大米2袋，本人签收"
    hidden = care_section(person, [], office.bing)
    assert hidden is not None and not hidden.entries and care_section(person, [], office.auditor) is None
    page = text_of(client_of(office.jia).get(reverse("households:person_detail", args=[person.uid])))
    assert "登记走访" in page and "一切正常" in page


def test_two_care_files_must_be_settled_before_their_people_merge(office: OfficeCast) -> None:
    kept, gone = helped(office, "ALONE"), helped(office)
    for person in (kept, gone):
        care_file_save(person=person, version=0, by=office.jia, health="高血压")
    visited(office, gone, 1)
    merge = {"gone": gone, "kept": kept, "home_of": kept, "reason": "同一个人", "by": office.ding}
    with pytest.raises(ValidationError, match="录重的一份清空"):
        people_merge(**merge)
    care_file_save(person=gone, version=1, by=office.jia, health="")
    people_merge(**merge)
    assert kept.care_visits.count() == 1
