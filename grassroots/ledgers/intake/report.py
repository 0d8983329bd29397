"""The result of an import as the same sheet with a column of remarks: to be sent back, or mended and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Side
from openpyxl.utils import get_column_letter

from grassroots.ledgers.engine.csv_out import guarded
from grassroots.ledgers.engine.text import clean_text
from grassroots.ledgers.intake.content import Content, content_of
from grassroots.ledgers.intake.planning import records_for, sheets_of
from grassroots.ledgers.intake.preview import Line, all_lines
from grassroots.ledgers.intake.protocol import Effect, import_kind
from grassroots.ledgers.intake.source import source_bytes, source_open
from grassroots.ledgers.models import ImportBatch
from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.parsed import original_text

CAPTION = "导入结果"
ZIP = b"PK\x03\x04"
#: Above this many rows a workbook is written plainly: openpyxl holds all cells of the original in memory.
STYLED_ROWS = 20_000
_WORDS = {
    Effect.CREATED: "新增",
    Effect.UPDATED: "更新",
    Effect.UNCHANGED: "无变化",
    Effect.REJECTED: "未收",
}
_THIN = Side(style="thin")


def remark_of(line: Line) -> str:
    """What is to be said about a row, in one cell."""
    words = _WORDS[Effect(line.effect)]
    if line.changes:
        words += (
            "(" + ";".join(f"{one.label}:{one.old or '空'}→{one.new or '空'}" for one in line.changes) + ")"
        )
    parts = [words, *line.proposals]
    parts += [f"【{one.column}】{one.message}" if one.column else one.message for one in line.problems]
    return "\n".join(parts)


def report_suffix(batch: ImportBatch) -> str:
    """'xlsx' where the file that came in is one, else 'csv'."""
    with source_open(batch) as file:
        is_zip = file.read(4) == ZIP
    return "xlsx" if is_zip and not batch.is_text else "csv"


def report_write(batch: ImportBatch, target: Path | IO[bytes], suffix: str = "") -> str:
    """Write the report as xlsx or csv (default: by the target's name, else as the file came); returns which.

    Raises SourceGone, UnreadableFile, OSError.
    """
    named = target.suffix.lower().lstrip(".") if isinstance(target, Path) else ""
    suffix = suffix or (named if named in ("xlsx", "csv") else report_suffix(batch))
    content = content_of(batch)
    remarks = _remarks(batch, content)
    if suffix == "csv":
        data = _as_csv(content, remarks)
    elif report_suffix(batch) == "xlsx" and sum(len(grid.rows) for grid in content.grids) <= STYLED_ROWS:
        data = _into_original(batch, content, remarks)
    else:
        data = _as_workbook(content, remarks)
    if isinstance(target, Path):
        target.write_bytes(data)
    else:
        target.write(data)
    return suffix


Remarks = Mapping[int, Mapping[int, str]]  # by the sheet's place, then the sheet's own row


def _remarks(batch: ImportBatch, content: Content) -> Remarks:
    """The remarks by sheet and row: lines know their place among the records, records their sheet."""
    by_index = {line.index: remark_of(line) for line in all_lines(batch)}
    if content.is_chat and import_kind(batch.kind).read_text is not None:
        records = records_for(batch, import_kind(batch.kind), content)
        return {0: {record.row: by_index.get(index, "") for index, record in enumerate(records)}}
    found: dict[int, dict[int, str]] = {}
    at = 0
    records = records_for(batch, import_kind(batch.kind), content)
    for sheet, rows in zip(sheets_of(batch), getattr(records, "sheets", ()), strict=False):
        found[sheet.index] = {
            row: by_index.get(at + place, "") for place, (row, _cells) in enumerate(rows.rows)
        }
        at += len(rows.rows)
    headers = {sheet.index: sheet.header[1] for sheet in sheets_of(batch)}
    for index, header in headers.items():
        found[index][content.grids[index].number_of(header)] = CAPTION
    return found


def _lines(content: Content, remarks: Remarks) -> Iterator[tuple[int, Grid, list[list[str]]]]:
    """Each sheet as text, the remark at the end of every line."""
    for index, grid in enumerate(content.grids):
        own = remarks.get(index, {})
        yield (
            index,
            grid,
            [
                [*(original_text(value) for value in row), own.get(grid.number_of(at), "")]
                for at, row in enumerate(grid.rows)
            ],
        )


def _as_csv(content: Content, remarks: Remarks) -> bytes:
    if content.is_chat:
        own = remarks.get(0, {})
        lines = [[text, own.get(at, "")] for at, text in enumerate(content.text.splitlines(), 1)]
    else:
        lines = [line for _index, _grid, rows in _lines(content, remarks) for line in rows]
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(
        [[guarded(clean_text(value)) for value in line] for line in lines]
    )
    return text.getvalue().encode("utf-8-sig")


def _as_workbook(content: Content, remarks: Remarks) -> bytes:
    book = Workbook(write_only=True)
    for index, grid, lines in _lines(content, remarks):
        sheet = book.create_sheet(clean_text(grid.sheet)[:31] or f"Sheet{index + 1}")
        for line in lines:
            sheet.append([_text_cell(value) for value in line])
    return _saved(book)


def _text_cell(value: str) -> str:
    return clean_text(value)[:32_000]


def _into_original(batch: ImportBatch, content: Content, remarks: Remarks) -> bytes:
    """The file itself, with one column more at the right of each table."""
    book = load_workbook(io.BytesIO(source_bytes(batch)))
    for index, grid in enumerate(content.grids):
        own = remarks.get(index)
        if not own or grid.sheet not in book.sheetnames:
            continue
        sheet = book[grid.sheet]
        column = grid.width + 1
        for row, words in own.items():
            _put(sheet, row, column, words)
        sheet.column_dimensions[get_column_letter(column)].width = 40
    return _saved(book)


def _put(sheet: Any, row: int, column: int, words: str) -> None:
    cell = sheet.cell(row, column)
    cell.value, cell.data_type = clean_text(words)[:32_000], "s"
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    cell.border = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


def _saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
