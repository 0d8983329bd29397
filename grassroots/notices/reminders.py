"""Reminders: one row per recipient, subject, kind and stage, so that nobody is told twice (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from grassroots.grid.models import Staff
from grassroots.notices.deliveries import Routes, deliveries_lay, deliveries_made, routes_of
from grassroots.notices.inbox import message_made, message_send
from grassroots.notices.models import Message, Reminder, ReminderState

#: Recipients of one transaction.
BATCH = 500


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
        made = deliveries_made(
            message=message, reminder=reminder, body=body, at=at, expires_at=expires_at, routes=routes
        )
        deliveries_lay(made)
        return message


@dataclass(frozen=True)
class Letter:
    """What one of many recipients is told; see `remind` for the parts."""

    recipient: Staff
    title: str
    body: str = ""
    note: str = ""
    url: str = ""
    needs_answer: bool = False
    escalate_at: dt.datetime | None = None
    is_urgent: bool = False


def batch_subject(name: str, parts: Iterable[object]) -> str:
    """The subject of what is told of several things at once: the same things have the same subject.

    That they are told once is seen to by their own rows, which are locked and moved on in the same transaction.
    """
    told = "\n".join(sorted(str(part) for part in parts))
    return f"{name}:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def remind_many(
    letters: Iterable[Letter], *, subject: str, kind: str, due_at: dt.datetime, at: dt.datetime, stage: int = 0,
    expires_at: dt.datetime | None = None,
) -> int:  # fmt: skip
    """What `remind` does, for as many people as there are, in transactions of BATCH; returns how many were told now."""
    facts: dict[str, Any] = {
        "subject": subject,
        "kind": kind,
        "stage": stage,
        "due_at": due_at,
        "claimed_at": at,
    }
    told, ordered = 0, sorted(letters, key=lambda letter: letter.recipient.pk)
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        routes = routes_of(letter.recipient.pk for letter in batch)
        with transaction.atomic():
            claimed = _claim_many((letter.recipient for letter in batch), facts, state=ReminderState.SENT)
            pairs = [(claimed[one.recipient.pk], one) for one in batch if one.recipient.pk in claimed]
            messages = [
                message_made(
                    recipient=one.recipient, title=one.title, body=f"{one.note}{one.body}", url=one.url,
                    reminder=reminder, needs_answer=one.needs_answer, escalate_at=one.escalate_at,
                    is_urgent=one.is_urgent,
                )
                for reminder, one in pairs
            ]  # fmt: skip
            Message.objects.bulk_create(messages)
            if routes:
                deliveries_lay(
                    [
                        delivery
                        for message, (reminder, one) in zip(messages, pairs, strict=True)
                        for delivery in deliveries_made(
                            message=message, reminder=reminder, body=one.body, at=at, expires_at=expires_at,
                            routes=routes,
                        )
                    ]
                )  # fmt: skip
        told += len(messages)
    return told


def settle_many(
    recipients: Iterable[Staff], *, subject: str, kind: str, due_at: dt.datetime, at: dt.datetime, state: ReminderState,
    reason: str, stage: int = 0,
) -> int:  # fmt: skip
    """On record for many at once that a reminder was not sent, and why; returns for how many it was not settled yet."""
    facts: dict[str, Any] = {
        "subject": subject,
        "kind": kind,
        "stage": stage,
        "due_at": due_at,
        "claimed_at": at,
    }
    ordered = sorted(recipients, key=lambda staff: staff.pk)
    settled = 0
    for start in range(0, len(ordered), BATCH):
        with transaction.atomic():
            settled += len(_claim_many(ordered[start : start + BATCH], facts, state=state, reason=reason))
    return settled


def _claim_many(
    recipients: Iterable[Staff], facts: dict[str, Any], *, state: ReminderState, reason: str = ""
) -> dict[int, Reminder]:
    """The reminders that nobody had claimed before, by recipient.

    In the order of the recipients, so that two ticks at once wait for each other and do not lock each other out.
    """
    wanted = [
        Reminder(recipient=one, state=state, reason=reason, settled_at=facts["claimed_at"], **facts)
        for one in recipients
    ]
    Reminder.objects.bulk_create(wanted, ignore_conflicts=True)
    keys = dict(Reminder.objects.filter(uid__in=[one.uid for one in wanted]).values_list("uid", "pk"))
    claimed = {}
    for reminder in wanted:
        if reminder.uid in keys:
            reminder.pk = keys[reminder.uid]
            claimed[reminder.recipient_id] = reminder
    return claimed


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
