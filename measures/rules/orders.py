"""When an order or an incident goes a level up (pure; services/order_escalation.py and incident_escalation.py act)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import TextChoices

#: So many levels hear of an order that nobody signs, or answers.
LEVELS = 4


class Urgency(TextChoices):
    """缓急 of an order."""

    NORMAL = "NORMAL", "普通"
    URGENT = "URGENT", "紧急"
    TOP = "TOP", "特急"


class Severity(TextChoices):
    """How grave an incident is: who must know follows from it."""

    NORMAL = "NORMAL", "一般"
    SERIOUS = "SERIOUS", "较大"
    MAJOR = "MAJOR", "重大"


SEVERITIES = tuple(Severity)
#: After so long without a signature an order goes a level up, and another one after the same time again.
UNREAD = {
    Urgency.NORMAL: dt.timedelta(hours=12),
    Urgency.URGENT: dt.timedelta(hours=2),
    Urgency.TOP: dt.timedelta(minutes=30),
}
#: At the deadline an answer that is missing goes a level up, and another one each time this has passed.
LATE = {
    Urgency.NORMAL: dt.timedelta(hours=24),
    Urgency.URGENT: dt.timedelta(hours=6),
    Urgency.TOP: dt.timedelta(hours=1),
}
#: Minutes in which somebody has to have read an incident, and to have said what is to be done.
UNNOTICED = {Severity.NORMAL: 60, Severity.SERIOUS: 20, Severity.MAJOR: 10}
UNANSWERED = {Severity.NORMAL: 240, Severity.SERIOUS: 60, Severity.MAJOR: 30}
#: Kinds of incident (by code) that are never less grave than this.
LEAST = {
    "incident-fever": Severity.SERIOUS,
    "incident-escape": Severity.SERIOUS,
    "incident-fire": Severity.SERIOUS,
}
#: Kinds of which the health centre hears at once, whatever their severity.
MEDICAL = frozenset({"incident-fever"})


@dataclass(frozen=True)
class Awaited:
    """What is missing from one receiver of an order; `unread_since` and `due_at` are None where nothing is.

    `unread_told` and `late_told`: how many levels have been told so far.
    """

    urgency: Urgency
    unread_since: dt.datetime | None = None
    due_at: dt.datetime | None = None
    unread_told: int = 0
    late_told: int = 0

    def unread_at(self, level: int) -> dt.datetime | None:
        """When level 1, 2 … hears that nobody has signed."""
        known = self.unread_since is not None and level <= LEVELS
        return self.unread_since + level * UNREAD[self.urgency] if known and self.unread_since else None

    def late_at(self, level: int) -> dt.datetime | None:
        """When level 1, 2 … hears that there is no answer."""
        known = self.due_at is not None and level <= LEVELS
        return self.due_at + (level - 1) * LATE[self.urgency] if known and self.due_at else None

    def unread_levels(self, at: dt.datetime) -> range:
        """Levels that are to hear now that nobody has signed; an outage may have kept several back."""
        return _due(self.unread_told, self.unread_at, at)

    def late_levels(self, at: dt.datetime) -> range:
        """Levels that are to hear now that there is no answer."""
        return _due(self.late_told, self.late_at, at)

    def next_at(self) -> dt.datetime | None:
        """When the next level hears of something; None when all have, or nothing is missing."""
        found = [self.unread_at(self.unread_told + 1), self.late_at(self.late_told + 1)]
        return min((at for at in found if at is not None), default=None)


def _due(told: int, when: object, at: dt.datetime) -> range:
    last = told
    while (moment := when(last + 1)) is not None and moment <= at:  # type: ignore[operator]
        last += 1
    return range(told + 1, last + 1)


def incident_next_at(
    severity: Severity, since: dt.datetime, *, is_read: bool, is_answered: bool, told: int
) -> dt.datetime | None:
    """When an incident goes a level up for the `told`+1st time; None once somebody has said what is to be done."""
    if is_answered:
        return None
    minutes = UNANSWERED[severity] if is_read else UNNOTICED[severity]
    return since + dt.timedelta(minutes=minutes * (told + 1))


def least_severity(code: str) -> Severity:
    """What an incident of the kind is at least."""
    return LEAST.get(code, Severity.NORMAL)


def is_graver(one: str, other: str) -> bool:
    """Whether the first severity is above the second."""
    return SEVERITIES.index(Severity(one)) > SEVERITIES.index(Severity(other))
