"""The layout of a ledger: everything that an office may want otherwise next week, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal, get_args

from grassroots.ledgers.engine.columns import (
    Column,
    Format,
    LayoutError,
    Mask,
    checked_json,
    header_depth,
    slim_json,
)
from grassroots.ledgers.engine.text import text_width

Orientation = Literal["landscape", "portrait"]
Paper = Literal["A4", "A3"]
Pieces = tuple[str, ...]

UNIT_LINE: Pieces = ("填报单位(盖章):{unit}", "统计截止时间:{cutoff}", "填报日期:{filled_on}")
SIGNATURES: Pieces = ("主要领导(签字):", "审核人:", "填表人:", "联系电话:")
ZERO_REPORT_NOTE = "注:无新增也须填报(零报告)。"

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Fonts:
    """Font names as offices have them.

    A workbook names one font a cell and no substitute; the writer therefore marks every font as Chinese
    (charset 134), so that a PC without 方正小标宋简体 or 仿宋 falls back to its own 宋体, not to a Latin
    font.
    """

    title: str = "方正小标宋简体"
    header: str = "黑体"
    body: str = "仿宋"
    title_size: float = 20
    header_size: float = 11
    body_size: float = 11

    def to_json(self) -> dict[str, Any]:
        return slim_json(self)


@dataclass(frozen=True, slots=True)
class BlockField:
    """A label and a value above the table, e.g. 姓名 on a sheet for one person; `weight` is its share of
    the row."""

    key: str
    caption: str
    weight: float = 1
    format: Format = "text"
    mask: Mask | None = None

    def to_json(self) -> dict[str, Any]:
        return slim_json(self)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a ledger looks.

    Lines (`title`, `header_lines`, `unit_line`, `footer_lines`, `notes`) may hold placeholders such as
    {unit} that the export's context fills. `unit_line` and each of `footer_lines` are pieces spread over
    the width. `min_rows` pads the table with empty bordered rows; `empty_text` stands in a table without
    any. `freeze_columns` is the number of columns that stay when the sheet is scrolled sideways. Raises
    LayoutError for what cannot be drawn.
    """

    title: str
    columns: tuple[Column, ...]
    header_lines: tuple[str, ...] = ()
    unit_line: Pieces = UNIT_LINE
    block: tuple[tuple[BlockField, ...], ...] = ()
    footer_lines: tuple[Pieces, ...] = (SIGNATURES,)
    notes: tuple[str, ...] = (ZERO_REPORT_NOTE,)
    totals_label: str = "合计"
    empty_text: str = "无"
    min_rows: int = 0
    row_height: float = 24
    freeze_columns: int = 0
    one_page: bool = False
    orientation: Orientation = "landscape"
    paper: Paper = "A4"
    fonts: Fonts = Fonts()

    def __post_init__(self) -> None:
        if not self.columns:
            raise LayoutError("至少要有一列", field="columns")
        if len(self.columns) > 16_384:
            raise LayoutError("列数超过16384", field="columns")
        keys = [column.key for column in self.columns]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise LayoutError(f"列重复:{'、'.join(twice)}", field="columns")
        if self.orientation not in get_args(Orientation) or self.paper not in get_args(Paper):
            raise LayoutError("纸张只能是A4、A3,横向(landscape)或纵向(portrait)", field="paper")
        if any(2 * len(line) > len(self.columns) for line in self.block):
            raise LayoutError("表头信息一行放不下:每项要占两列", field="columns")
        if not 0 <= self.freeze_columns < len(self.columns) or self.min_rows < 0:
            raise LayoutError("冻结列数或预留行数不对", field="freeze_columns")

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(column.key for column in self.columns)

    @property
    def header_rows(self) -> int:
        return header_depth(self.columns)

    @property
    def has_totals(self) -> bool:
        """A 合计 row is drawn where some column can be added up."""
        return bool(self.totals_label) and any(column.total for column in self.columns)

    @property
    def widths(self) -> tuple[float, ...]:
        return tuple(column.drawn_width for column in self.columns)

    def to_json(self) -> dict[str, Any]:
        """The layout as JSON values; what equals the default is left out."""
        return slim_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Layout:
        """The layout that `to_json` described. Raises LayoutError naming what is wrong with it."""
        values = checked_json(cls, data, "版式")
        try:
            values["columns"] = tuple(Column.from_json(column) for column in values["columns"])
            if "fonts" in values:
                values["fonts"] = Fonts(**checked_json(Fonts, values["fonts"], "字体"))
            if "block" in values:
                values["block"] = tuple(tuple(map(_block_field, line)) for line in values["block"])
            return cls(**values)
        except TypeError as error:
            raise LayoutError("版式的内容不完整或类型不对") from error


def _block_field(data: Mapping[str, Any]) -> BlockField:
    return BlockField(**checked_json(BlockField, data, "表头信息"))


def fill_placeholders(line: str, context: Mapping[str, object]) -> str:
    """The line with {name} replaced from the context; an unknown name leaves nothing.

    Not str.format: lines are edited by offices, and a format string can reach into objects.
    """
    return _PLACEHOLDER.sub(lambda match: str(context.get(match[1], "")), line)


def lines_of(layout: Layout) -> tuple[str, ...]:
    """Every line of text of a layout, pieces one by one."""
    footers = [piece for pieces in layout.footer_lines for piece in pieces]
    return (layout.title, *layout.header_lines, *layout.unit_line, *footers, *layout.notes)


def placeholders_of(layout: Layout) -> set[str]:
    """The names in braces that the layout's lines hold."""
    return {name for line in lines_of(layout) for name in _PLACEHOLDER.findall(line)}


@lru_cache(maxsize=256)
def spread(
    weights: tuple[float, ...], widths: tuple[float, ...], needs: tuple[float, ...] = ()
) -> tuple[tuple[int, int], ...]:
    """Ranges of columns (first, last; zero-based) for pieces of a line, by weight, at least one column each.

    Of all divisions the one that comes nearest to the weights is taken, where being too narrow counts four
    times as much as being too wide, and a piece narrower than its `needs` (Excel's unit) counts most of all.
    Raises LayoutError when there are more pieces than columns.
    """
    if len(weights) > len(widths):
        raise LayoutError("内容多于列数，放不下")
    reached = (0.0, *accumulate(widths))
    scale = reached[-1] / (sum(weights) or 1)
    best: dict[int, tuple[float, tuple[int, ...]]] = {
        0: (0.0, ())
    }  # by first free column: cost, last columns
    for index, weight in enumerate(weights):
        remaining = len(weights) - index - 1
        need = needs[index] if needs else 0.0
        found: dict[int, tuple[float, tuple[int, ...]]] = {}
        for first, (cost, ends) in best.items():
            for end in range(first + 1, len(widths) - remaining + 1):
                width = reached[end] - reached[first]
                off = width - weight * scale
                total = cost + off * off * (4 if off < 0 else 1) + 100 * max(0.0, need - width) ** 2
                if end not in found or total < found[end][0]:
                    found[end] = total, (*ends, end)
        best = found
    ends = best[len(widths)][1]
    return tuple((first, end - 1) for first, end in zip((0, *ends), ends, strict=False))


def spread_pieces(pieces: Pieces, widths: Sequence[float]) -> list[tuple[str, int, int]]:
    """Pieces of a line with their ranges of columns; one merged cell for all when columns are too few."""
    if len(pieces) > len(widths):
        return [("      ".join(pieces), 0, len(widths) - 1)]
    weights = tuple(text_width(piece) + 12 for piece in pieces)
    return [
        (piece, first, last)
        for piece, (first, last) in zip(pieces, spread(weights, tuple(widths)), strict=True)
    ]
