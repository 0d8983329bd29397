"""What waits beside an observation comes to an end with it: handovers and recalculations that nobody has decided."""

from __future__ import annotations

import datetime as dt

from grassroots.grid.models import Staff
from quarantine.models import (
    Handover,
    HandoverState,
    Observation,
    Recalculation,
    RecalculationKind,
    RecalculationState,
)


def handover_lapse(observation: Observation, *, by: Staff, at: dt.datetime, why: str) -> int:
    """Take back a handover that waits for an answer, because `why`; returns how many there were (0 or 1)."""
    return Handover.objects.pending().filter(observation=observation).update(
        state=HandoverState.WITHDRAWN, decided_by=by, decided_at=at, decision_reason=why
    )  # fmt: skip


def recalculation_lapse(
    observation: Observation, *, by: Staff | None, at: dt.datetime, why: str, kind: RecalculationKind | None = None
) -> int:  # fmt: skip
    """End recalculations that wait, because `why`; returns how many there were."""
    rows = Recalculation.objects.pending().filter(observation=observation)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return rows.update(state=RecalculationState.EXPIRED, decided_by=by, decided_at=at, note=why)
