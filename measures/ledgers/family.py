"""Ledgers of records: one row a record, with the columns of the office's form and whatever else its kinds ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from django.db.models import Q, QuerySet

from grassroots.grid.models import Area, Staff
from grassroots.grid.names import PlaceNames, place_names
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import Column, Filter, Layout, LedgerContext, LedgerDefinition, ledger_registry
from measures.figures import happened
from measures.models import Kind, Record
from measures.rules.fields import DECIMAL, INTEGER, shown

WEEK = dt.timedelta(days=6)
CHUNK = 1000
PERIODS = (("DAY", "当日"), ("WEEK", "近7天"))
NUMBER = Column("number", "序号", format="serial")
VILLAGE = Column("village", "村(社区)", width=10, aliases=("村社区", "村", "社区"))
GROUP = Column("group", "组(网格)", width=8, aliases=("组", "网格", "小区"))
ON = Column("on", "日期", format="date")
KIND = Column("kind", "项目", width=11)
PLACE = Column("place", "地点", width=14)
BY = Column("by", "经办人", width=8)
NOTE = Column("note", "备注", width=12)

#: Values that every record has, by the key of the column that shows them.
VALUES: dict[str, Callable[[Record, PlaceNames], object]] = {
    "village": lambda row, place: place.village or place.street,
    "group": lambda row, place: place.compound or place.group,
    "on": lambda row, place: row.on,
    "kind": lambda row, place: row.kind.name,
    "quantity": lambda row, place: row.quantity,
    "unit": lambda row, place: row.kind.unit,
    "place": lambda row, place: " ".join(filter(None, (row.venue.name if row.venue else "", row.place))),
    "area_or_thing": lambda row, place: " ".join(filter(None, (place.short, row.place))),
    "by": lambda row, place: row.by.name,
    "note": lambda row, place: row.note,
}


@dataclass(frozen=True)
class FamilyLedger:
    """A ledger of one or more families.

    A column of `columns` whose key is none of VALUES shows the extra field of that label (its caption); labels that no
    column shows come behind them, before 备注.
    """

    key: str
    title: str
    families: tuple[str, ...]
    columns: tuple[Column, ...]
    order: int = 82

    def kinds(self) -> list[Kind]:
        return list(Kind.objects.of(*self.families))

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Kinds to filter by."""
        return tuple((kind.code, kind.name) for kind in self.kinds())

    def layout(self, _context: LedgerContext | None = None) -> Layout:
        """The form's columns, and one for each further extra field of the office's kinds (one query)."""
        known = {column.caption for column in self.columns}
        more: dict[str, Column] = {}
        for kind in self.kinds():
            for rule in kind.rules:
                if rule.label not in known and rule.label not in more:
                    key = f"x_{kind.code.replace('-', '_')}_{rule.key}"
                    more[rule.label] = Column(key, rule.label, width=10)
        columns = [column for column in self.columns if column.key != "note"]
        return Layout(title=self.title, columns=(*columns, *more.values(), NOTE), freeze_columns=3)

    def rows(self, context: LedgerContext) -> QuerySet[Record]:
        """Records of the area that the requester may see, up to the day or of the period chosen."""
        asof = AsOf.day(context.on, context.as_of)
        areas = Area.objects.within(cast(Area, context.area)).order_by().values("pk")
        rows: Any = Record.objects.standing(asof.known_at).visible_to(cast(Staff, context.staff))
        rows = rows.filter(happened(asof, cumulative=True), area__in=areas, kind__family__in=self.families)
        if kinds := context.filters.get("kind"):
            rows = rows.filter(kind__code__in=kinds)
        chosen = context.filters.get("period", ())
        since = {"DAY": Q(on=asof.on), "WEEK": Q(on__gte=asof.on - WEEK)}
        if chosen:
            rows = rows.filter(since["WEEK" if "WEEK" in chosen else "DAY"])
        return cast("QuerySet[Record]", rows)

    def values(self, context: LedgerContext) -> Iterator[Sequence[object]]:
        """The rows, by day and place, at a constant number of queries; in chunks, so that memory does not grow."""
        columns, places = self.layout(context).columns, place_names(cast(Area, context.area))
        rows = self.rows(context).select_related("kind", "venue", "by").order_by("on", "area__path", "pk")
        found = rows[: context.limit] if context.limit else rows
        for row in found.iterator(chunk_size=CHUNK):
            answers = {rule.label: _plain(rule, row.values.get(rule.key)) for rule in row.kind.rules}
            place = places.get(row.area_id, PlaceNames())
            yield [self._value(column, row, place, answers) for column in columns]

    def _value(self, column: Column, row: Record, place: PlaceNames, answers: dict[str, object]) -> object:
        if column.key in VALUES:
            return VALUES[column.key](row, place)
        return None if column.key == "number" else answers.get(column.caption)

    def register(self) -> None:
        """Enter it with the engine."""
        filters = (
            Filter("kind", "项目", choices_for=self.choices),
            Filter("period", "期间", PERIODS, covers=False),
        )
        plain = Layout(title=self.title, columns=self.columns)
        ledger_registry.register(
            LedgerDefinition(
                self.key, self.title, plain, rows=self.values, layout_for=self.layout, filters=filters,
                entries=self.rows, order=self.order,
            )
        )  # fmt: skip


def _plain(rule: Any, value: Any) -> object:
    """An answer for a cell: numbers with their unit in words, unless they have none."""
    if rule.type == INTEGER and not rule.unit:
        return value
    return float(value) if rule.type == DECIMAL and value and not rule.unit else shown(rule, value)


def quantity(caption: str, **more: Any) -> Column:
    """The column of the quantity, with a sum below."""
    return replace(Column("quantity", caption, format="int", width=8, total="sum"), **more)
