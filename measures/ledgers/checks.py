"""抽查核实: what was reported beside what was found, of the checks whose results are frozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from django.db.models import QuerySet
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import Column, Filter, Layout, LedgerContext, LedgerDefinition, ledger_registry
from measures.models import CheckItem, CheckOutcome, CheckSubject, SpotCheck

LAYOUT = Layout(
    title="抽查核实台账",
    columns=(
        Column("number", "序号", format="serial"),
        Column("village", "村(社区)", width=10, aliases=("村社区", "村", "社区")),
        Column("subject", "抽查内容", width=12),
        Column("title", "抽查户", width=16, aliases=("抽查对象",)),
        Column("reported", "填报值", width=26),
        Column("found", "核实值", width=20),
        Column("outcome", "是否一致", width=9),
        Column("mismatch", "不一致类型", width=11),
        Column("evidence", "证据", width=20, aliases=("依据",)),
        Column("method", "核实方式", width=8),
        Column("checked_by", "核实人", width=8),
        Column("checked_on", "核实日期", format="date"),
    ),
    freeze_columns=4,
)
FILTERS = (
    Filter("subject", "抽查内容", tuple(CheckSubject.choices)),
    Filter("outcome", "是否一致", tuple(CheckOutcome.choices)),
)


def ledger_checks(context: LedgerContext) -> QuerySet[CheckItem]:
    """What was drawn in villages of the area, of checks that the requester may see, frozen by then."""
    area, staff = cast(Area, context.area), cast(Staff, context.staff)
    asof = AsOf.day(context.on, context.as_of)
    checks = SpotCheck.objects.visible_to(staff).filter(frozen_at__lte=min(asof.end, asof.known_at))
    if not staff.has_perm("measures.view_spotcheck"):
        checks = checks.none()
    rows = CheckItem.objects.filter(
        check_of__in=checks.values("pk"), village__in=Area.objects.within(area).order_by().values("pk")
    )
    if subjects := context.filters.get("subject"):
        rows = rows.filter(check_of__subject__in=subjects)
    if outcomes := context.filters.get("outcome"):
        rows = rows.filter(outcome__in=outcomes)
    return rows


def check_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of the ledger: the earliest check first, as drawn (one query)."""
    rows = ledger_checks(context).select_related("check_of", "village", "checked_by")
    for row in rows.order_by("check_of__drawn_at", "check_of_id", "number"):
        reported = "，".join(f"{label}{value}" for label, value in row.reported)
        yield [
            None, row.village.name, row.check_of.get_subject_display(), row.title, reported, row.found,
            row.get_outcome_display(), row.get_mismatch_display(), row.evidence, row.get_method_display(),
            row.checked_by.name if row.checked_by else "",
            timezone.localdate(row.checked_at) if row.checked_at else None,
        ]  # fmt: skip


ledger_registry.register(
    LedgerDefinition(
        "spot-checks",
        "抽查核实台账",
        LAYOUT,
        rows=check_rows,
        filters=FILTERS,
        entries=ledger_checks,
        order=90,
    )
)
