"""What the frame of every page shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from grassroots.desk.navigation import navigation
from grassroots.grid.models import Office, Staff
from grassroots.notices.models import Message


def frame(request: HttpRequest) -> dict[str, Any]:
    """The office, the navigation and the number of unread messages; nothing for fragments of a page."""
    if getattr(request, "htmx", False):
        return {}
    context: dict[str, Any] = {"office": Office.current(), "idle_seconds": settings.SESSION_IDLE_SECONDS}
    staff = getattr(request, "user", None)
    if isinstance(staff, Staff) and not staff.must_change_password:
        items, bar = navigation(request, staff)
        context |= {
            "nav_items": items,
            "nav_bottom": bar,
            "unread_count": Message.objects.visible_to(staff).unread()[:100].count(),
        }
    return context
