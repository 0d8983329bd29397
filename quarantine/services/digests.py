"""One digest an officer and slot: at opening, before closing, after closing (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from grassroots.notices.chain import NO_WAY, unreachable_report
from grassroots.notices.models import ReminderState, TickRun
from grassroots.notices.reminders import Letter, remind_many, settle_many
from quarantine.models import Policy, PolicyState, Visit, VisitState
from quarantine.models.visits import UNMEASURED
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.slots import SlotWindow, slot_window
from quarantine.services.digest_doors import Doors, Hearers, hearers
from quarantine.services.digest_robots import robots_digest

BEFORE_CLOSING = dt.timedelta(minutes=60)
TOO_OLD = dt.timedelta(hours=3)  # after the slot has closed, what it still had to say is history
LOOK_BACK_DAYS = 2
OPENING, CLOSING, CLOSED = 0, 1, 2
KIND = "round"
OVERTAKEN = "系统恢复时已到下一次提醒的时间，不再补发"
OUT_OF_DATE = "系统恢复时该时段已截止三小时以上，不再补发"


@dataclass(frozen=True)
class Stage:
    """A digest that is due: of which slot, which stage, since when."""

    window: SlotWindow
    label: str
    number: int
    due_at: dt.datetime
    next_at: dt.datetime | None  # when the next stage of the slot takes over
    steps: tuple[int, ...] = ()  # minutes after closing at which an unanswered one goes a level up

    @property
    def subject(self) -> str:
        """What its reminders are about, e.g. slot:2020-01-29:AM:0600-1200."""
        window = self.window
        return f"slot:{window.date}:{window.slot}:{window.opens_at:%H%M}-{window.closes_at:%H%M}"

    @property
    def expires_at(self) -> dt.datetime:
        """When it is history."""
        return self.window.closes_at + TOO_OLD

    @property
    def escalate_at(self) -> dt.datetime | None:
        """When the first level above hears of it, if nobody answers."""
        return self.due_at + dt.timedelta(minutes=self.steps[0]) if self.steps else None

    @property
    def marker(self) -> str:
        """Name of the tick record that says that this digest has been settled for everybody."""
        return f"digest {self.subject} {self.number}"


def _steps(terms: PolicyTerms) -> tuple[int, ...]:
    """The minutes of the policy's steps that are not at once: level by level up the chain."""
    return tuple(sorted({step.after_minutes for step in terms.escalation if step.after_minutes > 0}))


def windows_near(at: dt.datetime) -> list[tuple[SlotWindow, str, tuple[int, ...]]]:
    """Slots with labels and steps that have opened by that time, since LOOK_BACK_DAYS ago, over all policies."""
    today = timezone.localdate(at)
    found: dict[SlotWindow, tuple[str, tuple[int, ...]]] = {}
    for policy in Policy.objects.exclude(state=PolicyState.TEMPLATE):
        terms = policy.parsed()
        for days in range(LOOK_BACK_DAYS, -1, -1):
            for slot in terms.slots:
                window = slot_window(terms, today - dt.timedelta(days=days), slot.code)
                if window.opens_at <= at:
                    found[window] = (slot.label, _steps(terms) or found.get(window, ("", ()))[1])
    ordered = sorted(found.items(), key=lambda item: (item[0].opens_at, item[0].closes_at, item[0].slot))
    return [(window, label, steps) for window, (label, steps) in ordered]


def stages_near(at: dt.datetime) -> list[Stage]:
    """The stages that have come due, slot by slot in order of time, settled or not."""
    stages = []
    for window, label, steps in windows_near(at):
        moments = (window.opens_at, max(window.opens_at, window.closes_at - BEFORE_CLOSING), window.closes_at)
        following = (*moments[1:], None)
        due = [number for number, moment in enumerate(moments) if moment <= at]
        stages += [Stage(window, label, number, moments[number], following[number], steps) for number in due]
    return stages


def stages_due(at: dt.datetime) -> list[Stage]:
    """The stages that have come due and have not been settled yet."""
    stages = stages_near(at)
    done = set(
        TickRun.objects.filter(step__in=[stage.marker for stage in stages]).values_list("step", flat=True)
    )
    return [stage for stage in stages if stage.marker not in done]


def why_not(stage: Stage, at: dt.datetime) -> str:
    """Why a stage is not sent any more: the next one of its slot is due, or all is long over; '' when it is sent."""
    if stage.next_at is not None and stage.next_at <= at:
        return OVERTAKEN
    return OUT_OF_DATE if stage.window.closes_at + TOO_OLD <= at else ""


def _unmeasured(stage: Stage, *, was: bool) -> QuerySet[Visit]:
    """Visits of the slot without a reading: now, or (`was`) when the stage came due."""
    rows = Visit.objects.of_slot(stage.window.date, stage.window.slot).filter(
        opens_at=stage.window.opens_at, closes_at=stage.window.closes_at
    )
    lacking = Q(state__in=[VisitState.MISSED, *UNMEASURED])
    if was:
        lacking |= Q(state_recorded_at__gt=stage.due_at)
    return rows.filter(lacking)


def hearers_of(stage: Stage, *, was: bool = False) -> Hearers:
    """Who has to hear about a slot, and about how many doors (see `_unmeasured`)."""
    return hearers(_unmeasured(stage, was=was), stage.window.date)


def _title(stage: Stage, doors: Doors) -> str:
    if stage.number == OPENING:
        return f"{stage.label}有{doors.count}户待测"
    if stage.number == CLOSING:
        return f"{stage.label}还有{doors.count}户未测"
    return f"{stage.label}有{doors.count}户没有测到"


def _body(stage: Stage, doors: Doors) -> str:
    day = f"{stage.window.date:%m月%d日}{stage.label}测温"
    if stage.number == CLOSED:
        return f"{day}已截止：{doors.words()}。请补录体温，或说明未测原因。"
    return f"{day}，{stage.window.closes_at:%H:%M} 截止。"


def stage_url(stage: Stage) -> str:
    """The page that a digest leads to: the round, or after closing the paper for late entry."""
    page = "quarantine:backfill" if stage.number == CLOSED else "quarantine:round"
    return f"{reverse(page)}?{urlencode({'on': stage.window.date.isoformat(), 'slot': stage.window.slot})}"


def _facts(stage: Stage, at: dt.datetime) -> dict[str, Any]:
    return {"subject": stage.subject, "kind": KIND, "stage": stage.number, "due_at": stage.due_at, "at": at}


def _robots(stage: Stage, found: Hearers, at: dt.datetime, *, reason: str = "") -> int:
    """The same digest in the groups of the robots."""
    window = stage.window
    open_foot, closed_foot = f"{window.closes_at:%H:%M} 截止。", "请补录或说明原因。"
    return robots_digest(
        found.areas, **_facts(stage, at), heading=f"{window.date:%m月%d日}{stage.label}测温",
        unit={OPENING: "待测", CLOSING: "还有未测", CLOSED: "没有测到"}[stage.number],
        foot=closed_foot if stage.number == CLOSED else open_foot, url=stage_url(stage),
        expires_at=stage.expires_at, reason=reason,
    )  # fmt: skip


def digest_send(stage: Stage, at: dt.datetime) -> int:
    """Tell every officer and robot concerned about a stage; returns how many officers were told.

    Who cannot be reached is on record as such; his superiors hear of it, and the next in the chain is asked.
    """
    found = hearers_of(stage)
    facts, is_closed = _facts(stage, at), stage.number == CLOSED
    no_way = [officer for officer in found.officers if found.unreached.get(officer) == NO_WAY]
    settle_many(no_way, state=ReminderState.FAILED, reason=f"{NO_WAY}，已转请上一级", **facts)
    lost = {officer.pk for officer in no_way}
    letters = (
        Letter(
            officer, _title(stage, doors), body=_body(stage, doors), note=doors.note(), url=stage_url(stage),
            needs_answer=is_closed, escalate_at=stage.escalate_at if is_closed else None,
        )
        for officer, doors in found.officers.items()
        if officer.pk not in lost
    )  # fmt: skip
    sent = remind_many(letters, expires_at=stage.expires_at, **facts)
    robots = _robots(stage, found, at)
    if found.unreached:
        unreachable_report(found.unreached, at, timezone.localdate(at))
    _settle(stage.marker, at, sent=sent, robots=robots)
    return sent


def digest_expire(stage: Stage, at: dt.datetime, *, reason: str) -> int:
    """Record for every officer who would have been told that the digest came too late; returns how many."""
    found = hearers_of(stage, was=True)
    expired = settle_many(found.officers, state=ReminderState.EXPIRED, reason=reason, **_facts(stage, at))
    robots = _robots(stage, found, at, reason=reason)
    _settle(stage.marker, at, expired=expired, robots=robots)
    return expired


def _settle(marker: str, at: dt.datetime, **counts: int) -> None:
    TickRun.objects.create(step=marker, at=at, finished_at=timezone.now(), counts=counts)
