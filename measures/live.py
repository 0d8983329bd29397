"""How care, venues, disinfection and rectifications stand at this moment (grassroots/ledgers/live.py)."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from grassroots.grid.models import Area, Level
from grassroots.ledgers.live import LiveFigure, LiveSource, Seen, by_indicators, register_live
from measures.figures import by_area
from measures.models import Incident, OrderReceipt

VENUES, RECTIFICATIONS = "measures:venue_list", "measures:rectification_list"
RECEIPTS = "measures:order_receipt_list"


def _orders(areas: QuerySet[Area], at: dt.datetime) -> Seen:
    """Receivers that have not signed or answered, and those late; a deadline runs by the minute (two queries)."""
    waiting = OrderReceipt.objects.waiting().filter(area__in=areas.values("pk"))
    late = OrderReceipt.objects.overdue(at).filter(area__in=areas.values("pk"))
    return Seen({"orders_waiting": by_area(waiting), "orders_late": by_area(late)})


def _incidents(areas: QuerySet[Area], at: dt.datetime) -> Seen:
    return Seen({"incidents_open": by_area(Incident.objects.open().filter(area__in=areas.values("pk")))})


register_live(
    LiveSource(
        "care", "走访", 60, "measures.view_carevisit",
        (
            LiveFigure(
                "care_overdue", "走访逾期", "measures:care_list", {"view": "late"}, tone="danger", layer="走访逾期",
                kept="care_overdue",
                alarm="名特殊困难群众过了走访日期没有走访", weight=40,
            ),
        ),
        by_indicators(care_overdue="care_overdue"),
        live_from=Level.STREET,
    )
)  # fmt: skip
register_live(
    LiveSource(
        "venues", "场所", 70, "measures.view_venue",
        (
            LiveFigure("venues_closed", "已关停", VENUES, {"state": "closed"}, unit="家", said="关停场所"),
            LiveFigure(
                "venues_unpatrolled", "今日未巡", VENUES, {"state": "unpatrolled"}, unit="家", tone="warn",
                said="场所未巡",
                layer="关停场所未巡", alarm="家关停场所今天还没有巡查", weight=20,
            ),
        ),
        by_indicators(venues_closed="venues_closed", venues_unpatrolled="venues_unpatrolled"),
    )
)  # fmt: skip
register_live(
    LiveSource(
        "cleaning", "消毒清运", 80, "measures.view_plan",
        (
            LiveFigure(
                "measures_undone", "今日未做", "measures:due_list", unit="项", tone="warn",
                said="消毒未做", layer="消毒清运未做",
                alarm="项消毒清运今天应做没有做", weight=30,
            ),
        ),
        by_indicators(measures_undone="measures_undone"),
    )
)  # fmt: skip
register_live(
    LiveSource(
        "rectifications", "整改", 90, "measures.view_rectification",
        (
            LiveFigure("rectifications_open", "待整改", RECTIFICATIONS, {"state": "open"}, unit="项", layer="待整改"),
            LiveFigure(
                "rectifications_overdue", "超期", RECTIFICATIONS, {"state": "late"}, unit="项", tone="danger",
                said="整改超期",
                alarm="项整改超期没有完成", weight=80,
            ),
        ),
        by_indicators(
            rectifications_open="rectifications_open", rectifications_overdue="rectifications_overdue"
        ),
    )
)  # fmt: skip
register_live(
    LiveSource(
        "orders", "上传下达", 100, "measures.view_order",
        (
            LiveFigure("orders_waiting", "指令未办", RECEIPTS, {"state": "waiting"}, unit="件", layer="指令未办"),
            LiveFigure(
                "orders_late", "逾期", RECEIPTS, {"state": "late"}, unit="件", tone="danger", said="指令逾期",
                alarm="件指令过了时限没有反馈", weight=75,
            ),
        ),
        _orders,
    )
)  # fmt: skip
register_live(
    LiveSource(
        "incidents", "上传下达", 101, "measures.view_incident",
        (
            LiveFigure(
                "incidents_open", "突发情况", "measures:incident_list", {"state": "open"}, unit="件", tone="danger",
                layer="突发情况", alarm="件突发情况没有办结", weight=95,
            ),
        ),
        _incidents,
    )
)  # fmt: skip
