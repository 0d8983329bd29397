"""A form filled: rows written, footers moved down, sums, blanks above and below, imprint."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.utils import get_column_letter

from grassroots.ledgers.filling.drawing.cells import line_height, standard_width, widths_of, wrap, write_cell
from grassroots.ledgers.filling.drawing.inserting import insert_rows
from grassroots.ledgers.filling.drawing.patterns import RowLook, has_border, look_of_header, looks_of
from grassroots.ledgers.filling.drawing.references import Insertion
from grassroots.ledgers.filling.drawing.slimming import slimmed

_MOST_FOOTER = 240
_ROW_HEIGHT, _HIGHEST = 15.0, 400.0
_ENOUGH = 20.0  # a width in which every sum has room


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written where. Rows and columns are the sheet's own, from 1.

    `first` is the first row below the header and what was filled in already; `footer` the first row below the table
    (0: none), `totals` the 合计 row (0: none). `columns` are (column, format) in the order of the rows' values;
    a format "serial" is numbered from `number`. `texts` replace what stands in cells (before rows move), `sums` go
    into the 合计 row by column. `table` are all columns of the table.
    """

    sheet: str
    header: int
    first: int
    footer: int
    totals: int
    columns: Sequence[tuple[int, str]]
    table: Sequence[int]
    number: int = 1
    texts: Sequence[tuple[int, int, str]] = ()
    sums: Mapping[int, Any] | None = None
    imprint: str = ""


def fill(data: bytes, order: Order, rows: Sequence[Sequence[Any]]) -> bytes:
    """The workbook with the rows in it. Raises what openpyxl raises for what is no workbook."""
    book = load_workbook(io.BytesIO(slimmed(data)), keep_links=False)
    sheet = book[order.sheet]
    for row, column, text in order.texts:
        _set_text(sheet, row, column, text)
    prepared = _prepared_end(sheet, order)
    looks = _looks(sheet, order, prepared)
    shift = _make_room(book, sheet, order, prepared, len(rows), looks)
    _write_rows(sheet, order, rows)
    _print_all(sheet, order.first + len(rows) - 1)
    if order.totals:
        _write_sums(sheet, order, order.totals + shift, len(rows))
    _set_imprint(book, sheet, order.imprint)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _set_text(sheet: Any, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column)
    if not isinstance(cell, MergedCell):
        cell.value = text
        cell.data_type = "s"


def _prepared_end(sheet: Any, order: Order) -> int:
    """The last row that is prepared for entries; `first` - 1 where none is.

    Rows between header and footer: those with borders where the first one has them, else all but a blank one that
    keeps its distance from the footer.
    """
    end = order.footer - 1 if order.footer else max(sheet.max_row, order.first - 1)
    if end < order.first:
        return order.first - 1
    if has_border(sheet, order.first, order.table):
        last = order.first
        while last < end and has_border(sheet, last + 1, order.table):
            last += 1
        return last
    if has_border(sheet, order.header, order.table) or not order.footer:
        return order.first - 1
    return max(order.first - 1, end - 1)


def _looks(sheet: Any, order: Order, prepared: int) -> list[RowLook]:
    if prepared >= order.first:
        return looks_of(sheet, order.first, prepared)
    above = order.first - 1
    if above > order.header:  # rows that somebody has filled in
        return looks_of(sheet, order.header + 1, above)
    return [look_of_header(sheet, order.header, order.table)]


def _make_room(
    book: Any, sheet: Any, order: Order, prepared: int, count: int, looks: Sequence[RowLook]
) -> int:
    """Insert the rows that are missing and draw them; returns how many."""
    missing = max(0, order.first + count - 1 - prepared)
    if not missing:
        return 0
    at = prepared + 1
    insert_rows(book, sheet, Insertion(at, missing, order.first))
    for row in range(at, at + missing):
        looks[(row - order.first) % len(looks)].apply(sheet, row)
    return missing


def _write_rows(sheet: Any, order: Order, rows: Sequence[Sequence[Any]]) -> None:
    widths, standard = widths_of(sheet), standard_width(sheet)
    spans = _spans(sheet, order, len(rows))
    for index, values in enumerate(rows):
        row = order.first + index
        height = 0.0
        for (column, format_name), value in zip(order.columns, values, strict=True):
            cell = sheet.cell(row, column)
            if isinstance(cell, MergedCell):
                continue
            last = spans.get((row, column), column)
            width = sum(widths.get(each, standard) for each in range(column, last + 1))
            written = order.number + index if format_name == "serial" else value
            text = write_cell(cell, written, format_name, width)
            if text:
                lines = wrap(cell, text, width)
                height = max(height, lines * line_height(cell) + 2 if lines > 1 else 0)
        dimension = sheet.row_dimensions[row]
        if (dimension.height or sheet.sheet_format.defaultRowHeight or _ROW_HEIGHT) < height:
            dimension.height = min(height, _HIGHEST)


def _spans(sheet: Any, order: Order, count: int) -> dict[tuple[int, int], int]:
    """Cells of the rows that are merged to the right, with their last column; merges downward are taken apart."""
    last = order.first + count - 1
    wanted = {column for column, _format in order.columns}
    spans = {}
    for region in list(sheet.merged_cells.ranges):
        if region.max_row < order.first or region.min_row > last or region.min_col not in wanted:
            continue
        if region.max_row > region.min_row:
            style = sheet.cell(region.min_row, region.min_col)._style
            sheet.unmerge_cells(region.coord)
            for row in range(region.min_row, region.max_row + 1):
                for column in range(region.min_col, region.max_col + 1):
                    sheet.cell(row, column)._style = style
        else:
            spans[region.min_row, region.min_col] = region.max_col
    return spans


def _print_all(sheet: Any, last: int) -> None:
    """A print area that ended with the header takes in the rows below it."""
    areas = sheet.print_area if isinstance(sheet.print_area, str) else ""
    found = re.fullmatch(r"(.*[$:][A-Z]{1,3}\$)(\d+)", areas)
    if found and int(found[2]) < last:
        sheet.print_area = f"{found[1]}{last}".rpartition("!")[2]


def _write_sums(sheet: Any, order: Order, row: int, count: int) -> None:
    formats = dict(order.columns)
    for column, value in (order.sums or {}).items():
        cell = sheet.cell(row, column)
        if not isinstance(cell, MergedCell) and cell.data_type != "f" and cell.value in (None, "", 0):
            write_cell(cell, value, formats.get(column, "int"), _ENOUGH)
    _own_formulas(sheet, order, row, count)


def _own_formulas(sheet: Any, order: Order, row: int, count: int) -> None:
    """A sum that the form brings along over its rows takes in all of them, whatever range it had."""
    last = max(order.first, order.first + count - 1)
    for column in order.table:
        cell = sheet.cell(row, column)
        letter = get_column_letter(column)
        if cell.data_type == "f" and str(cell.value).upper().replace("$", "").startswith(f"=SUM({letter}"):
            above = _range_end(str(cell.value))
            if above < last:
                cell.value = f"=SUM({letter}{order.first}:{letter}{last})"


def _range_end(formula: str) -> int:
    found = re.search(r":\$?[A-Z]{1,3}\$?(\d+)\)$", formula.upper())
    return int(found[1]) if found else 0


def _set_imprint(book: Any, sheet: Any, imprint: str) -> None:
    """Who filled it in, when and what for: in the file's properties and at the foot of every printed page."""
    if not imprint:
        return
    before = book.properties.description
    book.properties.description = f"{before}\n{imprint}" if before else imprint
    line = imprint.replace("&", "&&")
    for footer in (sheet.oddFooter, sheet.evenFooter, sheet.firstFooter):
        if footer is not sheet.oddFooter and not any(
            (footer.left.text, footer.center.text, footer.right.text)
        ):
            continue
        part = next((part for part in (footer.left, footer.center) if not part.text), footer.left)
        joined = f"{part.text}\n{line}" if part.text else line
        part.text, part.size = joined[:_MOST_FOOTER], part.size or 8


def unpacked(value: Any) -> Any:
    """A value out of the message: (kind, ISO text) for days and times."""
    if isinstance(value, tuple):
        kind, text = value
        reader = {"d": dt.date.fromisoformat, "t": dt.time.fromisoformat, "dt": dt.datetime.fromisoformat}[
            kind
        ]
        return reader(text)
    return value


def packed(value: Any) -> Any:
    """A value for the message; see `unpacked`."""
    if isinstance(value, dt.datetime):
        return "dt", value.isoformat()
    if isinstance(value, dt.date):
        return "d", value.isoformat()
    return ("t", value.isoformat()) if isinstance(value, dt.time) else value
