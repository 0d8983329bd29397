"""The 统计表 for the screen: of now, or as it was published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Late, Ratio, indicator, table_columns
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


@dataclass(frozen=True)
class Row:
    """One line: an area (its id and name) and its cells as text, in the order of the columns."""

    area_id: int
    name: str
    cells: list[str]


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
    corrections: dict[str, list[Late]] = field(default_factory=dict)

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
        return sum(abs(row.change) for row in self.entries)

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


def share_text(share: float | None) -> str:
    """A share in percent with one decimal, rounded down: what is not finished is not 100.0%."""
    return "–" if share is None else f"{int(share * 1000 + 1e-9) / 10:.1f}%"


def cells_of(figures: Mapping[str, int]) -> list[str]:
    """A line's cells as text, in the order of the registered columns."""
    return [
        share_text(item.of(figures)) if isinstance(item, Ratio) else f"{figures.get(item.key, 0):,}"
        for item in table_columns()
    ]


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
        table.corrections = late_entries(area, asof, asof.end, in_table=True)
    return table


def table_of(area: Area, areas: Iterable[Area], figures: Mapping[int, Figures]) -> Table:
    """The table out of figures that were counted already, by area id."""
    rows = [Row(each.pk, each.name, cells_of(figures.get(each.pk, {}))) for each in areas]
    mine = figures.get(area.pk, {})
    return Table(
        headings(), rows, Row(area.pk, "合计", cells_of(mine)), figures=mine, reconciliation=reconciliation_of(mine)
    )  # fmt: skip


def table_published(frozen: Mapping[str, Any]) -> Table:
    """The table of a publication, from what was frozen (models/publications.py)."""
    columns = [Heading(**column) for column in frozen["columns"]]
    rows = [Row(row["pk"], row["name"], row["cells"]) for row in frozen["rows"]]
    total = Row(0, "合计", frozen["cells"])
    figures = frozen["totals"]
    return Table(columns, rows, total, figures=figures, reconciliation=reconciliation_of(figures))


def _from_rollups(area: Area, areas: list[Area], on: dt.date) -> Table:
    rollups = rollups_of([area, *areas], on)
    table = table_of(area, areas, {pk: row.total for pk, row in rollups.items()})
    mine = rollups.get(area.pk)
    table.as_of = mine.computed_at if mine else None
    return table
