"""Alerts: raised at once, to the health worker and the township in parallel; acknowledged; closed with a result."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import Area, Posting, Role, Staff
from grassroots.ledgers.rollups import mark_dirty
from grassroots.notices.models import Reminder
from grassroots.notices.reminders import remind
from quarantine.models import Alert, AlertKind, AlertState, Observation, Reading, Visit

RESULT_LONGEST = 200


def alert_recipients(observation: Observation, on: dt.date) -> list[Staff]:
    """Those who must know at once: who measures, who leads the section, and the street's supervisors.

    Source: 异常情况同时报告街道(镇)和卫生院 (DOMAIN.md §3). Deputies take the place of those they stand in for.
    """
    chain = duties_for(DutyTarget(observation.area_id, observation.household_id, observation.person_id), on)
    found: dict[int, Staff] = {}
    for link in chain:
        if link.kind.is_measuring or link.kind.order == 1:
            found |= {officer.pk: officer for officer in link.officers}
    above = Area.objects.get(pk=observation.area_id).ancestor_paths()
    supervisors = Posting.objects.open(on).filter(area__path__in=above, staff__groups__name=Role.SUPERVISOR)
    found |= {posting.staff_id: posting.staff for posting in supervisors.select_related("staff")}
    return [staff for staff in found.values() if staff.is_active]


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
            alert = Alert.objects.create(
                observation=observation,
                area_id=observation.area_id,
                kind=kind,
                visit=visit,
                reading=reading,
                raised_at=at,
            )
    except IntegrityError:  # somebody else raised it at the same moment
        return Alert.objects.get(visit=visit, kind=kind)
    _tell(alert, at, stage=0, opening="异常")
    mark_dirty([observation.area_id])
    return alert


def _standing(visit: Visit | None, kind: AlertKind) -> Alert | None:
    if visit is None:
        return None
    return Alert.objects.select_for_update().filter(visit=visit, kind=kind).first()


def _reopen(alert: Alert, at: dt.datetime, reading: Reading | None) -> Alert:
    alert.state, alert.reading = AlertState.OPEN, reading
    alert.acknowledged_at = alert.acknowledged_by = alert.closed_at = alert.closed_by = None
    alert.save()
    told = Reminder.objects.filter(subject=f"alert:{alert.uid}", kind="alert").aggregate(last=Max("stage"))[
        "last"
    ]
    _tell(alert, at, stage=(told or 0) + 1, opening="再次异常")
    mark_dirty([alert.area_id])
    return alert


def _tell(alert: Alert, at: dt.datetime, *, stage: int, opening: str) -> None:
    observation = alert.observation
    body = f"{observation.area.full_name()} {timezone.localtime(at):%m-%d %H:%M},请立即核实处置。"
    for staff in alert_recipients(observation, timezone.localdate(at)):
        remind(
            recipient=staff,
            subject=f"alert:{alert.uid}",
            kind="alert",
            stage=stage,
            due_at=at,
            at=at,
            title=f"{opening}:居家观察人员{alert.get_kind_display()}",
            body=body,
            url=reverse("quarantine:alert_detail", args=[alert.uid]),
            is_urgent=True,
        )


def alert_acknowledge(*, alert: Alert, by: Staff, at: dt.datetime | None = None) -> Alert:
    """Somebody has seen it and takes care; the first one counts."""
    at = at or timezone.now()
    Alert.objects.filter(pk=alert.pk, state=AlertState.OPEN).update(
        state=AlertState.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=by
    )
    alert.refresh_from_db()
    return alert


@transaction.atomic
def alert_close(*, alert: Alert, result: str, by: Staff, at: dt.datetime | None = None) -> Alert:
    """Close an alert with what came of it. Raises ValidationError without a result or when it is closed already."""
    at = at or timezone.now()
    if not result.strip():
        raise ValidationError({"result": "请填写处置结果,例如:复测36.8℃,无症状,继续观察。"})
    row = Alert.objects.select_for_update().get(pk=alert.pk)
    if row.state == AlertState.CLOSED:
        raise ValidationError("该异常事件已经办结。")
    if row.acknowledged_at is None:
        row.acknowledged_at, row.acknowledged_by = at, by
    # One that was opened again keeps what came of it the first time.
    words = ";".join(part for part in (row.result, result.strip()) if part)
    if len(words) > RESULT_LONGEST:
        raise ValidationError({"result": f"处置结果最多{RESULT_LONGEST}字,现有{len(words)}字,请写短一些。"})
    row.state, row.closed_at, row.closed_by, row.result = AlertState.CLOSED, at, by, words
    row.save()
    mark_dirty([row.area_id])
    return row
