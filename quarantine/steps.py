"""Steps of the tick: mark what was missed, remind, propose (docs/tick.md). Safe to run twice, late, in parallel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from grassroots.grid.registry import register_step
from grassroots.ledgers.rollups import mark_dirty
from grassroots.notices.models import TickRun
from grassroots.notices.tick import first_tick_at
from quarantine.models import Alert, AlertKind, ObservationState, Visit, VisitState
from quarantine.models.visits import UNMEASURED
from quarantine.services.alerts import alert_raise
from quarantine.services.digest_escalation import escalate_unanswered, unanswered_due
from quarantine.services.digests import digest_expire, digest_send, stages_due, why_not, windows_near
from quarantine.services.escalation import alerts_due, alerts_escalate
from quarantine.services.handover_reminders import handovers_due, handovers_remind
from quarantine.services.policies import propose_remaining, remaining_due
from quarantine.services.proposals import propose_release
from quarantine.services.pushed_reminders import checkers_due, tell_checkers
from quarantine.services.service_digests import services_due, services_remind
from quarantine.services.truth import flags_find

BATCH = 2000
IN_A_ROW = 2
REACH = dt.timedelta(days=3)  # how far back two slots in a row can lie


def missed_due(at: dt.datetime) -> list[QuerySet[Visit]]:
    """What gives the step below something to do."""
    return [Visit.objects.overdue(at).order_by("closes_at")]


def mark_missed(at: dt.datetime) -> Mapping[str, int]:
    """Visits whose slot has closed unmeasured become 漏测, once each; twice in a row raises an alert."""
    missed = alerts = 0
    while True:
        with transaction.atomic():
            # Two ticks at once take different rows; who comes second to a row finds nothing left to do.
            overdue = (
                Visit.objects.overdue(at).order_by("closes_at", "pk").select_for_update(skip_locked=True)
            )
            ids = list(overdue.values_list("pk", flat=True)[:BATCH])
            if not ids:
                return {"missed": missed, "alerts": alerts}
            batch = Visit.objects.filter(pk__in=ids)
            missed += batch.filter(state=VisitState.PLANNED).update(
                state=VisitState.MISSED, state_at=F("closes_at"), state_recorded_at=at
            )
            mark_dirty(batch.order_by().values_list("area_id", flat=True).distinct())
            alerts += _alert_missed_in_a_row(ids, at)


def _alert_missed_in_a_row(ids: list[int], at: dt.datetime) -> int:
    """Alert for those who were missed twice running, unless such an alert of theirs is still open."""
    visits = list(
        Visit.objects.filter(pk__in=ids, state=VisitState.MISSED, observation__state=ObservationState.OPEN)
        .select_related("observation__area", "observation__policy")
        .order_by("closes_at", "pk")
    )
    if not visits:
        return 0
    observations = {visit.observation_id for visit in visits}
    alerted = set(
        Alert.objects.open()
        .filter(observation__in=observations, kind=AlertKind.MISSED)
        .values_list("observation_id", flat=True)
    )
    lines = _lines(observations, visits[0].closes_at - REACH, at)
    raised = 0
    for visit in visits:
        line = [state for closes_at, state in lines[visit.observation_id] if closes_at <= visit.closes_at]
        is_run = len(line) >= IN_A_ROW and set(line[-IN_A_ROW:]) <= {VisitState.MISSED, *UNMEASURED}
        if is_run and visit.observation_id not in alerted:
            alert_raise(observation=visit.observation, kind=AlertKind.MISSED, at=at, visit=visit)
            alerted.add(visit.observation_id)
            raised += 1
    return raised


def _lines(
    observations: set[int], since: dt.datetime, at: dt.datetime
) -> dict[int, list[tuple[dt.datetime, str]]]:
    """For each observation the states of its closed slots in order of time."""
    rows = (
        Visit.objects.filter(observation__in=observations, closes_at__gt=since, closes_at__lte=at)
        .exclude(state=VisitState.CANCELLED)
        .order_by("closes_at", "pk")
    )
    lines: dict[int, list[tuple[dt.datetime, str]]] = {}
    for observation_id, closes_at, state in rows.values_list("observation_id", "closes_at", "state"):
        lines.setdefault(observation_id, []).append((closes_at, state))
    return lines


def remind_round(at: dt.datetime) -> Mapping[str, int]:
    """Digests of the slots: the latest stage that is due goes out; overtaken and old ones are recorded as expired."""
    sent = expired = 0
    stages = stages_due(at)
    began = (first_tick_at() or at) if stages else at
    for stage in stages:
        reason = why_not(stage, at)
        if reason and stage.due_at < began:
            continue  # nobody was promised anything before the clock ran for the first time
        if reason:
            expired += digest_expire(stage, at, reason=reason)
        else:
            sent += digest_send(stage, at)
    return {"sent": sent, "expired": expired}


def mark_closed_slots(at: dt.datetime) -> Mapping[str, int]:
    """不在家, 拒测 and 电话 count as missed once their slot has closed: the figures of their areas are due again.

    Once a slot: what is recorded after its closing marks its area by itself.
    """
    on = timezone.localdate(at)
    closed = {window for window, *_rest in windows_near(at) if window.date == on and window.closes_at <= at}
    markers = {f"closed {on} {window.slot} {window.closes_at:%H%M}": window for window in closed}
    done = TickRun.objects.filter(step__in=markers).values_list("step", flat=True)
    areas: set[int] = set()
    for marker in sorted(markers.keys() - set(done)):
        window = markers[marker]
        visits = Visit.objects.filter(
            date=on, slot=window.slot, closes_at=window.closes_at, state__in=UNMEASURED
        )
        found = {pk for pair in visits.values_list("area", "observation__area").distinct() for pk in pair}
        with transaction.atomic():
            mark_dirty(found)
            TickRun.objects.create(
                step=marker, at=at, finished_at=timezone.now(), counts={"areas": len(found)}
            )
        areas |= found
    return {"areas": len(areas)}


register_step("quarantine.missed", mark_missed, order=10, due=missed_due)
register_step("quarantine.closed", mark_closed_slots, order=15)
register_step("quarantine.remind", remind_round, order=20)
register_step("quarantine.alerts", alerts_escalate, order=25, due=alerts_due)
register_step("quarantine.unanswered", escalate_unanswered, order=27, due=unanswered_due)
register_step("quarantine.release", propose_release, order=30)
register_step("quarantine.recalculate", propose_remaining, order=32, due=remaining_due)
register_step("quarantine.handovers", handovers_remind, order=33, due=handovers_due)
register_step("quarantine.pushed", tell_checkers, order=35, due=checkers_due)
register_step("quarantine.services", services_remind, order=38, due=services_due)
register_step("quarantine.truth", flags_find, order=40)
