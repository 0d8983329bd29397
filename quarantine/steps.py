"""Steps of the tick: mark what was missed, remind (docs/tick.md). Each is safe to run twice, late, or in parallel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from grassroots.grid.registry import register_step
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import AlertKind, ObservationState, Visit, VisitState
from quarantine.models.visits import UNMEASURED
from quarantine.services.alerts import alert_raise
from quarantine.services.digests import digest_send, stages_due

BATCH = 2000
IN_A_ROW = 2


def mark_missed(at: dt.datetime) -> Mapping[str, int]:
    """Visits whose slot has closed unmeasured become 漏测, once each; twice in a row raises an alert."""
    missed = alerts = 0
    while True:
        with transaction.atomic():
            ids = list(Visit.objects.overdue(at).order_by("closes_at").values_list("pk", flat=True)[:BATCH])
            if not ids:
                return {"missed": missed, "alerts": alerts}
            overdue = Visit.objects.filter(pk__in=ids, state=VisitState.PLANNED)  # conditional: someone may be faster
            changed = overdue.update(state=VisitState.MISSED, state_at=F("closes_at"), state_recorded_at=at)
            missed += changed
            mark_dirty(Visit.objects.filter(pk__in=ids).order_by().values_list("area_id", flat=True).distinct())
            alerts += _alert_missed_in_a_row(ids, at)
            if not changed:
                return {"missed": missed, "alerts": alerts}


def _alert_missed_in_a_row(ids: list[int], at: dt.datetime) -> int:
    raised = 0
    unmeasured = {VisitState.MISSED, *UNMEASURED}
    visits = Visit.objects.filter(
        pk__in=ids, state=VisitState.MISSED, observation__state=ObservationState.OPEN
    ).select_related("observation__area")
    observations = {visit.observation_id for visit in visits}
    history: dict[int, list[tuple[dt.datetime, int, str]]] = {}
    earlier = Visit.objects.filter(observation__in=observations, closes_at__lte=at).exclude(
        state=VisitState.CANCELLED
    )
    for pk, observation_id, closes_at, state in earlier.values_list("pk", "observation_id", "closes_at", "state"):
        history.setdefault(observation_id, []).append((closes_at, pk, state))
    for line in history.values():
        line.sort()
    for visit in visits:
        line = [entry for entry in history[visit.observation_id] if entry[0] <= visit.closes_at][-IN_A_ROW:]
        if len(line) == IN_A_ROW and all(state in unmeasured for _closes, _pk, state in line):
            alert_raise(observation=visit.observation, kind=AlertKind.MISSED, at=at, visit=visit)
            raised += 1
    return raised


def remind_round(at: dt.datetime) -> Mapping[str, int]:
    """Digests of the slots: only the latest stage that is due goes out, earlier ones are recorded as expired."""
    sent = expired = 0
    stages = stages_due(at)
    for index, stage in enumerate(stages):
        later = any(other.window == stage.window for other in stages[index + 1 :])
        counts = digest_send(stage, at, is_overtaken=later)
        sent += counts[0]
        expired += counts[1]
    return {"sent": sent, "expired": expired}


register_step("quarantine.missed", mark_missed, order=10)
register_step("quarantine.remind", remind_round, order=20)
