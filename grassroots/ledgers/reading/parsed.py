"""What a cell was read as."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Generic, TypeVar

from grassroots.grid.text import narrow

T = TypeVar("T")

#: What is written into a cell to say that there is nothing.
NOTHING = frozenset(
    {"", "/", "\\", "-", "--", "---", "—", "无", "没有", "暂无", "不详", "未知", "×", "n/a", "N/A"}
)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """A value (None: nothing usable), what is wrong with the cell in the clerk's words, and the cell as typed."""

    value: T | None
    problem: str = ""
    original: str = ""


def original_text(value: object) -> str:
    """A cell as the clerk sees it: whole floats without `.0`, dates in ISO form, blanks kept."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    return str(value)


def float_text(value: float) -> str:
    """A number without exponent while its digits are exact; 5.10112198307058E+17 as Excel shows it otherwise."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value.is_integer():
        return str(int(value)) if abs(value) < 10**15 else f"{value:.14E}"
    return repr(value)


def tidy(value: object) -> str:
    """A cell as half-width text without invisible characters or blanks around it."""
    return narrow(original_text(value))
