"""The in-app inbox: always there, whatever other channels do."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from grassroots.grid.logs import scrub
from grassroots.grid.models import Staff
from grassroots.notices.models import Acknowledgement, Message, Reminder

COUNTED_UP_TO = 100


def message_made(
    *,
    recipient: Staff,
    title: str,
    body: str = "",
    url: str = "",
    is_urgent: bool = False,
    reminder: Reminder | None = None,
    needs_answer: bool = False,
    escalate_at: dt.datetime | None = None,
) -> Message:
    """A line for somebody's inbox, not saved yet. Counts and a link; ID numbers and phones are struck out."""
    return Message(
        recipient=recipient,
        reminder=reminder,
        title=scrub(title)[:100],
        body=scrub(body)[:500],
        url=url[:200],
        is_urgent=is_urgent,
        needs_answer=needs_answer,
        escalate_at=escalate_at,
    )


def message_send(**line: Any) -> Message:
    """Put a line into somebody's inbox (see `message_made`)."""
    message = message_made(**line)
    message.save(force_insert=True)
    return message


def unread_count(staff: Staff) -> int:
    """Number of the person's unread messages, counted up to COUNTED_UP_TO (one query)."""
    return Message.objects.visible_to(staff).unread().order_by()[:COUNTED_UP_TO].count()


def message_read(*, message: Message, at: dt.datetime | None = None) -> bool:
    """Mark a message as read; False when it was read before (the first time stays)."""
    at = at or timezone.now()
    return bool(Message.objects.filter(pk=message.pk, read_at=None).update(read_at=at))


def message_answer(*, message: Message, answer: Acknowledgement, at: dt.datetime | None = None) -> bool:
    """Answer 知道了 or 已处理 where a message asks for it; False when it was answered before: the first one stays."""
    at = at or timezone.now()
    own = Message.objects.unanswered().filter(pk=message.pk)
    answered = own.update(answer=answer, answered_at=at, escalate_at=None)
    message_read(message=message, at=at)
    return bool(answered)


def inbox_read_all(*, staff: Staff, up_to: Message, at: dt.datetime | None = None) -> int:
    """Mark as read what stood in the inbox when it was shown, up to its newest message; returns how many.

    What has arrived since stays unread: nobody has seen it.
    """
    at = at or timezone.now()
    return Message.objects.visible_to(staff).unread().filter(pk__lte=up_to.pk).update(read_at=at)


def local_url(message: Message) -> str:
    """The page that a message leads to, '' when it leads nowhere or out of this system."""
    is_local = message.url.startswith("/") and url_has_allowed_host_and_scheme(
        message.url, allowed_hosts=None
    )
    return message.url if is_local else ""
