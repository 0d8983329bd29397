"""Kinds of alerts, and what a policy says about them: within how long somebody takes notice, and deals with it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices

from quarantine.rules.fields import FieldReader


class AlertKind(TextChoices):
    FEVER = "FEVER", "发热"
    SYMPTOM = "SYMPTOM", "有症状"
    MISSED = "MISSED", "连续漏测"
    REFUSED = "REFUSED", "拒绝配合"
    LEFT_HOME = "LEFT_HOME", "擅自外出"
    IDENTICAL = "IDENTICAL", "数值连续相同"


@dataclass(frozen=True)
class KindLimits:
    """Minutes after an alert of a kind was raised: by when somebody takes notice, by when it is closed."""

    kind: AlertKind
    acknowledge_minutes: int
    handle_minutes: int


# The law asks for "at once" and names no minutes; "the time limits are settings" (DOMAIN.md §3). These are the office's
# starting values, the gravest first; a policy may say otherwise for each kind.
DEFAULT_LIMITS = (
    KindLimits(AlertKind.FEVER, 15, 120),
    KindLimits(AlertKind.SYMPTOM, 15, 120),
    KindLimits(AlertKind.MISSED, 60, 720),
    KindLimits(AlertKind.REFUSED, 30, 240),
    KindLimits(AlertKind.LEFT_HOME, 15, 120),
    KindLimits(AlertKind.IDENTICAL, 720, 2880),
)
DEFAULT_NEXT_LEVEL = 30
DEFAULT_IDENTICAL_DAYS = 3


@dataclass(frozen=True)
class AlertRules:
    """What one policy version says about alerts.

    `next_level_minutes`: how long each further level has before the one above it is told. `identical_days`: on how many
    days running all readings must be the same before somebody is asked to look; 0 asks for it never.
    """

    limits: tuple[KindLimits, ...] = DEFAULT_LIMITS
    next_level_minutes: int = DEFAULT_NEXT_LEVEL
    identical_days: int = DEFAULT_IDENTICAL_DAYS

    def limits_of(self, kind: str) -> KindLimits:
        """The limits of a kind of alert."""
        return next(limits for limits in self.limits if limits.kind == kind)

    def to_json(self) -> dict[str, object]:
        """Plain JSON values that `alert_rules` reads back as equal rules."""
        return {
            "limits": {
                one.kind.value: {
                    "acknowledge_minutes": one.acknowledge_minutes,
                    "handle_minutes": one.handle_minutes,
                }
                for one in self.limits
            },
            "next_level_minutes": self.next_level_minutes,
            "identical_days": self.identical_days,
        }


USUAL_RULES = AlertRules()


def alert_rules(reader: FieldReader) -> AlertRules:
    """Read the `alerts` of a policy; whatever is absent, down to a single minute, has its default."""
    limits = reader.child("limits")
    found = []
    for usual in DEFAULT_LIMITS:
        child = limits.child(usual.kind.value)
        one = KindLimits(
            usual.kind,
            child.whole("acknowledge_minutes", least=1, default=usual.acknowledge_minutes),
            child.whole("handle_minutes", least=1, default=usual.handle_minutes),
        )
        if one.handle_minutes < one.acknowledge_minutes:
            child.fail("handle_minutes", "办结时限不应短于知悉时限")
        child.refuse_unknown()
        found.append(one)
    limits.refuse_unknown()
    rules = AlertRules(
        limits=tuple(found),
        next_level_minutes=reader.whole("next_level_minutes", least=1, default=DEFAULT_NEXT_LEVEL),
        identical_days=reader.whole("identical_days", least=0, default=DEFAULT_IDENTICAL_DAYS),
    )
    if rules.identical_days == 1:
        reader.fail("identical_days", "至少两天才谈得上连续，不提示请填0")
    reader.refuse_unknown()
    return rules
