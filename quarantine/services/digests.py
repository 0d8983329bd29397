"""One digest an officer and slot: at opening, before closing, after closing (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Staff
from grassroots.notices.models import TickRun
from grassroots.notices.reminders import remind, reminder_expire
from quarantine.models import Policy, PolicyState, Visit, VisitState
from quarantine.models.visits import UNMEASURED
from quarantine.rules.slots import SlotWindow, slot_window

BEFORE_CLOSING = dt.timedelta(minutes=60)
TOO_OLD = dt.timedelta(hours=3)  # after the slot has closed, what it still had to say is history
LOOK_BACK_DAYS = 2
OPENING, CLOSING, CLOSED = 0, 1, 2
KIND = "round"
OVERTAKEN = "系统恢复时已到下一次提醒的时间,不再补发"
OUT_OF_DATE = "系统恢复时该时段已截止三小时以上,不再补发"


@dataclass(frozen=True)
class Stage:
    """A digest that is due: of which slot, which stage, since when."""

    window: SlotWindow
    label: str
    number: int
    due_at: dt.datetime
    next_at: dt.datetime | None  # when the next stage of the slot takes over

    @property
    def subject(self) -> str:
        """What its reminders are about, e.g. slot:2020-01-29:AM:0600-1200."""
        window = self.window
        return f"slot:{window.date}:{window.slot}:{window.opens_at:%H%M}-{window.closes_at:%H%M}"

    @property
    def marker(self) -> str:
        """Name of the tick record that says that this digest has been settled for everybody."""
        return f"digest {self.subject} {self.number}"


@dataclass
class Doors:
    """What an officer has to hear: doors still unmeasured, by what is known about them."""

    by_state: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def count(self) -> int:
        """How many doors; two people behind one door are one."""
        return len(set().union(*self.by_state.values()))

    def words(self) -> str:
        """漏测3户、不在家2户."""
        missed = self.by_state.get(VisitState.MISSED, set()) | self.by_state.get(VisitState.PLANNED, set())
        parts = [(str(VisitState.MISSED.label), missed)]
        for state in (VisitState.AWAY, VisitState.REFUSED, VisitState.PHONE):
            parts.append((str(state.label), self.by_state.get(state, set())))
        return "、".join(f"{label}{len(doors)}户" for label, doors in parts if doors)


def windows_near(at: dt.datetime) -> list[tuple[SlotWindow, str]]:
    """Slots with their labels that have opened by that time, since LOOK_BACK_DAYS ago, over all policies."""
    today = timezone.localdate(at)
    found: dict[SlotWindow, str] = {}
    for policy in Policy.objects.exclude(state=PolicyState.TEMPLATE):
        terms = policy.parsed()
        for days in range(LOOK_BACK_DAYS, -1, -1):
            for slot in terms.slots:
                window = slot_window(terms, today - dt.timedelta(days=days), slot.code)
                if window.opens_at <= at:
                    found[window] = slot.label
    return sorted(found.items(), key=lambda item: (item[0].opens_at, item[0].closes_at, item[0].slot))


def stages_due(at: dt.datetime) -> list[Stage]:
    """The stages that have come due and have not been settled yet, slot by slot in order of time."""
    stages = []
    for window, label in windows_near(at):
        moments = (window.opens_at, max(window.opens_at, window.closes_at - BEFORE_CLOSING), window.closes_at)
        following = (*moments[1:], None)
        due = [number for number, moment in enumerate(moments) if moment <= at]
        stages += [Stage(window, label, number, moments[number], following[number]) for number in due]
    done = set(
        TickRun.objects.filter(step__in=[stage.marker for stage in stages]).values_list("step", flat=True)
    )
    return [stage for stage in stages if stage.marker not in done]


def why_not(stage: Stage, at: dt.datetime) -> str:
    """Why a stage is not sent any more: the next one of its slot is due, or all is long over; '' when it is sent."""
    if stage.next_at is not None and stage.next_at <= at:
        return OVERTAKEN
    return OUT_OF_DATE if stage.window.closes_at + TOO_OLD <= at else ""


def responsible(chain: Chain) -> list[Staff]:
    """Those who measure; where nobody does, the nearest officers of the chain, so that no one is overlooked."""
    measuring = [officer for link in chain if link.kind.is_measuring for officer in link.officers]
    if measuring:
        return measuring
    return next((link.officers for link in reversed(chain) if link.duties), [])


def by_officer(targets: Iterable[DutyTarget], on: dt.date) -> dict[DutyTarget, list[Staff]]:
    """The active officers responsible for each target, at a constant number of queries."""
    wanted = list(dict.fromkeys(targets))
    chains = duties_for_many(wanted, on)
    return {target: [staff for staff in responsible(chains[target]) if staff.is_active] for target in wanted}


def _unmeasured(stage: Stage, *, was: bool) -> QuerySet[Visit]:
    """Visits of the slot without a reading: now, or (`was`) when the stage came due."""
    rows = Visit.objects.of_slot(stage.window.date, stage.window.slot).filter(
        opens_at=stage.window.opens_at, closes_at=stage.window.closes_at
    )
    lacking = Q(state__in=[VisitState.MISSED, *UNMEASURED])
    if was:
        lacking |= Q(state_recorded_at__gt=stage.due_at)
    return rows.filter(lacking)


def doors_by_officer(stage: Stage, *, was: bool = False) -> dict[Staff, Doors]:
    """What each responsible officer has to hear about a slot (see `_unmeasured`)."""
    rows = _unmeasured(stage, was=was).values_list(
        "observation__area_id", "observation__household_id", "observation__person_id", "state"
    )
    visits = [(DutyTarget(area_id, home_id, person_id), state) for area_id, home_id, person_id, state in rows]
    officers = by_officer((target for target, _state in visits), stage.window.date)
    found: dict[Staff, Doors] = defaultdict(Doors)
    for target, state in visits:
        door = f"h{target.household_id}" if target.household_id else f"p{target.person_id}"
        for officer in officers[target]:
            found[officer].by_state[state].add(door)
    return found


def _title(stage: Stage, doors: Doors) -> str:
    if stage.number == OPENING:
        return f"{stage.label}有{doors.count}户待测"
    if stage.number == CLOSING:
        return f"{stage.label}还有{doors.count}户未测"
    return f"{stage.label}有{doors.count}户没有测到"


def _body(stage: Stage, doors: Doors) -> str:
    day = f"{stage.window.date:%m月%d日}{stage.label}测温"
    if stage.number == CLOSED:
        return f"{day}已截止:{doors.words()}。请补录体温,或说明未测原因。"
    return f"{day},{stage.window.closes_at:%H:%M} 截止。"


def _url(stage: Stage) -> str:
    page = "quarantine:backfill" if stage.number == CLOSED else "quarantine:round"
    return f"{reverse(page)}?{urlencode({'on': stage.window.date.isoformat(), 'slot': stage.window.slot})}"


def digest_send(stage: Stage, at: dt.datetime) -> int:
    """Put the digest of a stage into the inbox of every officer concerned; returns how many were sent."""
    sent = 0
    for officer, doors in sorted(doors_by_officer(stage).items(), key=lambda item: item[0].pk):
        message = remind(
            recipient=officer,
            subject=stage.subject,
            kind=KIND,
            stage=stage.number,
            due_at=stage.due_at,
            at=at,
            title=_title(stage, doors),
            body=_body(stage, doors),
            url=_url(stage),
        )
        sent += message is not None
    _settle(stage.marker, at, sent=sent)
    return sent


def digest_expire(stage: Stage, at: dt.datetime, *, reason: str) -> int:
    """Record for every officer who would have been told that the digest came too late; returns how many."""
    expired = 0
    for officer in sorted(doors_by_officer(stage, was=True), key=lambda staff: staff.pk):
        expired += reminder_expire(
            recipient=officer,
            subject=stage.subject,
            kind=KIND,
            stage=stage.number,
            due_at=stage.due_at,
            at=at,
            reason=reason,
        )
    _settle(stage.marker, at, expired=expired)
    return expired


def _settle(marker: str, at: dt.datetime, **counts: int) -> None:
    TickRun.objects.create(step=marker, at=at, finished_at=timezone.now(), counts=counts)
