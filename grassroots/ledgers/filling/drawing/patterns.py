"""How the rows of a form look: the prepared ones, again and again; the header's borders where none are prepared."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

MOST_PERIOD = 4


@dataclass(slots=True)
class RowLook:
    """One row's styles by column, its height, and the columns that its cells are merged over."""

    styles: dict[int, Any] = field(default_factory=dict)
    height: float | None = None
    merges: tuple[tuple[int, int], ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for rows that look alike."""
        styles = tuple((column, tuple(style)) for column, style in sorted(self.styles.items()))
        return styles, self.height, self.merges

    def apply(self, sheet: Any, row: int) -> None:
        """Make a row look so."""
        for column, style in self.styles.items():
            sheet.cell(row, column)._style = copy.copy(style)
        if self.height is not None:
            sheet.row_dimensions[row].height = self.height
        for left, right in self.merges:
            sheet.merge_cells(start_row=row, end_row=row, start_column=left, end_column=right)


def looks_of(sheet: Any, first: int, last: int) -> list[RowLook]:
    """The shortest run of looks that the prepared rows repeat (bands of two colours: two); [] where none are."""
    looks = [_look(sheet, row) for row in range(first, min(last, first + 199) + 1)]
    keys = [look.key for look in looks]
    for period in range(1, MOST_PERIOD + 1):
        if len(keys) > period and all(keys[i] == keys[i % period] for i in range(len(keys))):
            return looks[:period]
    # The first and the last row often differ in a border: what is repeated is what stands between.
    inner = keys[1:-1]
    for period in range(1, MOST_PERIOD + 1):
        if len(inner) > period and all(inner[i] == inner[i % period] for i in range(len(inner))):
            return [looks[1 + (i - 1) % period] for i in range(period)] if period > 1 else [looks[1]]
    return looks[:1]


def _look(sheet: Any, row: int) -> RowLook:
    look = RowLook(height=sheet.row_dimensions[row].height if row in sheet.row_dimensions else None)
    for column in range(1, sheet.max_column + 1):
        cell = sheet._cells.get((row, column))
        if cell is not None and cell.has_style:
            look.styles[column] = copy.copy(cell._style)
    look.merges = tuple(
        sorted(
            (region.min_col, region.max_col)
            for region in sheet.merged_cells.ranges
            if region.min_row == region.max_row == row
        )
    )
    return look


def look_of_header(sheet: Any, row: int, columns: Sequence[int]) -> RowLook:
    """A row for a form that has none prepared: the header's borders, its font without its weight and colour."""
    probe = sheet.max_row + 1
    look = RowLook()
    thin = Side(style="thin")
    for column in columns:
        head, cell = sheet.cell(row, column), sheet.cell(probe, column)
        border = head.border
        has_border = any(side is not None and side.style for side in (border.left, border.right, border.top))
        edge = Border(left=thin, right=thin, top=thin, bottom=thin)
        cell.border = edge if has_border else Border()
        cell.font = Font(
            name=head.font.name, sz=head.font.sz, charset=head.font.charset, family=head.font.family
        )
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.fill = PatternFill()
        look.styles[column] = copy.copy(cell._style)
        del sheet._cells[probe, column]
    return look


def has_border(sheet: Any, row: int, columns: Sequence[int]) -> bool:
    """Whether most of these cells of a row have a border."""
    count = 0
    for column in columns:
        cell = sheet._cells.get((row, column))
        if cell is not None and cell.has_style:
            border = cell.border
            sides = (border.left, border.right, border.top, border.bottom)
            count += any(side is not None and side.style for side in sides)
    return count * 2 > len(columns)
