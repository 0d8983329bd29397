"""Forms that are filled in part, that calculate, that are built oddly, or that mean harm."""

from __future__ import annotations

import io
import time
from types import SimpleNamespace
from typing import Any

import openpyxl
import PIL.Image
import pytest
from openpyxl.styles import Border, Side

from grassroots.ledgers.filling import apart
from grassroots.ledgers.filling.apart import fill_apart
from grassroots.ledgers.filling.drawing.form import Order, fill
from grassroots.ledgers.filling.forms import best_form, read_form
from grassroots.ledgers.filling.services import _order, lost_parts
from grassroots.ledgers.filling.words import hint_of
from grassroots.ledgers.reading import UnreadableFile
from tests.ledgers.filling.test_filled_forms import source_with
from tests.ledgers.reading.crafted import HONEST, xlsx

PEOPLE: list[list[object]] = [
    [
        None,
        "城厢社区",
        name,
        "男",
        30,
        f"51012120160816{number:04}",
        "13800000001",
        "2组",
        None,
        None,
        None,
        number,
        "周明",
        "1",
    ]
    for number, name in enumerate("甲乙丙丁戊", start=1)
]
SIDE = Side(style="thin")
EDGE = Border(left=SIDE, right=SIDE, top=SIDE, bottom=SIDE)


@pytest.fixture(autouse=True)
def _no_area(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grassroots.ledgers.filling.sources._constants", lambda _context: {})


def new_form(*rows: list[Any], prepared: int = 2) -> Any:
    """A workbook whose first sheet holds these rows, then bordered empty ones."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    width = max(map(len, rows))
    for row in range(1, len(rows) + prepared + 1):
        for column in range(1, width + 1):
            sheet.cell(row, column).border = EDGE
    return book, sheet


def fill_book(book: Any, people: list[list[object]] = PEOPLE) -> Any:
    file = io.BytesIO()
    book.save(file)
    source = source_with(people)
    form = best_form(read_form(file.getvalue(), name="表.xlsx"), [source], {})
    values = list(source.rows([match.field or "" for match in form.matched]))
    filled = openpyxl.load_workbook(
        io.BytesIO(fill(file.getvalue(), _order(form, source, values, "甲"), values))
    )
    return SimpleNamespace(book=filled, sheet=filled.worksheets[0], form=form)


def column(sheet: Any, letter: str) -> list[Any]:
    return [cell.value for cell in sheet[letter]]


def test_rows_that_are_filled_in_stay_and_are_counted_on() -> None:
    book, _sheet = new_form(["序号", "姓名", "户数"], [1, "老王", 3], [2, "老李", 4])
    made = fill_book(book)
    assert column(made.sheet, "B") == ["姓名", "老王", "老李", *"甲乙丙丁戊"]
    assert column(made.sheet, "A") == ["序号", 1, 2, 3, 4, 5, 6, 7]
    assert any("已有2行" in text and "第4行" in text for text in hint_of(made.form))


def test_sums_of_the_form_take_in_the_new_rows_and_other_formulas_move() -> None:
    book, sheet = new_form(["序号", "姓名", "户数"])
    sheet.append(["合计", None, "=SUM(C2:C3)"])
    sheet.append(["平均", None, "=AVERAGE(C2:C3)"])
    sheet["E1"], sheet["E2"] = "=C4*2", "=A2"
    book.create_sheet("汇总")["A1"] = f"='{sheet.title}'!C4+$B$1"
    made = fill_book(book)
    assert made.sheet["A7"].value == "合计"
    assert made.sheet["C7"].value == "=SUM(C2:C6)"
    assert made.sheet["C8"].value == "=AVERAGE(C2:C6)"
    assert (made.sheet["E1"].value, made.sheet["E2"].value) == ("=C7*2", "=A2")
    assert made.book["汇总"]["A1"].value == f"='{sheet.title}'!C7+$B$1"


def test_a_label_over_the_rows_at_the_left_grows_with_them() -> None:
    book, sheet = new_form(["类别名", "序号", "姓名", "户数"], prepared=3)
    sheet["A2"] = "返乡"
    sheet.merge_cells("A2:A4")
    sheet.append(["填表人:", None, None, None])
    made = fill_book(book)
    assert "A2:A6" in {region.coord for region in made.sheet.merged_cells.ranges}
    assert made.sheet["A2"].value == "返乡"
    assert column(made.sheet, "C")[1:6] == list("甲乙丙丁戊")
    assert made.sheet["A7"].value == "填表人:"


def test_a_caption_over_two_columns_has_cells_over_two_columns() -> None:
    book, sheet = new_form(["序号", "姓名", None, "户数"])
    sheet.merge_cells("B1:C1")
    sheet.merge_cells("B2:C2")
    sheet.merge_cells("B3:C3")
    made = fill_book(book)
    assert column(made.sheet, "B") == ["姓名", *"甲乙丙丁戊"]
    assert column(made.sheet, "D")[1:] == [1, 2, 3, 4, 5]
    assert {region.coord for region in made.sheet.merged_cells.ranges} == {
        f"B{row}:C{row}" for row in range(1, 7)
    }


def test_a_label_whose_blank_is_a_cell_of_its_own() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["填报单位:", None, "填报日期:", None])
    sheet.append(["序号", "姓名", "户数", "性别"])
    made = fill_book(book)
    assert [cell.value for cell in made.sheet[1]] == ["填报单位:", "淮口街道", "填报日期:", "2020年1月29日"]


def test_what_somebody_has_written_into_a_blank_stays() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["填报单位(盖章):县指挥部    填报日期:2020年2月1日", None])
    book.worksheets[0].append(["序号", "姓名"])
    made = fill_book(book)
    assert made.sheet["A1"].value == "填报单位(盖章):县指挥部    填报日期:2020年2月1日"


def test_footers_of_the_page_that_the_form_brings_along_stay() -> None:
    book, sheet = new_form(["序号", "姓名"])
    sheet.oddFooter.left.text, sheet.oddFooter.center.text = "机密", "第 &P 页"
    made = fill_book(book)
    assert made.sheet.oddFooter.center.text == "第 &P 页"
    assert made.sheet.oddFooter.left.text.splitlines() == ["机密", "甲"]


def test_a_protected_sheet_stays_protected_and_other_sheets_stay() -> None:
    book, sheet = new_form(["序号", "姓名"])
    sheet.protection.sheet = True
    book.create_sheet("填表说明")["A1"] = "每日17时前报"
    made = fill_book(book)
    assert made.sheet.protection.sheet
    assert made.book["填表说明"]["A1"].value == "每日17时前报"


def test_the_sheet_with_the_table_is_found_wherever_it_stands() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["填表说明"])
    sheet = book.create_sheet("附件2")
    sheet.append(["序号", "姓名", "身份证号"])
    made = fill_book(book)
    assert column(made.book["附件2"], "B") == ["姓名", *"甲乙丙丁戊"]


def test_remarks_below_that_begin_with_a_number_are_no_entries() -> None:
    book, sheet = new_form(["序号", "姓名", "户数"])
    sheet.append(["1、本表每日17时前报送,无新增也须填报。"])
    sheet.append(["2.一式两份"])
    made = fill_book(book)
    assert column(made.sheet, "B")[1:6] == list("甲乙丙丁戊")
    assert [made.sheet["A7"].value, made.sheet["A8"].value] == [
        "1、本表每日17时前报送,无新增也须填报。",
        "2.一式两份",
    ]


def test_a_picture_below_the_table_moves_down_with_the_footer() -> None:
    book, sheet = new_form(["序号", "姓名", "户数"])
    made_of = io.BytesIO()
    PIL.Image.new("RGB", (30, 30), "red").save(made_of, "PNG")
    stamp = made_of.getvalue()
    first_free = sheet.max_row + 1
    sheet.cell(first_free, 1, "填表人：")
    sheet.add_image(openpyxl.drawing.image.Image(io.BytesIO(stamp)), f"B{first_free}")
    made = fill_book(book)
    footer = next(row for row in range(1, 20) if made.sheet.cell(row, 1).value == "填表人：")
    (picture,) = made.sheet._images
    assert footer > first_free
    assert picture.anchor._from.row + 1 == footer
    assert picture._data() == stamp


DRAWING = "xl/drawings/drawing1.xml"


@pytest.mark.parametrize(
    ("extra", "is_lost"),
    [
        ({}, False),
        ({"xl/media/image1.png": b"x", DRAWING: "<xdr:wsDr><xdr:pic/><xdr:spPr/></xdr:wsDr>"}, False),
        ({"xl/media/image1.emf": b"x", DRAWING: "<xdr:wsDr><xdr:pic/></xdr:wsDr>"}, True),
        ({DRAWING: "<xdr:wsDr><xdr:sp macro=''/></xdr:wsDr>"}, True),
        ({DRAWING: "<xdr:wsDr><xdr:cxnSp/></xdr:wsDr>"}, True),
        ({"xl/drawings/_rels/vmlDrawing1.vml.rels": "<x/>"}, True),
    ],
)
def test_what_is_not_kept_is_named(extra: dict[str, Any], is_lost: bool) -> None:
    assert bool(lost_parts(xlsx(extra=extra))) is is_lost


# -- harm

ORDER = Order("表", 1, 2, 0, 0, [(1, "text"), (2, "text")], [1, 2])


def test_a_million_empty_formatted_rows_are_left_out() -> None:
    blocks = (
        "".join(
            f'<row r="{row}"><c r="A{row}" s="0"/><c r="B{row}" s="0"/></row>'
            for row in range(first, first + 10_000)
        )
        for first in range(3, 1_000_003, 10_000)
    )
    data = xlsx([HONEST, *blocks])
    started = time.monotonic()
    filled = fill_apart(
        data, Order("表", 1, 3, 0, 0, [(1, "text"), (2, "text")], [1, 2]), [["乙", "13800000002"]]
    )
    assert time.monotonic() - started < 60
    assert len(filled) < 200_000
    assert openpyxl.load_workbook(io.BytesIO(filled)).worksheets[0]["A3"].value == "乙"


@pytest.mark.parametrize(
    "tail",
    [
        '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        '<hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>',
    ],
)
def test_a_range_over_the_whole_sheet_costs_bounded_time_and_memory(
    tail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "MEMORY", 700 * 1024 * 1024)
    monkeypatch.setattr(apart, "SECONDS", 5)
    data = xlsx(f"{HONEST}</sheetData>{tail}<sheetData>")
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match="填不"):
        fill_apart(data, ORDER, [["乙", "1"]])
    assert time.monotonic() - started < 60


def test_a_sheet_with_too_much_in_it_is_refused() -> None:
    text = "甲" * 30_000
    rows = (
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for row in range(1, 400)
    )
    with pytest.raises(UnreadableFile, match="太大"):
        fill_apart(xlsx(rows), ORDER, [])


def test_what_is_no_workbook_is_refused() -> None:
    with pytest.raises(UnreadableFile):
        fill_apart(b"PK\x03\x04 nothing", ORDER, [])


def test_entities_are_refused_before_openpyxl_sees_them() -> None:
    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        read_form(xlsx(prolog='<!DOCTYPE x [<!ENTITY a "a">]>'), name="表.xlsx")


def test_formulas_in_names_stay_text() -> None:
    book, _sheet = new_form(["序号", "姓名"])
    bad: list[object] = [*PEOPLE[0]]
    bad[2] = '=HYPERLINK("http://x","点我")'
    made = fill_book(book, [bad])
    assert made.sheet["B2"].data_type == "s"
