"""Where in a sheet the table is: its header rows, captions with their groups, and the lines around it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from grassroots.ledgers.reading import dates
from grassroots.ledgers.reading.captions import Caption, Field, match_captions, scorer
from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.parsed import original_text
from grassroots.ledgers.reading.rows import footer_rows

MAX_HEADER_ROWS = 3
#: A header further down than this many filled rows is not looked for.
SEARCHED_ROWS = 200
LONGEST_CAPTION = 60
_LINE = re.compile(
    r"(填报|填表|制表|报送|上报|统计|审核|单位|日期|时间|截止|电话|签字|签名|签章|领导|联系人|负责人|网格员|表人)[^:：]{0,12}[:：]"
)


@dataclass(slots=True)
class Table:
    """A table in a grid. `header` and `body` are first and last index of rows (body: last < first if empty).

    `lines` are the texts above the header below the title (unit line, date); `footer` the indexes of the rows below
    the data that are signatures, notes and totals.
    """

    grid: Grid
    header: tuple[int, int]
    body: tuple[int, int]
    captions: list[Caption]
    title: str = ""
    lines: list[str] = field(default_factory=list)
    footer: list[int] = field(default_factory=list)


#: A number of somebody, also covered: no caption has one, the lines above a sheet of one person do.
_NUMBER = re.compile(r"[0-9]{11}|[0-9]{2}\*{3}")


def find_tables(grid: Grid, fields: Sequence[Field]) -> Table | None:
    """The table whose header the fields explain best, at any height; None where no header is found.

    A header needs two known captions, or one where it has no more than two columns. Further blocks of the same
    columns below it belong to its body (`rows.data_rows` skips their headers).
    """
    best: tuple[float, int, int, list[Caption]] | None = None
    score = scorer(fields)
    seen = 0
    for first in range(len(grid.rows)):
        if all(value is None for value in grid.rows[first]):
            continue
        seen += 1
        if seen > SEARCHED_ROWS or (best and first > best[1] + SEARCHED_ROWS // 4):
            break
        for depth in range(1, MAX_HEADER_ROWS + 1):
            last = first + depth - 1
            if last >= len(grid.rows) or not _may_be_header(grid, first, last):
                break
            captions = header_captions(grid, first, last)
            value = score(captions)
            needed = 2 if len(captions) > 2 else 1
            if value >= needed and (best is None or value > best[0]):
                best = value, first, last, captions
    if best is None:
        return None
    return _table(grid, *_whole_header(grid, best[1], best[2], fields))


def table_at(grid: Grid, first: int, last: int) -> Table:
    """The table whose header rows are known."""
    return _table(grid, first, last)


def reference_date(table: Table) -> dt.date | None:
    """The sheet's own day: of the lines above it, its title, its day captions, or the latest day in its body.

    By it a day without a year gets one (dates.parse_date).
    """
    texts = [table.title, *table.lines]
    named = [day for text in texts for day in dates.full_dates(text)]
    captions = [part for caption in table.captions for part in caption.path]
    if named:
        return max(named)
    if own := [day for text in captions for day in dates.full_dates(text)]:
        return max(own)
    days = [pair for text in [*texts, *captions] for pair in dates.month_days(text)]
    years = [year for text in [*texts, table.grid.sheet] if (year := dates.year_in(text))]
    if days and years:
        return max(
            day for month, date in days if (day := dates.nearest_year(month, date, dt.date(years[0], 12, 31)))
        )
    written = _latest_in_body(table)
    if days and written:
        return max(day for month, date in days if (day := dates.nearest_year(month, date, written)))
    return written or (dt.date(years[0], 12, 31) if years else None)


def _latest_in_body(table: Table) -> dt.date | None:
    latest: dt.date | None = None
    first, last = table.body
    for row in table.grid.rows[first : last + 1]:
        for value in row:
            day: dt.date | None = None
            if isinstance(value, dt.datetime):
                day = value.date()
            elif isinstance(value, dt.date):
                day = value
            elif isinstance(value, str) and 8 <= len(value) <= 20 and value[:2] in ("19", "20"):
                day = next(iter(dates.full_dates(value)), None)
            if day and day.year < dates.LAST_YEAR and (latest is None or day > latest):
                latest = day
    return latest


# -- header rows


def header_captions(grid: Grid, first: int, last: int) -> list[Caption]:
    """A caption for each column that has one in these rows; groups reach over their merged cells.

    Where the format tells no merged cells, a text with nothing to its right and something below reaches as far as
    that goes.
    """
    levels = [_spread(grid, row, last) for row in range(first, last + 1)]
    covered = _covered_captions(grid, first, last)
    found = []
    for column in range(grid.width):
        if column in covered:
            continue
        path: list[str] = []
        for level in levels:
            text = level[column]
            if text and (not path or path[-1] != text):
                path.append(text)
        if path:
            found.append(Caption(column, tuple(path)))
    return found


def _covered_captions(grid: Grid, first: int, last: int) -> set[int]:
    """Columns that the merged caption of a column to their left reaches over, down to the last header row."""
    return {
        column
        for top, left, bottom, right in grid.merged
        if top >= first and bottom >= last >= top
        for column in range(left + 1, right + 1)
    }


def _spread(grid: Grid, row: int, last: int) -> list[str]:
    """The texts of a header row, each over the columns that it stands above."""
    texts = [_text(value) for value in grid.rows[row]]
    covered = set()
    for top, left, bottom, right in grid.merged:
        if top <= row <= bottom and (right > left or bottom > top):
            text = _text(grid.rows[top][left])
            for column in range(left, right + 1):
                texts[column] = text
                covered.add(column)
    for column in range(1, grid.width):
        is_open = row < last and not texts[column] and not {column, column - 1} & covered
        if is_open and all(_has_text_below(grid, row, last, each) for each in (column - 1, column)):
            texts[column] = texts[column - 1]
    return texts


def _has_text_below(grid: Grid, row: int, last: int, column: int) -> bool:
    return any(grid.rows[below][column] is not None for below in range(row + 1, last + 1))


def _text(value: object) -> str:
    return original_text(value).strip()


def _may_be_header(grid: Grid, first: int, last: int) -> bool:
    """Whether the rows hold nothing but captions: short texts (or days), more than one, no label with a colon."""
    for row in range(first, last + 1):
        texts = [_text(value) for value in grid.rows[row] if value is not None]
        if not texts or any(len(text) > LONGEST_CAPTION or _NUMBER.search(text) for text in texts):
            return False
        if len(texts) == 1 and ((grid.width > 2 and row == first) or _is_wide(grid, row)):
            return False
        if sum(bool(_LINE.search(text)) for text in texts) * 2 > len(texts):
            return False
        numbers = sum(
            isinstance(value, (int, float)) and not isinstance(value, bool) for value in grid.rows[row]
        )
        if row > first and numbers * 2 > len(texts):
            return False
    return True


def _is_wide(grid: Grid, row: int) -> bool:
    """Whether the row is one merged cell over most of the width: a title or a note."""
    return any(
        top <= row <= bottom and right - left + 1 > max(2, grid.width * 0.6)
        for top, left, bottom, right in grid.merged
    )


def _whole_header(grid: Grid, first: int, last: int, fields: Sequence[Field]) -> tuple[int, int]:
    """The header with rows that its merged cells reach into, a row of groups above, and one of parts below."""
    score = scorer(fields)
    best = score(header_captions(grid, first, last))
    for top, left, bottom, right in grid.merged:
        if top < first <= bottom and right - left < grid.width - 1 and bottom - top < MAX_HEADER_ROWS:
            first = min(first, top)
        if first <= top <= last < bottom and bottom - first < MAX_HEADER_ROWS:
            last = bottom
    if last - first + 1 < MAX_HEADER_ROWS and first > 0 and _is_group_row(grid, first - 1, first):
        above = header_captions(grid, first - 1, last)
        if len(above) > len(header_captions(grid, first, last)) or score(above) >= best:
            first -= 1
    while last - first + 1 < MAX_HEADER_ROWS and _is_part_row(grid, first, last, fields):
        last += 1
    return first, last


def _is_group_row(grid: Grid, row: int, header: int) -> bool:
    """Whether a row above the captions names groups of them: each text above captions, and not one over all."""
    texts = [column for column, value in enumerate(grid.rows[row]) if value is not None]
    if not texts or (not _may_be_header(grid, row, row) and len(texts) > 1) or _is_wide(grid, row):
        return False
    if len(texts) == 1 and not any(
        top == row and left == texts[0] < right for top, left, _b, right in grid.merged
    ):
        return False
    return all(isinstance(grid.rows[row][column], str) for column in texts)


def _is_part_row(grid: Grid, first: int, last: int, fields: Sequence[Field]) -> bool:
    """Whether the row below the header only divides some of its captions: 上午, 下午 under a day.

    It holds words, nothing below a caption that is known already, and no single remark.
    """
    row = last + 1
    if row >= len(grid.rows) or not _may_be_header(grid, row, row):
        return False
    filled = {column for column, value in enumerate(grid.rows[row]) if value is not None}
    if len(filled) < 2 or not all(isinstance(grid.rows[row][column], str) for column in filled):
        return False
    known = match_captions(header_captions(grid, first, last), fields)
    return not filled & {match.caption.column for match in known if match.field}


def _table(grid: Grid, first: int, last: int) -> Table:
    texts = []
    for row in range(first):
        line = [_text(value) for value in grid.rows[row] if value is not None]
        if line:
            texts.append("  ".join(dict.fromkeys(line)))
    title = next((text for text in texts if not _LINE.search(text)), "")
    table = Table(
        grid, (first, last), (last + 1, len(grid.rows) - 1), header_captions(grid, first, last), title
    )
    table.lines = [text for text in texts if text != title]
    table.footer = footer_rows(table)
    return table
