"""Ledgers as CSV: one line of captions, then the rows; for Excel, WPS and other systems alike.

Text stays text. Spreadsheets take a field that starts with = + - @ (or a tab) for a formula, so such a
field gets an apostrophe before it, and so does one whose apostrophes already stand before such a
character; `unguarded` takes exactly that apostrophe off again. A lone - or + is not a formula and stays.
Digits are not touched: a spreadsheet that opens a CSV with a double click still rounds numbers of over 15
digits, which no content of the file can prevent without damaging it for others: for ID numbers give out
.xlsx, or import the CSV as text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Literal

from grassroots.ledgers.engine.columns import Column
from grassroots.ledgers.engine.formats import plain_text
from grassroots.ledgers.engine.layout import Layout
from grassroots.ledgers.engine.rows import Arranger, Rows, Runs, blocks_of
from grassroots.ledgers.engine.stream import Progress
from grassroots.ledgers.engine.text import MASKS, clean_text
from grassroots.ledgers.engine.writer import WriteResult

Encoding = Literal["utf-8-sig", "gb18030"]

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_HARMLESS = {"-", "+"}


def guarded(text: str) -> str:
    """The text as a CSV field that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) and text not in _HARMLESS else text


def unguarded(field: str) -> str:
    """The text that `guarded` was given."""
    return field[1:] if _GUARDED.match(field) else field


def write_csv(
    fileobj: IO[bytes],
    layout: Layout,
    rows: Rows,
    *,
    encoding: Encoding = "utf-8-sig",
    row_keys: Sequence[str] = (),
    masked: bool = True,
    imprint: str = "",
    total_hint: int | None = None,
    progress: Progress | None = None,
) -> WriteResult:
    """Write a ledger as CSV into a binary file, which stays open.

    Captions stand with their groups (居家观察-累计). There is no title, 合计 or signature line; an
    `imprint` is the last line, beginning with 注. Both encodings hold every character (GB18030 covers all
    of Unicode, though Excel's old GBK shows its four-byte ones wrong); what no file can hold is dropped
    as in a workbook and counted. Raises ValueError for rows of the wrong length.
    """
    text = io.TextIOWrapper(fileobj, encoding, newline="")
    try:
        out = csv.writer(text, lineterminator="\r\n")
        out.writerow([guarded(column.full_caption) for column in layout.columns])
        lines = _Lines(layout, row_keys, masked)
        for done, batch in lines.batches(rows):
            out.writerows(batch)
            if progress is not None:
                progress(done, total_hint)
        if imprint:
            out.writerow([f"注:{clean_text(imprint)}"])
        text.flush()
    finally:
        text.detach()
    return WriteResult(lines.count, cleaned=lines.cleaned)


class _Lines:
    """Rows of values as lines of guarded text."""

    def __init__(self, layout: Layout, row_keys: Sequence[str], masked: bool) -> None:
        self._layout, self._masked = layout, masked
        self._arranger = Arranger(layout.columns, row_keys)
        self.count = self.cleaned = 0

    def batches(self, rows: Rows) -> Iterator[tuple[int, list[tuple[str, ...]]]]:
        for block in blocks_of(rows):
            columns = self._arranger.columns(self.count, block)
            shown = [
                self._fields(column, values)
                for column, values in zip(self._layout.columns, columns, strict=True)
            ]
            self.count += len(block)
            yield self.count, list(zip(*shown, strict=True))

    def _fields(self, column: Column, values: Sequence[object]) -> Iterable[str]:
        runs = values if isinstance(values, Runs) else None
        fields = [
            self._field(value, column.format, column.mask)
            for value in (values if runs is None else runs.values)
        ]
        return fields if runs is None else runs.spread(fields)

    def _field(self, value: object, format_name: str, mask: str | None) -> str:
        text = plain_text(value, format_name)
        if mask and self._masked and text:
            text = MASKS[mask](text)
        cleaned = clean_text(text)
        self.cleaned += cleaned != text
        return guarded(cleaned)
