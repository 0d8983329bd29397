"""Quiet hours: of a channel, and of a person. What is urgent passes."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.notices.models import Channel

Hours = tuple[dt.time, dt.time]


def own_hours(staff: Staff | None) -> Hours | None:
    """A person's own quiet hours, from his page; None when he has none."""
    found = (staff.channels if staff else {}).get("quiet") or []
    try:
        begin, end = (dt.time.fromisoformat(text) for text in found)
    except (TypeError, ValueError):
        return None
    return begin, end


def hours_end(hours: Hours | None, at: dt.datetime) -> dt.datetime | None:
    """When the quiet hours that `at` lies in are over; None when it lies in none. 21:00–07:00 goes over midnight."""
    if hours is None or hours[0] == hours[1]:
        return None
    local = timezone.localtime(at)
    begin, end = hours
    now = local.time()
    is_quiet = begin <= now < end if begin < end else now >= begin or now < end
    if not is_quiet:
        return None
    day = local.date() + dt.timedelta(days=1 if begin > end and now >= begin else 0)
    return timezone.make_aware(dt.datetime.combine(day, end))


def quiet_until(channel: Channel, staff: Staff | None, at: dt.datetime) -> dt.datetime:
    """The first moment from `at` on that lies in no quiet hours of the channel or the person."""
    of_channel = (channel.quiet_from, channel.quiet_to) if channel.quiet_from and channel.quiet_to else None
    for _ in range(3):  # the one's end may lie in the other's hours
        later = hours_end(of_channel, at) or hours_end(own_hours(staff), at)
        if later is None:
            break
        at = later
    return at
