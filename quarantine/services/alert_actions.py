"""Dealing with an alert step by step: every step is a dated row; a wrong one is annulled by a further one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import (
    ActionKind,
    Alert,
    AlertAction,
    AlertOutcome,
    AlertState,
    Method,
    ObservationState,
    Reading,
    ReadingSource,
    Visit,
    VisitState,
)
from quarantine.services.alerts import RESULT_LONGEST, next_up
from quarantine.services.readings import RECHECK_REACH, reading_record

# What is undone by saying so. A reading is corrected where it stands, and who took notice has taken notice.
ANNULLABLE = (ActionKind.TRANSFER, ActionKind.ARRIVED, ActionKind.PHONE, ActionKind.OTHER, ActionKind.CLOSED)
CLOSED_ALREADY = "该异常事件已经办结。"


@dataclass(frozen=True)
class Measured:
    """A second measurement: the step, its reading, and whether it closed the alert."""

    action: AlertAction
    reading: Reading
    is_closed: bool


def _lock(alert: Alert) -> Alert:
    """The alert, not closed, for a further step. Raises ValidationError."""
    row = (
        Alert.objects.select_for_update(of=("self",))
        .select_related("observation__policy", "observation__area")
        .get(pk=alert.pk)
    )
    if row.state == AlertState.CLOSED:
        raise ValidationError(CLOSED_ALREADY)
    return row


def _step(alert: Alert, kind: ActionKind, by: Staff, at: dt.datetime, **fields: Any) -> AlertAction:
    return AlertAction.objects.create(
        alert=alert, kind=kind, by=by, happened_at=fields.pop("happened_at", None) or at, recorded_at=at, **fields
    )  # fmt: skip


def _notice(alert: Alert, by: Staff, at: dt.datetime) -> None:
    """Whoever does something about it has taken notice of it."""
    if alert.acknowledged_at is not None:
        return
    alert.state, alert.acknowledged_at, alert.acknowledged_by = AlertState.ACKNOWLEDGED, at, by
    alert.escalate_at = next_up(alert)
    alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "escalate_at"])
    _step(alert, ActionKind.ACKNOWLEDGED, by, at)


@transaction.atomic
def alert_acknowledge(*, alert: Alert, by: Staff, at: dt.datetime | None = None) -> Alert:
    """Somebody has seen it and takes care; the first one counts."""
    at = at or timezone.now()
    row = Alert.objects.select_for_update(of=("self",)).select_related("observation__policy").get(pk=alert.pk)
    if row.state == AlertState.OPEN:
        _notice(row, by, at)
    return row


@transaction.atomic
def alert_close(
    *, alert: Alert, result: str, by: Staff, outcome: str = AlertOutcome.OTHER, at: dt.datetime | None = None
) -> Alert:
    """Close an alert with what came of it: a choice and words.

    Raises ValidationError without words, for an unknown outcome, or when it is closed already.
    """
    at = at or timezone.now()
    if outcome not in AlertOutcome.values:
        raise ValidationError({"outcome": "请选择处置结果。"})
    if not result.strip():
        raise ValidationError({"result": "请填写结果说明，例如：复测36.8℃，无症状，继续观察。"})
    row = _lock(alert)
    # One that was opened again keeps what came of it the first time.
    words = "；".join(part for part in (row.result, result.strip()) if part)
    if len(words) > RESULT_LONGEST:
        raise ValidationError({"result": f"结果说明最多{RESULT_LONGEST}字，现有{len(words)}字，请写短一些。"})
    _notice(row, by, at)
    row.state, row.closed_at, row.closed_by = AlertState.CLOSED, at, by
    row.result, row.outcome, row.escalate_at = words, outcome, None
    row.save()
    _step(row, ActionKind.CLOSED, by, at, note=result.strip(), outcome=outcome)
    mark_dirty([row.area_id])
    return row


@transaction.atomic
def alert_contact(
    *, alert: Alert, kind: ActionKind, note: str, by: Staff, happened_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> AlertAction:  # fmt: skip
    """电话联系 or 其他处置, in words. Raises ValidationError by field."""
    at = at or timezone.now()
    if kind not in {ActionKind.PHONE, ActionKind.OTHER}:
        raise ValidationError("只能记电话联系或其他处置。")
    if not note.strip():
        raise ValidationError({"note": "请写明做了什么、现在怎样。"})
    row = _lock(alert)
    _check_moment("happened_at", happened_at, row, at)
    _notice(row, by, at)
    return _step(row, kind, by, at, note=note.strip(), happened_at=happened_at)


def _check_moment(name: str, moment: dt.datetime | None, alert: Alert, at: dt.datetime) -> None:
    if moment is None:
        return
    if moment > at:
        raise ValidationError({name: "时间不能晚于现在。"})
    # Typed to the minute, it may seem to lie before the alert by less than one.
    if moment < alert.raised_at.replace(second=0, microsecond=0):
        began = timezone.localtime(alert.raised_at)
        raise ValidationError({name: f"不能早于异常发生的时间（{began:%m-%d %H:%M}）。"})


@transaction.atomic
def alert_transfer(
    *, alert: Alert, vehicle: str, escort: str, destination: str, departed_at: dt.datetime, by: Staff,
    arrived_at: dt.datetime | None = None, receiver: str = "", note: str = "", at: dt.datetime | None = None,
) -> AlertAction:  # fmt: skip
    """转送发热门诊: by protected transport, never alone, so vehicle and escort are asked for (DOMAIN.md §3).

    The arrival may follow later (`alert_arrive`). Raises ValidationError by field.
    """
    at = at or timezone.now()
    fields = {"vehicle": vehicle.strip(), "escort": escort.strip(), "destination": destination.strip()}
    missing = {
        "vehicle": "请填写车辆，如：120救护车、川A·12345（负压车）。",
        "escort": "请填写随车人员：转送须专车防护，不得让本人自行前往。",
        "destination": "请填写送往哪里。",
    }
    if errors := {name: words for name, words in missing.items() if not fields[name]}:
        raise ValidationError(errors)
    row = _lock(alert)
    _check_moment("departed_at", departed_at, row, at)
    _check_arrival(departed_at, arrived_at, receiver, at)
    _notice(row, by, at)
    return _step(
        row, ActionKind.TRANSFER, by, at, **fields, departed_at=departed_at, happened_at=departed_at,
        arrived_at=arrived_at, receiver=receiver.strip(), note=note.strip(),
    )  # fmt: skip


def _check_arrival(
    departed_at: dt.datetime, arrived_at: dt.datetime | None, receiver: str, at: dt.datetime
) -> None:
    if arrived_at is None:
        return
    if arrived_at > at:
        raise ValidationError({"arrived_at": "到达时间不能晚于现在，还没到的先空着。"})
    if arrived_at < departed_at:
        raise ValidationError({"arrived_at": "到达时间早于出发时间，请核对。"})
    if not receiver.strip():
        raise ValidationError({"receiver": "请填写接收人。"})


@transaction.atomic
def alert_arrive(
    *, action: AlertAction, arrived_at: dt.datetime, receiver: str, by: Staff, note: str = "",
    at: dt.datetime | None = None,
) -> AlertAction:  # fmt: skip
    """The transfer has arrived and somebody there has taken over. Raises ValidationError by field."""
    at = at or timezone.now()
    row = _lock(action.alert)
    if action.kind != ActionKind.TRANSFER or action.departed_at is None or not _stands(action):
        raise ValidationError("这条转送记录已经更正，请重新登记转送。")
    if action.arrived_at or action.later.standing().filter(kind=ActionKind.ARRIVED).exists():
        raise ValidationError("到达情况已经登记过。")
    _check_arrival(action.departed_at, arrived_at, receiver, at)
    return _step(
        row, ActionKind.ARRIVED, by, at, refers_to=action, arrived_at=arrived_at, happened_at=arrived_at,
        receiver=receiver.strip(), note=note.strip(),
    )  # fmt: skip


def _stands(action: AlertAction) -> bool:
    return AlertAction.objects.standing().filter(pk=action.pk).exists()


@transaction.atomic
def alert_annul(*, action: AlertAction, reason: str, by: Staff, at: dt.datetime | None = None) -> AlertAction:
    """Say that a step was recorded wrongly; it stays, struck through. A closing that is annulled opens the alert again.

    Raises ValidationError without a reason, for what cannot be annulled, or what others have followed.
    """
    at = at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请写明更正的原因。"})
    row = (
        Alert.objects.select_for_update(of=("self",))
        .select_related("observation__policy")
        .get(pk=action.alert_id)
    )
    if action.kind not in ANNULLABLE:
        raise ValidationError("这条记录不能撤销；体温录错请用“更正”。")
    if not _stands(action):
        raise ValidationError("这条记录已经更正过。")
    if action.later.standing().exists():
        raise ValidationError("请先更正它后面的到达记录。")
    if action.kind == ActionKind.CLOSED:
        _open_again(row, action)
    elif row.state == AlertState.CLOSED:
        raise ValidationError("该异常事件已经办结；要改处置记录，请先更正办结。")
    return _step(row, ActionKind.ANNULLED, by, at, refers_to=action, note=reason.strip())


def _open_again(alert: Alert, action: AlertAction) -> None:
    latest = alert.actions.standing().filter(kind=ActionKind.CLOSED).order_by("-pk").first()
    if alert.state != AlertState.CLOSED or latest is None or latest.pk != action.pk:
        raise ValidationError("只能更正最近一次办结。")
    earlier = alert.result.removesuffix(action.note).removesuffix("；").removesuffix(";")
    alert.state, alert.closed_at, alert.closed_by = AlertState.ACKNOWLEDGED, None, None
    alert.outcome, alert.result = "", earlier
    alert.escalate_at = next_up(alert)
    alert.save()
    mark_dirty([alert.area_id])


def _can_go_beside(alert: Alert, at: dt.datetime) -> bool:
    visit = alert.visit
    return bool(alert.reading_id) and visit is not None and at < visit.closes_at + RECHECK_REACH


def can_be_measured(alert: Alert, at: dt.datetime) -> bool:
    """Whether there is, or will be, a visit for a measurement: not after the observation has ended."""
    return alert.observation.state == ObservationState.OPEN or _can_go_beside(alert, at)


def visit_to_measure(alert: Alert, at: dt.datetime) -> Visit:
    """Where a measurement taken now belongs: beside the reading that raised the alert, else to the slot that is open.

    Raises ValidationError when it belongs to neither.
    """
    if _can_go_beside(alert, at):
        assert alert.visit is not None
        return alert.visit
    if alert.observation.state != ObservationState.OPEN:
        raise ValidationError({"temperature": "观察已经结束，不再排测温；测得的体温请写进“其他处置”。"})
    rows = alert.observation.visits.filter(opens_at__lte=at, closes_at__gt=at)
    found = rows.exclude(state=VisitState.CANCELLED).first()
    if found is None:
        raise ValidationError({"temperature": "现在不在测温时段，请在下一时段测量，或用“其他处置”记下情况。"})
    return found


@transaction.atomic
def alert_measure(
    *, alert: Alert, temperature: Decimal, by: Staff, symptoms: Sequence[str] = (),
    method: str = Method.FOREHEAD, is_closing: bool = False, at: dt.datetime | None = None,
) -> Measured:  # fmt: skip
    """复测 right on the alert, in ℃: kept beside the first reading. With `is_closing` a normal one closes the alert.

    A low one (below the policy's limit) is no normal one: it asks to be repeated and closes nothing. Raises
    ValidationError by field.
    """
    at = at or timezone.now()
    row = _lock(alert)
    visit = visit_to_measure(row, at)
    recorded = reading_record(
        visit=visit, temperature=temperature, by=by, method=method, symptoms=symptoms, measured_at=at,
        source=ReadingSource.PHONE if method == Method.SELF else ReadingSource.DOOR,
        is_rechecked=bool(row.reading_id) and visit.pk == row.visit_id, at=at,
    )  # fmt: skip
    reading = recorded.reading
    _notice(row, by, at)
    action = _step(row, ActionKind.SECOND, by, at, reading=reading)
    is_normal = not reading.is_abnormal and not reading.is_low
    if is_closing and is_normal:
        words = f"复测{reading.temperature}℃，无症状，继续观察"
        alert_close(alert=row, result=words, by=by, outcome=AlertOutcome.NORMAL, at=at)
    return Measured(action, reading, is_closing and is_normal)
