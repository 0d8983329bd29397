"""Rows into the XML of a sheet, in constant memory.

The shell's sheet is split at its sample rows; the head is copied, rows follow a batch at a time, the rows
below (合计, signatures, notes) are moved to their new numbers, and so are merged cells and drop-down
lists. The ``dimension`` element stands before the rows and is optional: it is written when the rows fit
into one block and left out when they do not, since a wrong one would make readers stop early.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, repeat
from typing import Protocol

from openpyxl.utils import get_column_letter

from grassroots.ledgers.engine.cells import ColumnWriter, Notes, capacity
from grassroots.ledgers.engine.formats import Cell, encode
from grassroots.ledgers.engine.layout import Layout
from grassroots.ledgers.engine.rows import Arranger, Block, Rows, blocks_of
from grassroots.ledgers.engine.text import clean_text, inline_string, shorten
from grassroots.ledgers.engine.totals import Totals
from grassroots.ledgers.engine.workbook import SAMPLE_ROWS, Shell

MAX_ROWS = 1_048_576
_MAX_HEIGHT = 409.0

Progress = Callable[[int, int | None], None]


class Out(Protocol):
    """What rows are written to."""

    def write(self, data: bytes, /) -> object: ...


_ROW = re.compile(r'<row r="(\d+)".*?</row>|<row r="(\d+)"[^>]*/>', re.DOTALL)
_REFERENCE = re.compile(r'(<(?:row|c) r="[A-Z]*)(\d+)')
_STYLE = re.compile(r'<c r="([A-Z]+)\d+" s="(\d+)"')
_MERGE = re.compile(r'<mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"\s*/>')
_FOOTER_BREAK = re.compile(
    r"(<oddFooter>[^<]*)_x000a_"
)  # openpyxl's escape, which LibreOffice prints as it is
_VALIDATED = re.compile(r'sqref="([A-Z]+)(\d+)"')


class TooManyRows(ValueError):
    """A sheet of Excel holds 1,048,576 rows; the ledger has more. The message is for the office
    (Chinese)."""

    def __init__(self) -> None:
        super().__init__(f"超过Excel一张表的上限({MAX_ROWS:,}行)，请按村(社区)分开导出，或导出CSV")


@dataclass(frozen=True, slots=True)
class SheetParts:
    """The shell's sheet taken apart at its samples."""

    head: str
    styles: tuple[tuple[str, str], ...]  # of each column: as its format wants it, as text
    empty_row: str
    below: str
    after: str


def split_sheet(xml: str, shell: Shell) -> SheetParts:
    """Take the XML of a drawn sheet apart: head, style ids of the samples, rows below, rest."""
    start = xml.index(f'<row r="{shell.sample}"')
    end = xml.index("</sheetData>")
    rows = list(_ROW.finditer(xml, start, end))
    native, as_text, empty = (row[0] for row in rows[:SAMPLE_ROWS])
    styles = tuple(
        (first[1], second[1])
        for first, second in zip(_STYLE.findall(native), _STYLE.findall(as_text), strict=True)
    )
    below = "".join(row[0] for row in rows[SAMPLE_ROWS:])
    return SheetParts(re.sub(r"<dimension[^>]*/>", "", xml[:start]), styles, empty, below, xml[end:])


def check_room(shell: Shell, rows: int) -> None:
    """Raises TooManyRows when so many rows do not fit between the sheet's title and its footers."""
    if rows + shell.fixed_rows > MAX_ROWS:
        raise TooManyRows


class SheetStream:
    """Writes one sheet: `layout` as drawn into `xml`, rows as they come.

    `row_keys` names what the rows hold, in order (default: the layout's columns); see `rows.Arranger`.
    """

    def __init__(
        self, xml: str, shell: Shell, layout: Layout, *, masked: bool, row_keys: Sequence[str] = ()
    ) -> None:
        self.shell, self.layout = shell, layout
        self.parts = split_sheet(xml, shell)
        self._arranger = Arranger(layout.columns, row_keys)
        self.notes = Notes()
        self.totals = Totals(layout.columns)
        self._writers = self._column_writers(masked)
        self._heads: dict[int, bytes] = {}

    def _column_writers(self, masked: bool) -> list[ColumnWriter]:
        columns, writers = self.layout.columns, []
        for index, (column, styles) in enumerate(zip(columns, self.parts.styles, strict=True)):
            is_last = index == len(columns) - 1
            following = "</row>" if is_last else f'<c r="{get_column_letter(index + 2)}'
            fit = capacity(column.drawn_width, self.layout.fonts.body_size) if column.is_wrapped else None
            writers.append(ColumnWriter(column, styles, following, fit=fit, masked=masked, notes=self.notes))
        return writers

    def write(
        self,
        out: Out,
        rows: Rows,
        *,
        total_hint: int | None = None,
        progress: Progress | None = None,
        given_totals: Mapping[str, object] | None = None,
    ) -> int:
        """Write the whole sheet. Returns the number of rows that came.

        Raises TooManyRows (before anything is written when `total_hint` tells it) and ValueError for a
        row of another length than `row_keys`.
        """
        check_room(self.shell, total_hint or 0)
        blocks = blocks_of(rows)
        begun = list(islice(blocks, 2))
        drawn = max(sum(map(len, begun)), self.layout.min_rows, 1)
        head = self.parts.head if len(begun) > 1 else self._with_dimension(drawn)
        out.write(head.encode())
        count = 0
        for block in chain(begun, blocks):
            check_room(self.shell, count + len(block))
            out.write(self._rows_xml(count, block))
            count += len(block)
            if progress is not None:
                progress(count, total_hint)
        drawn = self._write_padding(out, count)
        out.write(self._below(count, drawn, given_totals or {}).encode())
        return count

    def _with_dimension(self, drawn: int) -> str:
        last = self.shell.last - SAMPLE_ROWS + drawn
        reference = f"A1:{get_column_letter(len(self.layout.columns))}{last}"
        return self.parts.head.replace("<sheetViews>", f'<dimension ref="{reference}"/><sheetViews>', 1)

    # -- rows

    def _rows_xml(self, count: int, block: Block) -> bytes:
        pieces: list[Iterable[bytes]] = []
        heights: list[Iterable[int]] = []
        columns = self._arranger.columns(count, block)
        for writer, values in zip(self._writers, columns, strict=True):
            if self.totals.wants(writer.column.key):
                self.totals.add(writer.column.key, values)
            made, lines = writer.write(values)
            pieces.append(made)
            if lines is not None:
                heights.append(lines)
        first = self.shell.sample + count
        numbers = [b"%d" % number for number in range(first, first + len(block))]
        rows = zip(repeat(b'<row r="'), self._heads_for(heights), *pieces, strict=False)
        return b"".join(map(bytes.join, numbers, rows))

    def _heads_for(self, heights: list[Iterable[int]]) -> Iterator[bytes]:
        """The head of each row of a block, as high as the highest of its wrapped cells."""
        if not heights:
            return repeat(self._head(1))
        lines = heights[0] if len(heights) == 1 else map(max, *heights)
        return map(self._head, lines)

    def _head(self, lines: int) -> bytes:
        """What stands between a row's number and its first cell's: the height for that many lines."""
        head = self._heads.get(lines)
        if head is None:
            needed = 7 + lines * self.layout.fonts.body_size * 1.36
            height = min(_MAX_HEIGHT, max(self.layout.row_height, needed))
            head = self._heads[lines] = f'" ht="{height:g}" customHeight="1"><c r="A'.encode()
        return head

    def _write_padding(self, out: Out, count: int) -> int:
        """Empty rows up to the layout's `min_rows`, or the row of an empty ledger. Returns the rows
        drawn."""
        drawn = max(count, self.layout.min_rows)
        blank = [writer.pieces([None])[0] for writer in self._writers]
        for index in range(count, drawn):
            number = b"%d" % (self.shell.sample + index)
            out.write(number.join((b'<row r="', self._head(1), *blank)))
        if not drawn:
            out.write(_renumber(self.parts.empty_row, -2).encode())
        return max(drawn, 1)

    # -- below the rows

    def _below(self, count: int, drawn: int, given: Mapping[str, object]) -> str:
        shift = drawn - SAMPLE_ROWS
        below = _renumber(self.parts.below, shift)
        if self.shell.totals is not None:
            below = self._filled_totals(below, self.shell.totals + shift, given)
        is_empty = not count and not self.layout.min_rows
        after = self._moved_merges(self.parts.after, shift, is_empty)
        first, last = self.shell.sample, self.shell.sample + drawn - 1
        after = _VALIDATED.sub(
            lambda match: (
                f'sqref="{match[1]}{first}:{match[1]}{last}"' if int(match[2]) == first else match[0]
            ),
            after,
        )
        reference = f"A{first}:{get_column_letter(len(self.layout.columns))}{last}"
        quiet = f'<ignoredErrors><ignoredError sqref="{reference}" numberStoredAsText="1"/></ignoredErrors>'
        after = _FOOTER_BREAK.sub(r"\1&#10;", after)
        return below + after.replace("</worksheet>", f"{quiet}</worksheet>")

    def _filled_totals(self, below: str, row: int, given: Mapping[str, object]) -> str:
        shown = self.totals.values(given)
        for index, column in enumerate(self.layout.columns, start=1):
            cell = encode(shown.get(column.key), column.format)
            if cell is None:
                continue
            name = re.escape(f'<c r="{get_column_letter(index)}{row}" s="')
            below = re.sub(rf'({name}\d+")[^/>]*/>', partial(_filled, cell), below)
        return below

    def _moved_merges(self, after: str, shift: int, is_empty: bool) -> str:
        """Merged cells below the samples moved, that of an empty ledger's row kept only there."""
        empty = self.shell.sample + SAMPLE_ROWS - 1

        def moved(match: re.Match[str]) -> str:
            first, last = int(match[2]), int(match[4])
            if first < empty:
                return match[0]
            by = -2 if first == empty else shift
            if first == empty and not is_empty:
                return ""
            return f'<mergeCell ref="{match[1]}{first + by}:{match[3]}{last + by}"/>'

        merged = _MERGE.sub(moved, after)
        return re.sub(
            r'<mergeCells count="\d+"', f'<mergeCells count="{merged.count("<mergeCell ")}"', merged
        )


def _filled(cell: Cell, match: re.Match[str]) -> str:
    is_number, text = cell
    if is_number:
        return f"{match[1]}><v>{text}</v></c>"
    return f'{match[1]} t="inlineStr"><is>{inline_string(shorten(clean_text(text)))}</is></c>'


def _renumber(rows: str, shift: int) -> str:
    """Rows of XML moved down by `shift` rows."""
    return _REFERENCE.sub(lambda match: f"{match[1]}{int(match[2]) + shift}", rows)
