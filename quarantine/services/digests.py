"""One digest an officer and slot: at opening, before closing, after closing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import DutyTarget, duties_for_many
from grassroots.grid.models import Staff
from grassroots.notices.models import TickRun
from grassroots.notices.reminders import remind, reminder_expire
from quarantine.models import Policy, PolicyState, Visit, VisitState
from quarantine.models.visits import UNMEASURED
from quarantine.rules.slots import SlotWindow, slot_window

BEFORE_CLOSING = dt.timedelta(minutes=60)
TOO_OLD = dt.timedelta(hours=3)
OPENING, CLOSING, CLOSED = 0, 1, 2
KIND = "round"


@dataclass(frozen=True)
class Stage:
    """A digest that is due: of which slot, which stage, since when."""

    window: SlotWindow
    label: str
    number: int
    due_at: dt.datetime

    @property
    def marker(self) -> str:
        """Name of the tick record that says that this digest has gone out to everybody."""
        window = self.window
        return f"digest {window.date} {window.slot} {window.opens_at:%H%M} {self.number}"


def windows_near(at: dt.datetime) -> list[tuple[SlotWindow, str]]:
    """Slots with their labels that are open at that time or closed less than TOO_OLD ago, over all policies."""
    today = timezone.localdate(at)
    found: dict[SlotWindow, str] = {}
    for policy in Policy.objects.exclude(state=PolicyState.TEMPLATE):
        terms = policy.parsed()
        for on in (today - dt.timedelta(days=1), today):
            for slot in terms.slots:
                window = slot_window(terms, on, slot.code)
                if window.opens_at <= at < window.closes_at + TOO_OLD:
                    found[window] = slot.label
    return sorted(found.items(), key=lambda item: item[0].opens_at)


def stages_due(at: dt.datetime) -> list[Stage]:
    """The stages that have come due and have not gone out yet, in order of time."""
    stages = []
    for window, label in windows_near(at):
        moments = (window.opens_at, max(window.opens_at, window.closes_at - BEFORE_CLOSING), window.closes_at)
        stages += [Stage(window, label, number, due) for number, due in enumerate(moments) if due <= at]
    done = set(TickRun.objects.filter(step__in=[stage.marker for stage in stages]).values_list("step", flat=True))
    return [stage for stage in stages if stage.marker not in done]


def _unmeasured(stage: Stage) -> dict[Staff, set[str]]:
    """Doors still unmeasured by responsible officer."""
    states = [VisitState.MISSED, *UNMEASURED] if stage.number == CLOSED else list(UNMEASURED)
    rows = Visit.objects.filter(
        date=stage.window.date, slot=stage.window.slot, opens_at=stage.window.opens_at, state__in=states
    ).values_list("observation__area_id", "observation__household_id", "observation__person_id")
    targets = [DutyTarget(*row) for row in rows]
    chains = duties_for_many(list(dict.fromkeys(targets)), stage.window.date)
    by_officer: dict[Staff, set[str]] = defaultdict(set)
    for target in targets:
        door = f"h{target.household_id}" if target.household_id else f"p{target.person_id}"
        for link in chains[target]:
            if link.kind.is_measuring:
                for officer in link.officers:
                    by_officer[officer].add(door)
    return by_officer


def _title(stage: Stage, count: int) -> str:
    if stage.number == OPENING:
        return f"{stage.label}有{count}户待测"
    if stage.number == CLOSING:
        return f"{stage.label}还有{count}户未测"
    return f"{stage.label}漏测{count}户,请补录或说明原因"


def digest_send(stage: Stage, at: dt.datetime, *, is_overtaken: bool) -> tuple[int, int]:
    """Send a stage to every officer concerned; returns how many were sent and how many expired.

    A stage that a later one has overtaken, or whose slot closed long ago, is recorded as expired instead.
    """
    sent = expired = 0
    subject = f"slot:{stage.window.date}:{stage.window.slot}:{stage.window.opens_at:%H%M}"
    for officer, doors in sorted(_unmeasured(stage).items(), key=lambda item: item[0].pk):
        if not officer.is_active:
            continue
        if is_overtaken:
            reason = "系统恢复时已到下一次提醒的时间,不再补发"
            expired += reminder_expire(
                recipient=officer, subject=subject, kind=KIND, stage=stage.number, due_at=stage.due_at, at=at,
                reason=reason,
            )  # fmt: skip
            continue
        message = remind(
            recipient=officer, subject=subject, kind=KIND, stage=stage.number, due_at=stage.due_at, at=at,
            title=_title(stage, len(doors)), body=f"{stage.window.date:%m月%d日}{stage.label}测温,点此打开测温名单。",
            url=reverse("quarantine:round"),
        )  # fmt: skip
        sent += message is not None
    TickRun.objects.create(
        step=stage.marker, at=at, finished_at=timezone.now(), counts={"sent": sent, "expired": expired}
    )
    return sent, expired
