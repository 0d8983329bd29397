"""The workbook around the rows: ready to print without touching it."""

import datetime as dt
import io
import re
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from grassroots.ledgers.engine import BlockField, Column, Layout, Sheet, write_workbook, write_xlsx

COLUMNS = (
    Column("n", "序号", format="serial"),
    Column("village", "村(社区)"),
    Column("households", "总户数", group="入户排查", format="int", total="sum"),
    Column("vacant", "空置户", group="入户排查", format="int", total="sum"),
    Column("signed", "已签", group=("入户排查", "承诺书"), format="int", total="sum"),
    Column(
        "rate",
        "完成率",
        group=("入户排查", "承诺书"),
        format="percent",
        total="ratio:signed/households-vacant",
    ),
    Column("area", "面积", format="decimal", total="sum"),
    Column("note", "备注", width=20, choices=("正常", "异常")),
)
LAYOUT = Layout("{unit}统计表", COLUMNS, header_lines=("(第{number}期)",), freeze_columns=2)
CONTEXT = {"unit": "淮口街道", "cutoff": "2020年1月29日18时", "filled_on": "2020年1月29日", "number": 3}
ROWS = [(None, f"{index}村", 100, 10, 45, 0.5, 0.1, "=x") for index in range(1, 6)]
FIRST = 7  # title, header line, unit line, three header rows


def sheet_of(layout: Layout = LAYOUT, rows: Any = ROWS, **kwargs: Any) -> Worksheet:
    file = io.BytesIO()
    write_xlsx(file, layout, rows, context=CONTEXT, **kwargs)
    return load_workbook(file).worksheets[0]


def merged_corners(sheet: Worksheet) -> set[str]:
    return {area.split(":")[0] for area in merged(sheet)}


def merged(sheet: Worksheet) -> set[str]:
    return {str(area) for area in sheet.merged_cells.ranges}


def test_title_and_lines_stand_above_the_header() -> None:
    sheet = sheet_of()
    assert sheet["A1"].value == "淮口街道统计表" and "A1:H1" in merged(sheet)
    assert sheet["A2"].value == "(第3期)"
    unit_line = [cell.value for cell in sheet[3] if cell.value]
    assert unit_line == [
        "填报单位(盖章):淮口街道",
        "统计截止时间:2020年1月29日18时",
        "填报日期:2020年1月29日",
    ]


def test_header_groups_are_merged_over_three_rows() -> None:
    sheet = sheet_of()
    assert {"A4:A6", "C4:F4", "C5:C6", "E5:F5"} <= merged(sheet)
    assert [sheet[name].value for name in ("A4", "C4", "C5", "E5", "E6")] == [
        "序号",
        "入户排查",
        "总户数",
        "承诺书",
        "已签",
    ]


def test_the_sheet_is_set_up_for_printing() -> None:
    sheet = sheet_of()
    assert sheet.print_title_rows == "$4:$6"
    assert sheet.freeze_panes == "C7"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_options.horizontalCentered
    assert sheet.auto_filter.ref is None
    assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"


@pytest.mark.parametrize("row", [FIRST, FIRST + 4, FIRST + 5])
def test_first_last_and_total_row_are_bordered_and_in_the_offices_fonts(row: int) -> None:
    sheet = sheet_of()
    for cell in sheet[row]:
        if isinstance(cell, MergedCell) or cell.coordinate in merged_corners(sheet):
            continue  # openpyxl draws what lies within merged cells anew on reading
        border = cell.border
        assert {side.style for side in (border.left, border.right, border.top, border.bottom)} == {"thin"}
        assert cell.font.name == ("黑体" if row == FIRST + 5 else "仿宋")
        assert cell.font.charset == 134
    assert [sheet.cell(row, column).number_format for column in (3, 6, 7)] == ["0", "0.0%", "0.00"]
    assert sheet.row_dimensions[row].height >= 24


def test_fonts_of_title_and_header() -> None:
    sheet = sheet_of()
    assert (sheet["A1"].font.name, sheet["A4"].font.name, sheet["C5"].font.name) == (
        "方正小标宋简体",
        "黑体",
        "黑体",
    )


def test_the_total_row_holds_computed_values_under_the_rows() -> None:
    sheet = sheet_of()
    total = FIRST + len(ROWS)
    assert [cell.value for cell in sheet[total]] == ["合计", None, 500, 50, 225, 0.5, 0.5, None]
    assert f"A{total}:B{total}" in merged(sheet)


def test_totals_given_by_the_ledger_take_precedence_also_in_ratios() -> None:
    sheet = sheet_of(totals={"signed": 90, "village": "各村"})
    assert [cell.value for cell in sheet[FIRST + 5]][4:6] == [90, 0.2]


def test_sums_are_exact_and_take_words_for_nothing() -> None:
    layout = Layout("表", (Column("a", "甲", format="decimal", total="sum"),))
    file = io.BytesIO()
    write_xlsx(file, layout, [(0.1,), (0.2,), (Decimal("0.3"),), ("无",), (None,), (1,)])
    assert load_workbook(file).worksheets[0]["A10"].value == 1.6


def test_a_ratio_over_nought_stays_empty() -> None:
    sheet = sheet_of(rows=[(None, "村", 10, 10, 0, None, 0, None)])
    assert sheet.cell(FIRST + 1, 6).value is None


def test_signatures_and_notes_follow_below_the_rows() -> None:
    sheet = sheet_of(imprint="导出人:甲")
    below = [[cell.value for cell in row if cell.value] for row in sheet.iter_rows(min_row=FIRST + 6)]
    assert below == [
        ["主要领导(签字):", "审核人:", "填表人:", "联系电话:"],
        ["注:无新增也须填报(零报告)。"],
        ["导出人:甲"],
    ]
    assert f"A{FIRST + 7}:H{FIRST + 7}" in merged(sheet)
    assert sheet.dimensions == f"A1:H{FIRST + 8}"


def test_an_empty_ledger_says_so_in_a_row_of_its_own() -> None:
    sheet = sheet_of(rows=[])
    assert sheet.cell(FIRST, 1).value == "无" and f"A{FIRST}:H{FIRST}" in merged(sheet)
    assert [cell.value for cell in sheet[FIRST + 1]][:3] == ["合计", None, 0]
    assert sheet.cell(FIRST, 8).border.right.style == "thin"


def test_the_row_of_an_empty_ledger_is_gone_where_there_are_rows() -> None:
    for count in (1, 2, 3, 4):
        sheet = sheet_of(rows=ROWS[:count])
        assert not any(
            area.startswith(f"A{row}:H") for area in merged(sheet) for row in range(FIRST, FIRST + count + 1)
        )
        assert sheet.cell(FIRST + count, 1).value == "合计"


def test_prepared_rows_stay_empty_and_bordered() -> None:
    layout = Layout("表", (Column("n", "序号", format="serial"), Column("a", "甲")), min_rows=4)
    sheet = sheet_of(layout, [(None, "x")])
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=7)] == [[1, "x"]] + [
        [None, None]
    ] * 3
    assert sheet["B7"].border.bottom.style == "thin"
    assert sheet["A8"].value.startswith("主要领导")


def test_choices_are_offered_in_every_row() -> None:
    sheet = sheet_of()
    (rule,) = sheet.data_validations.dataValidation
    assert str(rule.sqref) == f"H{FIRST}:H{FIRST + 4}" and rule.formula1 == '"正常,异常"'


def test_long_text_makes_its_row_higher() -> None:
    layout = Layout("表", (Column("a", "甲", width=10),))
    sheet = sheet_of(layout, [("短",), ("很长的地址" * 4,), ("一\n二\n三",)])
    low, high, lines = (sheet.row_dimensions[row].height for row in (4, 5, 6))
    assert low == 24 and high > 60 and 45 < lines < 60


def test_a_title_that_looks_like_a_formula_is_text() -> None:
    cell = sheet_of(Layout("=1+1", (Column("a", "=甲"),)), [("x",)])["A1"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_note_that_looks_like_xml_is_not_touched() -> None:
    layout = Layout(
        "表", (Column("a", "甲", total="sum", format="int"),), notes=('<c r="A9" s="1"/> </row>',)
    )
    sheet = sheet_of(layout, [(1,)] * 20)
    assert [cell.value for (cell,) in sheet.iter_rows(min_row=24)] == [
        20,
        layout_line(),
        '<c r="A9" s="1"/> </row>',
    ]


def layout_line() -> str:
    return "主要领导(签字):      审核人:      填表人:      联系电话:"


def test_the_imprint_is_on_every_printed_page_and_in_the_properties() -> None:
    file = io.BytesIO()
    write_xlsx(file, LAYOUT, ROWS, context=CONTEXT, imprint="导出人:甲&乙;用途:" + "报送" * 200)
    book = load_workbook(file)
    footer = book.worksheets[0].oddFooter.center.text
    assert footer.startswith("第 &P 页，共 &N 页\n") and "导出人:甲&&乙" in footer and len(footer) <= 255
    assert book.properties.description.startswith("导出人:甲&乙")
    assert book.properties.title == "淮口街道统计表" and book.properties.creator != "openpyxl"


def test_numbers_kept_as_text_raise_no_green_triangles() -> None:
    file = io.BytesIO()
    write_xlsx(file, LAYOUT, ROWS, context=CONTEXT)
    xml = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    assert f'<ignoredError sqref="A{FIRST}:H{FIRST + 4}" numberStoredAsText="1"/>' in xml


def test_every_row_and_cell_carries_its_reference_in_order() -> None:
    file = io.BytesIO()
    write_xlsx(file, LAYOUT, ROWS * 300, context=CONTEXT)
    xml = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    rows = [int(number) for number in re.findall(r'<row r="(\d+)"', xml)]
    assert rows == list(range(1, len(rows) + 1))
    assert re.findall(r'<c r="([A-Z]+1000)"', xml) == [f"{letter}1000" for letter in "ABCDEFGH"]


PERSON = Layout(
    "体温监测登记表",
    (
        Column("day", "第几天", format="serial"),
        Column("on", "日期", format="date"),
        Column("am", "上午", format="temp"),
        Column("pm", "下午", format="temp"),
    ),
    block=(
        (BlockField("name", "姓名"), BlockField("id", "身份证号", mask="id")),
        (BlockField("start", "开始", format="date"),),
    ),
    footer_lines=(("□期满解除  □延长  □转送", "审核人:{reviewer}"),),
    notes=(),
    min_rows=14,
    one_page=True,
)


def person(name: str, days: int) -> Sheet:
    rows = [(None, dt.date(2020, 1, 21) + dt.timedelta(day), 36.5, None) for day in range(days)]
    values = {"name": name, "id": "51012119800101123X", "start": dt.date(2020, 1, 21), "reviewer": "乙"}
    return Sheet(name, PERSON, rows, {**CONTEXT, **values})


def test_a_sheet_a_person_has_its_block_and_its_own_rows() -> None:
    file = io.BytesIO()
    result = write_workbook(file, [person("王芳", 3), person("王芳", 14), person("李[四]", 0)])
    assert (result.sheets, result.rows) == (3, 17)
    book = load_workbook(file)
    assert book.sheetnames == ["王芳", "王芳(2)", "李 四"]
    first = book.worksheets[0]
    assert [first[name].value for name in ("A3", "B3", "C3", "D3")] == [
        "姓名",
        "王芳",
        "身份证号",
        "5101************3X",
    ]
    assert [cell.value for cell in first[4] if cell.value] == ["开始", "2020-01-21"]
    assert [row[0] for row in first.iter_rows(min_row=6, max_row=19, values_only=True)] == [1, 2, 3] + [
        None
    ] * 11
    assert [cell.value for cell in first[20] if cell.value] == ["□期满解除  □延长  □转送", "审核人:乙"]
    assert first.print_title_rows == "$5:$5" and first.page_setup.fitToHeight == 1


def test_calamine_reads_every_sheet() -> None:
    file = io.BytesIO()
    write_workbook(file, [person("甲", 1), person("乙", 2)])
    file.seek(0)
    book = CalamineWorkbook.from_filelike(file)
    assert book.get_sheet_by_name("乙").to_python()[6][:3] == [2, dt.date(2020, 1, 22), 36.5]


def test_a_workbook_without_sheets_is_refused() -> None:
    with pytest.raises(ValueError):
        write_workbook(io.BytesIO(), [])
