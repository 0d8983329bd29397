"""Rows as a ledger's generator yields them, arranged into the columns that a layout wants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grassroots.ledgers.engine.columns import Column


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

    def columns(self, count: int, batch: Sequence[Sequence[object]]) -> Iterator[Sequence[object]]:
        """The columns of a batch of rows that follows `count` others. Raises ValueError for uneven rows."""
        given = list(zip(*batch, strict=True))
        if len(given) != len(self.row_keys):
            raise ValueError(f"rows of {len(given)} values for {len(self.row_keys)} keys")
        nothing = (None,) * len(batch)
        for column, source in zip(self._columns, self._sources, strict=True):
            if column.format == "serial":
                yield range(count + 1, count + len(batch) + 1)
            else:
                yield nothing if source is None else given[source]
