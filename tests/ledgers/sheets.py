"""Sheets as other offices make them: shuffled columns, other captions, other habits, headers at other heights.

    content, truth = make_sheet(FIELDS, records, random.Random(7))

`records` hold plain values by field key (str, int, Decimal, date, None); `truth` says what was written where. Every
choice comes from the generator of random numbers, so that a failing sheet can be made again; any of them may be
fixed by keyword (`make_sheet(…, file_format="csv", header_rows=2)`).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.styles import Border, Side

from grassroots.ledgers.reading import Field
from grassroots.ledgers.reading.dates import nearest_year

NEUTRAL_GROUPS = ("基本信息", "返乡情况", "管控情况", "健康状况", "其他情况")
UNKNOWN_CAPTIONS = ("领导批示", "核查轮次", "短信是否发送", "微信号", "表单版本")
TITLES = (
    "返乡人员信息登记表",
    "附件1\n疫情防控排查台账",
    "××街道疫情防控登记表(2020年第3期)",
    "重点人员情况一览表",
)
NOTES = ("注:无新增也须填报(零报告)。", "说明:1.每日17时前报送;2.此表一式两份。")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("0"), ord("9") + 1)}


@dataclass
class Truth:
    """What a made sheet holds: keys by column (None: a column that no field is), sheet row numbers from 1."""

    keys: list[str | None]
    captions: list[tuple[str, ...]]
    header: tuple[int, int]
    rows: list[int]
    written: list[dict[str, object]]
    reference: dt.date
    name: str
    style: Style


@dataclass
class Style:
    """The choices of one sheet. `blank_rows`, `repeat_header`: rows among the data that are none."""

    file_format: str = "xlsx"
    header_rows: int = 1
    blank_above: int = 0
    has_title: bool = True
    has_unit_line: bool = True
    has_merges: bool = True
    unknown_columns: int = 0
    blank_rows: int = 0
    repeat_header: bool = False
    has_totals: bool = False
    has_signatures: bool = False
    has_note: bool = False
    has_numbers: bool = True
    decorates: bool = True
    habits: bool = True
    reference: dt.date = dt.date(2020, 1, 29)
    extra_captions: Mapping[str, Sequence[str]] = field(default_factory=dict)


def random_style(rng: random.Random, **fixed: Any) -> Style:
    """A style; what is given by keyword is as given."""
    formats = ["xlsx", "xlsx", "xlsx", "csv", "csv-gb18030", "tsv-utf16", "text"]
    drawn: dict[str, Any] = {
        "file_format": rng.choice(formats), "header_rows": rng.choice([1, 1, 2, 3]),
        "blank_above": rng.choice([0, 0, 1, 4]), "has_title": rng.random() < 0.8,
        "has_unit_line": rng.random() < 0.7, "has_merges": rng.random() < 0.8,
        "unknown_columns": rng.choice([0, 0, 1, 3]), "blank_rows": rng.choice([0, 0, 1, 3]),
        "repeat_header": rng.random() < 0.2, "has_totals": rng.random() < 0.4, "has_signatures": rng.random() < 0.5,
        "has_note": rng.random() < 0.4, "has_numbers": rng.random() < 0.8, "decorates": rng.random() < 0.6,
    }  # fmt: skip
    return Style(**{**drawn, **fixed})


def make_sheet(
    fields: Sequence[Field], records: Sequence[Mapping[str, object]], rng: random.Random, **fixed: Any
) -> tuple[bytes, Truth]:
    """A file with these records and the truth about it. Fixed choices by keyword: the fields of `Style`."""
    style = random_style(rng, **fixed)
    columns = _columns(fields, rng, style)
    grid = _Grid(len(columns))
    _write_top(grid, rng, style)
    first = len(grid.rows)
    captions = _write_header(grid, columns, rng, style)
    truth = Truth(
        keys=[column.key if column else None for column in columns], captions=captions,
        header=(first + 1, len(grid.rows)), rows=[], written=[], reference=style.reference,
        name=f"表.{'xlsx' if style.file_format == 'xlsx' else 'csv'}", style=style,
    )  # fmt: skip
    _write_records(grid, columns, records, rng, style, truth, grid.rows[first:])
    _write_bottom(grid, rng, style, len(records))
    return _as_file(grid, style), truth


def expected(value: object) -> object:
    """A record's value as it should come out of the parsers."""
    return value.date() if isinstance(value, dt.datetime) else value


class _Grid:
    def __init__(self, width: int) -> None:
        self.width = width
        self.rows: list[list[object]] = []
        self.merged: list[tuple[int, int, int, int]] = []

    def add(self, cells: Sequence[object]) -> int:
        self.rows.append([*cells, *[None] * (self.width - len(cells))][: max(self.width, len(cells))])
        return len(self.rows) - 1

    def wide(self, text: str) -> None:
        row = self.add([text])
        if self.width > 1:
            self.merged.append((row, 0, row, self.width - 1))


def _columns(fields: Sequence[Field], rng: random.Random, style: Style) -> list[Field | None]:
    """Fields in a random order, those of one group side by side; columns that no field is among them."""
    blocks: dict[tuple[str, ...], list[Field]] = {}
    for number, item in enumerate(fields):
        blocks.setdefault(item.group or (f"#{number}",), []).append(item)
    shuffled = list(blocks.values())
    rng.shuffle(shuffled)
    result: list[Field | None] = []
    for block in shuffled:
        rng.shuffle(block)
        result += block
    for _ in range(style.unknown_columns):
        place = rng.randrange(len(result) + 1)
        before, after = result[place - 1] if place else None, result[place] if place < len(result) else None
        if not (before and after and before.group and before.group == after.group):
            result.insert(place, None)
    return result


def _write_top(grid: _Grid, rng: random.Random, style: Style) -> None:
    for _ in range(style.blank_above):
        grid.add([])
    if style.has_title:
        grid.wide(rng.choice(TITLES))
    if style.has_unit_line:
        day = style.reference
        grid.wide(f"填报单位(盖章):淮口街道    填报日期:{day.year}年{day.month}月{day.day}日")


def _write_header(
    grid: _Grid, columns: Sequence[Field | None], rng: random.Random, style: Style
) -> list[tuple[str, ...]]:
    """Header rows; captions by column with the groups that were written above them."""
    unknown = iter(rng.sample(UNKNOWN_CAPTIONS, len(UNKNOWN_CAPTIONS)))
    depth = style.header_rows if len(columns) > 3 else 1
    groups = _groups(columns, rng, depth)
    captions = []
    for column, above in zip(columns, groups, strict=True):
        leaf = _caption(column, rng, style, is_grouped=bool(above)) if column else next(unknown)
        captions.append((*above, leaf))
    first, depth = len(grid.rows), max(map(len, captions))
    for level in range(depth):
        row = []
        for path in captions:
            is_leaf_row = len(path) - 1 == level
            row.append(path[level] if is_leaf_row or level < len(path) - 1 else None)
        grid.add(_without_repeats(row, captions, level))
    if style.has_merges:
        _merge_header(grid, captions, first, depth)
    return captions


def _groups(columns: Sequence[Field | None], rng: random.Random, depth: int) -> list[tuple[str, ...]]:
    if depth == 1:
        return [() for _ in columns]
    neutral = iter([*rng.sample(NEUTRAL_GROUPS, len(NEUTRAL_GROUPS)), *(f"第{n}部分" for n in range(99))])
    groups: list[tuple[str, ...]] = []
    current, left = (), 0
    for place, column in enumerate(columns):
        if column is not None and column.group:
            groups.append(column.group[-(depth - 1) :])
            current, left = (), 0
            continue
        if left == 0:
            run = rng.choice([0, 0, 2, 3])
            following = columns[place : place + run]
            is_free = len(following) == run and all(item is None or not item.group for item in following)
            current, left = ((next(neutral),), run) if run and is_free else ((), 1)
        groups.append(current)
        left -= 1
    if depth == 3:
        groups = [
            ("总表", *path) if len(path) == 1 and not _is_own(columns[i], path) else path
            for i, path in enumerate(groups)
        ]
    return groups


def _is_own(column: Field | None, path: tuple[str, ...]) -> bool:
    return column is not None and column.group[-1:] == path[-1:]


def _caption(column: Field, rng: random.Random, style: Style, *, is_grouped: bool) -> str:
    options = [column.caption, *column.aliases, *style.extra_captions.get(column.key, ())]
    text = rng.choice(options)
    if column.group and not is_grouped and text == column.caption:
        text = f"{column.group[-1]}{text}"
    if style.decorates:
        text = rng.choice(
            [text, text, f" {text} ", f"{text}*", "\n".join((text[:2], text[2:])).strip(), f"{text}:"]
        )
        if column.kind == "temp":
            text += rng.choice(["", "(℃)", "(°C)"])
    return text


def _without_repeats(row: list[Any], captions: list[tuple[str, ...]], level: int) -> list[Any]:
    """A group's caption stands in its first column only."""
    result = list(row)
    for column in range(1, len(row)):
        is_group = level < len(captions[column]) - 1
        if (
            is_group
            and captions[column][: level + 1] == captions[column - 1][: level + 1]
            and level < len(captions[column - 1]) - 1
        ):
            result[column] = None
    return result


def _merge_header(grid: _Grid, captions: list[tuple[str, ...]], first: int, depth: int) -> None:
    for level in range(depth - 1):
        start = 0
        while start < len(captions):
            end = start + 1
            if level < len(captions[start]) - 1:
                while (
                    end < len(captions)
                    and level < len(captions[end]) - 1
                    and captions[end][: level + 1] == captions[start][: level + 1]
                ):
                    end += 1
                if end - start > 1:
                    grid.merged.append((first + level, start, first + level, end - 1))
            start = end
    for column, path in enumerate(captions):
        if len(path) < depth:
            grid.merged.append((first + len(path) - 1, column, first + depth - 1, column))


def _write_records(
    grid: _Grid, columns: Sequence[Field | None], records: Sequence[Mapping[str, object]], rng: random.Random,
    style: Style, truth: Truth, header: list[list[object]],
) -> None:  # fmt: skip
    blanks = set(rng.sample(range(len(records)), min(style.blank_rows, len(records)))) if records else set()
    middle = len(records) // 2 if style.repeat_header and len(records) > 3 else -1
    for index, record in enumerate(records):
        if index in blanks:
            grid.add([])
        if index == middle:
            for row in header:
                grid.add(row)
        cells = [_cell(column, record, index, rng, style) for column in columns]
        truth.rows.append(grid.add(cells) + 1)
        truth.written.append({item.key: cell for item, cell in zip(columns, cells, strict=True) if item})


def _cell(
    column: Field | None, record: Mapping[str, object], index: int, rng: random.Random, style: Style
) -> object:
    if column is None:
        return rng.choice([None, "略", 7])
    value = record.get(column.key)
    if column.kind == "serial":
        return index + 1 if style.has_numbers else None
    return habit(value, rng, style) if style.habits else _plain(value)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def habit(value: object, rng: random.Random, style: Style) -> object:
    """A value as some clerk writes it."""
    if isinstance(value, dt.date):
        return _date_habit(value, rng, style)
    if isinstance(value, Decimal):
        wide = str(value).translate(_FULL_WIDTH).replace(".", "．")
        return rng.choice(
            [
                float(value),
                float(value),
                str(value),
                f"{value}℃",
                f"{value} ℃",
                wide,
                str(value).replace(".", "。"),
            ]
        )
    if isinstance(value, str) and value.isdigit() and len(value) == 11:
        dashed = f"{value[:3]}-{value[3:7]}-{value[7:]}"
        return rng.choice([value, value, int(value), dashed, f" {value}", dashed.replace("-", " ")])
    if isinstance(value, str) and len(value) == 18 and value[:17].isdigit():
        return rng.choice(
            [value, value, f"{value}\t", f" {value} ", value.lower(), value.translate(_FULL_WIDTH)]
        )
    return value


def _date_habit(day: dt.date, rng: random.Random, style: Style) -> object:
    m, d = day.month, day.day
    serial = (day - dt.date(1899, 12, 30)).days
    options: list[object] = [
        day, f"{day.year}.{m}.{d}", f"{day.year}年{m}月{d}日", f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{day:%Y%m%d}",
        f"{day.year % 100}.{m}.{d}" if day.year >= 2000 else day, serial if 33000 < serial < 65000 else day,
    ]  # fmt: skip
    if style.has_unit_line and nearest_year(m, d, style.reference) == day:
        options += [f"{m}月{d}日", f"{m}.{d}", f"{m}/{d}", f"{m}月{d}号"]
    return rng.choice(options)


def _write_bottom(grid: _Grid, rng: random.Random, style: Style, count: int) -> None:
    if style.has_totals:
        grid.add([rng.choice(["合计", "合 计", "总计"]), count])
    if style.has_signatures:
        grid.wide("主要领导(签字):          审核人:          填表人:          联系电话:")
    if style.has_note:
        grid.wide(rng.choice(NOTES))


def _as_file(grid: _Grid, style: Style) -> bytes:
    if style.file_format == "xlsx":
        return _as_workbook(grid, style)
    delimiter = "," if style.file_format.startswith("csv") else "\t"
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    for row in grid.rows:
        writer.writerow(["" if cell is None else cell for cell in row])
    encoding = {"csv-gb18030": "gb18030", "tsv-utf16": "utf-16", "text": "utf-8"}.get(
        style.file_format, "utf-8-sig"
    )
    return file.getvalue().encode(encoding)


def _as_workbook(grid: _Grid, style: Style) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Sheet1"
    side = Side(style="thin")
    for number, row in enumerate(grid.rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column, value)
            if isinstance(value, str):
                cell.data_type = "s"  # also what begins with =
            cell.border = Border(left=side, right=side, top=side, bottom=side)
    if style.has_merges:
        for top, left, bottom, right in grid.merged:
            sheet.merge_cells(
                start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1
            )
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
