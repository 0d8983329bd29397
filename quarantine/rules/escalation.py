"""When an alert goes one level up, and to which level (pure; services/escalation.py acts on it)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices

from quarantine.rules.policy import Notify, PolicyTerms

# A level is the order of its kind of duty: 6 is the nearest in 官仓's chain, 1 the leader; the street stands above all.
STREET_LEVEL = 0
BELOW_ALL = 1_000


class Cause(TextChoices):
    """Why an alert goes up."""

    UNNOTICED = "UNNOTICED", "超时未知悉"
    UNHANDLED = "UNHANDLED", "超时未办结"
    STEP = "STEP", "按政策上报"


@dataclass(frozen=True)
class Past:
    """An escalation that took place: its cause and stage, and the level that was told."""

    cause: Cause
    stage: int
    level: int


@dataclass(frozen=True)
class Due:
    """The next escalation: `notify` names whom a step of the policy tells, () for the next level up."""

    cause: Cause
    stage: int
    due_at: datetime
    notify: tuple[Notify, ...] = ()


@dataclass(frozen=True)
class Standing:
    """How far an alert is: when it was raised, its kind, whether somebody has taken notice, what was escalated."""

    kind: str
    raised_at: datetime
    is_acknowledged: bool
    past: Sequence[Past] = ()


def next_escalation(terms: PolicyTerms, standing: Standing, top: int) -> Due | None:
    """What is to be escalated next, at once or later; None when everything has been. `top`: the highest level there is.

    Nobody took notice in time: one level up, and a further one every `next_level_minutes` until the top has heard;
    beside that the policy's own steps. Not closed in time, noticed or not: in the same way. Each stage comes once.
    """
    rules = terms.alerts
    limits = rules.limits_of(standing.kind)
    found: list[Due] = []
    if not standing.is_acknowledged:
        found += _ladder(standing, Cause.UNNOTICED, limits.acknowledge_minutes, rules.next_level_minutes, top)
        found += _steps(terms, standing)
    found += _ladder(standing, Cause.UNHANDLED, limits.handle_minutes, rules.next_level_minutes, top)
    return min(found, key=lambda due: (due.due_at, list(Cause).index(due.cause)), default=None)


def _ladder(standing: Standing, cause: Cause, first: int, between: int, top: int) -> list[Due]:
    done = [past for past in standing.past if past.cause == cause]
    if any(past.level <= top for past in done):
        return []
    minutes = first + len(done) * between
    return [Due(cause, len(done) + 1, standing.raised_at + timedelta(minutes=minutes))]


def _steps(terms: PolicyTerms, standing: Standing) -> list[Due]:
    done = {past.stage for past in standing.past if past.cause == Cause.STEP}
    waiting = {
        step.stage: step.after_minutes
        for step in terms.escalation
        if step.after_minutes > 0 and step.stage not in done
    }
    return [
        Due(
            Cause.STEP,
            stage,
            standing.raised_at + timedelta(minutes=minutes),
            tuple(step.notify for step in terms.escalation if step.stage == stage),
        )
        for stage, minutes in waiting.items()
    ]


def next_level(levels: Sequence[int], past: Sequence[Past]) -> int | None:
    """The level above the highest that has been told; the highest again when it has been; None without any level.

    `levels` are those with somebody to tell, in any order: whoever is disabled has been left out, and the
    next one is asked.
    """
    if not levels:
        return None
    reached = min((one.level for one in past if one.cause != Cause.STEP), default=BELOW_ALL)
    return max((level for level in levels if level < reached), default=min(levels))
