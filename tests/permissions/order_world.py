"""An order and an incident for the world of the permission table."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from measures.models import Incident, IncidentReader, Kind, Order, OrderReceipt

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from tests.factories import OfficeCast


def make_orders(office: OfficeCast, area: Area, by: Staff) -> dict[str, Any]:
    """An order of the street that was answered there, and an incident that 丁 must know of."""
    now = timezone.now()
    number = Order.objects.count() + 1
    order = Order.objects.create(
        area=office.street, year=2020, number=number, title="核查车辆", text="今晚清点", issued_by=office.ding,
        due_at=now + dt.timedelta(hours=2),
    )  # fmt: skip
    receipt = OrderReceipt.objects.create(
        order=order, area=area, state="ANSWERED", due_at=order.due_at, signed_at=now, signed_by=by,
        answered_at=now, answered_by=by, answer="没有",
    )  # fmt: skip
    incident = Incident.objects.create(
        kind=Kind.objects.get(code="incident-dispute"), area=area, what="争吵", done="已劝", happened_at=now,
        reported_by=by,
    )  # fmt: skip
    IncidentReader.objects.create(incident=incident, staff=office.ding, why="直接上级")
    return {"order": order, "receipt": receipt, "incident": incident}
