"""督查记录: one row a line of the checklist, with what became of what was wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from django.db.models import QuerySet
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import Column, Filter, Layout, LedgerContext, LedgerDefinition, ledger_registry
from measures.models import Inspection, InspectionItem, ItemResult, Rectification, RectificationAction

LAYOUT = Layout(
    title="督查记录",
    columns=(
        Column("number", "序号", format="serial"),
        Column("unit", "被检查单位", width=16, aliases=("单位",)),
        Column("at", "检查时间", width=15),
        Column("inspectors", "检查人(≥2)", width=12, aliases=("检查人", "检查人员")),
        Column("checklist", "项目", width=14),
        Column("words", "内容", width=20, aliases=("检查内容",)),
        Column("result", "结果", width=8),
        Column("problem", "存在问题", width=20),
        Column("demand", "整改要求", width=18),
        Column("due_on", "整改时限", format="date"),
        Column("done", "整改结果", width=18),
        Column("closed", "复核人/时间", width=16, aliases=("复核人", "复核时间")),
    ),
    freeze_columns=2,
)
FILTERS = (Filter("result", "结果", tuple(ItemResult.choices)),)


def ledger_inspections(context: LedgerContext) -> QuerySet[InspectionItem]:
    """Lines of inspections in the area up to the day, as far as was known."""
    area, staff = cast(Area, context.area), cast(Staff, context.staff)
    asof = AsOf.day(context.on, context.as_of)
    inspections = (
        Inspection.objects.standing()
        .visible_to(staff)
        .filter(
            area__in=Area.objects.within(area).order_by().values("pk"),
            at__lt=asof.end,
            recorded_at__lte=asof.known_at,
        )
    )
    rows = InspectionItem.objects.filter(inspection__in=inspections.values("pk"))
    if results := context.filters.get("result"):
        rows = rows.filter(result__in=results)
    return rows


def _closed(row: Rectification | None) -> str:
    if row is None or row.closed_by is None or row.closed_at is None:
        return ""
    return f"{row.closed_by.name} {timezone.localtime(row.closed_at):%Y-%m-%d}"


def inspection_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of the ledger, the earliest inspection first, at a constant number of queries."""
    rows = (
        ledger_inspections(context)
        .select_related("inspection__checklist", "rectification__closed_by")
        .prefetch_related("inspection__inspectors", "rectification__steps")
        .order_by("inspection__at", "inspection_id", "order")
    )
    for row in rows:
        inspection, demand = row.inspection, row.rectification
        names = sorted(one.name for one in inspection.inspectors.all())
        steps = demand.steps.all() if demand else []
        done = [step.words for step in steps if step.action == RectificationAction.DONE]
        yield [
            None, inspection.unit, f"{timezone.localtime(inspection.at):%Y-%m-%d %H:%M}", "、".join(names),
            inspection.checklist.name, row.words, row.get_result_display(), row.problem,
            demand.demand if demand else "", demand.due_on if demand else None, done[-1] if done else "",
            _closed(demand),
        ]  # fmt: skip


ledger_registry.register(
    LedgerDefinition(
        "inspections", "督查记录", LAYOUT, rows=inspection_rows, filters=FILTERS, entries=ledger_inspections,
        order=85,
    )
)  # fmt: skip
