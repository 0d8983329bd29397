"""Empty forms as offices above send them, made at random, and what must be true of them once they are filled."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import openpyxl
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from grassroots.ledgers.engine import Column
from tests.texts import typed_wide

THIN, THICK = Side(style="thin"), Side(style="medium")
EDGE = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
UNKNOWN = ("领导批示", "微信号", "核查轮次")
GROUPS = ("基本信息", "返乡情况", "管控情况", "其他情况")


@dataclass
class FormTruth:
    """A form as it was made: keys by column (None: no field is that), sheet rows from 1."""

    keys: list[str | None]
    header: tuple[int, int]
    first: int
    prepared: int
    footer: list[tuple[int, str]]
    totals: int | None
    looks: list[tuple[str, str, float | None]] = field(
        default_factory=list
    )  # fill, font, height by prepared row
    number_formats: dict[str, str] = field(default_factory=dict)
    widths: dict[str, float] = field(default_factory=dict)
    is_numbered: bool = False


def make_form(columns: Sequence[Column], rng: random.Random, **fixed: Any) -> tuple[bytes, FormTruth]:
    """A workbook and the truth about it. Choices that may be fixed: header_rows, prepared, has_totals, has_note,
    has_signatures, is_banded, gap (blank rows before the footer)."""
    choice = {
        "header_rows": rng.choice([1, 2, 3]), "prepared": rng.choice([0, 1, 3, 10]), "has_totals": rng.random() < 0.3,
        "has_note": rng.random() < 0.5, "has_signatures": rng.random() < 0.7, "is_banded": rng.random() < 0.3,
        "gap": rng.choice([0, 0, 1]), "unknown": rng.choice([0, 1, 2]), "is_numbered": rng.random() < 0.2,
    } | fixed  # fmt: skip
    picked = rng.sample(list(columns), rng.randint(max(4, len(columns) // 2), len(columns)))
    cast: list[Column | None] = [*picked, *[None] * choice["unknown"]]
    rng.shuffle(cast)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = rng.choice(["附件1", "Sheet1", "上报表 (2)", "O'Neil"])
    row = _top(sheet, rng, len(cast))
    truth = FormTruth(
        [item.key if item else None for item in cast], (row, row), 0, choice["prepared"], [], None
    )
    truth.is_numbered = choice["is_numbered"]
    last = _header(sheet, cast, rng, row, choice["header_rows"])
    truth.header, truth.first = (row, last), last + 1
    _prepared(sheet, cast, rng, truth, choice)
    _bottom(sheet, rng, truth, choice, len(cast))
    _set_up(sheet, rng, truth, len(cast))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue(), truth


def _top(sheet: Any, rng: random.Random, width: int) -> int:
    row = rng.choice([1, 1, 2])
    sheet.cell(row, 1, "附件1\n返乡人员情况台账").font = Font(name="方正小标宋简体", size=18)
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)
    sheet.row_dimensions[row].height = 42
    if rng.random() < 0.7:
        row += 1
        blanks = "填报单位(盖章):            填报日期:     年   月   日"
        sheet.cell(row, 1, rng.choice([blanks, typed_wide(blanks)]))
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)
    return row + 1


def _header(sheet: Any, cast: Sequence[Column | None], rng: random.Random, top: int, depth: int) -> int:
    unknown = iter(rng.sample(UNKNOWN, len(UNKNOWN)))
    paths: list[tuple[str, ...]] = []
    groups = iter([*GROUPS, *(f"第{n}部分" for n in range(99))])
    current: tuple[str, ...] = ()
    for item in cast:
        if depth > 1 and rng.random() < 0.4:
            current = (next(groups),) if rng.random() < 0.7 else ()
        above = (item.path[-1:] if item and item.path else current) if depth > 1 else ()
        leaf = rng.choice([item.caption, *item.aliases]) if item else next(unknown)
        if item and item.path and depth == 1:
            leaf = f"{item.path[-1]}{item.caption}"
        paths.append((*(("总表",) if depth == 3 and above else ()), *above, leaf))
    for column, path in enumerate(paths, start=1):
        for level in range(depth):
            cell = sheet.cell(top + level, column)
            cell.border, cell.font = EDGE, Font(name="黑体", size=11, bold=True, color="FF0000")
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        for level, text in enumerate(path):
            sheet.cell(top + level, column, text)
        if len(path) < depth:
            sheet.merge_cells(
                start_row=top + len(path) - 1, end_row=top + depth - 1, start_column=column, end_column=column
            )
    for level in range(depth - 1):
        _merge_groups(sheet, paths, top, level)
    return top + depth - 1


def _merge_groups(sheet: Any, paths: Sequence[tuple[str, ...]], top: int, level: int) -> None:
    start = 0
    while start < len(paths):
        end = start + 1
        if level < len(paths[start]) - 1:
            while (
                end < len(paths)
                and level < len(paths[end]) - 1
                and paths[end][: level + 1] == paths[start][: level + 1]
            ):
                end += 1
            if end - start > 1:
                sheet.merge_cells(
                    start_row=top + level, end_row=top + level, start_column=start + 1, end_column=end
                )
        start = end


def _prepared(
    sheet: Any, cast: Sequence[Column | None], rng: random.Random, truth: FormTruth, choice: Any
) -> None:
    font = rng.choice(["仿宋", "宋体"])
    height = rng.choice([None, 24, 30])
    dates = [item.key for item in cast if item and item.format in ("date", "short-date")]
    formats = {key: rng.choice(["yyyy/m/d", "General", "@"]) for key in dates}
    truth.number_formats = formats if choice["prepared"] else {}
    for index in range(choice["prepared"]):
        row = truth.first + index
        color = "FFEEEEEE" if choice["is_banded"] and index % 2 else None
        for column, item in enumerate(cast, start=1):
            cell = sheet.cell(row, column)
            cell.border, cell.font = EDGE, Font(name=font, size=11)
            cell.alignment = Alignment(horizontal="center", vertical="center")
            if color:
                cell.fill = PatternFill("solid", fgColor=color)
            if item and item.key in truth.number_formats:
                cell.number_format = truth.number_formats[item.key]
        if height:
            sheet.row_dimensions[row].height = height
        if choice["is_numbered"] and "number" in truth.keys:
            sheet.cell(row, truth.keys.index("number") + 1, index + 1)
        truth.looks.append((color or "", font, height))


def _bottom(sheet: Any, rng: random.Random, truth: FormTruth, choice: Any, width: int) -> None:
    row = truth.first + choice["prepared"]
    if choice["has_totals"]:
        truth.totals = row
        for column in range(1, width + 1):
            sheet.cell(row, column).border = EDGE
        sheet.cell(row, 1, rng.choice(["合计", "合  计"]))
        truth.footer.append((row, sheet.cell(row, 1).value))
        row += 1
    texts = ["主要领导(签字):     审核人:     填表人:"] if choice["has_signatures"] else []
    texts += (
        [rng.choice(["注:无新增也须填报(零报告)。", "说明:每日17时前报送。"])] if choice["has_note"] else []
    )
    if texts:
        row += choice["gap"]
    for text in texts:
        sheet.cell(row, 1, text).font = Font(name="楷体", size=12)
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)
        sheet.row_dimensions[row].height = 26
        truth.footer.append((row, text))
        row += 1


def _set_up(sheet: Any, rng: random.Random, truth: FormTruth, width: int) -> None:
    for column in range(1, width + 1):
        if rng.random() < 0.5:
            letter = get_column_letter(column)
            truth.widths[letter] = sheet.column_dimensions[letter].width = rng.choice([6, 12, 20.5])
    sheet.print_title_rows = f"{truth.header[0]}:{truth.header[1]}"
    sheet.page_setup.orientation = "landscape"
    last = max([truth.first + truth.prepared - 1, truth.header[1], *(row for row, _text in truth.footer)])
    sheet.print_area = f"A1:{get_column_letter(width)}{last}"
    if truth.prepared:
        letter = get_column_letter(width)
        cells = f"{letter}{truth.first}:{letter}{truth.first + truth.prepared - 1}"
        validation = DataValidation(type="list", formula1='"是,否"', allow_blank=True)
        validation.add(cells)
        sheet.add_data_validation(validation)
        rule = CellIsRule(operator="equal", formula=['"是"'], fill=PatternFill(bgColor="FFFF0000"))
        sheet.conditional_formatting.add(cells, rule)
