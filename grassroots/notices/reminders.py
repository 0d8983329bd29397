"""Reminders: one row per recipient, subject, kind and stage, so that nobody is told twice (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction

from grassroots.grid.models import Staff
from grassroots.notices.deliveries import Routes, deliveries_lay, routes_of
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
    note: str = "",
    needs_answer: bool = False,
    escalate_at: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
    routes: Routes | None = None,
) -> Message | None:
    """Put a reminder into somebody's inbox exactly once; None when he has been told already.

    The claim, the message and its deliveries through his own channels are one transaction: all are there or none.
    `note` (代某某, why it comes to him) is for the inbox only. Outside it is worth sending until `expires_at` (default
    a day). Whoever reminds many at once hands over their `routes` (routes_of).
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
        message = message_send(
            recipient=recipient, title=title, body=f"{note}{body}", url=url, is_urgent=is_urgent, reminder=reminder,
            needs_answer=needs_answer, escalate_at=escalate_at,
        )  # fmt: skip
        routes = routes if routes is not None else routes_of([recipient.pk])
        deliveries_lay(
            message=message, reminder=reminder, body=body, at=at, expires_at=expires_at, routes=routes
        )
        return message


def notice_send(
    *,
    recipients: Iterable[Staff],
    subject: str,
    kind: str,
    due_at: dt.datetime,
    at: dt.datetime,
    title: str,
    body: str = "",
    url: str = "",
    stage: int = 0,
    is_urgent: bool = False,
    needs_answer: bool = False,
    expires_at: dt.datetime | None = None,
) -> list[Staff]:
    """Tell several people the same thing, each once per subject, kind and stage, through the inbox and their channels.

    Returns those who were told now; who has been told already is left out. Urgent notices pass quiet hours.
    """
    wanted = list(dict.fromkeys(recipients))
    routes = routes_of([staff.pk for staff in wanted])
    told = []
    for staff in wanted:
        message = remind(
            recipient=staff, subject=subject, kind=kind, due_at=due_at, at=at, title=title, body=body, url=url,
            stage=stage, is_urgent=is_urgent, needs_answer=needs_answer, expires_at=expires_at, routes=routes,
        )  # fmt: skip
        if message is not None:
            told.append(staff)
    return told


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
    claimed = _claim(
        recipient=recipient, subject=subject, kind=kind, stage=stage, due_at=due_at, at=at,
        state=ReminderState.EXPIRED, reason=reason,
    )  # fmt: skip
    return claimed is not None


def reminder_fail(
    *,
    recipient: Staff,
    subject: str,
    kind: str,
    due_at: dt.datetime,
    at: dt.datetime,
    reason: str,
    stage: int = 0,
) -> bool:
    """Record a reminder that cannot reach him, and why; False when it has been settled already."""
    claimed = _claim(
        recipient=recipient, subject=subject, kind=kind, stage=stage, due_at=due_at, at=at,
        state=ReminderState.FAILED, reason=reason,
    )  # fmt: skip
    return claimed is not None
