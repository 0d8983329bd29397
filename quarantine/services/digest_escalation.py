"""A closing digest that nobody answers goes up the chain, a level at each step of the policy (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from grassroots.grid.models import Staff
from grassroots.notices.chain import names_of, superiors_of
from grassroots.notices.models import Message
from grassroots.notices.reminders import remind, reminder_expire
from quarantine.services.digests import (
    CLOSED,
    KIND,
    OUT_OF_DATE,
    TOO_OLD,
    Stage,
    hearers_of,
    stage_url,
    stages_near,
)

UNANSWERED = "unacknowledged"


def _late(at: dt.datetime) -> QuerySet[Message]:
    """Asked without its reminder: joined, it may be answered from all that were ever sent of this kind."""
    return Message.objects.unanswered().filter(escalate_at__lte=at)


def unanswered_due(at: dt.datetime) -> list[QuerySet[Message]]:
    """What may give the step below something to do."""
    return [_late(at).order_by("escalate_at")]


def escalate_unanswered(at: dt.datetime) -> Mapping[str, int]:
    """A step of the tick: closing digests whose next level is due; returns counts."""
    counts = {"escalated": 0, "expired": 0}
    if not _late(at).exists():
        return counts
    waiting = _late(at).filter(reminder__kind=KIND)
    due = set(waiting.values_list("reminder__subject", "escalated"))
    if not due:
        return counts
    stages = {stage.subject: stage for stage in stages_near(at) if stage.number == CLOSED}
    for subject, level in sorted(due):
        with transaction.atomic():
            rows = waiting.filter(reminder__subject=subject, escalated=level).select_for_update(of=("self",))
            found = list(rows.order_by("pk").select_related("recipient"))
            stage = stages.get(subject)
            if stage is None:  # of a slot older than anybody looks back
                Message.objects.filter(pk__in=[one.pk for one in found]).update(escalate_at=None)
                continue
            told = _level_up(stage, found, level + 1, at)
            following = _next_at(stage, level + 1)
            Message.objects.filter(pk__in=[one.pk for one in found]).update(
                escalated=level + 1, escalate_at=following
            )
        counts = {name: counts[name] + told[name] for name in counts}
    return counts


def _next_at(stage: Stage, level: int) -> dt.datetime | None:
    """When the level after `level` levels is due."""
    return stage.due_at + dt.timedelta(minutes=stage.steps[level]) if level < len(stage.steps) else None


def _without_answer_above(stage: Stage, officers: list[Staff], level: int) -> list[Staff]:
    """Those of whom no superior that has been told so far has answered."""
    answered = set(
        Message.objects.filter(reminder__subject=stage.subject, reminder__kind=UNANSWERED)
        .exclude(answer="")
        .values_list("recipient_id", flat=True)
    )
    if not answered:
        return officers
    taken_care_of: set[int] = set()
    for below in range(1, level):
        above = superiors_of(officers, stage.window.date, levels=below)
        taken_care_of |= {pk for pk, found in above.items() if any(one.pk in answered for one in found)}
    return [officer for officer in officers if officer.pk not in taken_care_of]


def _level_up(stage: Stage, messages: list[Message], level: int, at: dt.datetime) -> dict[str, int]:
    """Tell those `level` levels above the recipients, one message each; who has nothing left open is let be."""
    doors = hearers_of(stage).officers
    silent = [one.recipient for one in messages if one.recipient in doors]
    silent = _without_answer_above(stage, silent, level)
    above = superiors_of(silent, stage.window.date, levels=level)
    by_superior: dict[Staff, list[Staff]] = defaultdict(list)
    for officer in silent:
        for superior in above.get(officer.pk, ()):
            by_superior[superior].append(officer)
    due_at = stage.due_at + dt.timedelta(minutes=stage.steps[min(level, len(stage.steps)) - 1])
    counts = {"escalated": 0, "expired": 0}
    for superior, officers in sorted(by_superior.items(), key=lambda item: item[0].pk):
        facts: dict[str, Any] = {
            "recipient": superior,
            "subject": stage.subject,
            "kind": UNANSWERED,
            "stage": level,
        }
        if due_at + TOO_OLD <= at:
            counts["expired"] += reminder_expire(**facts, due_at=due_at, at=at, reason=OUT_OF_DATE)
            continue
        number = sum(doors[officer].count for officer in officers)
        message = remind(
            **facts, due_at=due_at, at=at, url=stage_url(stage), needs_answer=True, expires_at=due_at + TOO_OLD,
            title=f"{stage.label}有{number}户没有测到，{len(officers)}名责任人未确认",
            body=f"{stage.window.date:%m月%d日}{stage.label}测温已截止，请督促补录或说明原因。",
            note=names_of((officer.name, f"{doors[officer].count}户") for officer in officers) + "。",
        )  # fmt: skip
        counts["escalated"] += message is not None
    return counts
