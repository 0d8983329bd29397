"""每日统计表 as a ledger: one row an area below, every cell computed, columns as they are registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Indicator, Ratio, indicators, spare_columns, table_columns
from grassroots.ledgers.engine import (
    ClockFilter,
    Column,
    Filter,
    Layout,
    LedgerContext,
    LedgerDefinition,
    ledger_registry,
)
from grassroots.ledgers.rollups import rollups_of
from grassroots.ledgers.statistics import Figures, count_all, count_keys, row_areas
from grassroots.ledgers.table import values_of

TITLE = "疫情防控每日统计表"
NUMBER, NAME, NOTE = Column("number", "序号", format="serial"), Column("name", "村(社区)", width=10), "备注"

FOLLOWED, QUIET = "YES", "NO"
FOLLOWUP = frozenset({"返乡", "居家观察", "测温", "密接"})  # groups of indicators
FILTERS = (
    Filter("followup", "返乡与观察", ((FOLLOWED, "有"), (QUIET, "无"))),
    ClockFilter("cutoff", "统计截止时间"),
)


def _column(item: Indicator | Ratio) -> Column:
    if isinstance(item, Ratio):
        return Column(
            item.key, item.caption, group=item.group, format="percent", width=7.5, total=item.formula
        )
    return Column(item.key, item.caption, group=item.group, format="int", width=6, total="sum")


def statistics_layout(context: LedgerContext | None = None) -> Layout:
    """The sheet as it is now: 序号, 村(社区), the registered columns, 备注."""
    return _layout(table_columns())


def offered_layout(context: LedgerContext | None = None) -> Layout:
    """The same with the columns beyond the form, which a layout of the office may take in."""
    return _layout([*table_columns(), *spare_columns()])


def _layout(items: Sequence[Indicator | Ratio]) -> Layout:
    columns = (NUMBER, NAME, *map(_column, items), Column("note", NOTE, width=8))
    return Layout(title=TITLE, columns=columns, freeze_columns=2, row_height=24)


def sheet_row(name: str, figures: Mapping[str, int]) -> list[object]:
    """One line, in the order of `offered_layout`."""
    return [None, name, *values_of(figures), *(figures.get(item.key, 0) for item in spare_columns()), None]


def asof_of(context: LedgerContext) -> AsOf:
    """The period that a ledger is asked for: its day, or up to its cut-off, as known when it is made."""
    return AsOf.day(context.on, context.as_of, context.cutoff)


def statistics_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """One row an area below, counted live; for a preview, as the tick counted it last."""
    root, asof = cast(Area, context.area), asof_of(context)
    areas = row_areas(root, asof.on)
    counted = _counted_before(areas, context) or _counted_now(root, areas, asof)
    for area in areas:
        if context.wants("followup", _followup(counted[area.pk])):
            yield sheet_row(area.name, counted[area.pk])


def _counted_now(root: Area, areas: Sequence[Area], asof: AsOf) -> dict[int, Figures]:
    counted = count_all(root, asof)
    return {area.pk: counted.total(area.path) for area in areas}


def _counted_before(areas: Sequence[Area], context: LedgerContext) -> dict[int, Figures] | None:
    """Today's rollups, where a look at the sheet is all that is wanted and every row has one."""
    if context.limit is None or context.cutoff is not None:
        return None
    found = {pk: row.total for pk, row in rollups_of(areas, context.on).items()}
    known = all(item.key in figures for figures in found.values() for item in indicators())
    return found if known and len(found) == len(areas) else None


def _followup(figures: Mapping[str, int]) -> str:
    """Whether anything of returnees and their observation was counted."""
    shown = (item for item in indicators() if item.in_table and item.group in FOLLOWUP)
    return FOLLOWED if any(figures[item.key] for item in shown) else QUIET


def statistics_totals(context: LedgerContext) -> Mapping[str, object]:
    """What is not the sum of the rows: a move between two villages does not cross the street's border.

    Rows that the filter leaves out have no moves, or (无) none of them is left in.
    """
    if not context.wants("followup", FOLLOWED):
        return {}
    crossing = [item.key for item in indicators() if item.moves is not None]
    figures: Figures = count_keys(cast(Area, context.area), asof_of(context), crossing)
    return dict(figures)


ledger_registry.register(
    LedgerDefinition(
        "statistics",
        "统计表",
        Layout(title=TITLE, columns=(NAME,)),
        rows=statistics_rows,
        totals=statistics_totals,
        layout_for=statistics_layout,
        offered_for=offered_layout,
        filters=FILTERS,
        order=40,
    )
)
