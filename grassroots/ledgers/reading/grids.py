"""A sheet, or a text, as rows of plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | None
#: top, left, bottom, right; zero-based, inclusive
Region = tuple[int, int, int, int]


@dataclass(slots=True)
class Grid:
    """One sheet or text.

    `rows` are of equal length; an empty cell is None. `first_row` is the sheet's own number (from 1) of rows[0].
    `merged` are regions in terms of `rows`, where the format tells them. `notes` are remarks on the file for the
    clerk: macros left out, formulas without a value. `is_1904`: serial numbers of days count from 1904.
    """

    sheet: str
    rows: list[list[object]]
    first_row: int = 1
    merged: tuple[Region, ...] = ()
    notes: tuple[str, ...] = field(default=())
    is_hidden: bool = False
    is_1904: bool = False

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.rows[0]) if self.rows else 0

    def number_of(self, index: int) -> int:
        """The sheet's own row number of rows[index]."""
        return self.first_row + index


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing that can be seen."""
    return value is None or (isinstance(value, str) and not value.strip("\u200b\ufeff \t\r\n\u00a0\u3000"))


def trimmed(grid: Grid) -> Grid:
    """The grid without blank rows at its end and blank columns at its right; blank texts become None. In place."""
    for row in grid.rows:
        for index, value in enumerate(row):
            if is_blank(value):
                row[index] = None
        while row and row[-1] is None:
            row.pop()
    return squared(grid)


def squared(grid: Grid) -> Grid:
    """The grid with rows of equal length, where no row ends in a blank; blank rows at its end go. In place."""
    rows = grid.rows
    while rows and not rows[-1]:
        rows.pop()
    height, width = len(rows), max(map(len, rows), default=0)
    for row in rows:
        if len(row) < width:
            row.extend([None] * (width - len(row)))
    grid.merged = tuple(
        (top, left, min(bottom, height - 1), min(right, width - 1))
        for top, left, bottom, right in grid.merged
        if top < height and left < width
    )
    return grid
