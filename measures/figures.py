"""Figures out of records: what a column of the 统计表 adds up, and what entered late changes it (docs/measures.md)."""

from __future__ import annotations

import datetime as dt
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count as CountRows
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Count, Indicator, Late, LateEntries, day_began, register_indicator
from measures.models import Counting, Record

ON = ("on", "recorded_at")


def happened(asof: AsOf, *, cumulative: bool = False) -> Q:
    """A condition on rows with `on` and `recorded_at`: dated in the period, or ever up to its end."""
    until = asof.dated(*ON)
    if cumulative:
        return until
    return until & Q(on=asof.on) if asof.cutoff is None else until & ~asof.before().dated(*ON)


@dataclass(frozen=True)
class Part:
    """What an area's records of one kind of column add up to: quantities and times, of the period and in all."""

    area_id: int
    column: str
    family: str
    is_stock: bool
    total: int
    today: int
    times: int
    times_today: int


def _standing(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Record]:
    rows: QuerySet[Record] = Record.objects.standing(asof.known_at).filter(area__in=areas.values("pk"))
    return rows


def latest_stock(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Record]:
    """Of kinds that count a stock: the last record of each kind in each area, as it stood then."""
    rows = _standing(areas, asof).filter(happened(asof, cumulative=True), kind__counting=Counting.STOCK)
    later = Record.objects.standing(asof.known_at).filter(
        happened(asof, cumulative=True), Q(on__gt=OuterRef("on")) | Q(on=OuterRef("on"), pk__gt=OuterRef("pk")),
        kind=OuterRef("kind"), area=OuterRef("area"),
    )  # fmt: skip
    return rows.filter(~Exists(later))


def _count_parts(areas: QuerySet[Area], asof: AsOf) -> list[Part]:
    """Every area's sums by column and family (two queries, whatever the number of figures)."""
    today = happened(asof)
    flows = _standing(areas, asof).filter(happened(asof, cumulative=True), kind__counting=Counting.FLOW)
    keys = ("area_id", "kind__column", "kind__family")
    rows = flows.order_by().values_list(*keys).annotate(
        total=Sum("quantity"), today=Sum("quantity", filter=today), times=CountRows("pk"),
        times_today=CountRows("pk", filter=today),
    )  # fmt: skip
    parts = [
        Part(area, column, family, False, total or 0, now or 0, times, times_now)
        for area, column, family, total, now, times, times_now in rows
    ]
    stocks = latest_stock(areas, asof).order_by().values_list(*keys).annotate(total=Sum("quantity"))
    return parts + [
        Part(area, column, family, True, total or 0, 0, 0, 0) for area, column, family, total in stocks
    ]


class _Memo(threading.local):
    """The last sums of this thread: `count_all` asks for every figure with one queryset of areas and one period."""

    areas: weakref.ref[Any] | None = None
    asof: AsOf | None = None
    parts: list[Part] | None = None


_memo = _Memo()


def parts_of(areas: QuerySet[Area], asof: AsOf) -> list[Part]:
    """Every area's sums, counted once for all figures of the same call."""
    if _memo.parts is None or _memo.asof != asof or _memo.areas is None or _memo.areas() is not areas:
        _memo.parts = _count_parts(areas, asof)
        _memo.areas, _memo.asof = weakref.ref(areas), asof
    return _memo.parts


@dataclass(frozen=True)
class Measured:
    """A figure out of records.

    It adds up those whose kind feeds the column `column`, or all of a `family`. `today`: of the period, else in all
    (of a stock: how it stands). `times`: how often, not how much.
    """

    key: str
    caption: str
    column: str = ""
    family: str = ""
    today: bool = False
    times: bool = False
    group: str = ""
    order: int = 120
    in_table: bool = False

    def takes(self, part: Part) -> bool:
        return part.column == self.column if self.column else part.family == self.family

    @property
    def where(self) -> Q:
        """The same as a condition on records."""
        return Q(kind__column=self.column) if self.column else Q(kind__family=self.family)

    def value(self, part: Part) -> int:
        if self.times:
            return part.times_today if self.today else part.times
        return part.today if self.today else part.total

    def count(self, areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        sums: Counter[int] = Counter()
        for part in parts_of(areas, asof):
            if self.takes(part):
                sums[part.area_id] += self.value(part)
        return sums

    def late(self, areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        """Records entered or made void after `since`; of a stock, the areas whose last record is another now."""
        rows = Record.objects.filter(
            self.where, happened(asof, cumulative=not self.today), area__in=areas.values("pk")
        )
        flows = rows.filter(kind__counting=Counting.FLOW).select_related("kind", "recorded_by", "voided_by")
        added = flows.filter(recorded_at__gt=since).filter(Q(voided_at=None) | Q(voided_at__gt=asof.known_at))
        gone = flows.filter(recorded_at__lte=since, voided_at__gt=since, voided_at__lte=asof.known_at)
        found = [self._late(row, 1, row.recorded_at, "补登") for row in added]
        found += [self._late(row, -1, row.voided_at or since, "更正或作废") for row in gone]
        return found if self.today or self.times else found + self._late_stock(areas, asof, since)

    def _late(self, row: Record, sign: int, recorded_at: dt.datetime, words: str) -> Late:
        change = sign * (1 if self.times else row.quantity)
        who = row.recorded_by if sign > 0 else row.voided_by
        return Late(
            row.area_id, change, day_began(row.on), recorded_at, f"{words}{row.kind.name}", row,
            by=who.name if who else "", rows=1,
        )  # fmt: skip

    def _late_stock(self, areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        earlier = replace(asof, known_at=since)
        now, then = (
            {
                (row.kind_id, row.area_id): row
                for row in latest_stock(areas, at).filter(self.where).select_related("kind")
            }
            for at in (asof, earlier)
        )
        found = []
        for key in sorted(now.keys() | then.keys()):
            new, old = now.get(key), then.get(key)
            change = (new.quantity if new else 0) - (old.quantity if old else 0)
            row = new or old
            if change and row is not None:
                recorded_at = (
                    new.recorded_at if new and new.recorded_at > since else (old or row).voided_at or since
                )
                words = f"更正{row.kind.name}"
                found.append(Late(row.area_id, change, day_began(row.on), recorded_at, words, row, rows=1))
        return found

    def indicator(self) -> Indicator:
        return Indicator(
            self.key, self.caption, self.count, late=self.late, group=self.group, order=self.order,
            in_table=self.in_table,
        )  # fmt: skip


#: Columns that a kind may feed, by key, with the words for them: what the administrator chooses from.
columns: dict[str, str] = {}


def register_measured(figures: Iterable[Measured]) -> None:
    """Enter figures; a column becomes one that kinds may feed."""
    for figure in figures:
        register_indicator(figure.indicator())
        if figure.column and not figure.today and not figure.times:
            columns[figure.column] = f"{figure.group}{figure.caption}"


def by_area(rows: QuerySet[Any], field: str = "area_id") -> Mapping[int, int]:
    """Count rows by their area."""
    return dict(rows.order_by().values_list(field).annotate(n=CountRows("pk")))


def plain(key: str, caption: str, count: Count, late: LateEntries | None = None, **more: Any) -> Indicator:
    """An indicator of another source than records."""
    return Indicator(key, caption, count, late=late, **more)


Rows = Callable[["QuerySet[Area]", AsOf], "QuerySet[Any]"]
"""The rows that a figure counts."""
