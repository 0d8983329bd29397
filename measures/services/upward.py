"""A step of the tick: orders that nobody signs or answers, and incidents that nobody reads or answers, go a level up.

A tick with nothing to do asks nothing for it beside what all steps are asked together (docs/tick.md).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from measures.models import Incident, OrderReceipt
from measures.services.incident_escalation import incidents_escalate
from measures.services.order_escalation import receipts_escalate

logger = logging.getLogger("grassroots.orders")
MOST = 1000
TRY_AGAIN = dt.timedelta(minutes=5)
ORDER, INCIDENT = "order", "incident"
Rule = Callable[[Collection[int], dt.datetime], int]


def upward_due(at: dt.datetime) -> list[QuerySet[Any]]:
    """What gives the step below something to do, by two partial indexes."""
    return [
        OrderReceipt.objects.escalating(at).order_by("escalate_at", "pk"),
        Incident.objects.escalating(at).order_by("escalate_at", "pk"),
    ]


def upward_escalate(at: dt.datetime) -> Mapping[str, int]:
    """Raise everything whose time is over, each level once; returns how many of each sort, and failures.

    MOST rows are one transaction, and everybody hears in one message of what comes to him of them.
    """
    counts = {ORDER: 0, INCIDENT: 0, "failed": 0}
    rules: tuple[Rule, Rule] = (receipts_escalate, incidents_escalate)
    for sort, rule, rows in zip((ORDER, INCIDENT), rules, upward_due(at), strict=True):
        last: list[int] = []
        # What stays is in the hands of another tick.
        while (pks := list(rows.values_list("pk", flat=True)[:MOST])) and pks != last:
            counts[sort] += _raise(rule, pks, rows, at=at, counts=counts)
            last = pks
    return counts


def _raise(
    rule: Rule, pks: Sequence[int], rows: QuerySet[Any], *, at: dt.datetime, counts: dict[str, int]
) -> int:
    """Raise these rows. One that is broken is looked for by halves, stops none of the others and is tried again."""
    try:
        return rule(pks, at)
    except Exception:
        if len(pks) == 1:
            logger.exception("%s %s could not be raised", rows.model._meta.label, pks[0])
            counts["failed"] += 1
            rows.model._default_manager.filter(pk=pks[0]).update(escalate_at=at + TRY_AGAIN)
            return 0
        half = len(pks) // 2
        return sum(_raise(rule, part, rows, at=at, counts=counts) for part in (pks[:half], pks[half:]))
