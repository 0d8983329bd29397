"""What 工作台 shows: my readings of this slot, my absent doors, my alerts, coverage of my area."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.grid.scope import scope_of
from grassroots.ledgers.models import AreaRollup
from grassroots.ledgers.rollups import rollups_of
from households.models import Household
from quarantine.alert_board import limit_words
from quarantine.models import Alert, Observation, PushedPerson, Visit
from quarantine.models.visits import UNMEASURED

SHOWN = 6
COUNTED_UP_TO = 100
SLOT_LABELS = {"AM": "上午", "PM": "下午"}


@dataclass(frozen=True)
class Coverage:
    """How far the survey of one of my areas has come, from its rollup (None before the first tick of the day)."""

    area: Area
    rollup: AreaRollup | None

    @property
    def to_sign(self) -> int:
        """Doors that count for completion: all but the vacant ones."""
        figures = self.rollup.total if self.rollup else {}
        return int(figures.get("households", 0) - figures.get("vacant_households", 0))

    @property
    def signed(self) -> int:
        return int(self.rollup.total.get("signed_households", 0)) if self.rollup else 0


def coverage_of(staff: Staff, on: dt.date) -> list[Coverage]:
    """Coverage of the areas at the top of the person's scope, and of those right below when there is only one."""
    roots = scope_of(staff).roots()[:SHOWN]
    figures = rollups_of(roots, on)
    return [Coverage(area, figures.get(area.pk)) for area in roots]


def absent_households(staff: Staff) -> tuple[list[Household], int]:
    """Absent doors in scope, those without a date or longest due first; and how many, up to COUNTED_UP_TO."""
    rows = Household.objects.absent().visible_to(staff)
    shown = rows.select_related("area").by_next_visit()[:SHOWN]
    return list(shown), rows.order_by()[:COUNTED_UP_TO].count()


@dataclass(frozen=True)
class OpenAlerts:
    """Open alerts in the person's scope: the oldest, how many, and of how many a time limit is over."""

    shown: list[Alert]
    count: int
    overdue: int

    @property
    def hint(self) -> str:
        """What the card says below the figure."""
        return f"其中超时 {self.overdue} 件" if self.overdue else ""


def open_alerts(staff: Staff, at: dt.datetime) -> OpenAlerts:
    """As the board shows them, counted up to COUNTED_UP_TO (one query)."""
    rows = Alert.objects.open().visible_to(staff)
    related = rows.select_related("observation__person", "observation__household", "area")
    found = list(related.order_by("raised_at", "pk")[:COUNTED_UP_TO])
    for row in found:
        row.limit_tone, row.limit = limit_words(row, at)  # type: ignore[attr-defined]
    overdue = sum(row.limit_tone == "danger" for row in found)  # type: ignore[attr-defined]
    return OpenAlerts(found[:SHOWN], len(found), overdue)


def due_for_release(staff: Staff, at: dt.datetime) -> tuple[list[Observation], int]:
    """Observations at full term that wait for a decision; and how many, up to COUNTED_UP_TO."""
    rows = Observation.objects.due_for_release(timezone.localdate(at)).visible_to(staff)
    found = list(rows.select_related("person", "household").order_by("last_on", "pk")[:COUNTED_UP_TO])
    return found[:SHOWN], len(found)


def pushed_to_check(staff: Staff) -> int:
    """How many people of pushed lists are the person's to check, up to COUNTED_UP_TO (one query)."""
    return PushedPerson.objects.mine(staff).order_by()[:COUNTED_UP_TO].count()


@dataclass(frozen=True)
class RoundSummary:
    """My readings of the slot that is open now."""

    label: str
    total: int
    waiting: int
    hint: str

    @property
    def tone(self) -> str:
        """Colour of the figure: done, or still waiting."""
        return "warn" if self.waiting else "ok"


def round_summary(staff: Staff, at: dt.datetime) -> RoundSummary:
    """How many readings of the open slot are mine, and how many are still to be taken (one query for the visits)."""
    due = Visit.objects.due(at).to_measure_by(staff).order_by()
    waiting = Count("pk", filter=Q(state__in=UNMEASURED))
    counts = due.aggregate(total=Count("pk"), waiting=waiting, closes_at=Min("closes_at"), slot=Min("slot"))
    if not counts["total"]:
        return RoundSummary("测温", 0, 0, "现在没有要测的人")
    label = f"{SLOT_LABELS.get(counts['slot'], '本时段')}测温"
    return RoundSummary(
        label, counts["total"], counts["waiting"], f"{timezone.localtime(counts['closes_at']):%H:%M} 截止"
    )
