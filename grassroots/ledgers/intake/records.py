"""Data rows of a file as records of a kind, made when they are asked for: a street has 125,000 of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import overload

from grassroots.ledgers.intake.protocol import Record


class RowValues(Mapping[str, object]):
    """The cells of one row by field key, without a copy."""

    __slots__ = ("_cells", "_columns")

    def __init__(self, cells: Sequence[object], columns: Mapping[str, int]) -> None:
        self._cells, self._columns = cells, columns

    def __getitem__(self, key: str) -> object:
        column = self._columns[key]
        return self._cells[column] if column < len(self._cells) else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


@dataclass(slots=True)
class SheetRows:
    """The rows of one sheet that hold data: (sheet row, cells), the columns by field key, and their captions."""

    rows: Sequence[tuple[int, Sequence[object]]]
    columns: Mapping[str, int]
    captions: Mapping[str, str]
    sheet: str = ""
    lines: Sequence[str] = ()
    """The title and what else stands above the table."""

    def record(self, index: int) -> Record:
        row, cells = self.rows[index]
        return Record(row, RowValues(cells, self.columns), self.captions, self.sheet)


@dataclass(slots=True)
class Records(Sequence[Record]):
    """The records of all sheets one after the other."""

    sheets: list[SheetRows] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(sheet.rows) for sheet in self.sheets)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        for sheet in self.sheets:
            if 0 <= at < len(sheet.rows):
                return sheet.record(at)
            at -= len(sheet.rows)
        raise IndexError(index)

    def __iter__(self) -> Iterator[Record]:
        for sheet in self.sheets:
            for index in range(len(sheet.rows)):
                yield sheet.record(index)


def numbers_of(records: Sequence[Record]) -> Iterator[int]:
    """The numbers of the rows, without making records of them."""
    if isinstance(records, Records):
        return (row for sheet in records.sheets for row, _cells in sheet.rows)
    return (record.row for record in records)


def sheets_in(records: Sequence[Record]) -> list[SheetRows]:
    """The records by sheet, as rows of cells: for kinds that read long sheets column by column."""
    if isinstance(records, Records):
        return records.sheets
    sheets: list[SheetRows] = []
    for _name, group in groupby(records, key=lambda record: record.sheet):
        own = list(group)
        keys = list(dict.fromkeys(key for record in own for key in record.values))
        rows = [(record.row, [record.values.get(key) for key in keys]) for record in own]
        columns = {key: at for at, key in enumerate(keys)}
        sheets.append(SheetRows(rows, columns, own[0].captions, own[0].sheet))
    return sheets
