"""The tick: beat calls it once a minute; it runs every registered step (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import DatabaseError, close_old_connections
from django.db.models import Max, Min, Subquery
from django.utils import timezone

from grassroots.grid.registry import Step, steps
from grassroots.notices.models import TickRun

logger = logging.getLogger("grassroots.tick")

HEARTBEAT = (
    "tick"  # one row: `started_at` the first tick ever, `at` the time of the last, `finished_at` by the clock
)
LATE = dt.timedelta(minutes=5)


def tick(at: dt.datetime | None = None) -> dict[str, Mapping[str, int]]:
    """Run every step at the time `at` (default now) and return what each did, as counts by step name.

    A step that fails is recorded with its error and stops none of the others. Safe to run twice, late, or on two
    machines: steps claim rows by conditional UPDATE under unique constraints.
    """
    at = at or timezone.now()
    idle, busy = _idle(at), False
    done: dict[str, Mapping[str, int]] = {}
    for step in steps():
        if step.name in idle and not busy:
            done[step.name] = {}
            continue
        done[step.name] = _run(step, at)
        # What one step does may be work for those after it: they are no longer left out.
        busy = busy or any(done[step.name].values())
    _beat(at)
    return done


def _idle(at: dt.datetime) -> set[str]:
    """The steps that have nothing to do by what they registered as due: one query for all of them.

    An answer that cannot be had leaves nobody out.
    """
    owners: list[str] = []  # of each query, the step that it is asked for
    probes: list[Subquery] = []
    idle = set()
    for step in steps():
        try:
            queries = None if step.due is None else step.due(at)
        except Exception:  # as with a broken step: it runs, and its own fault is recorded
            logger.exception("what is due for step %s cannot be said", step.name)
            continue
        if queries is None:
            continue
        idle.add(step.name)
        for rows in queries:
            probes.append(Subquery(rows.values("pk")[:1]))
            owners.append(step.name)
    try:
        found = TickRun.objects.filter(step=HEARTBEAT).order_by("pk").values_list("pk", *probes).first()
    except Exception as failure:  # one wrong question must not stop the clock
        logger.exception("what is due cannot be asked")
        if isinstance(failure, DatabaseError):
            close_old_connections()
        return set()
    if found is None:  # the very first tick
        return set()
    return idle - {name for name, pk in zip(owners, found[1:], strict=True) if pk is not None}


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
            step=step.name,
            at=at,
            started_at=started,
            finished_at=timezone.now(),
            counts=dict(counts),
            error=error,
        )
    return counts


def _beat(at: dt.datetime) -> None:
    now = timezone.now()
    if not TickRun.objects.filter(step=HEARTBEAT).update(at=at, finished_at=now):
        TickRun.objects.create(step=HEARTBEAT, at=at, started_at=at, finished_at=now)


def first_tick_at() -> dt.datetime | None:
    """When the clock ran for the first time; None before that."""
    found: dt.datetime | None = TickRun.objects.filter(step=HEARTBEAT).aggregate(first=Min("started_at"))[
        "first"
    ]
    return found


def tick_age(at: dt.datetime | None = None) -> dt.timedelta | None:
    """How long ago the last tick ended; None when there has never been one."""
    last = TickRun.objects.filter(step=HEARTBEAT).aggregate(last=Max("finished_at"))["last"]
    return None if last is None else max((at or timezone.now()) - last, dt.timedelta(0))


def clock_warning(at: dt.datetime | None = None) -> str:
    """What a page says when the system's clock stands still; '' while it runs."""
    age = tick_age(at)
    if age is None:
        return "系统时钟还没有运行过：提醒、漏测标记和统计不会自动更新。请管理员检查后台任务。"
    if age < LATE:
        return ""
    minutes = int(age.total_seconds() // 60)
    words = f"{minutes}分钟" if minutes < 120 else f"{minutes // 60}小时"
    return f"系统时钟已停 {words}：提醒、漏测标记和统计没有更新。请管理员检查后台任务。"
