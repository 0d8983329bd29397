"""每日统计表: one row a village, every cell computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from grassroots.grid.models import Area
from grassroots.ledgers.asof import indicators
from grassroots.ledgers.engine import (
    Column,
    Filter,
    Layout,
    LedgerContext,
    LedgerDefinition,
    ledger_registry,
)
from grassroots.ledgers.statistics import statistics
from households.ledgers import asof_of

FOLLOWED, QUIET = "YES", "NO"
FOLLOWUP = frozenset({"返乡", "居家观察", "测温", "密接"})  # groups of indicators
FILTERS = (Filter("followup", "返乡与观察", ((FOLLOWED, "有"), (QUIET, "无"))),)

COMPLETION = Column(
    "completion", "完成率", group="入户排查", format="percent", width=7.5,
    total="ratio:signed_households/households-vacant_households",
)  # fmt: skip


def statistics_layout(context: LedgerContext | None = None) -> Layout:
    """Columns from the registered indicators; 完成率 = 已签 / (总户数 − 空置户)."""
    columns: list[Column] = [Column("number", "序号", format="serial"), Column("name", "村(社区)", width=10)]
    for item in indicators():
        if item.in_table:
            columns.append(
                Column(item.key, item.caption, group=item.group, format="int", width=6, total="sum")
            )
        if item.key == "vacant_households":
            columns.append(COMPLETION)
    columns.append(Column("note", "备注", width=8))
    return Layout(title="疫情防控每日统计表", columns=tuple(columns), freeze_columns=2, row_height=24)


def _row(figures: Mapping[str, Any], layout: Layout) -> list[object]:
    to_sign = figures["households"] - figures["vacant_households"]
    completion = figures["signed_households"] / to_sign if to_sign else None
    values = {**figures, "completion": completion}
    return [values.get(key) for key in layout.keys]


def statistics_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """One row an area below, counted live."""
    layout = statistics_layout()
    for row in statistics(cast(Area, context.area), asof_of(context))["rows"]:
        if context.wants("followup", _followup(row)):
            yield _row(row, layout)


def _followup(figures: Mapping[str, Any]) -> str:
    """Whether anything of returnees and their observation was counted."""
    shown = (item for item in indicators() if item.in_table and item.group in FOLLOWUP)
    return FOLLOWED if any(figures[item.key] for item in shown) else QUIET


def statistics_totals(context: LedgerContext) -> Mapping[str, object]:
    """合计 counted for the whole area: a move between two villages does not cross its border.

    Rows that the filter leaves out have no moves, or (无) none of them is left in.
    """
    if not context.wants("followup", FOLLOWED):
        return {}
    totals: dict[str, object] = dict(statistics(cast(Area, context.area), asof_of(context))["totals"])
    return {item.key: totals[item.key] for item in indicators() if item.moves is not None}


ledger_registry.register(
    LedgerDefinition(
        "statistics",
        "统计表",
        Layout(title="疫情防控每日统计表", columns=(Column("name", "村(社区)"),)),
        rows=statistics_rows,
        totals=statistics_totals,
        layout_for=statistics_layout,
        filters=FILTERS,
        order=40,
    )
)
