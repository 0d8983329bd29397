"""The answer in the sender's own workbook; of one in the old binary format, in a new one with the same cells."""

from __future__ import annotations

import io
from collections.abc import Sequence
from copy import copy
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.styles import Border, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from grassroots.ledgers.answering.plan import AnswerSheet
from grassroots.ledgers.engine.text import clean_text
from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.parsed import original_text

RESULT_WIDTH, NOTE_WIDTH = 14.0, 24.0
_THIN = Side(style="thin")


def answer_workbook(data: bytes, sheets: Sequence[AnswerSheet]) -> bytes:
    """The very workbook with the answers in it: added columns look like the one before them, a title reaches over
    them, formulas, widths and everything else stay."""
    book = load_workbook(io.BytesIO(data), rich_text=True, keep_vba=False)
    for sheet in sheets:
        page = book[sheet.sheet] if sheet.sheet in book.sheetnames else book.worksheets[0]
        _fill(page, sheet)
    return _saved(book)


def workbook_from_grids(grids: Sequence[Grid], sheets: Sequence[AnswerSheet]) -> bytes:
    """A new workbook with the cells of a file that cannot be written any more (.xls), and the answers in it."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for grid in grids:
        page = book.create_sheet(grid.sheet or "名单")
        for index, row in enumerate(grid.rows):
            for column, value in enumerate(row, start=1):
                if value is not None:
                    _write(page, grid.number_of(index), column, value)
        for top, left, bottom, right in grid.merged:
            page.merge_cells(
                start_row=grid.number_of(top), end_row=grid.number_of(bottom), start_column=left + 1,
                end_column=right + 1,
            )  # fmt: skip
    for sheet in sheets:
        _fill(book[sheet.sheet or "名单"], sheet)
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _write(page: Worksheet, row: int, column: int, value: object) -> None:
    """A value; text stays text, whatever it begins with."""
    cell: Any = page.cell(row, column)
    if isinstance(cell, MergedCell):
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        value = clean_text(original_text(value))
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


def _fill(page: Worksheet, sheet: AnswerSheet) -> None:
    first, last = sheet.header
    _widen_titles(page, sheet)
    for column, caption in sheet.added.items():
        for row in range(first, last + 1):
            _dress(page, row, column + 1, sheet.width)
        _write(page, first, column + 1, caption)
        if last > first:
            page.merge_cells(start_row=first, end_row=last, start_column=column + 1, end_column=column + 1)
        width = RESULT_WIDTH if column == sheet.result else NOTE_WIDTH
        page.column_dimensions[get_column_letter(column + 1)].width = width
    for row, answer in sheet.answers.items():
        for column, text in ((sheet.result, answer.code), (sheet.note, answer.note)):
            if column >= sheet.width:
                _dress(page, row, column + 1, sheet.width)
            _write(page, row, column + 1, text)


def _dress(page: Worksheet, row: int, column: int, width: int) -> None:
    """Make a new cell look like the last one of the table in its row."""
    model: Any = page.cell(row, max(width, 1))
    cell: Any = page.cell(row, column)
    if model.has_style:
        cell.font, cell.fill, cell.alignment = copy(model.font), copy(model.fill), copy(model.alignment)
        cell.border = _whole(model.border)
        cell.protection = copy(model.protection)
    cell.number_format = "@"


def _whole(border: Border) -> Border:
    """The border of a merged cell is kept by its corner only: where there is a line at the bottom there are four."""
    if border.bottom is not None and border.bottom.style:
        side = Side(style=border.bottom.style, color=border.bottom.color)
        return Border(left=side, right=side, top=side, bottom=side)
    return copy(border)


def _widen_titles(page: Worksheet, sheet: AnswerSheet) -> None:
    """A title merged over the whole table reaches over what is added."""
    beyond = max(sheet.added, default=-1)
    if beyond < 0:
        return
    for area in list(page.merged_cells.ranges):
        is_above = area.max_row < sheet.header[0]
        if is_above and area.min_col == 1 and area.max_col >= max(sheet.width, 2):
            area.expand(right=beyond + 1 - area.max_col)
