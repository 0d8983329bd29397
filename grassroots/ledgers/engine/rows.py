"""Rows as a ledger's generator yields them, arranged into the columns that a layout wants.

A generator yields rows, or, where it has many, blocks of columns: a whole column is masked, measured and
encoded at once, and what several rows share (the household's cells beside each of its residents) is a
column of runs, encoded once a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import TypeVar, cast, overload

from grassroots.ledgers.engine.columns import Column

#: Rows that are encoded at once; blocks that a generator makes itself should be about as long.
BATCH = 1_000

T = TypeVar("T")


class Runs(Sequence[object]):
    """A column in which each of `values` stands in as many rows on end as `counts` says."""

    __slots__ = ("counts", "values")

    def __init__(self, values: Sequence[object], counts: Sequence[int]) -> None:
        if len(values) != len(counts):
            raise ValueError(f"{len(values)} values for {len(counts)} runs")
        self.values, self.counts = values, counts

    def spread(self, items: Iterable[T]) -> Iterator[T]:
        """Something made of each value, once for every row in which the value stands."""
        return chain.from_iterable(map(repeat, items, self.counts))

    def __iter__(self) -> Iterator[object]:
        return self.spread(self.values)

    def __len__(self) -> int:
        return sum(self.counts)

    @overload
    def __getitem__(self, index: int) -> object: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[object]: ...
    def __getitem__(self, index: int | slice) -> object:
        return list(self)[index]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows on end, given as columns of equal length in the order of the ledger's `row_keys`."""

    columns: Sequence[Sequence[object]]

    @classmethod
    def of(cls, rows: Sequence[Sequence[object]]) -> Block:
        """Rows turned into columns. Raises ValueError for uneven ones."""
        return cls(list(zip(*rows, strict=True)))

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The same, row by row. Raises ValueError for columns of unequal length."""
        return zip(*self.columns, strict=True)


Rows = Iterable[Sequence[object]] | Iterable[Block]
"""What a generator yields: rows, or blocks of them."""


def blocks_of(rows: Rows) -> Iterator[Block]:
    """Rows as blocks of BATCH; blocks as they come, without empty ones. Raises ValueError for uneven rows."""
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return
    whole = chain([first], iterator)
    if isinstance(first, Block):
        yield from filter(len, cast(Iterable[Block], whole))
        return
    while batch := list(islice(cast(Iterator[Sequence[object]], whole), BATCH)):
        yield Block.of(batch)


def rows_of(rows: Rows) -> Iterator[Sequence[object]]:
    """The same one by one, no more of them made than are taken: for those who want a few, e.g. a preview."""
    for item in rows:
        if isinstance(item, Block):
            yield from item.rows()
        else:
            yield item


class Arranger:
    """Picks the layout's columns out of rows.

    `row_keys` names what the rows hold, in order (default: the columns' own keys). A column that the rows
    do not hold stays empty, to be filled in by hand; a serial column is numbered here whatever the rows
    hold.
    """

    def __init__(self, columns: Sequence[Column], row_keys: Sequence[str] = ()) -> None:
        self._columns = columns
        self.row_keys = tuple(row_keys) or tuple(column.key for column in columns)
        place = {key: index for index, key in enumerate(self.row_keys)}
        self._sources = [place.get(column.key) for column in columns]

    def columns(self, count: int, block: Block) -> Iterator[Sequence[object]]:
        """The columns of a block of rows that follows `count` others. Raises ValueError for rows of
        another length than `row_keys`."""
        given, rows = block.columns, len(block)
        if len(given) != len(self.row_keys):
            raise ValueError(f"rows of {len(given)} values for {len(self.row_keys)} keys")
        if any(len(column) != rows for column in given):
            raise ValueError(f"columns of {sorted(set(map(len, given)))} rows in one block")
        nothing = (None,) * rows
        for column, source in zip(self._columns, self._sources, strict=True):
            if column.format == "serial":
                yield range(count + 1, count + rows + 1)
            else:
                yield nothing if source is None else given[source]
