"""A watch over the steps of the tick: whatever one of them does, it must have said before that there was work.

The tick leaves out steps that have nothing due (docs/tick.md). Every test that calls a step itself proves on the way
that the step's `due` does not overlook what the step then does.
"""

from __future__ import annotations

import datetime as dt
import functools
import sys
from collections.abc import Mapping

from django.db import connection

from grassroots.grid.registry import Step, steps


def says_so(step: Step, at: dt.datetime) -> bool:
    """Whether the step has something to do at that time by what it registered."""
    queries = None if step.due is None else step.due(at)
    return queries is None or any(rows.values("pk")[:1] for rows in queries)


def watch_steps() -> None:
    """Put the watch in the place of each step's function, before any test imports it."""
    for step in steps():
        if step.due is not None:
            setattr(sys.modules[step.run.__module__], step.run.__name__, watched(step))


def watched(step: Step):
    @functools.wraps(step.run)
    def run(at: dt.datetime) -> Mapping[str, int]:
        if connection.force_debug_cursor:  # somebody counts queries: these are not the step's own
            return step.run(at)
        said = says_so(step, at)
        counts = step.run(at)
        assert said or not any(counts.values()), (
            f"{step.name} did {dict(counts)} and had not said that it was due"
        )
        return counts

    return run
