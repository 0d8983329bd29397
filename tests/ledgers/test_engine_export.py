"""Registered ledgers into files, as CSV and as workbooks."""

import csv
import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from grassroots.ledgers.engine import (
    BlockField,
    Column,
    ExportOptions,
    Layout,
    LedgerContext,
    LedgerDefinition,
    Sheet,
    UnknownLedger,
    clean_text,
    export_ledger,
    make_imprint,
    unguarded,
    write_csv,
)
from grassroots.ledgers.engine.registry import LedgerRegistry


@dataclass
class Place:
    name: str = "淮口街道"


SHANGHAI = dt.timezone(dt.timedelta(hours=8))
CONTEXT = LedgerContext(Place(), None, dt.date(2020, 1, 29), dt.datetime(2020, 1, 29, 18, 5, tzinfo=SHANGHAI))
LAYOUT = Layout(
    "{unit}名单",
    (
        Column("n", "序号", format="serial"),
        Column("name", "姓名", group="人员"),
        Column("id", "身份证号", group="人员", mask="id"),
        Column("temp", "体温", format="temp"),
    ),
)
ROWS = [(None, "王芳", "51012119800101123X", 36.5), (None, "=1+1", None, "不在家")]
DEFINITION = LedgerDefinition(
    "list", "名单", LAYOUT, rows=lambda context: iter(ROWS), count=lambda context: 2
)


def csv_lines(data: bytes, encoding: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_csv_holds_captions_with_their_groups_and_values_as_read(encoding: Any) -> None:
    file = io.BytesIO()
    result = write_csv(file, LAYOUT, ROWS, encoding=encoding, imprint="导出人:甲")
    assert csv_lines(file.getvalue(), encoding) == [
        ["序号", "人员-姓名", "人员-身份证号", "体温"],
        ["1", "王芳", "5101************3X", "36.5"],
        ["2", "'=1+1", "", "不在家"],
        ["注:导出人:甲"],
    ]
    assert result.rows == 2
    assert file.getvalue().startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")


@given(st.lists(st.text(st.characters(codec=None), max_size=20), min_size=1, max_size=6))
def test_no_character_is_lost_in_gb18030(texts: list[str]) -> None:
    file = io.BytesIO()
    write_csv(
        file,
        Layout("表", (Column("a", "甲"), Column("b", "乙"))),
        [(text, "x") for text in texts],
        encoding="gb18030",
    )
    lines = csv_lines(file.getvalue(), "gb18030")[1:]
    assert [unguarded(line[0]) for line in lines] == [clean_text(text) for text in texts]


def test_a_registered_ledger_is_found_by_its_key() -> None:
    registry = LedgerRegistry()
    registry.register(DEFINITION)
    assert registry.get("list") is DEFINITION and registry.all() == [DEFINITION]
    with pytest.raises(ValueError, match="list"):
        registry.register(DEFINITION)
    with pytest.raises(UnknownLedger):
        registry.get("missing")


def test_a_definition_needs_exactly_one_source_of_rows() -> None:
    with pytest.raises(ValueError):
        LedgerDefinition("x", "甲", LAYOUT)


def test_an_export_fills_the_unit_line_and_masks() -> None:
    file = io.BytesIO()
    assert export_ledger(DEFINITION, CONTEXT, file).rows == 2
    sheet = load_workbook(file).worksheets[0]
    assert sheet["A1"].value == "淮口街道名单"
    assert "统计截止时间:2020年1月29日18时05分" in [cell.value for cell in sheet[2]]
    assert sheet["C5"].value == "5101************3X"


def test_an_offices_own_layout_picks_and_orders_the_columns(tmp_path: Path) -> None:
    own = Layout("自定", (Column("id", "公民身份号码"), Column("sign", "签字"), Column("name", "姓名")))
    path = tmp_path / "x.xlsx"
    context = LedgerContext(Place(), None, CONTEXT.on, CONTEXT.as_of, unmasked=True)
    export_ledger(DEFINITION, context, path, options=ExportOptions(layout=own))
    sheet = load_workbook(path).worksheets[0]
    assert [cell.value for cell in sheet[4]] == ["51012119800101123X", None, "王芳"]


def test_an_earlier_day_is_cut_off_at_its_end() -> None:
    context = LedgerContext(Place(), None, dt.date(2020, 1, 28), CONTEXT.as_of)
    assert context.lines()["cutoff"] == "2020年1月28日24时"


def sheets(context: LedgerContext) -> list[Sheet]:
    layout = Layout(
        "{unit}",
        LAYOUT.columns,
        block=((BlockField("name", "姓名"),), (BlockField("phone", "电话", mask="phone"),)),
    )
    return [Sheet(name, layout, ROWS, {"name": name, "phone": "13812341234"}) for name in ("甲", "乙")]


PERSONS = LedgerDefinition("persons", "一人一表", sheets(CONTEXT)[0].layout, sheets=sheets)


def test_a_ledger_of_sheets_comes_as_one_table_in_csv() -> None:
    file = io.BytesIO()
    export_ledger(PERSONS, CONTEXT, file, options=ExportOptions(file_format="csv"))
    lines = csv_lines(file.getvalue(), "utf-8-sig")
    assert lines[0] == ["姓名", "电话", "序号", "人员-姓名", "人员-身份证号", "体温"]
    assert [line[:4] for line in lines[1:]] == [
        ["甲", "138****1234", "1", "王芳"],
        ["甲", "138****1234", "2", "'=1+1"],
        ["乙", "138****1234", "1", "王芳"],
        ["乙", "138****1234", "2", "'=1+1"],
    ]


def test_a_ledger_of_sheets_without_anyone_is_still_a_report() -> None:
    nobody = LedgerDefinition("none", "一人一表", PERSONS.layout, sheets=lambda context: [])
    file = io.BytesIO()
    export_ledger(nobody, CONTEXT, file)
    sheet = load_workbook(file).worksheets[0]
    assert "无" in [cell.value for row in sheet.iter_rows() for cell in row]


def test_the_imprint_says_who_when_why_and_whether_masked() -> None:
    line = make_imprint(who="王建国", at=CONTEXT.as_of, purpose="报送指挥部", unmasked=False)
    assert line == "导出人:王建国;导出时间:2020-01-29 18:05;用途:报送指挥部;已脱敏"
    assert "未脱敏" in make_imprint(who="王建国", at=CONTEXT.as_of, purpose="", unmasked=True)
