"""Ledgers as their apps declare them: each app's `ledgers.py` registers its own, the engine knows none by
name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from grassroots.ledgers.engine.columns import Column
from grassroots.ledgers.engine.filters import Chosen, Filter, filter_words, read_filters
from grassroots.ledgers.engine.formats import local_naive
from grassroots.ledgers.engine.layout import Layout
from grassroots.ledgers.engine.rows import Block
from grassroots.ledgers.engine.writer import Sheet


class AreaLike(Protocol):
    """What the engine needs of an area (grassroots.grid.models.Area)."""

    name: Any


class StaffLike(Protocol):
    """What the engine needs of a member of staff: nothing but to hand it to the ledger's generator."""


@dataclass(frozen=True, slots=True)
class LedgerContext:
    """What a ledger is asked for: which area, by whom, for which day, as known when, and whether unmasked.

    `on` is the day (Asia/Shanghai); `as_of` the moment whose knowledge counts, aware. `filters` holds
    chosen filters by key, as `LedgerDefinition.read_filters` gives them. `purpose` is what an unmasked export
    states. `limit` (a preview) lets the generator stop early: that many rows are enough, more do no harm.
    """

    area: AreaLike
    staff: StaffLike | None
    on: dt.date
    as_of: dt.datetime
    unmasked: bool = False
    purpose: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None

    def wants(self, key: str, *values: str) -> bool:
        """Whether a row with these values of the filter `key` is wanted."""
        chosen = self.filters.get(key)
        return not chosen or any(value in chosen for value in values)

    @property
    def cutoff(self) -> dt.time | None:
        """统计截止时间 where one was chosen (the filter "cutoff", e.g. "17:00"); None for the whole day."""
        chosen = self.filters.get("cutoff")
        return dt.time.fromisoformat(chosen[0]) if chosen else None

    def lines(self) -> dict[str, str]:
        """What fills a layout's common placeholders: {unit}, {area}, {on}, {cutoff}, {filled_on}."""
        as_of = local_naive(self.as_of)
        if self.cutoff and dt.datetime.combine(self.on, self.cutoff) <= as_of:
            until = clock_words(self.cutoff)
        else:
            until = f"{as_of.hour}时{as_of.minute:02}分" if as_of.date() == self.on else "24时"
        return {
            "unit": str(self.area.name),
            "area": str(self.area.name),
            "on": chinese_date(self.on),
            "cutoff": f"{chinese_date(self.on)}{until}",
            "filled_on": chinese_date(as_of.date()),
        }


def chinese_date(day: dt.date) -> str:
    """2020年1月29日."""
    return f"{day.year}年{day.month}月{day.day}日"


def clock_words(cutoff: dt.time | None) -> str:
    """A cut-off as offices write it: 17时, 17时30分, 24时 for None."""
    if cutoff is None:
        return "24时"
    return f"{cutoff.hour}时" + (f"{cutoff.minute:02}分" if cutoff.minute else "")


def make_imprint(*, who: str, at: dt.datetime, purpose: str, unmasked: bool, filtered: str = "") -> str:
    """The line that says who exported a ledger, when, what for, of which rows, and whether masked.

    `at` is aware; `filtered` says in words which filters were chosen.
    """
    kind = "未脱敏,内含个人信息,不得外传" if unmasked else "已脱敏"
    aim = f"用途:{purpose};" if purpose else ""
    part = f"筛选:{filtered};" if filtered else ""
    return f"导出人:{who};导出时间:{local_naive(at):%Y-%m-%d %H:%M};{aim}{part}{kind}"


@dataclass(frozen=True, slots=True)
class FormRows:
    """What a ledger knows for forms from above, which ask for more than its own columns show.

    `columns(context)` are all columns that a form may have, `rows(context)` the ledger's rows with these values, in
    that order. `fallbacks` maps a column to the one whose value stands in for an empty one where the form has no
    column for that by itself: 解除日期 takes 期满日期. `rows_per_entry` where it differs from the ledger's.
    """

    columns: Callable[[LedgerContext], Sequence[Column]]
    rows: Callable[[LedgerContext], Iterable[Sequence[object]]]
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    rows_per_entry: int | None = None


@dataclass(frozen=True, slots=True)
class LedgerDefinition:
    """A ledger: its key and name, its layout, and where its rows come from.

    `rows(context)` yields rows in the order of `layout.columns` (or of `row_keys`, where the rows hold
    more than the layout shows); it scopes them to what `context.staff` may see. `count(context)` is how
    many to expect. `entries(context)` is a queryset of what the rows come from (doors, people), about
    `rows_per_entry` rows each: it tells a long ledger from a short one without counting it. A ledger of
    one sheet a person gives `sheets(context)` in place of `rows`. One with very many rows gives
    `blocks(context)` beside `rows`: the same rows as blocks of columns, for files.
    `form` is what it knows beyond its columns. `offered_for(context)` is the layout with the columns that a layout of
    the office may take in beside the ledger's own; rows hold all of these.
    `lines(context)` adds placeholders to the common ones; `totals(context)` gives 合计 values that are
    not plain sums.
    """

    key: str
    name: str
    layout: Layout
    rows: Callable[[LedgerContext], Iterable[Sequence[object]]] | None = None
    row_keys: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    count: Callable[[LedgerContext], int] | None = None
    sheets: Callable[[LedgerContext], Iterable[Sheet]] | None = None
    lines: Callable[[LedgerContext], Mapping[str, object]] | None = None
    totals: Callable[[LedgerContext], Mapping[str, object]] | None = None
    order: int = 50
    layout_for: Callable[[LedgerContext], Layout] | None = None
    entries: Callable[[LedgerContext], Any] | None = None
    rows_per_entry: int = 1
    blocks: Callable[[LedgerContext], Iterable[Block]] | None = None
    form: FormRows | None = None
    offered_for: Callable[[LedgerContext], Layout] | None = None

    def __post_init__(self) -> None:
        if (self.rows is None) == (self.sheets is None):
            raise ValueError(f"ledger {self.key}: give either rows or sheets")

    def layout_of(self, context: LedgerContext) -> Layout:
        """The layout for a context: `layout_for` where columns depend on data, e.g. on the office's duty kinds."""
        return self.layout_for(context) if self.layout_for else self.layout

    def offered_layout_of(self, context: LedgerContext) -> Layout:
        """The same with every column that a layout of the office may take in."""
        return self.offered_for(context) if self.offered_for else self.layout_of(context)

    def held_keys(self, context: LedgerContext) -> tuple[str, ...]:
        """What the generator's rows hold, in order."""
        return self.row_keys or self.offered_layout_of(context).keys

    def read_filters(self, given: Mapping[str, Any]) -> Chosen:
        """The filters given by key or label, checked; raises FilterError naming what the ledger does not have."""
        return read_filters(self.filters, given)

    def filter_words(self, chosen: Mapping[str, Sequence[str]]) -> str:
        """The chosen filters in words; "" for none."""
        return ";".join(filter_words(self.filters, chosen))

    def is_longer_than(self, context: LedgerContext, rows: int, *, as_form: bool = False) -> bool:
        """Whether it (or a form filled from it) will have more than about so many rows; stops looking then."""
        if self.entries is None:
            return False
        in_form = self.form.rows_per_entry if as_form and self.form else None
        limit = rows // (in_form or self.rows_per_entry)
        return bool(self.entries(context).order_by()[: limit + 1].count() > limit)

    def expected_rows(self, context: LedgerContext) -> int | None:
        """About how many rows it will have; None when it cannot tell."""
        if self.count is not None:
            return self.count(context)
        if self.entries is not None:
            return int(self.entries(context).order_by().count() * self.rows_per_entry)
        return None


class UnknownLedger(KeyError):
    """No ledger of that key is registered."""


class LedgerRegistry:
    """The ledgers of all apps, by key."""

    def __init__(self) -> None:
        self._definitions: dict[str, LedgerDefinition] = {}

    def register(self, definition: LedgerDefinition) -> LedgerDefinition:
        """Enter a ledger. Raises ValueError when its key is taken."""
        if definition.key in self._definitions:
            raise ValueError(f"ledger {definition.key} is registered already")
        self._definitions[definition.key] = definition
        return definition

    def get(self, key: str) -> LedgerDefinition:
        """The ledger of that key. Raises UnknownLedger."""
        try:
            return self._definitions[key]
        except KeyError:
            raise UnknownLedger(key) from None

    def all(self) -> list[LedgerDefinition]:
        """All ledgers, in their order, then by key."""
        return sorted(self._definitions.values(), key=lambda definition: (definition.order, definition.key))


ledger_registry = LedgerRegistry()
