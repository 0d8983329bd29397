"""The in-app inbox: always there, whatever other channels do."""

from __future__ import annotations

from grassroots.grid.logs import scrub
from grassroots.grid.models import Staff
from grassroots.notices.models import Message, Reminder


def message_send(
    *,
    recipient: Staff,
    title: str,
    body: str = "",
    url: str = "",
    is_urgent: bool = False,
    reminder: Reminder | None = None,
) -> Message:
    """Put a line into somebody's inbox. Texts carry counts and a link; ID numbers and phones are struck out."""
    return Message.objects.create(
        recipient=recipient,
        reminder=reminder,
        title=scrub(title)[:100],
        body=scrub(body)[:500],
        url=url[:200],
        is_urgent=is_urgent,
    )
