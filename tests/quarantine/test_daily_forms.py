"""Forms from above about temperatures with a column a day or a slot, however the days are written."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from quarantine.models import Observation
from quarantine.services.readings import reading_correct, reading_record
from tests.factories import OfficeCast, aware, make_office
from tests.quarantine.cases import make_observation, switch_on

pytestmark = pytest.mark.django_db
ON = "2020-01-29"
DAYS = [dt.date(2020, 1, 28), dt.date(2020, 1, 29), dt.date(2020, 1, 30)]


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def measure(office: OfficeCast, observation: Observation, day: str, code: str, value: str) -> Any:
    visit = observation.visits.get(date=day, slot=code)
    clock = "08:30" if code == "AM" else "15:30"
    return reading_record(
        visit=visit, temperature=Decimal(value), by=office.health, at=aware(f"{day} {clock}")
    ).reading


@pytest.fixture
def people(office: OfficeCast) -> list[Observation]:
    first, second = make_observation(office, "王某"), make_observation(office, "李某")
    measure(office, first, "2020-01-28", "AM", "36.4")
    measure(office, first, "2020-01-28", "PM", "36.8")
    wrong = measure(office, first, "2020-01-29", "AM", "38.4")
    reading_correct(
        reading=wrong,
        temperature=Decimal("36.5"),
        by=office.health,
        at=aware("2020-01-29 08:40"),
        reason="看错",
    )
    measure(office, second, "2020-01-29", "PM", "37.0")
    return [first, second]


def filled(
    office: OfficeCast, tmp_path: Path, rows: list[list[object]], merged: list[str]
) -> tuple[str, list[list[Any]]]:
    """What the command says of a form with these header rows, and the rows below them once it is filled."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["居家医学观察人员体温监测汇总表"])
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    source, target, said = tmp_path / "空表.xlsx", tmp_path / "填好.xlsx", io.StringIO()
    book.save(source)
    call_command(
        "fill_form", str(source), "--area", office.village.code, "--as", office.ding.username, "--out",
        str(target), "--on", ON, stdout=said,
    )  # fmt: skip
    values = list(openpyxl.load_workbook(target).worksheets[0].iter_rows(values_only=True))
    return said.getvalue(), sorted(list(row) for row in values[1 + len(rows) :] if row[1])


def test_a_day_over_two_slots(office: OfficeCast, people: list[Observation], tmp_path: Path) -> None:
    header: list[list[object]] = [
        ["序号", "姓名", "1月28日", None, "1月29日", None, "1月30日", None],
        [None, None, "上午", "下午", "上午", "下午", "上午", "下午"],
    ]
    merged = ["A2:A3", "B2:B3", "C2:D2", "E2:F2", "G2:H2"]
    said, rows = filled(office, tmp_path, header, merged)
    assert "体温监测登记表" in said
    by_name = {row[1]: row[2:] for row in rows}
    assert by_name == {
        "王某": [36.4, 36.8, 36.5, None, None, None],
        "李某": [None, None, None, 37, None, None],
    }


@pytest.mark.parametrize(
    "captions",
    [
        ["1月28日", "1月29日", "1月30日"],
        ["1.28", "1.29", "1.30"],
        ["01-28", "01-29", "01-30"],
        ["2020年1月28日", "2020年1月29日", "2020年1月30日"],
        ["1月28日体温", "1月29日体温", "1月30日体温"],
        DAYS,
    ],
)
def test_a_column_a_day_holds_both_slots(
    office: OfficeCast, people: list[Observation], tmp_path: Path, captions: list[object]
) -> None:
    said, rows = filled(office, tmp_path, [["序号", "姓名", "身份证号", *captions]], [])
    assert "不认识" not in said, said
    values = {row[1]: [str(value or "") for value in row[3:]] for row in rows}
    assert values == {"王某": ["36.4/36.8", "36.5", ""], "李某": ["", "37.0", ""]}


def test_days_counted_from_the_first(office: OfficeCast, people: list[Observation], tmp_path: Path) -> None:
    number = people[0].day_number(dt.date(2020, 1, 28))
    header: list[list[object]] = [
        ["姓名", "姓名", f"第{number}天", None, f"第{number + 1}天", None],
        [None, None, "早", "晚", "早", "晚"],
    ]
    header[0][0] = "序号"
    _said, rows = filled(office, tmp_path, header, ["A2:A3", "B2:B3", "C2:D2", "E2:F2"])
    assert {row[1]: row[2:] for row in rows}["王某"] == [36.4, 36.8, 36.5, None]


def test_more_people_take_no_more_queries(
    office: OfficeCast, people: list[Observation], tmp_path: Path
) -> None:
    header: list[list[object]] = [["序号", "姓名", "身份证号", "1月28日", "1月29日"]]
    with CaptureQueriesContext(connection) as few:
        filled(office, tmp_path, header, [])
    for number in range(4):
        make_observation(office, f"赵{'一二三四'[number]}")
    with CaptureQueriesContext(connection) as many:
        _said, rows = filled(office, tmp_path, header, [])
    assert len(rows) == 6
    assert len(many) == len(few)
