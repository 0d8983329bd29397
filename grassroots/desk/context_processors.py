"""What the frame of every page shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from grassroots.desk.navigation import navigation
from grassroots.grid.models import Office, Staff
from grassroots.notices.models import Message

UNREAD_SHOWN = 100


def _office(reader: Staff | None) -> Office | None:
    """The office, with the number of the reader's unread messages as `unread_count` (one query for both)."""
    rows = Office.objects.select_related("area").filter(pk=1)
    if reader is None:
        return rows.first()
    unread = Message.objects.visible_to(reader).unread().order_by().values("recipient")
    number = Subquery(unread.annotate(number=Count("pk")).values("number"))
    return rows.annotate(unread_count=Coalesce(number, 0)).first()


def frame(request: HttpRequest) -> dict[str, Any]:
    """The office, the navigation and the number of unread messages; nothing for fragments of a page."""
    if getattr(request, "htmx", False):
        return {}
    staff = getattr(request, "user", None)
    reader = staff if isinstance(staff, Staff) and not staff.must_change_password else None
    office = _office(reader)
    context: dict[str, Any] = {"office": office, "idle_seconds": settings.SESSION_IDLE_SECONDS}
    if reader is not None:
        items, bar = navigation(request, reader)
        unread = min(getattr(office, "unread_count", 0), UNREAD_SHOWN)
        context |= {"nav_items": items, "nav_bottom": bar, "unread_count": unread}
    return context
