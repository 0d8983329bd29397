"""The shell of a workbook, drawn by openpyxl: everything but the rows.

Each sheet gets its title, lines, merged header, print set-up and footers, and in place of the rows three
samples: a row styled as the columns' formats want it, the same as text, and the row of an empty ledger.
`stream` splits the sheet there.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from grassroots.ledgers.engine.cells import capacity, count_lines
from grassroots.ledgers.engine.columns import DEFAULT_WIDTHS, Column, header_cells
from grassroots.ledgers.engine.formats import NUMBER_FORMATS, TEXT_FORMAT, plain_text
from grassroots.ledgers.engine.layout import (
    BlockField,
    Layout,
    fill_placeholders,
    spread,
    spread_pieces,
)
from grassroots.ledgers.engine.text import MASKS, clean_text, shorten, text_width

SAMPLE_ROWS = 3
_PAPER = {"A4": 9, "A3": 8}
_CHINESE = 134  # charset GB2312
_MAX_CHOICES = 255  # characters of a drop-down list given in place
_MAX_FOOTER = 250
_MAX_ZOOM = 1.6
#: Width that is printed at 100 %, in Excel's unit, within the margins set below.
_PRINTED = {
    ("A4", "landscape"): 145, ("A4", "portrait"): 99, ("A3", "landscape"): 209, ("A3", "portrait"): 145,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks; equal looks share one style of the workbook."""

    font: str
    size: float
    horizontal: str = "center"
    bordered: bool = True
    number_format: str = "General"
    bold: bool = False
    color: str = "FF000000"
    wrap: bool = True


@dataclass(frozen=True, slots=True)
class Shell:
    """Where a sheet's parts lie (row numbers from 1): its samples, its 合计 row if any, how many rows in
    all."""

    first_header: int
    last_header: int
    sample: int
    totals: int | None
    last: int
    fixed_rows: int


class Styles:
    """Styles of one workbook, each made once: setting the parts of a style cell by cell is what costs
    time."""

    def __init__(self) -> None:
        self._made: dict[Look, Any] = {}

    def apply(self, cell: Any, look: Look) -> None:
        made = self._made.get(look)
        if made is None:
            self._style(cell, look)
            self._made[look] = cell
        else:
            cell._style = copy.copy(made._style)

    @staticmethod
    def _style(cell: Cell | MergedCell, look: Look) -> None:
        cell.font = Font(
            name=look.font, size=look.size, charset=_CHINESE, family=3, bold=look.bold, color=look.color
        )
        cell.alignment = Alignment(horizontal=look.horizontal, vertical="center", wrap_text=look.wrap)
        cell.number_format = look.number_format
        if look.bordered:
            side = Side(style="thin")
            cell.border = Border(left=side, right=side, top=side, bottom=side)


class SheetDrawer:
    """Draws one sheet from the top down."""

    def __init__(
        self, sheet: Worksheet, layout: Layout, context: Mapping[str, object], styles: Styles
    ) -> None:
        self.sheet, self.layout, self.context, self.styles = sheet, layout, context, styles
        self.widths = layout.widths
        self.fonts = layout.fonts
        #: A wide sheet is printed smaller; what stands around its table is drawn larger to make up for it.
        self.zoom = min(_MAX_ZOOM, max(1.0, 1 / print_scale(layout)))
        self.row = 0

    def draw(self, imprint: str, masked: bool) -> Shell:
        """Draw everything. Returns where the parts lie."""
        self._draw_columns()
        self._draw_top()
        self._draw_block(masked)
        first_header = self.row + 1
        self._draw_header()
        last_header, sample = self.row, self.row + 1
        self._draw_samples()
        totals = self._draw_totals() if self.layout.has_totals else None
        self._draw_footers(imprint)
        self._set_up_view(first_header, last_header)
        self._set_up_print(imprint)
        fixed = self.row - SAMPLE_ROWS
        return Shell(first_header, last_header, sample, totals, self.row, fixed)

    # -- parts, from the top down

    def _draw_columns(self) -> None:
        for index, width in enumerate(self.widths, start=1):
            self.sheet.column_dimensions[get_column_letter(index)].width = width

    def _draw_top(self) -> None:
        fonts = self.fonts
        title = Look(fonts.title, self._zoomed(fonts.title_size), bordered=False)
        line = Look(fonts.body, self._zoomed(fonts.body_size + 1), bordered=False)
        self._full_line(self.layout.title, title, title.size * 1.9)
        for text in self.layout.header_lines:
            self._full_line(text, line, line.size * 1.7)
        if self.layout.unit_line:
            self._pieces(self.layout.unit_line, ends_right=True)

    def _draw_block(self, masked: bool) -> None:
        for fields in self.layout.block:
            self.row += 1
            ranges = spread(*_block_shares(fields, self.widths))
            lines = 1
            for field, label_range, value_range in zip(fields, ranges[::2], ranges[1::2], strict=True):
                value = _block_text(field, self.context, masked)
                self._cell(field.caption, self._header_look(), *label_range)
                self._cell(value, self._body_look(), *value_range)
                for text, (first, last) in ((field.caption, label_range), (value, value_range)):
                    lines = max(lines, count_lines(text, self._room(first, last, self.fonts.header_size)))
            self.sheet.row_dimensions[self.row].height = max(self.layout.row_height, 8 + 15 * lines)

    def _draw_header(self) -> None:
        columns, top = self.layout.columns, self.row + 1
        depth = self.layout.header_rows
        look = self._header_look()
        for cell in header_cells(columns):
            self._merge(
                cell.text, look, top + cell.row, cell.column, cell.column + cell.columns - 1, rows=cell.rows
            )
        for level in range(depth):
            self.sheet.row_dimensions[top + level].height = self._header_height(level)
        self.row += depth

    def _draw_samples(self) -> None:
        first = self.row + 1
        for index, column in enumerate(self.layout.columns, start=1):
            native = self._body_look(column, NUMBER_FORMATS[column.format])
            as_text = self._body_look(column, TEXT_FORMAT)
            for offset, look in enumerate((native, as_text)):
                self.styles.apply(self.sheet.cell(first + offset, index), look)
            if column.choices:
                self._offer_choices(column, index, first)
        self.row += SAMPLE_ROWS
        self._cell(self.layout.empty_text, self._body_look(), 0, len(self.widths) - 1)
        for row in range(first, self.row + 1):
            self.sheet.row_dimensions[row].height = self.layout.row_height

    def _draw_totals(self) -> int:
        self.row += 1
        columns = self.layout.columns
        first_total = next(index for index, column in enumerate(columns) if column.total)
        for index, column in enumerate(columns):
            look = self._totals_look(NUMBER_FORMATS[column.format])
            self.styles.apply(self.sheet.cell(self.row, index + 1), look)
        if first_total:
            self._cell(self.layout.totals_label, self._totals_look(), 0, first_total - 1)
        self.sheet.row_dimensions[self.row].height = self.layout.row_height
        return self.row

    def _draw_footers(self, imprint: str) -> None:
        body = self.fonts.body
        for pieces in self.layout.footer_lines:
            self._pieces(pieces, ends_right=False)
        for note in self.layout.notes:
            look = Look(body, self._zoomed(self.fonts.body_size), "left", bordered=False)
            self._full_line(note, look, look.size * 1.6)
        if imprint:
            look = Look(body, self._zoomed(9), "left", bordered=False, color="FF808080")
            self._full_line(imprint, look, look.size * 1.6, literal=True)

    # -- pieces of a row

    def _full_line(self, text: str, look: Look, line_height: float, *, literal: bool = False) -> None:
        self.row += 1
        shown = text if literal else fill_placeholders(text, self.context)
        self._cell(shown, look, 0, len(self.widths) - 1)
        lines = count_lines(shown, self._room(0, len(self.widths) - 1, look.size))
        self.sheet.row_dimensions[self.row].height = min(409, line_height * lines)

    def _pieces(self, pieces: Sequence[str], *, ends_right: bool) -> None:
        self.row += 1
        filled = tuple(fill_placeholders(piece, self.context) for piece in pieces)
        placed = spread_pieces(filled, self.widths)
        lines = 1
        for index, (text, first, last) in enumerate(placed):
            is_last = ends_right and index and index == len(placed) - 1
            horizontal = "right" if is_last else "center" if ends_right and index else "left"
            look = Look(self.fonts.body, self._zoomed(self.fonts.body_size + 1), horizontal, bordered=False)
            self._cell(text, look, first, last)
            lines = max(lines, count_lines(text, self._room(first, last, look.size)))
        self.sheet.row_dimensions[self.row].height = 8 + self._zoomed(17) * lines

    def _zoomed(self, size: float) -> float:
        return round(size * self.zoom * 2) / 2

    def _room(self, first: int, last: int, size: float) -> float:
        """Half-width characters of a font size on a line over these columns (zero-based)."""
        return capacity(sum(self.widths[first : last + 1]), size)

    def _cell(self, text: str, look: Look, first: int, last: int) -> None:
        self._merge(text, look, self.row, first, last)

    def _merge(self, text: str, look: Look, row: int, first: int, last: int, *, rows: int = 1) -> None:
        """A cell over columns `first` to `last` (zero-based) and `rows` rows, styled all over."""
        if last > first or rows > 1:
            self.sheet.merge_cells(
                start_row=row, end_row=row + rows - 1, start_column=first + 1, end_column=last + 1
            )
        for line in range(row, row + rows):
            for index in range(first + 1, last + 2):
                self.styles.apply(self.sheet.cell(line, index), look)
        cell = self.sheet.cell(row, first + 1)
        if shown := shorten(clean_text(text)):
            cell.value = shown
            cell.data_type = "s"  # never a formula, whatever it starts with

    def _offer_choices(self, column: Column, index: int, row: int) -> None:
        offered = ",".join(column.choices).replace('"', '""')
        if len(offered) > _MAX_CHOICES or any("," in choice for choice in column.choices):
            return
        rule = DataValidation(type="list", formula1=f'"{offered}"', allow_blank=True, showErrorMessage=False)
        rule.add(f"{get_column_letter(index)}{row}")
        self.sheet.add_data_validation(rule)

    # -- looks

    def _header_look(self) -> Look:
        return Look(self.fonts.header, self.fonts.header_size)

    def _totals_look(self, number_format: str = "General") -> Look:
        return Look(self.fonts.header, self.fonts.body_size, number_format=number_format)

    def _body_look(self, column: Column | None = None, number_format: str = TEXT_FORMAT) -> Look:
        fonts = self.fonts
        if column is None:
            return Look(fonts.body, fonts.body_size, number_format=number_format)
        is_prose = column.is_wrapped and not column.mask and column.drawn_width >= 16
        horizontal = column.align or ("left" if is_prose else "center")
        return Look(
            fonts.body,
            fonts.body_size,
            horizontal,
            number_format=number_format,
            wrap=column.is_wrapped or number_format == TEXT_FORMAT,
        )

    def _header_height(self, level: int) -> float:
        depth, lines = self.layout.header_rows, 1
        for cell in header_cells(self.layout.columns):
            if cell.row + cell.rows - 1 != level or (cell.rows > 1 and level != depth - 1):
                continue
            room = self._room(cell.column, cell.column + cell.columns - 1, self.fonts.header_size)
            needed = count_lines(cell.text, room)
            lines = max(lines, needed - (cell.rows - 1))
        return 10 + 15 * lines

    # -- the sheet as a whole

    def _set_up_view(self, first_header: int, last_header: int) -> None:
        frozen_column = get_column_letter(self.layout.freeze_columns + 1)
        self.sheet.freeze_panes = f"{frozen_column}{last_header + 1}"
        self.sheet.print_title_rows = f"{first_header}:{last_header}"
        self.sheet.sheet_view.showGridLines = False

    def _set_up_print(self, imprint: str) -> None:
        sheet = self.sheet
        sheet.page_setup.orientation = self.layout.orientation
        sheet.page_setup.paperSize = _PAPER[self.layout.paper]
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, int(self.layout.one_page)
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.print_options.horizontalCentered = True
        sheet.page_margins = PageMargins(left=0.3, right=0.3, top=0.55, bottom=0.7, header=0.3, footer=0.3)
        sheet.HeaderFooter.oddFooter = HeaderFooterItem(center=_HeaderFooterPart(text=page_footer(imprint)))


def print_scale(layout: Layout) -> float:
    """By how much a sheet is shrunk so that its columns fit the paper's width: 0.58, or over 1 where there is room."""
    return _PRINTED[layout.paper, layout.orientation] / sum(layout.widths)


def page_footer(imprint: str) -> str:
    """The footer of each printed page: its number, and below it who exported the sheet and what for."""
    numbers = "第 &P 页，共 &N 页"
    if not imprint:
        return numbers
    stamp = clean_text(imprint).replace("\n", " ").replace("\r", " ").replace("&", "&&")
    if len(stamp) > (room := _MAX_FOOTER - len(numbers) - 10):
        stamp = stamp[: room - 1].rstrip("&") + "…"
    return f"{numbers}\n&8 {stamp}"


def _block_shares(
    fields: Sequence[BlockField], widths: tuple[float, ...]
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Arguments of `spread` for a line of labels and values: short labels and values should not be broken."""
    weights: list[float] = []
    needs: list[float] = []
    for field in fields:
        label = text_width(field.caption) + 2
        weights += [label, 14 * field.weight]
        needs += [label if label < 11 else label / 2 + 2, DEFAULT_WIDTHS[field.format] * field.weight]
    return tuple(weights), widths, tuple(needs)


def _block_text(field: BlockField, context: Mapping[str, object], masked: bool) -> str:
    text = plain_text(context.get(field.key), field.format)
    return MASKS[field.mask](text) if masked and field.mask and text else text


def new_workbook() -> Workbook:
    """An empty workbook without openpyxl's first sheet and its name as author."""
    book = Workbook()
    if book.active is not None:
        book.remove(book.active)
    book.properties.creator = ""
    return book
