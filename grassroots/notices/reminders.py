"""Reminders: one row per recipient, subject, kind and stage, so that nobody is told twice (docs/tick.md)."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from grassroots.grid.models import Staff
from grassroots.notices.inbox import message_send
from grassroots.notices.models import Message, Reminder, ReminderState


def _claim(
    *, recipient: Staff, subject: str, kind: str, stage: int, due_at: dt.datetime, at: dt.datetime,
    state: ReminderState, reason: str = "",
) -> Reminder | None:  # fmt: skip
    try:
        with transaction.atomic():
            return Reminder.objects.create(
                recipient=recipient, subject=subject, kind=kind, stage=stage, due_at=due_at, claimed_at=at,
                settled_at=at, state=state, reason=reason,
            )  # fmt: skip
    except IntegrityError:
        return None


def remind(
    *,
    recipient: Staff,
    subject: str,
    kind: str,
    due_at: dt.datetime,
    at: dt.datetime,
    title: str,
    body: str = "",
    url: str = "",
    stage: int = 0,
    is_urgent: bool = False,
) -> Message | None:
    """Put a reminder into somebody's inbox exactly once; None when he has been told already.

    The claim and the message are one transaction: both are there or neither.
    """
    with transaction.atomic():
        reminder = _claim(
            recipient=recipient,
            subject=subject,
            kind=kind,
            stage=stage,
            due_at=due_at,
            at=at,
            state=ReminderState.SENT,
        )
        if reminder is None:
            return None
        return message_send(
            recipient=recipient, title=title, body=body, url=url, is_urgent=is_urgent, reminder=reminder
        )


def reminder_expire(
    *,
    recipient: Staff,
    subject: str,
    kind: str,
    due_at: dt.datetime,
    at: dt.datetime,
    reason: str,
    stage: int = 0,
) -> bool:
    """Record a reminder that is too old to send; False when it has been settled already."""
    with transaction.atomic():
        claimed = _claim(
            recipient=recipient, subject=subject, kind=kind, stage=stage, due_at=due_at, at=at,
            state=ReminderState.EXPIRED, reason=reason,
        )  # fmt: skip
    return claimed is not None
