"""The figures of a publication: counted, frozen as JSON, read back, and held against what is known now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Late, indicators
from grassroots.ledgers.models import Publication
from grassroots.ledgers.statistics import Figures, count_all, late_entries, reconciliation_of, row_areas
from grassroots.ledgers.table import (
    Heading,
    Row,
    Table,
    further_table,
    headings,
    shares_of,
    spare_headings,
    unreconciled,
    values_of,
)

COUNTED_AT_MOST = 2


@dataclass(frozen=True)
class Snapshot:
    """Every figure of an area and of its rows for a period, counted live; `figures` by area id."""

    area: Area
    asof: AsOf
    rows: list[Area]
    figures: Mapping[int, Figures]

    @property
    def totals(self) -> Figures:
        return self.figures[self.area.pk]

    @property
    def problems(self) -> list[str]:
        """Where stock and flows part, by area, in words; [] when everything reconciles."""
        return unreconciled(self.area, self.rows, self.figures)

    def frozen(self) -> dict[str, Any]:
        """As JSON: the columns of the table and those beyond it, a line an area ("values" in the order of the
        table, "figures" by key), the area's own line, and what each figure is called."""
        return {
            "columns": [vars(column) for column in headings()],
            "spare": [vars(column) for column in spare_headings()],
            "captions": {item.key: f"{item.group}{item.caption}" for item in indicators()},
            "rows": [
                {"pk": each.pk, "area": each.code, "name": each.name, **self._line(each)}
                for each in self.rows
            ],
            **self._line(self.area),
        }

    def _line(self, area: Area) -> dict[str, Any]:
        figures = self.figures[area.pk]
        return {"values": values_of(figures), "figures": figures}


def snapshot(area: Area, asof: AsOf) -> Snapshot:
    """Count an area for a period.

    An entry that comes in between two queries parts stock and flows for a moment: what does not reconcile is counted
    once more.
    """
    for attempt in range(COUNTED_AT_MOST):
        rows = row_areas(area, asof.on)
        counted = count_all(area, asof)
        taken = Snapshot(area, asof, rows, {each.pk: counted.total(each.path) for each in [area, *rows]})
        if not taken.problems or attempt + 1 == COUNTED_AT_MOST:
            break
    return taken


def table_published(publication: Publication) -> Table:
    """The 统计表 as it was published."""
    frozen = publication.figures
    columns = [Heading(**column) for column in frozen["columns"]]
    shares = shares_of(columns)
    rows = [Row(row["pk"], row["name"], row["values"], shares) for row in frozen["rows"]]
    table = Table(columns, rows, Row(0, "合计", frozen["values"], shares), figures=frozen["figures"])
    table.reconciliation = reconciliation_of(frozen["figures"])
    spare = [Heading(**column) for column in frozen.get("spare", ())]
    lines = ((row["pk"], row["name"], row["figures"]) for row in frozen["rows"])
    table.further = further_table(spare, lines, frozen["figures"])
    return table


@dataclass(frozen=True)
class Change:
    """A figure that is another now than it was published, and the late entries that explain it."""

    key: str
    caption: str
    before: int
    after: int
    where: str = ""
    """The row's area; '' for the area itself."""
    entries: tuple[Late, ...] = ()

    @property
    def unexplained(self) -> int:
        """What the figure of the area changed by besides its late entries: what was registered was changed or moved."""
        return 0 if self.where else self.after - self.before - sum(entry.change for entry in self.entries)

    def __str__(self) -> str:
        """As a line of 更正说明: 居家观察现在管由12改为13（补登开始观察1条）."""
        kinds: dict[str, int] = {}
        for entry in self.entries:
            kinds[entry.what] = kinds.get(entry.what, 0) + entry.number
        parts = [f"{what}{number}条" for what, number in kinds.items()]
        if parts and self.unexplained:
            parts.append(f"已有登记改动{self.unexplained:+d}")
        why = "、".join(parts)
        return f"{self.where}{self.caption}由{self.before}改为{self.after}" + (f"（{why}）" if why else "")


def changes_since(publication: Publication, now: Snapshot) -> list[Change]:
    """What has changed since a publication: figures of the area with their late entries, then those of its rows.

    A figure that was not counted then (an app has registered it since) is no change.
    """
    frozen = publication.figures
    captions: dict[str, str] = frozen["captions"]
    order = [item.key for item in indicators() if item.key in captions]  # the frozen JSON has none
    changed = [key for key in order if _differs(key, frozen["figures"], now.totals)]
    late = late_entries(now.area, now.asof, publication.known_at, keys=changed) if changed else {}
    found = [
        Change(
            key, captions[key], frozen["figures"][key], now.totals[key],
            entries=tuple(late.get(key, ())),
        )
        for key in changed
    ]  # fmt: skip
    for row in frozen["rows"]:
        figures = now.figures.get(row["pk"])
        if figures is not None:
            found += [
                Change(key, captions[key], row["figures"][key], figures[key], where=row["name"])
                for key in order
                if _differs(key, row["figures"], figures)
            ]
    return found


def _differs(key: str, before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    return key in before and key in after and before[key] != after[key]


def change_lines(changes: list[Change]) -> list[str]:
    """更正说明: the area's own figures; where they stand as they were (a move inside), those of its rows."""
    own = [str(change) for change in changes if not change.where]
    return own or [str(change) for change in changes]


def asof_of(publication: Publication, known_at: dt.datetime | None = None) -> AsOf:
    """The period of a publication, as known now unless told otherwise."""
    return AsOf.day(publication.on, known_at, publication.cutoff)
