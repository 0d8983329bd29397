"""Figures of 上传下达: orders that came, those overdue, incidents reported; columns beyond the form of the 统计表.

As of a period: an order that is amended or withdrawn later changes nothing of a day that is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Count, Indicator, register_indicator
from measures.figures import by_area
from measures.models import Incident, OrderAction, OrderReceipt, OrderRevision, OrderStep

GROUP = "上传下达"


def _within(asof: AsOf, column: str, *, cumulative: bool) -> Q:
    until = Q(**{f"{column}__lte": min(asof.end, asof.known_at)})
    return until if cumulative else until & Q(**{f"{column}__gt": asof.start})


def _received(areas: QuerySet[Area], asof: AsOf, *, cumulative: bool) -> QuerySet[OrderReceipt]:
    """What was sent to the areas in the period (or ever up to its end) and had not been withdrawn by then."""
    standing = Q(order__withdrawn_at=None) | Q(order__withdrawn_at__gt=min(asof.end, asof.known_at))
    rows: QuerySet[OrderReceipt] = OrderReceipt.objects.filter(
        standing, _within(asof, "order__issued_at", cumulative=cumulative), area__in=areas.values("pk")
    )
    return rows


def _orders_today(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(_received(areas, asof, cumulative=False))


def _orders(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(_received(areas, asof, cumulative=True))


def _unanswered(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    """Deadlines, as they stood at the end of the period, that had passed without an answer by then. An answer is one
    to the version of then, or one that had been accepted."""
    until = min(asof.end, asof.known_at)
    version = OrderRevision.objects.filter(order=OuterRef("order"), at__lte=until).order_by("-number")
    rows = _received(areas, asof, cumulative=True).annotate(
        due_then=Subquery(version.values("due_at")[:1]), version_at=Subquery(version.values("at")[:1])
    )
    steps = OrderStep.objects.filter(receipt=OuterRef("pk"), at__lte=until)
    accepted = Exists(steps.filter(action=OrderAction.ACCEPTED))
    answered = Exists(steps.filter(action=OrderAction.ANSWERED, at__gte=OuterRef("version_at")))
    return by_area(rows.filter(~accepted, ~answered, order__asks_answer=True, due_then__lte=until))


def _incidents(areas: QuerySet[Area], asof: AsOf, *, cumulative: bool) -> Mapping[int, int]:
    reported = _within(asof, "reported_at", cumulative=cumulative)
    return by_area(Incident.objects.filter(reported, area__in=areas.values("pk")))


def _incidents_open(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    until = min(asof.end, asof.known_at)
    rows = Incident.objects.filter(reported_at__lte=until, area__in=areas.values("pk"))
    return by_area(rows.filter(Q(closed_at=None) | Q(closed_at__gt=until)))


_FIGURES: tuple[tuple[str, str, Count], ...] = (
    ("orders_today", "今日收到指令", _orders_today),
    ("orders_received", "累计收到指令", _orders),
    ("orders_unanswered", "逾期未反馈指令", _unanswered),
    ("incidents_today", "今日上报突发情况", partial(_incidents, cumulative=False)),
    ("incidents_reported", "累计上报突发情况", partial(_incidents, cumulative=True)),
    ("incidents_open", "处理中突发情况", _incidents_open),
)
for _order, (_key, _caption, _count) in enumerate(_FIGURES, start=164):
    register_indicator(
        Indicator(_key, _caption, _count, group=GROUP, order=_order, in_table=False, is_spare=True)
    )
