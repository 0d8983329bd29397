"""One value into one cell of a form: its own number format where it has one, what suits the value where it has none."""

from __future__ import annotations

import copy
import datetime as dt
import math
from typing import Any

from openpyxl.styles.numbers import is_date_format

TEXT, GENERAL = "@", "General"
_PLAIN = {
    "temp": "0.0", "percent": "0.0%", "decimal": "General", "int": "General", "serial": "General", "time": "hh:mm",
}  # fmt: skip
#: Excel's width of a column that says nothing.
STANDARD_WIDTH = 8.43


def text_width(text: str) -> int:
    """Half-width characters: a Chinese one counts as two."""
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)


def widths_of(sheet: Any) -> dict[int, float]:
    """Widths by column; of neighbours set at once, all of them."""
    widths: dict[int, float] = {}
    for dimension in sheet.column_dimensions.values():
        if dimension.width and dimension.min and dimension.max:
            for column in range(dimension.min, min(dimension.max, dimension.min + 1000) + 1):
                widths[column] = dimension.width
    return widths


def standard_width(sheet: Any) -> float:
    """The width of columns that say nothing in this sheet."""
    return sheet.sheet_format.defaultColWidth or STANDARD_WIDTH


def write_cell(cell: Any, value: Any, format_name: str, width: float) -> str:
    """Write a value; returns the text that will be seen, for the row's height.

    Digits that must stay as they are (numbers of documents, phones) and whatever begins with = are text.
    """
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        cell.value = value
        cell.data_type = "s"
        if cell.number_format == GENERAL and _is_number_like(value):
            cell.number_format = TEXT
        return value
    shown = _shown(value, format_name)
    if cell.number_format == TEXT and not isinstance(value, int):
        cell.value = shown
        cell.data_type = "s"
        return shown
    if isinstance(value, (dt.date, dt.time)):
        cell_format = cell.number_format
        cell.value = value
        cell.number_format = (
            cell_format if is_date_format(cell_format) else _day_format(value, format_name, width)
        )
        return shown if width >= text_width(shown) else ""
    cell.value = value
    if cell.number_format == GENERAL:
        cell.number_format = _PLAIN.get(format_name, GENERAL)
    return shown


def _is_number_like(text: str) -> bool:
    return len(text) > 6 and text[:-1].isascii() and text[:-1].replace("*", "0").isdigit()


def _day_format(value: dt.date | dt.time, format_name: str, width: float) -> str:
    """As much of the day as the column has room for: 2020-01-21, 1月21日, 1-21."""
    if isinstance(value, dt.time) and not isinstance(value, dt.date):
        return "hh:mm"
    has_clock = isinstance(value, dt.datetime) and format_name == "datetime"
    if has_clock:
        return "yyyy-mm-dd hh:mm" if width >= 17 else ('m"月"d"日" hh:mm' if width >= 13 else "m-d hh:mm")
    return "yyyy-mm-dd" if width >= 11 else ('m"月"d"日"' if width >= 8 else "m-d")


def _shown(value: Any, format_name: str) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M" if format_name == "datetime" else "%Y-%m-%d")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    if isinstance(value, float):
        if format_name == "percent":
            return f"{value * 100:.1f}%"
        return f"{value:.1f}" if format_name == "temp" else f"{value:g}"
    return str(value)


def wrap(cell: Any, text: str, width: float) -> int:
    """Let a text that is wider than its column go on a second line; returns how many lines it takes."""
    lines = sum(max(1, math.ceil(text_width(line) / max(1.0, width - 0.7))) for line in text.split("\n"))
    alignment = cell.alignment
    if lines > 1 and not alignment.wrap_text and not alignment.shrink_to_fit:
        wrapped = copy.copy(alignment)
        wrapped.wrap_text = True
        cell.alignment = wrapped
    return lines


def line_height(cell: Any) -> float:
    """Points that a line of this cell takes."""
    return float(cell.font.sz or 11) * 1.35
