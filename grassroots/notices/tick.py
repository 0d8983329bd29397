"""The tick: beat calls it once a minute; it runs every registered step (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from grassroots.grid.registry import Step, steps
from grassroots.notices.models import TickRun

logger = logging.getLogger("grassroots.tick")


def tick(at: dt.datetime | None = None) -> dict[str, Mapping[str, int]]:
    """Run every step at the time `at` (default now) and return what each did, as counts by step name.

    A step that fails is recorded with its error and stops none of the others. Safe to run twice, late, or on two
    machines: steps claim rows by conditional UPDATE under unique constraints.
    """
    at = at or timezone.now()
    return {step.name: _run(step, at) for step in steps()}


def _run(step: Step, at: dt.datetime) -> Mapping[str, int]:
    started = timezone.now()
    counts: Mapping[str, int] = {}
    error = ""
    try:
        counts = step.run(at)
    except Exception as failure:  # one broken step must not keep the others from running
        logger.exception("step %s failed", step.name)
        error = f"{type(failure).__name__}"
        if isinstance(failure, DatabaseError):
            close_old_connections()
    if error or any(counts.values()):
        TickRun.objects.create(
            step=step.name, at=at, started_at=started, finished_at=timezone.now(), counts=dict(counts), error=error
        )
    return counts
