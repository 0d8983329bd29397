"""Figures of services (代办服务) by the steps that were known, and what the daily brief says of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Indicator, register_indicator
from grassroots.ledgers.late import Cause, CauseOf, late_rows
from grassroots.ledgers.paragraphs import Figures, Paragraph, register_paragraph
from quarantine.models import ServiceRequest, ServiceState, ServiceStep
from quarantine.passings import held_then

TO_DO = (ServiceState.ASKED, ServiceState.ASSIGNED)
CLOSING = (ServiceState.DONE, ServiceState.DECLINED, ServiceState.WITHDRAWN)

Services = Callable[["QuerySet[Area]", AsOf], "QuerySet[Any]"]


def _steps(asof: AsOf, *states: ServiceState) -> QuerySet[ServiceStep]:
    """Steps of the service of an outer query up to the end of the period, as far as was known."""
    return ServiceStep.objects.filter(
        service=OuterRef("pk"), state__in=states, at__lte=asof.end, recorded_at__lte=asof.known_at
    )


def _asked(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    known = ServiceRequest.objects.filter(requested_at__lte=asof.end, recorded_at__lte=asof.known_at)
    return held_then(known, "service", areas, min(asof.end, asof.known_at))


def _asked_today(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    return _asked(areas, asof).filter(requested_at__gt=asof.start)


def _done_today(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    done = _steps(asof, ServiceState.DONE).filter(at__gt=asof.start)
    return _asked(areas, asof).filter(Exists(done))


def _open(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    return _asked(areas, asof).filter(~Exists(_steps(asof, *CLOSING)))


def _overdue(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    """Open ones whose limit was over: the row's own, or where that was set later, the one that stood then."""
    steps = ServiceStep.objects.filter(service=OuterRef("pk"), state__in=TO_DO)
    later = steps.filter(Q(at__gt=asof.end) | Q(recorded_at__gt=asof.known_at))
    last = _steps(asof, *TO_DO).order_by("-at", "-pk").values("due_at")[:1]
    rows = _open(areas, asof).annotate(is_later=Exists(later), limit=Subquery(last))
    return rows.filter(Q(is_later=False, due_at__lte=asof.end) | Q(is_later=True, limit__lte=asof.end))


def _causes(keys: Collection[int], asof: AsOf, since: dt.datetime) -> CauseOf:
    """By the request where that was entered since, else by its last step."""
    asked = {
        pk: (at, recorded_at, by)
        for pk, at, recorded_at, by in ServiceRequest.objects.filter(pk__in=keys).values_list(
            "pk", "requested_at", "recorded_at", "recorded_by__name"
        )
    }
    steps = ServiceStep.objects.filter(
        service__in=keys, recorded_at__gt=since, recorded_at__lte=asof.known_at, at__lte=asof.end
    ).order_by("recorded_at", "pk")
    last: dict[int, Any] = {
        pk: step for pk, *step in steps.values_list("service", "at", "recorded_at", "state", "by__name")
    }

    def cause(key: int, sign: int) -> Cause:
        if asked[key][1] > since or key not in last:
            at, recorded_at, by = asked[key]
            return Cause(at, recorded_at, "补登代办服务", by)
        at, recorded_at, state, by = last[key]
        words = "服务期限有变动" if state in TO_DO else f"补登服务{ServiceState(state).label}"
        return Cause(at, recorded_at, words, by)

    return cause


def _figure(key: str, caption: str, order: int, services: Services) -> Indicator:
    def rows(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        return dict(services(areas, asof).order_by().values_list("pk", "held"))

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        return Counter(rows(areas, asof).values())

    return Indicator(key, caption, count, late=late_rows(rows, _causes), order=order, in_table=False)


for _indicator in (
    _figure("services_today", "今日新增代办服务", 82, _asked_today),
    _figure("services_done_today", "今日办结代办服务", 83, _done_today),
    _figure("services_open", "待办代办服务", 84, _open),
    _figure("services_overdue", "超时未办代办服务", 85, _overdue),
):
    register_indicator(_indicator)


def _said(figures: Figures) -> str:
    return (
        f"代办服务（代购、送药、心理疏导等）今日{figures.new('services_today', '件')}，"
        f"{figures.new('services_done_today', '件', '办结')}，"
        f"待办{figures['services_open']}件（{figures.new('services_overdue', '件', '超时')}）。"
    )


register_paragraph(Paragraph("services", "measures", _said, topic="关爱"))
