"""Sweeping the record of ticks: what is older than KEPT goes, a batch a tick."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from grassroots.notices.models import TickRun
from grassroots.notices.tick import HEARTBEAT

KEPT = dt.timedelta(
    days=30
)  # digest markers are looked for over the last days only (quarantine/services/digests.py)
BATCH = 500


def sweep_ticks(at: dt.datetime) -> Mapping[str, int]:
    """Remove the oldest records of ticks, found by their keys: rows are written in order of time."""
    oldest = TickRun.objects.exclude(step=HEARTBEAT).order_by("pk").values_list("pk", "at")
    first = oldest.first()
    if first is None or first[1] >= at - KEPT:
        return {"swept": 0}
    old = [pk for pk, ran_at in oldest[:BATCH] if ran_at < at - KEPT]
    TickRun.objects.filter(pk__in=old).delete()
    return {"swept": len(old)}
