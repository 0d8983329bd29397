"""What the frame of every page shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from grassroots.desk.display import DISPLAYS, display_of
from grassroots.desk.navigation import navigation
from grassroots.grid.models import KeptEntry, Office, Staff
from grassroots.notices.models import Message

UNREAD_SHOWN = 100


def _office(reader: Staff | None) -> Office | None:
    """The office, with the number of the reader's unread messages as `unread_count` (one query for both).

    Where phones work without a connection, his returned entries are counted along as `kept_count`.
    """
    rows = Office.objects.select_related("area").filter(pk=1)
    if reader is None:
        return rows.first()
    unread = Message.objects.visible_to(reader).unread().order_by().values("recipient")
    number = Subquery(unread.annotate(number=Count("pk")).values("number"))
    rows = rows.annotate(unread_count=Coalesce(number, 0))
    if settings.OFFLINE_WORK:
        waiting = KeptEntry.objects.visible_to(reader).waiting().order_by()
        together = waiting.annotate(all=Value(1)).values("all")
        returned = Subquery(together.annotate(number=Count("pk")).values("number"))
        rows = rows.annotate(kept_count=Coalesce(returned, 0))
    return rows.first()


def frame(request: HttpRequest) -> dict[str, Any]:
    """The office, the navigation and the number of unread messages; for fragments of a page one setting only."""
    if getattr(request, "htmx", False):
        return {"offline_work": settings.OFFLINE_WORK}
    staff = getattr(request, "user", None)
    reader = staff if isinstance(staff, Staff) and not staff.must_change_password else None
    office = _office(reader)
    context: dict[str, Any] = {
        "office": office, "idle_seconds": settings.SESSION_IDLE_SECONDS - settings.SESSION_TOUCH_SECONDS,
        "display": display_of(request), "displays": DISPLAYS, "offline_work": settings.OFFLINE_WORK,
    }  # fmt: skip
    if reader is not None:
        items, bar = navigation(request, reader)
        unread = min(getattr(office, "unread_count", 0), UNREAD_SHOWN)
        kept = getattr(office, "kept_count", 0)
        context |= {"nav_items": items, "nav_bottom": bar, "unread_count": unread, "kept_count": kept}
    return context
