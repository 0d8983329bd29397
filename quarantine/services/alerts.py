"""Alerts: raised at once, to the health worker, the health centre and the township in parallel."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import duties_for
from grassroots.grid.models import Staff
from grassroots.ledgers.rollups import mark_dirty
from grassroots.notices.models import Reminder
from grassroots.notices.reminders import remind
from quarantine.models import (
    ActionKind,
    Alert,
    AlertAction,
    AlertKind,
    AlertState,
    Observation,
    Reading,
    Visit,
)
from quarantine.rules.escalation import Cause, Past, Standing, next_escalation
from quarantine.rules.policy import Notify
from quarantine.services.alert_chain import Street, levels_above, named, target_of

RESULT_LONGEST = 200
AT_ONCE = (Notify.HEALTH, Notify.STREET, Notify.LEADER)
FOR_POLICE = (AlertKind.REFUSED, AlertKind.LEFT_HOME)


def alert_recipients(observation: Observation, on: dt.date, kind: str = "") -> list[Staff]:
    """Those who must know at once: who measures, the health centre, who leads the section, the street's supervisors.

    Source: 异常情况同时报告街道(镇)和卫生院 (DOMAIN.md §3); police where somebody refuses or has left; whom the
    policy names for minute 0. Deputies take the place of those they stand in for. Where nobody who measures is
    active, the nearest officer of the chain is told in his place.
    """
    chain = duties_for(target_of(observation), on)
    street = Street.above(observation.area, on)
    steps = [
        step.notify for step in observation.policy.parsed().escalation if step.after_minutes == 0
    ]  # fmt: skip
    police = [Notify.POLICE] if kind in FOR_POLICE else []
    found = {staff.pk: staff for staff in named((*AT_ONCE, *steps, *police), chain, street)}
    if not named([Notify.SELF], chain, street):
        nearest = next(iter(levels_above(chain, street)), None)
        found |= {staff.pk: staff for staff in (nearest.staff if nearest else [])}
    return list(found.values())


@transaction.atomic
def alert_raise(
    *,
    observation: Observation,
    kind: AlertKind,
    at: dt.datetime,
    visit: Visit | None = None,
    reading: Reading | None = None,
) -> Alert:
    """Raise an alert, once per visit and kind, and tell everybody who must know; returns the one that stands.

    One that had been closed is opened again by a further reading of the same visit, and everybody is told again.
    """
    standing = _standing(visit, kind)
    if standing is not None and (standing.state != AlertState.CLOSED or reading is None):
        return standing
    if standing is not None:
        return _reopen(standing, at, reading)
    try:
        with transaction.atomic():
            alert = Alert(
                observation=observation,
                area_id=observation.area_id,
                kind=kind,
                visit=visit,
                reading=reading,
                raised_at=at,
            )
            limits_lay(alert, at)
            alert.save()
    except IntegrityError:  # somebody else raised it at the same moment
        return Alert.objects.get(visit=visit, kind=kind)
    _tell(alert, at, stage=0, opening="异常")
    mark_dirty([observation.area_id])
    return alert


def limits_lay(alert: Alert, since: dt.datetime) -> None:
    """Set on the alert (unsaved) by when somebody takes notice and by when it is closed, and when it first goes up."""
    limits = alert.observation.policy.parsed().alerts.limits_of(alert.kind)
    alert.acknowledge_due_at = since + dt.timedelta(minutes=limits.acknowledge_minutes)
    alert.handle_due_at = since + dt.timedelta(minutes=limits.handle_minutes)
    alert.escalate_at = next_up(alert)


def began_at(alert: Alert) -> dt.datetime:
    """When the time limits of the alert began to run: when it was raised, or raised again."""
    if alert.handle_due_at is None:
        return alert.raised_at
    minutes = alert.observation.policy.parsed().alerts.limits_of(alert.kind).handle_minutes
    return alert.handle_due_at - dt.timedelta(minutes=minutes)


def standing_of(alert: Alert) -> Standing:
    """How far it is (one query for what went up, none for one that is not saved)."""
    rows = alert.escalations.all() if alert.pk else []
    past = [Past(Cause(row.cause), row.stage, row.level) for row in rows if row.round == alert.round]
    return Standing(alert.kind, began_at(alert), alert.acknowledged_at is not None, past)


def next_up(alert: Alert) -> dt.datetime | None:
    """When it goes up next unless somebody sees to it; the tick finds out whether there is anybody left above."""
    due = next_escalation(alert.observation.policy.parsed(), standing_of(alert), top=0)
    return due.due_at if due else None


def _standing(visit: Visit | None, kind: AlertKind) -> Alert | None:
    if visit is None:
        return None
    return Alert.objects.select_for_update().filter(visit=visit, kind=kind).first()


def _reopen(alert: Alert, at: dt.datetime, reading: Reading | None) -> Alert:
    alert.state, alert.reading, alert.round = AlertState.OPEN, reading, alert.round + 1
    alert.acknowledged_at = alert.acknowledged_by = alert.closed_at = alert.closed_by = None
    alert.outcome = ""
    limits_lay(alert, at)
    alert.save()
    if reading is not None:
        AlertAction.objects.create(
            alert=alert, kind=ActionKind.REOPENED, happened_at=reading.measured_at or at, recorded_at=at,
            by=reading.entered_by, reading=reading,
        )  # fmt: skip
    told = Reminder.objects.filter(subject=f"alert:{alert.uid}", kind="alert").aggregate(last=Max("stage"))[
        "last"
    ]
    _tell(alert, at, stage=(told or 0) + 1, opening="再次异常")
    mark_dirty([alert.area_id])
    return alert


def _tell(alert: Alert, at: dt.datetime, *, stage: int, opening: str) -> None:
    observation = alert.observation
    body = f"{observation.area.full_name()} {timezone.localtime(at):%m-%d %H:%M}，请立即核实处置。"
    for staff in alert_recipients(observation, timezone.localdate(at), alert.kind):
        remind(
            recipient=staff,
            subject=f"alert:{alert.uid}",
            kind="alert",
            stage=stage,
            due_at=at,
            at=at,
            title=f"{opening}：居家观察人员{alert.get_kind_display()}",
            body=body,
            url=reverse("quarantine:alert_detail", args=[alert.uid]),
            is_urgent=True,
        )
