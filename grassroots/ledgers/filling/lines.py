"""The blanks in the lines above a form's table: 填报单位(盖章):____ 填报日期:  年 月 日."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from grassroots.ledgers.engine import chinese_date
from grassroots.ledgers.engine.text import text_width
from grassroots.ledgers.reading import Grid
from grassroots.ledgers.reading.parsed import original_text

_BLANK = r"[ \u3000\u00a0_＿—]"
_NO_DAY = rf"{_BLANK}*(?:20)?{_BLANK}*年{_BLANK}*月{_BLANK}*日(?:{_BLANK}*时(?:{_BLANK}*分)?)?"
_UNIT = re.compile(
    rf"((?:填报|填表|报送|上报|制表)?单位(?:名称)?(?:[(（](?:盖章|公章|章|签章)[)）])?{_BLANK}*[:：])"
)
_DAY = re.compile(r"((?:填报|填表|制表|报送|上报|统计)?(?:日期|时间)[:：])")
_CUTOFF = re.compile(r"((?:统计|数据)?截[止至](?:日期|时间)?[:：])")
_EMPTY = re.compile(rf"{_BLANK}*")
_EMPTY_DAY = re.compile(rf"(?:{_NO_DAY}|{_BLANK}*)")


@dataclass(frozen=True, slots=True)
class Blanks:
    """What goes into the blanks: the unit, the day, the cut-off."""

    unit: str
    day: dt.date
    cutoff: str

    def words(self) -> Mapping[re.Pattern[str], str]:
        """The longest label first: 统计截止时间 holds 时间."""
        return {_CUTOFF: self.cutoff, _UNIT: self.unit, _DAY: chinese_date(self.day)}


def filled_line(text: str, blanks: Blanks) -> str:
    """The line with its empty blanks filled in; what somebody has filled in already stays."""
    for label, word in blanks.words().items():
        for match in reversed(list(label.finditer(text))):
            text = _filled(text, match, word, is_day=label is not _UNIT)
    return text


def _filled(text: str, label: re.Match[str], word: str, *, is_day: bool) -> str:
    rest = text[label.end() :]
    blank = (_EMPTY_DAY if is_day else _EMPTY).match(rest)
    assert blank is not None
    following = rest[blank.end() :]
    if following and not (blank[0] and _begins_label(following)):
        return text
    room = 0 if not following else max(2, round(text_width(blank[0]) - text_width(word)))
    return f"{text[: label.end()]}{word}{' ' * room}{following}"


def _begins_label(text: str) -> bool:
    """Whether the next label follows, and not a value that somebody has typed."""
    return bool(re.match(r"[^:：\d]{1,14}[:：]", text))


def filled_cells(grid: Grid, rows: Iterable[int], blanks: Blanks) -> Iterator[tuple[int, int, str]]:
    """(row index, column, text) of cells in these rows whose blanks are filled in.

    A label that ends its cell is answered in the next cell, where that is an empty one.
    """
    covered = {
        (row, column): (top, left)
        for top, left, bottom, right in grid.merged
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    }
    for row in rows:
        for column, value in enumerate(grid.rows[row]):
            text = original_text(value)
            if not text or not isinstance(value, str):
                continue
            after = _next_cell(grid, row, column, covered)
            filled = filled_line(text, blanks)
            if filled == text:
                continue
            is_bare_label = re.fullmatch(r"[^:：]{1,16}[:：]\s*", text) is not None
            if is_bare_label and after is not None and grid.rows[row][after] is None:
                yield row, after, filled[len(text.rstrip()) :].strip()
            else:
                yield row, column, filled


def _next_cell(
    grid: Grid, row: int, column: int, covered: Mapping[tuple[int, int], tuple[int, int]]
) -> int | None:
    """The column after a cell, its merged region passed over."""
    home = covered.get((row, column), (row, column))
    following = column + 1
    while following < grid.width and covered.get((row, following)) == home:
        following += 1
    return following if following < grid.width else None
