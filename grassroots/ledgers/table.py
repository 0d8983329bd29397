"""The 统计表 for the screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Indicator, Late, indicator, indicators
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
class Row:
    """One line: an area and its figures in the order of the columns."""

    area: Area
    cells: list[int]
    completion: float | None


@dataclass
class Table:
    """What the page shows: column groups, rows, the sum, and whether the figures reconcile."""

    columns: list[Indicator]
    rows: list[Row]
    total: Row
    as_of: dt.datetime | None
    is_live: bool
    reconciliation: Reconciliation | None = None
    corrections: dict[str, list[Late]] = field(default_factory=dict)

    @property
    def groups(self) -> list[tuple[str, int, bool]]:
        """The header's upper row: caption, how many columns it spans, and whether it reaches down over both rows."""
        found: list[tuple[str, int, bool]] = []
        for item in self.columns:
            if not item.group:
                found.append((item.caption, 1, True))
            elif found and found[-1][0] == item.group:
                found[-1] = (item.group, found[-1][1] + 1, False)
            else:
                found.append((item.group, 1, False))
        return found

    @property
    def corrected(self) -> list[tuple[str, int, list[Late]]]:
        """更正: each figure that late entries have changed, by how much, and the entries."""
        return [
            (f"{indicator(key).group}{indicator(key).caption}", sum(row.change for row in rows), rows)
            for key, rows in self.corrections.items()
        ]


def _row(area: Area, figures: Mapping[str, int], columns: list[Indicator]) -> Row:
    to_sign = figures.get("households", 0) - figures.get("vacant_households", 0)
    completion = figures.get("signed_households", 0) / to_sign if to_sign > 0 else None
    return Row(area, [figures.get(item.key, 0) for item in columns], completion)


def statistics_table(area: Area, on: dt.date) -> Table:
    """The table of an area and what lies right below it: today from rollups, an earlier day from the rows."""
    columns = [item for item in indicators() if item.in_table]
    areas = row_areas(area, on)
    if on == timezone.localdate():
        return _from_rollups(area, areas, on, columns)
    asof = AsOf.day(on)
    counted = count_all(area, asof)
    figures = {each.pk: counted.total(each.path) for each in [area, *areas]}
    table = _table(area, areas, figures, columns, asof.known_at, is_live=True)
    table.reconciliation = reconciliation_of(figures[area.pk])
    table.corrections = late_entries(area, asof, asof.end)
    return table


def _table(
    area: Area, areas: list[Area], figures: Mapping[int, Figures], columns: list[Indicator],
    as_of: dt.datetime | None, *, is_live: bool,
) -> Table:  # fmt: skip
    rows = [_row(each, figures.get(each.pk, {}), columns) for each in areas]
    return Table(columns, rows, _row(area, figures.get(area.pk, {}), columns), as_of, is_live)


def _from_rollups(area: Area, areas: list[Area], on: dt.date, columns: list[Indicator]) -> Table:
    rollups = rollups_of([area, *areas], on)
    figures = {pk: row.total for pk, row in rollups.items()}
    mine = rollups.get(area.pk)
    table = _table(area, areas, figures, columns, mine.computed_at if mine else None, is_live=False)
    if mine:
        table.reconciliation = reconciliation_of(mine.total)
    return table
