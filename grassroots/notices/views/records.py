"""Who was told what, when, through which channel, and with which error."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from grassroots.grid.models import Staff
from grassroots.grid.views.pages import link, require, staff_of
from grassroots.notices.models import Channel, Delivery, DeliveryState, Reminder, ReminderState
from grassroots.notices.views.inbox import page_of

INBOX = "inbox"


def _day(text: str) -> dt.date | None:
    try:
        on = parse_date(text)
    except ValueError:
        return None
    # The first and the last days that there are have no midnight in every time zone.
    return on if on and dt.date.min.year < on.year < dt.date.max.year else None


def _of_day(rows: QuerySet[Any], on: dt.date | None) -> QuerySet[Any]:
    """Those due on a day of the office."""
    if on is None:
        return rows
    begin = timezone.make_aware(dt.datetime.combine(on, dt.time()))
    return rows.filter(due_at__gte=begin, due_at__lt=begin + dt.timedelta(days=1))


def _rows(staff: Staff, via: str, channels: list[Channel]) -> QuerySet[Any]:
    if via == INBOX:
        return Reminder.objects.visible_to(staff).select_related("recipient", "message")
    rows = Delivery.objects.visible_to(staff).select_related("recipient", "channel__area")
    chosen = next((one.pk for one in channels if str(one.uid) == via), None)
    return rows.filter(channel=chosen) if chosen else rows


@require_GET
def record_list(request: HttpRequest) -> HttpResponse:
    """Deliveries through channels, or reminders in the app, the latest first; by state, channel and day."""
    require(request, "notices.view_delivery", "notices.view_reminder")
    staff, ask = staff_of(request), request.GET
    channels = list(Channel.objects.visible_to(staff).order_by("pk"))
    via, state, on = ask.get("via", ""), ask.get("state", ""), _day(ask.get("on", ""))
    choices = ReminderState.choices if via == INBOX else DeliveryState.choices
    rows = _of_day(_rows(staff, via, channels), on)
    if state in dict(choices):
        rows = rows.filter(state=state)
    else:
        state = ""
    mark = ask.get("after", "")
    found, following = page_of(rows, Reminder if via == INBOX else Delivery, mark)
    kept = {"via": via, "state": state, "on": on.isoformat() if on else ""}
    context = {
        "rows": found, "is_inbox": via == INBOX, "states": choices, **kept,
        "channels": [(str(one.uid), one.name) for one in channels],
        "next_url": link("notices:record_list", **kept, after=following) if following else "",
        "first_url": link("notices:record_list", **kept) if mark else "",
    }  # fmt: skip
    return render(request, "notices/record_list.html", context)
