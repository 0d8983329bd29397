"""Lists in every shape that offices send: taken in, answered, and read back out of the file that is sent back."""

from __future__ import annotations

import datetime as dt
import io
import random

import openpyxl
import pytest

from grassroots.grid.models import Role
from grassroots.ledgers.answering import RowAnswer
from grassroots.ledgers.intake.outcome import outcome_of
from grassroots.ledgers.intake.services import batch_plan, batch_start
from grassroots.ledgers.reading import data_rows, find_tables, match_captions
from grassroots.ledgers.reading.files import read_file
from quarantine.imports.pushed import FIELDS
from quarantine.models import PushedCode, PushedPerson
from quarantine.pushed_answers import answer_file
from quarantine.services.pushed import pushed_answer
from tests.factories import OfficeCast, make_household, make_office, make_person, make_staff
from tests.ledgers.sheets import make_sheet
from tests.quarantine.cases import make_returnee
from tests.quarantine.pushed_cases import (
    AT,
    OTHER_ID,
    UNKNOWN_ID,
    line,
    planned,
    rows_of,
    sheet,
    taken_in,
    write,
)

pytestmark = pytest.mark.django_db
KEYS = ("number", "name", "id_number", "phone", "source", "origin", "place", "arrived_on", "note")


@pytest.fixture
def office(db: None, settings, tmp_path) -> OfficeCast:
    settings.IMPORT_ROOT = tmp_path / "imports"
    return make_office()


def records(office: OfficeCast) -> list[dict[str, object]]:
    """Somebody on file, a resident, two of whom nothing is known."""
    known = make_returnee(office).person
    resident = make_person("", make_household(office.group))
    common = {
        "source": "公安大数据",
        "origin": "武汉",
        "place": "淮口街道",
        "arrived_on": dt.date(2020, 1, 22),
    }
    return [
        {**common, "name": known.name, "id_number": known.id_number, "phone": known.phone},
        {**common, "name": resident.name, "id_number": resident.id_number, "phone": resident.phone},
        {**common, "name": "王𬱖", "id_number": UNKNOWN_ID, "phone": "17774239346", "note": "重点"},
        {**common, "name": "买买提·江", "id_number": OTHER_ID, "phone": "18987630887"},
    ]


def answers_in(data: bytes, name: str) -> dict[int, str]:
    """What stands in the column for results, by sheet row; each of its cells one code or nothing."""
    found = {}
    for grid in read_file(data, name=name):
        table = find_tables(grid, FIELDS)
        if table is None:
            continue
        column = next(
            one.caption.column for one in match_captions(table.captions, FIELDS) if one.field == "result"
        )
        found |= {row: str(cells[column] or "") for row, cells in data_rows(table)}
    return found


@pytest.mark.parametrize("seed", range(12))
def test_any_list_is_answered_row_by_row_in_its_own_file(office, seed):
    rng = random.Random(seed)
    people = records(office)
    fields = [one for one in FIELDS if one.key in KEYS]
    content, truth = make_sheet(fields, people, rng, repeat_header=False)
    one = taken_in(office.street, office.ding, content, name=truth.name)
    rows = rows_of(one)
    assert [row.row for row in rows] == truth.rows
    assert [(row.name, row.id_number, row.phone) for row in rows] == [
        (person["name"], person["id_number"], person["phone"]) for person in people
    ]
    assert [row.code or row.proposed for row in rows] == ["KNOWN", "OMITTED", "OMITTED", "OMITTED"]
    for row in rows[1:]:
        pushed_answer(row=row, code=rng.choice(PushedCode.values), by=office.ding)
    answer = answer_file(one)
    expected = {row.row: row.get_code_display() for row in rows_of(one)}
    assert answers_in(answer.content, answer.name) == expected
    again = outcome_of(write(planned(office.street, office.ding, answer.content, name=answer.name)))
    assert (again["unchanged"], again["created"]) == (4, 0), again


def test_a_workbook_of_two_sheets_is_one_list_in_order(office):
    book = openpyxl.Workbook()
    header = ["姓名", "身份证号", "手机号", "疑似来源地", "落脚地"]
    for title, name, number in (("一组", "甲甲", UNKNOWN_ID), ("二组", "乙乙", OTHER_ID)):
        page = book.create_sheet(title)
        page.append(header)
        page.append([name, number, "17774239346", "武汉", "金堂县"])
    del book["Sheet"]
    target = io.BytesIO()
    book.save(target)
    one = taken_in(office.street, office.ding, target.getvalue(), name="名单.xlsx")
    assert [(row.number, row.sheet, row.row, row.name) for row in rows_of(one)] == [
        (1, "一组", 2, "甲甲"), (2, "二组", 2, "乙乙"),
    ]  # fmt: skip
    for row, code in zip(rows_of(one), ("NO_STAY", "TRANSIT"), strict=True):
        pushed_answer(row=row, code=code, by=office.ding)
    told = openpyxl.load_workbook(io.BytesIO(answer_file(one).content))
    assert [told[title]["F2"].value for title in ("一组", "二组")] == ["无停留", "途经停留中转"]


@pytest.mark.parametrize(
    "header",
    [
        "姓名,身份证号,手机号,数据来源,疑似来源地,落脚地",
        "序号,姓名,公民身份号码,联系电话,线索来源,来源地,目的地,核查结果,备注",
        "姓名,证件号码,电话,推送单位,漫出地,流入地,最后轨迹时间",
    ],
)
def test_a_list_is_known_for_one(office, header):
    data = (
        header
        + "\n"
        + ",".join(
            ["1"] * header.count("序号") + ["黄华", UNKNOWN_ID, "17774239346", "公安", "武汉", "金堂县"]
        )
    ).encode()
    batch = batch_start(area=office.street, staff=office.ding, name="表.csv", chunks=[data], at=AT)
    batch_plan(batch=batch, by=office.ding, at=AT)
    assert batch.kind == "pushed", batch.problem


def test_five_hundred_rows_and_one_more_are_one_list(office):
    """More than one step of writing; on SQLite each is a transaction of its own."""
    people = [line(name=f"人{chr(0x4E00 + at)}", id_number="", phone=f"1380001{at:04d}") for at in range(501)]
    one = taken_in(office.street, make_staff("收件", Role.SUPERVISOR, office.street), sheet(*people))
    assert PushedPerson.objects.filter(list=one).count() == 501
    assert [row.number for row in rows_of(one)] == list(range(1, 502))


def test_the_answer_of_a_row_that_was_turned_down_goes_out_as_well(office):
    one = taken_in(
        office.street, office.ding, sheet(line(), line(name="", id_number="", phone="13800001234"))
    )
    for row in rows_of(one):
        pushed_answer(row=row, code=row.proposed, by=office.ding)
    answer = answer_file(one)
    assert answers_in(answer.content, answer.name) == {2: "漏排", 3: "信息有误"}
    assert RowAnswer("漏排").note == ""
