"""Each ledger as a user gets it: opened again with openpyxl."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from grassroots.grid.models import Area
from grassroots.ledgers.engine import ledger_registry
from households.models import CommitmentLetter, Survey, SurveyOutcome
from quarantine.services.observations import observation_move, observation_transfer
from quarantine.services.readings import reading_record
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.ledgers.conftest import body, captions, export, grid
from tests.quarantine.cases import make_observation, make_returnee

pytestmark = pytest.mark.django_db
DAY = dt.date(2020, 1, 26)
KEYS = ["base", "returnees", "key-persons", "statistics", "temperatures", "duties"]
WHO = [
    "村(社区)", "组", "姓名", "性别", "年龄", "身份证号", "联系电话", "户籍地", "现住址", "工作单位/学校", "从何地返回",
    "离开日期", "返回日期", "交通方式", "车次/航班/车牌(座号)", "沿途停留地点", "同行人员", "同住人数",
    "武汉(湖北)旅居史", "接触确诊/疑似", "到家体温", "症状", "管控措施", "开始日期", "期满日期", "解除日期",
]  # fmt: skip


def texts(book: Workbook) -> str:
    return "\n".join(
        str(cell)
        for sheet in book.worksheets
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if cell
    )


def early(area: Area, **fields: Any) -> Any:
    """A household entered before the days that the tests ask for."""
    return make_household(
        area, opened_on=dt.date(2020, 1, 20), recorded_at=aware("2020-01-20 08:00"), **fields
    )


def settle(household: Any, name: str, **fields: Any) -> Any:
    person = make_person(name, household, **fields)
    household.residencies.update(started_on=dt.date(2020, 1, 20), recorded_at=aware("2020-01-20 08:00"))
    return person


def observed(office: OfficeCast, name: str = "王某") -> Any:
    """Somebody back from Wuhan under observation since 25 January."""
    home = early(office.compound)
    returnee = make_returnee(office, name, household=home, recorded_at=aware("2020-01-25 09:00"))
    home.residencies.update(started_on=dt.date(2020, 1, 20), recorded_at=aware("2020-01-20 08:00"))
    return make_observation(office, returnee=returnee)


def test_the_six_ledgers_come_first_in_their_order() -> None:
    assert [item.key for item in ledger_registry.all()][: len(KEYS)] == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_every_ledger_is_ready_to_print(office: OfficeCast, key: str) -> None:
    """Title, unit line, borders, frozen header, A4 landscape one page wide, header rows repeated, signatures, note."""
    observed(office)
    sheet = export(key, office.village, office.ding, on=DAY).worksheets[0]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToWidth == 1
    assert sheet.print_title_rows and sheet.freeze_panes and sheet.merged_cells.ranges
    assert sheet["A1"].font.name == "方正小标宋简体" and sheet["A1"].value.endswith(
        "表" if key != "returnees" and key != "key-persons" else "账"
    )
    words = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    if key != "temperatures":
        assert "填报单位(盖章):城厢社区" in words and "主要领导(签字):" in words
        assert "注:无新增也须填报(零报告)。" in words


@pytest.mark.parametrize("key", KEYS)
def test_nothing_is_shown_unmasked_unless_asked_for(office: OfficeCast, key: str) -> None:
    person = observed(office).person
    masked = texts(export(key, office.village, office.ding, on=DAY))
    assert person.id_number not in masked and person.phone not in masked
    plain = texts(export(key, office.village, office.ding, on=DAY, unmasked=True, purpose="报区疾控"))
    if key not in ("statistics", "duties"):
        assert person.id_number in plain and person.phone in plain
        assert "报区疾控" in plain and "未脱敏" in plain


@pytest.mark.parametrize("key", KEYS)
def test_a_colleague_elsewhere_gets_none_of_it(office: OfficeCast, key: str) -> None:
    """丙 answers for another village: nothing of 甲's people is in what he may export."""
    person = observed(office).person
    found = texts(export(key, office.other_village, office.bing, on=DAY))
    assert person.name not in found and person.masked_phone not in found


@pytest.mark.parametrize("key", KEYS)
def test_an_area_without_anybody_makes_a_whole_sheet_that_says_so(office: OfficeCast, key: str) -> None:
    book = export(key, office.other_group, office.ding, on=DAY)
    assert book.worksheets[0].print_title_rows
    if key in ("base", "returnees", "key-persons"):
        assert body(book) == [] and "无" in texts(book).split("\n")


def test_base_has_every_household_also_empty_ones(office: OfficeCast) -> None:
    family, empty = (
        early(office.compound, door="101"),
        early(office.compound, door="102", housing_kind="VACANT"),
    )
    for name in ("李一", "李二", "李三"):
        settle(family, name)
    at = aware("2020-01-25 10:00")
    for home, outcome in ((family, SurveyOutcome.SIGNED), (empty, SurveyOutcome.VACANT)):
        Survey.objects.create(
            household=home, area=home.area, staff=office.jia, recorded_by=office.jia, outcome=outcome,
            visited_at=at, recorded_at=at,
        )  # fmt: skip
    knock = Survey.objects.get(household=family)
    CommitmentLetter.objects.create(
        household=family, area=family.area, survey=knock, number="CN7", signed_at=at, recorded_at=at
    )
    rows = body(export("base", office.village, office.ding, on=DAY))
    assert [(row["房号"], row["姓名"], row["排查状态"]) for row in rows] == [
        ("101", "李一", "已签承诺书"), ("101", "李二", "已签承诺书"), ("101", "李三", "已签承诺书"),
        ("102", None, "空置"),
    ]  # fmt: skip
    assert {row["户主姓名"] for row in rows[:3]} == {"李一"} and rows[0]["户籍人数"] == 3
    assert rows[3]["房屋性质"] == "空置"


def test_returnees_has_the_columns_of_the_form(office: OfficeCast) -> None:
    observed(office)
    book = export("returnees", office.village, office.ding, on=DAY)
    assert captions(book) == ["序号", *WHO, "包保责任人", "电话", "信息来源", "备注"]
    (row,) = body(book)
    assert (row["姓名"], row["从何地返回"], row["同住人数"]) == ("王某", "武汉市江夏区", 1)
    assert row["返回日期"].date() == dt.date(2020, 1, 21) and row["期满日期"].date() == dt.date(2020, 2, 3)
    assert row["包保责任人"] == "甲某"


def test_key_persons_shows_officers_and_the_temperature_of_this_morning(office: OfficeCast) -> None:
    observation = observed(office)
    visit = observation.visits.get(date=DAY, slot="AM")
    reading_record(visit=visit, temperature=Decimal("37.6"), by=office.health, at=aware("2020-01-26 08:00"))
    book = export("key-persons", office.village, office.ding, on=DAY)
    names = captions(book)
    assert names[:2] == ["序号", "类别"] and names[2:28] == WHO
    assert names[28:34] == [
        "包片领导/电话", "驻村干部/电话", "派出所民警/电话", "村(社区)书记/电话", "组长(网格员)/电话", "医护人员/电话",
    ]  # fmt: skip
    (row,) = body(book)
    assert (row["类别"], row["第几天"], row["今日上午体温"], row["今日下午体温"]) == ("武汉", 6, 37.6, None)
    assert (row["累计异常次数"], row["状态"]) == (1, "观察中")
    assert row["医护人员/电话"] == f"卫某\n{office.health.phone}" and row["派出所民警/电话"] == "空岗"


def test_an_earlier_day_shows_him_still_under_observation(office: OfficeCast) -> None:
    observation = observed(office)
    observation_transfer(
        observation=observation, version=1, destination="县医院", reason="发热", by=office.health,
        at=aware("2020-01-28 10:00"), known_at=aware("2020-01-28 10:00"),
    )  # fmt: skip
    states = [
        body(export("key-persons", office.village, office.ding, on=day))[0]["状态"]
        for day in (dt.date(2020, 1, 27), dt.date(2020, 1, 28))
    ]
    assert states == ["观察中", "转送"]
    before = dt.date(2020, 1, 24)
    assert body(export("key-persons", office.village, office.ding, on=before)) == []


def test_statistics_has_a_row_an_area_and_a_total_that_is_not_a_sum(office: OfficeCast) -> None:
    """A move between two villages is in each one's figures and not in the street's."""
    observation = observed(office)
    observation_move(
        observation=observation, version=1, area=office.other_group, reason="换住处", place_note="王家院子",
        by=office.ding, at=aware("2020-01-26 09:00"), known_at=aware("2020-01-26 09:00"),
    )  # fmt: skip
    book = export("statistics", office.street, office.ding, on=DAY)
    names, rows = captions(book), grid(book)
    total = next(row for row in rows if row[0] == "合计")
    found = {row["村(社区)"]: row for row in body(book)}
    assert list(found) == ["城厢社区", "龚家村"]
    assert (found["城厢社区"]["今日转出"], found["龚家村"]["今日转入"], found["龚家村"]["现在管"]) == (
        1,
        1,
        1,
    )
    assert (total[names.index("今日转出")], total[names.index("今日转入")], total[names.index("现在管")]) == (
        0,
        0,
        1,
    )
    assert [name for name in names if name in ("有症状", "完成率", "组数", "备注")] == [
        "组数",
        "完成率",
        "有症状",
        "备注",
    ]


def test_temperatures_is_one_sheet_a_person_with_a_row_a_day(office: OfficeCast) -> None:
    first, second = observed(office, "王某"), observed(office, "赵某")
    visit = first.visits.get(date=DAY, slot="AM")
    reading_record(visit=visit, temperature=Decimal("36.4"), by=office.health, at=aware("2020-01-26 08:00"))
    book = export("temperatures", office.village, office.ding, on=DAY)
    assert sorted(book.sheetnames) == ["王某", "赵某"]
    sheet = book["王某"]
    rows = {row[0]: row for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)}
    assert sorted(rows) == list(range(1, 15))
    assert rows[6][2:7] == (dt.time(8, 0), 36.4, "额温", "无", "卫某")
    words = texts(book)
    assert "□期满解除 □延长 □转送" in words and "开始观察日期" in words
    alone = export("temperatures", office.village, office.ding, on=DAY, filters={"observation": second.uid})
    assert alone.sheetnames == ["赵某"]


def test_duties_has_a_row_a_group_with_gaps_and_figures(office: OfficeCast) -> None:
    observed(office)
    rows = body(export("duties", office.street, office.ding, on=DAY))
    assert [(row["村(社区)"], row["组(网格)"], row["户数"], row["重点人员数"]) for row in rows] == [
        ("城厢社区", "1组", 1, 1), ("龚家村", "2组", 0, 0),
    ]  # fmt: skip
    assert rows[0]["村(社区)书记"] == "丁某" and rows[1]["医护人员"] == "空岗"


@pytest.mark.parametrize("key", ["base", "returnees", "key-persons", "temperatures"])
def test_hostile_and_rare_text_stays_text(office: OfficeCast, key: str) -> None:
    observation = observed(office, "𬱖暐")
    person = observation.person
    type(person).objects.filter(pk=person.pk).update(name="=1+1𬱖", work_unit="@SUM(A1)\x0b")
    book = export(key, office.village, office.ding, on=DAY)
    cells = [
        cell
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if "1+1𬱖" in str(cell.value)
    ]
    assert cells and all(cell.value == "=1+1𬱖" and cell.data_type == "s" for cell in cells)
