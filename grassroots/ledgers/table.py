"""The 统计表 for the screen: of now, or as it was published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Late, Ratio, indicator, spare_columns, table_columns
from grassroots.ledgers.rollups import rollups_of
from grassroots.ledgers.statistics import (
    Figures,
    Reconciliation,
    count_all,
    late_entries,
    reconciliation_of,
    row_areas,
)


@dataclass(frozen=True)
class Heading:
    """A column as it is shown: caption, the merged caption above it, and whether it is a share."""

    key: str
    caption: str
    group: str = ""
    is_share: bool = False


Value = int | float | None


@dataclass(frozen=True)
class Row:
    """One line: an area (its id and name) and its values in the order of the columns; None where there is none."""

    area_id: int
    name: str
    values: list[Value]
    shares: frozenset[int]
    """Which of the values are shares, by their place."""

    @property
    def cells(self) -> list[str]:
        """The values as text: 43,171 and 71.2%."""
        return [
            share_text(value) if place in self.shares else f"{value or 0:,}"
            for place, value in enumerate(self.values)
        ]


@dataclass
class Table:
    """What a page shows: columns, rows, the sum, and whether the figures reconcile."""

    columns: list[Heading]
    rows: list[Row]
    total: Row
    as_of: dt.datetime | None = None
    is_live: bool = False
    figures: Figures = field(default_factory=dict)
    """Every figure of the area itself, also those without a column."""
    reconciliation: Reconciliation | None = None
    unreconciled: list[str] = field(default_factory=list)
    """Where stock and flows part, by area, in words; also in the rows, where the sum may hide it."""
    corrections: dict[str, list[Late]] = field(default_factory=dict)
    further: Table | None = None
    """The same areas with the columns beyond the form."""

    @property
    def groups(self) -> list[tuple[str, int, bool]]:
        """The header's upper row: caption, how many columns it spans, and whether it reaches down over both rows."""
        found: list[tuple[str, int, bool]] = []
        for item in self.columns:
            if not item.group:
                found.append((item.caption, 1, True))
            elif found and found[-1][0] == item.group and not found[-1][2]:
                found[-1] = (item.group, found[-1][1] + 1, False)
            else:
                found.append((item.group, 1, False))
        return found

    @property
    def corrected(self) -> list[Corrected]:
        """更正: each figure that late entries have changed, by how much, and the entries."""
        return [Corrected(key, full_caption(key), rows) for key, rows in self.corrections.items()]


@dataclass(frozen=True)
class Corrected:
    """A figure that late entries have changed."""

    key: str
    caption: str
    entries: Sequence[Late]

    @property
    def change(self) -> int:
        return sum(row.change for row in self.entries)

    @property
    def number(self) -> int:
        """How many entries there were."""
        return sum(row.number for row in self.entries)

    @property
    def last(self) -> Late:
        return max(self.entries, key=lambda row: row.recorded_at)


def full_caption(key: str) -> str:
    """A figure's caption with its group before it, e.g. 居家观察现在管."""
    item = indicator(key)
    return f"{item.group}{item.caption}"


def headings() -> list[Heading]:
    """The columns as they are registered."""
    return [Heading(item.key, item.caption, item.group, isinstance(item, Ratio)) for item in table_columns()]


def spare_headings() -> list[Heading]:
    """The columns beyond the form."""
    return [Heading(item.key, item.caption, item.group) for item in spare_columns()]


def further_table(
    columns: Sequence[Heading], rows: Iterable[tuple[int, str, Figures]], totals: Figures
) -> Table | None:
    """A table of these columns (sums only) for areas by id, name and figures; None without columns."""
    if not columns:
        return None

    def line(pk: int, name: str, figures: Figures) -> Row:
        return Row(pk, name, [figures.get(column.key, 0) for column in columns], frozenset())

    return Table(list(columns), [line(*row) for row in rows], line(0, "合计", totals), figures=totals)


def share_text(share: float | None) -> str:
    """A share in percent with one decimal, as workbooks show it; what is not finished is never 100.0%."""
    if share is None:
        return "–"
    rounded = round(share * 100, 1)
    return "99.9%" if rounded >= 100 and share < 1 else f"{rounded:.1f}%"


def values_of(figures: Mapping[str, int]) -> list[Value]:
    """A line's values in the order of the registered columns."""
    return [
        item.of(figures) if isinstance(item, Ratio) else figures.get(item.key, 0) for item in table_columns()
    ]


def shares_of(columns: Iterable[Heading]) -> frozenset[int]:
    """The places of the columns that are shares."""
    return frozenset(place for place, column in enumerate(columns) if column.is_share)


def statistics_table(area: Area, asof: AsOf, *, with_corrections: bool = True) -> Table:
    """The table of an area and what lies right below it: today from rollups, else counted from the rows.

    An earlier day and a cut-off are counted as known now; the late entries (更正) are listed unless not asked for.
    """
    areas = row_areas(area, asof.on)
    if asof.cutoff is None and asof.on == timezone.localdate():
        return _from_rollups(area, areas, asof.on)
    counted = count_all(area, asof)
    figures = {each.pk: counted.total(each.path) for each in [area, *areas]}
    table = table_of(area, areas, figures)
    table.as_of, table.is_live = asof.known_at, True
    if with_corrections and asof.is_over:
        table.corrections = late_entries(area, asof, asof.end, keys={column.key for column in table.columns})
    return table


def table_of(area: Area, areas: Sequence[Area], figures: Mapping[int, Figures]) -> Table:
    """The table out of figures that were counted already, by area id."""
    columns = headings()
    shares = shares_of(columns)
    mine = figures.get(area.pk, {})
    table = Table(
        columns,
        [Row(each.pk, each.name, values_of(figures.get(each.pk, {})), shares) for each in areas],
        Row(area.pk, "合计", values_of(mine), shares),
        figures=mine,
    )
    table.reconciliation = reconciliation_of(mine)
    table.unreconciled = unreconciled(area, areas, figures)
    lines = ((each.pk, each.name, figures.get(each.pk, {})) for each in areas)
    table.further = further_table(spare_headings(), lines, mine)
    return table


def unreconciled(area: Area, areas: Iterable[Area], figures: Mapping[int, Figures]) -> list[str]:
    """Where stock and flows part, each area that is concerned in words."""
    everywhere = {each.pk: each for each in [area, *areas]}
    said = [(each.name, reconciliation_of(figures.get(pk, {})).explain()) for pk, each in everywhere.items()]
    return [f"{name}:{words}" for name, words in said if words]


def _from_rollups(area: Area, areas: list[Area], on: dt.date) -> Table:
    rollups = rollups_of([area, *areas], on)
    table = table_of(area, areas, {pk: row.total for pk, row in rollups.items()})
    mine = rollups.get(area.pk)
    table.as_of = mine.computed_at if mine else None
    return table
