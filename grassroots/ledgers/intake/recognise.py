"""What kind of sheet a file is, where its table begins, and which column holds what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grassroots.ledgers.intake.protocol import ImportKind, Record, import_kinds
from grassroots.ledgers.intake.records import Records, SheetRows
from grassroots.ledgers.reading.captions import Caption, Field, match_captions
from grassroots.ledgers.reading.dates import full_dates, month_days, nearest_year
from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.rows import data_rows
from grassroots.ledgers.reading.tables import Table, find_tables, reference_date, table_at

# Of lines of a chat that begin with a tab-separated table no kind of text makes sense.
TABLE_SHARE = 0.5
HEAD_LINES = 4


@dataclass(slots=True)
class Column:
    """A column of a sheet: its caption, the field that it stands for ('' for none), and how that was found."""

    column: int
    caption: str
    key: str
    field: str = ""
    how: str = "none"

    def packed(self) -> list[Any]:
        return [self.column, self.caption, self.key, self.field, self.how]


@dataclass(slots=True)
class SheetMap:
    """A sheet of a file with a table: its place among the sheets, the header's rows, the columns."""

    index: int
    sheet: str
    header: tuple[int, int]
    columns: list[Column] = field(default_factory=list)

    def packed(self) -> dict[str, Any]:
        """As it is stored."""
        columns = [column.packed() for column in self.columns]
        return {"index": self.index, "sheet": self.sheet, "header": list(self.header), "columns": columns}

    @classmethod
    def unpacked(cls, data: Mapping[str, Any]) -> SheetMap:
        columns = [Column(*parts) for parts in data["columns"]]
        return cls(data["index"], data["sheet"], (data["header"][0], data["header"][1]), columns)

    @property
    def fields(self) -> set[str]:
        return {column.field for column in self.columns} - {""}


@dataclass(slots=True)
class Recognised:
    """What was found: the kind (None: none is sure), the sheets with their columns, the sheet's own date."""

    kind: ImportKind | None
    sheets: list[SheetMap]
    reference: dt.date | None = None


def _all_fields(kinds: Iterable[ImportKind]) -> list[Field]:
    """The fields of all kinds at once, by which a header is found wherever it stands."""
    return [replace(one, key=f"{kind.key}.{one.key}") for kind in kinds for one in kind.columns()]


def tables_in(grids: Sequence[Grid], kinds: Sequence[ImportKind]) -> list[tuple[int, Table]]:
    """The tables of the sheets that are shown, by the sheet's place."""
    fields = _all_fields(kinds)
    found = []
    for index, grid in enumerate(grids):
        table = None if grid.is_hidden else find_tables(grid, fields)
        if table is not None:
            found.append((index, table))
    return found


def columns_of(
    captions: Sequence[Caption], kind: ImportKind, remembered: Mapping[str, str], reference: dt.date
) -> list[Column]:
    """The columns of a header as the kind understands them, the days that only it knows among them."""
    matches = match_captions(captions, kind.columns(), remembered)
    columns = [
        Column(one.caption.column, one.caption.text, one.caption.key, one.field or "", one.how)
        for one in matches
    ]
    if kind.dynamic is not None:
        named = kind.dynamic([one.caption for one in matches if one.how != "remembered"], reference)
        for column in columns:
            if column.column in named:
                column.field, column.how = named[column.column], "same"
    return columns


def has_identity(fields: Iterable[str], kind: ImportKind) -> bool:
    """Whether the columns tell a sheet of this kind; a key that ends with ':' stands for all that begin with it."""
    known = set(fields)

    def is_there(key: str) -> bool:
        return any(one.startswith(key) for one in known) if key.endswith(":") else key in known

    return any(all(map(is_there, group)) for group in kind.identity)


def recognise(
    grids: Sequence[Grid],
    kinds: Sequence[ImportKind],
    remembered: Mapping[str, Mapping[str, str]],
    today: dt.date,
) -> Recognised:
    """The kind whose fields explain most of the columns and that has its identity; its sheets and columns.

    `kinds` are those to choose from: one where somebody has chosen. `remembered` are corrections by kind.
    """
    tables = tables_in(grids, kinds or import_kinds())
    references = [day for _index, table in tables if (day := reference_date(table))]
    reference = max(references, default=None)
    best: tuple[tuple[bool, int], ImportKind, list[SheetMap]] | None = None
    for kind in kinds:
        sheets = [
            SheetMap(
                index, table.grid.sheet, table.header,
                columns_of(table.captions, kind, remembered.get(kind.key, {}), reference or today),
            )
            for index, table in tables
        ]  # fmt: skip
        kept = [sheet for sheet in sheets if has_identity(sheet.fields, kind)]
        rank = bool(kept), max((len(sheet.fields) for sheet in kept or sheets), default=0)
        if best is None or rank > best[0]:
            best = rank, kind, kept or sheets
    if best is None or not best[2]:
        return Recognised(None, [], reference)
    is_sure = best[0][0] or (len(kinds) == 1 and best[0][1] > 0)
    return Recognised(best[1] if is_sure else None, best[2], reference)


def recognise_text(text: str, kinds: Sequence[ImportKind], today: dt.date) -> ImportKind | None:
    """The kind that makes most lines of a chat into rows; None where no kind reads any."""
    best: tuple[int, ImportKind] | None = None
    for kind in kinds:
        if kind.read_text is None:
            continue
        count = sum(1 for _record in kind.read_text(text, today))
        if count and (best is None or count > best[0]):
            best = count, kind
    return best[1] if best else None


def text_reference(text: str, today: dt.date) -> dt.date | None:
    """The day that the first lines of a chat name: 1月29日健康接龙."""
    head = "\n".join(text.splitlines()[:HEAD_LINES])
    if named := full_dates(head):
        return max(named)
    days = [day for month, date in month_days(head) if (day := nearest_year(month, date, today, 0))]
    return max(days, default=None)


def is_table(text: str) -> bool:
    """Whether a pasted text is cells of a spreadsheet: tabs in most of its lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(lines) and sum("\t" in line for line in lines) >= len(lines) * TABLE_SHARE


def records_of(grids: Sequence[Grid], sheets: Sequence[SheetMap]) -> Records:
    """The rows of these sheets by the fields that their columns stand for."""
    found = []
    for sheet in sheets:
        grid = grids[sheet.index]
        table = table_at(grid, *sheet.header)
        columns = {one.field: one.column for one in reversed(sheet.columns) if one.field}
        captions = {one.field: one.caption for one in reversed(sheet.columns) if one.field}
        rows = list(data_rows(table))
        lines = [table.title, *table.lines]
        found.append(SheetRows(rows, columns, captions, sheet.sheet if len(sheets) > 1 else "", lines))
    return Records(found)


def text_records(text: str, kind: ImportKind, reference: dt.date) -> list[Record]:
    """The rows of a chat. Raises ValueError for a kind that reads none."""
    if kind.read_text is None:
        raise ValueError(f"{kind.key} reads no text")
    return list(kind.read_text(text, reference))
