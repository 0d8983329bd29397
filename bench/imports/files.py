"""The sheets of the benchmark: the exported ledger whole or its first rows, and the same with some rows changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from bench.imports.sheet import HEADER_ROWS, captions_of

CHANGED_EVERY = 100


def cut(source: Path, target: Path, rows: int) -> None:
    """The first rows of a ledger, plainly."""
    _write(target, (row for index, row in enumerate(_rows(source)) if index < HEADER_ROWS + rows))


def change(source: Path, target: Path) -> int:
    """The ledger with every hundredth row changed: another phone, or where there was none, one. Returns how many."""
    changed = 0

    def rows() -> Iterator[list[Any]]:
        nonlocal changed
        head: list[list[Any]] = []
        at = 0
        for index, row in enumerate(_rows(source)):
            if index < HEADER_ROWS:
                head.append(row)
                at = captions_of(head).index("联系电话") if len(head) == HEADER_ROWS else 0
            elif isinstance(row[0], float) and index % CHANGED_EVERY == 0:
                row[at] = f"199{index:08d}"
                changed += 1
            yield row

    _write(target, rows())
    return changed


def cells(path: Path, without: frozenset[str] = frozenset()) -> list[tuple[Any, ...]]:
    """The rows of the table, without the columns of these captions."""
    rows = list(_rows(path))
    captions = captions_of(rows[:HEADER_ROWS])
    kept = [at for at, caption in enumerate(captions) if caption not in without]
    return [tuple(row[at] for at in kept) for row in rows[HEADER_ROWS:] if isinstance(row[0], float)]


def _rows(path: Path) -> Iterator[list[Any]]:
    return iter(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows())


def _write(target: Path, rows: Iterator[list[Any]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("基础台账表")
    for row in rows:
        sheet.append([None if value == "" else value for value in row])
    book.save(target)
