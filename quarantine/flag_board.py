"""Hints on readings by officer and kind over a period, and the readings behind one (reads only)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import FlagKind, Reading, ReadingFlag

OFFICERS_SHOWN = 100
READINGS_SHOWN = 200


@dataclass(frozen=True)
class Cell:
    """How many hints, and how many of them nobody has checked."""

    count: int = 0
    unchecked: int = 0


@dataclass
class OfficerRow:
    """One officer's hints by kind."""

    officer: Staff
    cells: dict[str, Cell] = field(default_factory=dict)

    @property
    def total(self) -> Cell:
        """All kinds together."""
        return Cell(
            sum(cell.count for cell in self.cells.values()),
            sum(cell.unchecked for cell in self.cells.values()),
        )

    @property
    def by_kind(self) -> list[tuple[str, Cell]]:
        """A cell for every kind, in their order."""
        return [(kind, self.cells.get(kind, Cell())) for kind in FlagKind.values]


def span_of(since: dt.date, until: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The instants at which the days begin and, the last one included, end."""
    start = timezone.make_aware(dt.datetime.combine(since, dt.time()))
    return start, timezone.make_aware(dt.datetime.combine(until + dt.timedelta(days=1), dt.time()))


def by_officer(rows: QuerySet[ReadingFlag]) -> list[OfficerRow]:
    """Officers with their counts, the most unchecked first (two queries); at most OFFICERS_SHOWN."""
    counts = (
        rows.order_by()
        .values("officer", "kind")
        .annotate(count=Count("pk"), unchecked=Count("pk", filter=Q(conclusion="")))
    )
    cells: dict[int, dict[str, Cell]] = {}
    for row in counts:
        cells.setdefault(row["officer"], {})[row["kind"]] = Cell(row["count"], row["unchecked"])
    officers = Staff.objects.in_bulk(cells)
    found = [OfficerRow(officers[pk], by_kind) for pk, by_kind in cells.items()]
    found.sort(key=lambda row: (-row.total.unchecked, -row.total.count, row.officer.name, row.officer.pk))
    return found[:OFFICERS_SHOWN]


def totals_of(rows: list[OfficerRow]) -> list[Cell]:
    """A sum for every kind, and of all."""
    sums = [
        Cell(
            sum(row.cells.get(kind, Cell()).count for row in rows),
            sum(row.cells.get(kind, Cell()).unchecked for row in rows),
        )
        for kind in FlagKind.values
    ]
    return [*sums, Cell(sum(cell.count for cell in sums), sum(cell.unchecked for cell in sums))]


def readings_behind(flag: ReadingFlag) -> list[Reading]:
    """The readings of a hint in order of time, each knowing what has corrected it (two queries)."""
    related = (
        "visit__observation__person",
        "visit__observation__household",
        "visit__area",
        "by",
        "entered_by",
    )
    rows = flag.readings.select_related(*related).prefetch_related(
        Prefetch("corrections", Reading.objects.select_related("entered_by"))
    )
    return list(rows.order_by("entered_at", "pk")[:READINGS_SHOWN])
