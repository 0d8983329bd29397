"""上传下达台账: one row an order and an area that it went to; 突发情况台账: one row an incident."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import Column, Filter, Layout, LedgerContext, LedgerDefinition, ledger_registry
from households.doors import places_of
from measures.models import (
    Family,
    Incident,
    IncidentAction,
    IncidentState,
    Kind,
    OrderReceipt,
    ReceiptState,
)
from measures.rules.orders import Severity, Urgency

ORDERS = Layout(
    title="上传下达台账",
    columns=(
        Column("number", "序号", format="serial"),
        Column("code", "编号", width=18, aliases=("文号",)),
        Column("title", "指令", width=20, aliases=("标题", "指令标题")),
        Column("urgency", "缓急", width=6),
        Column("issued", "下发时间", width=15),
        Column("area", "接收单位", width=14, aliases=("单位",)),
        Column("due", "反馈时限", width=15, aliases=("时限",)),
        Column("signed", "签收人/时间", width=20, aliases=("签收",)),
        Column("answered", "反馈人/时间", width=20, aliases=("反馈时间",)),
        Column("answer", "反馈情况", width=26, aliases=("办理情况", "反馈")),
        Column("figure", "所报数字", format="int"),
        Column("state", "状态", width=9),
        Column("note", "备注", width=14),
    ),
    freeze_columns=3,
)
INCIDENTS = Layout(
    title="突发情况台账",
    columns=(
        Column("number", "序号", format="serial"),
        Column("village", "区域", width=14, aliases=("村(社区)", "村社区")),
        Column("place", "地点", width=12),
        Column("kind", "种类", width=9),
        Column("severity", "等级", width=6),
        Column("happened", "发生时间", width=15),
        Column("what", "发生了什么", width=26, aliases=("情况", "经过")),
        Column("done", "已采取措施", width=20, aliases=("措施",)),
        Column("reported", "上报人/时间", width=20, aliases=("上报时间",)),
        Column("readers", "阅知", width=18),
        Column("instruction", "批示", width=20),
        Column("followups", "续报", width=20),
        Column("result", "处理结果", width=18, aliases=("结果",)),
        Column("closed", "办结人/时间", width=20, aliases=("办结时间",)),
        Column("state", "状态", width=8),
    ),
    freeze_columns=4,
)
STATE = Filter("state", "状态", tuple(ReceiptState.choices))
URGENCY = Filter("urgency", "缓急", tuple(Urgency.choices))


def _kinds() -> tuple[tuple[str, str], ...]:
    return tuple(Kind.objects.of(Family.INCIDENT).values_list("code", "name"))


INCIDENT_FILTERS = (
    Filter("kind", "种类", choices_for=_kinds),
    Filter("severity", "等级", tuple(Severity.choices)),
    Filter("state", "状态", tuple(IncidentState.choices)),
)


def _place(context: LedgerContext) -> tuple[QuerySet[Area], Staff, AsOf]:
    area, staff = cast(Area, context.area), cast(Staff, context.staff)
    return Area.objects.within(area).order_by(), staff, AsOf.day(context.on, context.as_of)


def ledger_orders(context: LedgerContext) -> QuerySet[OrderReceipt]:
    """What was sent to areas of the area up to the day, as it stands now."""
    areas, staff, asof = _place(context)
    until = min(asof.end, asof.known_at)
    rows: QuerySet[OrderReceipt] = OrderReceipt.objects.visible_to(staff).filter(
        area__in=areas.values("pk"), order__issued_at__lte=until
    )
    if states := context.filters.get("state"):
        rows = rows.filter(state__in=states)
    if urgencies := context.filters.get("urgency"):
        rows = rows.filter(order__urgency__in=urgencies)
    return rows


def _by(staff: Staff | None, at: Any) -> str:
    return f"{staff.name} {_at(at)}" if staff is not None and at is not None else ""


def _at(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment is not None else ""


def order_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of the ledger: the earliest order first, its areas in the order of the tree (two queries)."""
    now = timezone.now()
    related = ("order__area", "area", "signed_by", "answered_by")
    rows = list(
        ledger_orders(context).select_related(*related).order_by("order__issued_at", "order_id", "area__path")
    )
    places = places_of({row.area for row in rows})
    for row in rows:
        order = row.order
        is_late = order.withdrawn_at is None and row.is_overdue(now)
        yield [
            None, order.code, order.title, order.get_urgency_display(), _at(order.issued_at),
            places.get(row.area_id) or row.area.name, _at(row.due_at) or "不需反馈", _by(row.signed_by, row.signed_at),
            _by(row.answered_by, row.answered_at), row.answer, row.number,
            "逾期" if is_late else row.get_state_display(),
            f"已撤回：{order.withdraw_reason}" if order.withdrawn_at else "",
        ]  # fmt: skip


def ledger_incidents(context: LedgerContext) -> QuerySet[Incident]:
    """What was reported in the area up to the day, as it stands now."""
    areas, staff, asof = _place(context)
    rows: QuerySet[Incident] = Incident.objects.visible_to(staff).filter(
        area__in=areas.values("pk"), reported_at__lte=min(asof.end, asof.known_at)
    )
    for name, column in (("kind", "kind__code__in"), ("severity", "severity__in"), ("state", "state__in")):
        if chosen := context.filters.get(name):
            rows = rows.filter(**{column: chosen})
    return rows


def incident_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of the ledger, the earliest report first, at a constant number of queries."""
    rows = list(
        ledger_incidents(context)
        .select_related("kind", "area", "household", "reported_by", "closed_by")
        .prefetch_related("steps", "readers__staff")
        .order_by("reported_at", "pk")
    )
    places = places_of({row.area for row in rows})
    for row in rows:
        said: dict[str, list[str]] = {}
        for step in row.steps.all():
            said.setdefault(step.action, []).append(step.words)
        read = [one.staff.name for one in row.readers.all() if one.read_at is not None]
        door = row.household.display if row.household else ""
        followed = [*said.get(IncidentAction.FOLLOWED, []), *said.get(IncidentAction.FINAL, [])]
        yield [
            None, places.get(row.area_id) or row.area.name, row.place or door, row.kind.name,
            row.get_severity_display(), _at(row.happened_at), row.what, row.done,
            _by(row.reported_by, row.reported_at), "、".join(read),
            "；".join(said.get(IncidentAction.INSTRUCTED, [])), "；".join(followed), row.result,
            _by(row.closed_by, row.closed_at), row.get_state_display(),
        ]  # fmt: skip


ledger_registry.register(
    LedgerDefinition(
        "orders",
        "上传下达台账",
        ORDERS,
        rows=order_rows,
        filters=(STATE, URGENCY),
        entries=ledger_orders,
        order=90,
    )
)
ledger_registry.register(
    LedgerDefinition(
        "incidents", "突发情况台账", INCIDENTS, rows=incident_rows, filters=INCIDENT_FILTERS,
        entries=ledger_incidents, order=91,
    )
)  # fmt: skip
