"""What tests of orders and incidents build from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.notices.models import Message
from measures.models import Incident, Kind, Order, OrderReceipt
from measures.services.incidents import IncidentData, incident_report
from measures.services.orders import OrderData, order_issue
from measures.services.receipts import receipt_sign
from tests.factories import OfficeCast

HOUR = dt.timedelta(hours=1)


def order(office: OfficeCast, *receivers: Area, **more: Any) -> Order:
    """An order of the street by 丁 to these areas (甲's group), to be answered within a day."""
    at, by = more.pop("at", None) or timezone.now(), more.pop("by", office.ding)
    area = more.pop("area", office.street)
    given = {"title": "核查外地车辆", "text": "今晚清点。\n明早报数。", "due_at": at + 24 * HOUR, **more}
    return order_issue(
        area=area, receivers=receivers or [office.group], data=OrderData(**given), by=by, at=at
    )


def receipt(one: Order, area: Area | None = None) -> OrderReceipt:
    rows = one.receipts.select_related("order__area", "area")
    return rows.get(area=area) if area else rows.get()


def signed(office: OfficeCast, one: Order, by: Staff | None = None) -> OrderReceipt:
    row = receipt(one)
    return receipt_sign(receipt=row, revision=row.order.revision, by=by or office.jia)


def incident(office: OfficeCast, code: str = "incident-dispute", **more: Any) -> Incident:
    """Something in 甲's group that he reports."""
    at, by = more.pop("at", None) or timezone.now(), more.pop("by", office.jia)
    given: dict[str, Any] = {
        "kind": Kind.objects.get(code=code), "area": office.group, "what": "两家因封路争吵",
        "done": "已劝开", "happened_at": at, **more,
    }  # fmt: skip
    return incident_report(data=IncidentData(**given), by=by, at=at)


def told(staff: Staff) -> list[str]:
    """Titles in somebody's inbox, the earliest first."""
    return list(Message.objects.filter(recipient=staff).order_by("pk").values_list("title", flat=True))
