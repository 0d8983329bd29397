"""Answers in workbooks: the sender's very workbook, with two columns filled or added."""

from __future__ import annotations

import io

import openpyxl
import pytest
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from python_calamine import CalamineWorkbook

from grassroots.ledgers.answering import RowAnswer, answer_sheets, answer_workbook, workbook_from_grids
from grassroots.ledgers.reading import Field, find_tables
from grassroots.ledgers.reading.files import read_file

FIELDS = (Field("name", "姓名"), Field("id", "身份证号"), Field("place", "落脚地"))
THIN = Side(style="thin")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)


def workbook(header: list[str], *rows: list[object], two_rows: bool = False) -> openpyxl.Workbook:
    """As an office sends it: a merged title, a bordered table, a signature below."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "推送"
    page["A1"] = "关于推送武汉返回人员名单"
    page.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(header))
    page.append(header)
    if two_rows:
        page.append([None] * len(header))
        for column in range(1, len(header) + 1):
            page.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
    for row in rows:
        page.append(row)
    for line in page.iter_rows(min_row=2):
        for cell in line:
            cell.border, cell.font = BOX, Font(name="仿宋", size=11)
            cell.alignment = Alignment(horizontal="center")
    page["A2"].fill = PatternFill("solid", fgColor="FFFF00")
    page.append(["填表人:张三"])
    page.column_dimensions["B"].width = 27
    page.freeze_panes = "A3"
    page["A1"].hyperlink = "http://example.invalid/"
    return book


def packed(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def answered(data: bytes, answers: dict[int, RowAnswer]) -> openpyxl.worksheet.worksheet.Worksheet:
    grid = read_file(data, name="名单.xlsx")[0]
    table = find_tables(grid, FIELDS)
    assert table is not None
    found = answer_workbook(data, [answer_sheets(grid, table.header, table.captions, answers)])
    # Both readers see the same cells.
    page = openpyxl.load_workbook(io.BytesIO(found)).worksheets[0]
    other = (
        CalamineWorkbook.from_filelike(io.BytesIO(found))
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False)
    )
    seen = [["" if cell is None else cell for cell in row] for row in page.iter_rows(values_only=True)]
    assert seen == other
    return page


ROWS = (["张三", "51012120160816642X", "金堂县"], ["王𬱖", 510121198609280000, None])


def test_two_columns_are_added_that_look_like_the_table():
    page = answered(
        packed(workbook(["姓名", "身份证号", "落脚地"], *ROWS)),
        {3: RowAnswer("漏排", "=1+1"), 4: RowAnswer("无停留")},
    )
    assert [cell.value for cell in page[2]] == ["姓名", "身份证号", "落脚地", "核查结果", "备注"]
    assert [cell.value for cell in page[3]] == ["张三", "51012120160816642X", "金堂县", "漏排", "=1+1"]
    assert page["E3"].data_type == "s"
    assert page["D4"].value == "无停留"
    for name in ("D2", "E2", "D3", "E4"):
        assert (page[name].border.left.style, page[name].font.name) == ("thin", "仿宋"), name
    assert page["D1"].coordinate in next(iter(page.merged_cells.ranges)) and page.freeze_panes == "A3"
    assert (page["A5"].value, page["D5"].value) == ("填表人:张三", None)
    assert page.column_dimensions["B"].width == 27 and page["A2"].fill.fgColor.rgb == "00FFFF00"


def test_the_senders_columns_are_filled_and_none_is_added():
    data = packed(
        workbook(
            ["姓名", "反馈结果", "身份证号", "备注"], ["张三", None, "1", None], ["李四", None, "2", None]
        )
    )
    page = answered(data, {3: RowAnswer("漏排", "甲"), 4: RowAnswer("无停留")})
    assert page.max_column == 4
    assert [cell.value for cell in page[3]] == ["张三", "漏排", "1", "甲"]


def test_a_header_of_two_rows_gets_merged_captions():
    page = answered(
        packed(workbook(["姓名", "身份证号", "落脚地"], *ROWS, two_rows=True)),
        {4: RowAnswer("漏排"), 5: RowAnswer("漏排")},
    )
    merged = {str(area) for area in page.merged_cells.ranges}
    assert {"D2:D3", "E2:E3", "A1:E1"} <= merged and page["D4"].value == "漏排"


def test_other_sheets_and_formulas_stay():
    book = workbook(["姓名", "身份证号", "落脚地"], *ROWS)
    other = book.create_sheet("说明")
    other["A1"], other["B2"] = "请于今日反馈", "=COUNTA(推送!A3:A4)"
    data = packed(book)
    grid = read_file(data, name="名单.xlsx")[0]
    table = find_tables(grid, FIELDS)
    sheet = answer_sheets(grid, table.header, table.captions, {3: RowAnswer("漏排")})
    found = openpyxl.load_workbook(io.BytesIO(answer_workbook(data, [sheet])))
    assert found.sheetnames == ["推送", "说明"] and found["说明"]["B2"].value == "=COUNTA(推送!A3:A4)"


@pytest.mark.parametrize("answers", [{3: RowAnswer("漏排"), 4: RowAnswer("无停留", "乙")}])
def test_of_the_old_format_a_new_workbook_holds_the_same_cells(answers):
    """What is read of a file that cannot be written any more: values, places and merged cells."""
    grids = read_file(packed(workbook(["姓名", "身份证号", "落脚地"], *ROWS)), name="名单.xlsx")
    table = find_tables(grids[0], FIELDS)
    sheet = answer_sheets(grids[0], table.header, table.captions, answers)
    page = openpyxl.load_workbook(io.BytesIO(workbook_from_grids(grids, [sheet]))).worksheets[0]
    assert page["A1"].value == "关于推送武汉返回人员名单" and "A1:E1" in {
        str(area) for area in page.merged_cells.ranges
    }
    assert [cell.value for cell in page[4]][:1] == ["王𬱖"]
    assert [cell.value for cell in page[4]][3:] == ["无停留", "乙"]
