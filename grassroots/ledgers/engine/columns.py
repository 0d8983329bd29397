"""Columns of a ledger, and the merged header that they make together."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from grassroots.ledgers.engine.text import text_width

Format = Literal[
    "text", "serial", "int", "date", "short-date", "datetime", "time", "temp", "percent", "decimal"
]
Mask = Literal["id", "phone", "name"]
Align = Literal["", "left", "center", "right"]

MAX_GROUP_LEVELS = 2

#: Width, in Excel's unit (one digit of the standard font), of a column that does not say its own.
DEFAULT_WIDTHS: dict[str, float] = {
    "text": 9, "serial": 5, "int": 6, "date": 11.5, "short-date": 6, "datetime": 16.5,
    "time": 7, "temp": 6, "percent": 7.5, "decimal": 9,
}  # fmt: skip

_RATIO = re.compile(r"ratio:(\w+)/(\w+(?:[+-]\w+)*)")


class LayoutError(ValueError):
    """The layout, as it was saved or edited, cannot be drawn. The message is for the office (Chinese).

    `field` is the attribute of the column or layout that it is about, "" for the whole; `key` the column's.
    """

    def __init__(self, message: str, *, field: str = "", key: str = "") -> None:
        super().__init__(message)
        self.field, self.key = field, key


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a ledger: data, never code.

    `group` is the merged caption above it, or a path of up to two from the top down. `width` is in
    Excel's character unit, 0 = by format. `total` says what the 合计 row shows there: "" nothing, "sum",
    or "ratio:KEY/KEY-KEY" (+ and - allowed below), made of other columns' totals. `aliases` are the
    captions that it goes by elsewhere. `mask` is applied unless the export is an unmasked one.
    `wrap=None` wraps text and nothing else. `choices` become a drop-down list. Raises LayoutError for
    what it does not know.
    """

    key: str
    caption: str
    group: str | tuple[str, ...] = ""
    width: float = 0
    format: Format = "text"
    aliases: tuple[str, ...] = ()
    mask: Mask | None = None
    total: str = ""
    wrap: bool | None = None
    align: Align = ""
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field, trouble in self._troubles():
            raise LayoutError(f"列“{self.caption or self.key}”{trouble}", field=field, key=self.key)

    def _troubles(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the column: the attribute and the words for it."""
        if not self.key:
            yield "key", "没有标识"
        if self.format not in get_args(Format):
            yield "format", f"的格式“{self.format}”不认识"
        if self.mask is not None and self.mask not in get_args(Mask):
            yield "mask", f"的脱敏方式“{self.mask}”不认识"
        if self.align not in get_args(Align):
            yield "align", f"的对齐方式“{self.align}”不认识"
        if self.total not in ("", "sum") and not _RATIO.fullmatch(self.total):
            yield "total", f"的合计方式“{self.total}”不认识"
        if len(self.path) > MAX_GROUP_LEVELS:
            yield "group", "的上级表头多于两层"
        if not 0 <= self.width <= 255:
            yield "width", "的列宽应在0到255之间"

    @property
    def path(self) -> tuple[str, ...]:
        """Captions of the groups above the column, from the top down."""
        groups = (self.group,) if isinstance(self.group, str) else self.group
        return tuple(group for group in groups if group)

    @property
    def full_caption(self) -> str:
        """The caption with its groups before it, on one line: 居家观察-累计."""
        return "-".join((*self.path, self.caption)).replace("\n", "")

    @property
    def is_wrapped(self) -> bool:
        return self.format == "text" if self.wrap is None else self.wrap

    @property
    def is_sum(self) -> bool:
        return self.total == "sum"

    @property
    def ratio(self) -> tuple[str, tuple[tuple[int, str], ...]] | None:
        """A ratio's numerator key, and its denominator's keys with their signs."""
        match = _RATIO.fullmatch(self.total)
        if match is None:
            return None
        terms = re.findall(r"([+-]?)(\w+)", match[2])
        return match[1], tuple((-1 if sign == "-" else 1, key) for sign, key in terms)

    @property
    def drawn_width(self) -> float:
        """Width in Excel's unit: its own, or by format with room for the caption on at most three lines."""
        if self.width:
            return float(self.width)
        longest = max(text_width(line) for line in self.caption.split("\n"))
        return max(DEFAULT_WIDTHS[self.format], longest / 3 + 2.5)

    def to_json(self) -> dict[str, Any]:
        """The column as JSON values; what equals the default is left out."""
        return slim_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        """The column that `to_json` described. Raises LayoutError for names it does not know or misses."""
        return cls(**checked_json(cls, data, "列"))


def slim_json(instance: Any) -> dict[str, Any]:
    """A dataclass instance's fields that differ from their defaults, tuples as lists."""
    given = {field.name: getattr(instance, field.name) for field in dataclasses.fields(instance)}
    defaults = {field.name: field.default for field in dataclasses.fields(instance)}
    return {name: _listed(value) for name, value in given.items() if value != defaults[name]}


def _listed(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_listed(item) for item in value]
    return value.to_json() if hasattr(value, "to_json") else value


def checked_json(kind: type, data: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """Keyword arguments for `kind` out of JSON, lists as tuples. Raises LayoutError naming what is wrong."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := sorted(set(data) - set(fields)):
        raise LayoutError(f"{noun}里有不认识的内容:{'、'.join(unknown)}")
    required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    if missing := sorted(required - set(data)):
        raise LayoutError(f"{noun}缺少内容:{'、'.join(missing)}")
    return {name: _tupled(value) for name, value in data.items()}


def _tupled(value: Any) -> Any:
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """A rectangle of the header: zero-based row and column, and how many of each it covers."""

    text: str
    row: int
    column: int
    rows: int
    columns: int


def header_depth(columns: Sequence[Column]) -> int:
    """How many header rows the columns need (1 to 3)."""
    return 1 + max((len(column.path) for column in columns), default=0)


def header_cells(columns: Sequence[Column]) -> Iterator[HeaderCell]:
    """The header as rectangles that cover it without overlap.

    Neighbours in the same group share one merged cell; a caption reaches from below its groups down to
    the last header row, so that the caption of a column without a group is merged vertically.
    """
    depth = header_depth(columns)
    for level in range(depth - 1):
        yield from _group_cells(columns, level)
    for index, column in enumerate(columns):
        top = len(column.path)
        yield HeaderCell(column.caption, top, index, depth - top, 1)


def _group_cells(columns: Sequence[Column], level: int) -> Iterator[HeaderCell]:
    start = 0
    while start < len(columns):
        path = columns[start].path[: level + 1]
        end = start + 1
        if len(path) > level:
            while end < len(columns) and columns[end].path[: level + 1] == path:
                end += 1
            yield HeaderCell(path[level], level, start, 1, end - start)
        start = end
