"""A long sheet is read by two processes at once; what comes of it is the same."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from openpyxl import Workbook

from grassroots.ledgers.reading import Limits, UnreadableFile, read_file
from grassroots.ledgers.reading.workbooks import _messages
from tests.ledgers.reading.crafted import PARTS, text_cell, xlsx

HALVED, WHOLE = Limits(halved_from=1), Limits(halved_from=1 << 40)
ROWS = 2500


def is_halved(data: bytes) -> bool:
    """Whether two processes read it: the second one tells the merged cells."""
    return any(message[0] == "merged" for message in _messages(data, HALVED))


def written(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def lines(first: int = 1, last: int = ROWS, more: str = "") -> str:
    return "".join(
        f'<row r="{row}">{text_cell(f"A{row}", f"甲{row}")}{text_cell(f"B{row}", "城厢社区")}{more}</row>'
        for row in range(first, last + 1)
    )


def test_a_sheet_of_a_spreadsheet_program() -> None:
    book = Workbook()
    sheet: Any = book.active
    for row in range(3, ROWS):
        if row % 97:  # blank rows in between
            day = dt.datetime(2020, 1, row % 28 + 1, 8, 30)
            sheet.cell(row, 2, f"王{row}")
            sheet.cell(row, 3, row / 2 if row % 3 else row % 2 == 0)
            sheet.cell(row, 4 + row % 5, day if row % 2 else dt.date(2020, 2, 3))
            sheet.cell(row, 12, f'<row r="9">&{row}</row>')
    sheet.merge_cells("B4:C5")
    sheet.merge_cells(f"B{ROWS - 9}:D{ROWS - 8}")
    data = written(book)
    assert is_halved(data)
    (grid,) = halves = read_file(data, name="表.xlsx", limits=HALVED)
    assert halves == read_file(data, name="表.xlsx", limits=WHOLE)
    assert (len(grid.rows), len(grid.merged)) == (ROWS - 1, 2)


def test_blank_rows_around_the_cut() -> None:
    """Rows that hold formats only, from before the cut to behind it."""
    blank = "".join(f'<row r="{row}"><c r="A{row}" s="0"/></row>' for row in range(1001, 6000))
    data = xlsx(lines(1, 1000) + blank + lines(6000, 6003))
    assert is_halved(data)
    (grid,) = halves = read_file(data, name="表.xlsx", limits=HALVED)
    assert halves == read_file(data, name="表.xlsx", limits=WHOLE)
    assert len(grid.rows) == 6003


def test_nothing_but_blank_rows_in_the_second_half() -> None:
    blank = "".join(f'<row r="{row}"><c r="A{row}" s="0"/></row>' for row in range(1001, 9000))
    data = xlsx(lines(1, 1000) + blank)
    assert is_halved(data)
    assert len(read_file(data, name="表.xlsx", limits=HALVED)[0].rows) == 1000


@pytest.mark.parametrize(
    "rows",
    [
        lines().replace(' r="', ' x="'),
        lines() + "<!-- -->",
        lines(more="<c t=\"inlineStr\"><is><t><![CDATA[</row><row r=\"7\">]]></t></is></c>"),
    ],
    ids=["rows without a number", "comments", "CDATA"],
)  # fmt: skip
def test_a_sheet_without_a_plain_place_to_cut_is_read_whole(rows: str) -> None:
    data = xlsx(rows)
    assert not is_halved(data)
    assert read_file(data, name="表.xlsx", limits=HALVED) == read_file(data, name="表.xlsx", limits=WHOLE)


def test_two_sheets_are_read_whole() -> None:
    book = Workbook()
    for _row in range(ROWS):
        book.active.append(["甲", "城厢社区", "一组"])  # type: ignore[union-attr]
    book.create_sheet("乙").append(["乙"])
    data = written(book)
    assert not is_halved(data)
    assert [len(grid.rows) for grid in read_file(data, name="表.xlsx", limits=HALVED)] == [ROWS, 1]


def refusal(data: bytes, **limits: Any) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read_file(data, name="表.xlsx", limits=Limits(halved_from=1, **limits))
    return str(refused.value)


@pytest.mark.parametrize("most", [900, ROWS - 1])
def test_more_rows_than_allowed_in_either_half(most: int) -> None:
    words = refusal(xlsx(lines()), max_rows=most)
    assert "行还有内容" in words
    assert f"最多读{most}行" in words


@pytest.mark.parametrize("row", [9, ROWS])
def test_a_cell_too_far_right_in_either_half(row: int) -> None:
    far = f'<row r="{row}">{text_cell(f"AB{row}", "远")}</row>'
    data = xlsx(lines(1, row - 1) + far + lines(row + 1))
    assert "第28列" in refusal(data, max_columns=20)


def test_what_is_found_behind_the_cut_is_refused_before_anything_is_told() -> None:
    """The damage, or an entity in a later part, is noticed while the first half is being read."""
    good = xlsx(lines(), extra={"xl/zz.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"})
    assert "XML声明" in refusal(good)
    data = bytearray(xlsx(lines(), extra={name: PARTS[name] for name in PARTS}))
    data[-len(data) // 4] ^= 0xFF  # in the last quarter of what is packed: cells of the second half
    assert "损坏" in refusal(bytes(data))


def test_a_half_that_asks_for_all_memory_ends_the_reading() -> None:
    """The corner of a rectangle of 550 GB, in the first half and in the second one."""
    far = f'<row r="{ROWS + 1048000}">{text_cell(f"XFD{ROWS + 1048000}", "远")}</row>'
    assert "范围太大" in refusal(xlsx(lines() + far), memory=1 << 30)
    wide = f'<row r="1">{text_cell("A1", "甲")}</row><row r="900000">{text_cell("XFD900000", "远")}</row>'
    assert "范围太大" in refusal(xlsx(wide + lines(900001, 900000 + ROWS)), memory=1 << 30)


def test_numbers_and_truths_that_are_equal_stay_apart() -> None:
    book = Workbook()
    sheet: Any = book.active
    for row, value in enumerate([1.0, True, "1", 0.0, False], start=1):
        sheet.append([f"王{row}", value])
    (grid,) = read_file(written(book), name="a.xlsx", limits=WHOLE)
    assert [repr(row[1]) for row in grid.rows] == ["1.0", "True", "'1'", "0.0", "False"]
