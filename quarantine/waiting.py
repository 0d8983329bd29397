"""What of the life of observations waits for somebody: handovers of both sides, follow-ups, recalculations."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from quarantine.models import Handover, Recalculation, ReleaseFollowup

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

SHOWN = 6
COUNTED_UP_TO = 100


def age_words(since: dt.datetime, at: dt.datetime) -> str:
    """How long something has been waiting: 40分钟, 5小时, 2天."""
    minutes = max(int((at - since).total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes}分钟"
    return f"{minutes // 60}小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)}天"


@dataclass(frozen=True)
class HandoverLine:
    """A handover that waits, and on which side one stands."""

    handover: Handover
    is_incoming: bool
    age: str


@dataclass(frozen=True)
class Waiting:
    """For 工作台; counts go up to COUNTED_UP_TO."""

    handovers: list[HandoverLine]
    handover_count: int
    followups: int
    recalculations: int


def waiting_for(staff: Staff, at: dt.datetime) -> Waiting:
    """What waits in somebody's scope (four queries); the oldest handovers first."""
    rows = Handover.objects.pending().visible_to(staff).order_by("requested_at", "pk")
    found = list(rows.select_related("observation__person", "from_area", "to_area")[:COUNTED_UP_TO])
    shown = found[:SHOWN]
    asked = Handover.objects.incoming(staff).filter(pk__in=[one.pk for one in shown]) if shown else []
    incoming = {one.pk for one in asked}
    lines = [HandoverLine(one, one.pk in incoming, age_words(one.requested_at, at)) for one in shown]
    due = ReleaseFollowup.objects.due(timezone.localdate(at)).visible_to(staff).order_by()
    proposed = Recalculation.objects.pending().visible_to(staff).order_by()
    return Waiting(lines, len(found), due[:COUNTED_UP_TO].count(), proposed[:COUNTED_UP_TO].count())
