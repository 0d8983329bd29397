"""Recording what the thermometer said, or why there is nothing to record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import (
    Alert,
    AlertKind,
    Method,
    Observation,
    Reading,
    ReadingSource,
    Visit,
    VisitState,
)
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.readings import is_fever, is_low, needs_second, present_symptoms
from quarantine.rules.slots import slot_window
from quarantine.services.alerts import alert_raise

MARKS = (VisitState.AWAY, VisitState.REFUSED, VisitState.PHONE)
RECHECKED = "已复测"
RECHECK_REACH = dt.timedelta(
    hours=12
)  # how long after its slot a measurement can still be the repetition of one
AT_THE_DOOR = dt.timedelta(minutes=10)  # between a measurement and its entry by whoever measures


@dataclass(frozen=True)
class Recorded:
    """What came of recording: the reading, whether a second measurement is asked for, and the alert if one stands."""

    reading: Reading
    needs_second: bool
    alert: Alert | None


def _check_measured_at(
    visit: Visit, measured_at: dt.datetime | None, at: dt.datetime, *, is_rechecked: bool = False
) -> None:
    if measured_at is None:
        return
    if measured_at > at:
        raise ValidationError({"measured_at": "测量时间不能晚于现在。"})
    if is_rechecked and visit.opens_at <= measured_at < visit.closes_at + RECHECK_REACH:
        return  # a fever of the evening is measured again after midnight
    if timezone.localdate(measured_at) != visit.date:
        raise ValidationError({"measured_at": f"测量时间应在 {visit.date:%Y-%m-%d} 当天。"})


@transaction.atomic
def reading_record(
    *,
    visit: Visit,
    temperature: Decimal,
    by: Staff,
    entered_by: Staff | None = None,
    method: str = Method.FOREHEAD,
    symptoms: Sequence[str] = (),
    measured_at: dt.datetime | None = None,
    source: str = ReadingSource.DOOR,
    is_rechecked: bool = False,
    at: dt.datetime | None = None,
) -> Recorded:
    """Record a temperature in ℃ for a visit; `at` is the time of entry (default now).

    A reading at the policy's threshold, or with symptoms, raises an alert at once; it and a reading below the low
    limit ask for a second measurement, which is kept beside the first. Typed after the slot has closed or from paper
    it is 补录. `measured_at` may be unknown for paper. The slot in which an observation ended still takes what was
    measured before it did. Raises ValidationError by field.
    """
    at = at or timezone.now()
    visit = _locked(visit.pk)
    if visit.is_called_off:
        raise ValidationError("该次测温已取消（观察已结束），不能再录入。")
    if visit.opens_at > at:
        raise ValidationError("该时段还没有开始，不能提前录入。")
    if source == ReadingSource.DOOR and measured_at is None and at < visit.closes_at:
        measured_at = at
    _check_measured_at(visit, measured_at, at, is_rechecked=is_rechecked)
    is_at_once = is_rechecked and measured_at is not None and at - measured_at < AT_THE_DOOR
    observation = visit.observation
    terms = observation.policy.parsed()
    earlier = list(visit.readings.all())
    reading = _write(
        visit, earlier, terms, temperature=temperature, symptoms=symptoms, method=method, measured_at=measured_at,
        at=at, by=by, entered_by=entered_by or by, source=source, reason=RECHECKED if is_rechecked else "",
        is_late=(at >= visit.closes_at and not is_at_once) or source == ReadingSource.PAPER,
    )  # fmt: skip
    return _settle(visit, [*earlier, reading], terms, at)


def _locked(pk: int) -> Visit:
    """The visit and its observation, held for this transaction; the policy is only read: others measure by it too."""
    rows = Visit.objects.select_related("observation__policy")
    return rows.select_for_update(of=("self", "observation")).get(pk=pk)


def _effective(readings: Sequence[Reading]) -> list[Reading]:
    """Those of a visit's readings that none of them corrects."""
    corrected = {reading.corrects_id for reading in readings}
    return [reading for reading in readings if reading.pk not in corrected]


def _write(
    visit: Visit, earlier: Sequence[Reading], terms: PolicyTerms, *, temperature: Decimal, symptoms: Sequence[str],
    method: str, measured_at: dt.datetime | None, at: dt.datetime, by: Staff, entered_by: Staff, source: str,
    is_late: bool, reason: str = "", corrects: Reading | None = None,
) -> Reading:  # fmt: skip
    shown = list(present_symptoms(symptoms))
    return Reading.objects.create(
        visit=visit,
        sequence=max((row.sequence for row in earlier), default=0) + 1,
        temperature=temperature,
        method=method,
        symptoms=shown,
        is_abnormal=is_fever(temperature, terms) or bool(shown),
        is_low=is_low(temperature, terms),
        measured_at=measured_at,
        entered_at=at,
        by=by,
        entered_by=entered_by,
        source=source,
        is_late=is_late,
        reason=reason,
        corrects=corrects,
    )


def _settle(visit: Visit, readings: Sequence[Reading], terms: PolicyTerms, at: dt.datetime) -> Recorded:
    """Mark the visit as done, raise what the last of its readings must raise."""
    reading = readings[-1]
    if visit.state != VisitState.DONE:
        visit.state = VisitState.DONE
        visit.state_at = reading.measured_at or at
        visit.state_recorded_at = at
        visit.state_by = reading.by
        visit.save(update_fields=["state", "state_at", "state_recorded_at", "state_by"])
    alert = None
    if reading.is_abnormal:
        kind = AlertKind.FEVER if is_fever(reading.temperature, terms) else AlertKind.SYMPTOM
        alert = alert_raise(observation=visit.observation, kind=kind, at=at, visit=visit, reading=reading)
    mark_dirty([visit.area_id])
    return Recorded(reading, second_is_due(_effective(readings), terms), alert)


def second_is_due(readings: Sequence[Reading], terms: PolicyTerms) -> bool:
    """Whether the latest of a visit's effective readings (in order) asks to measure again.

    A fever asks once, to be sure of it; a low reading asks once, unless it is itself the repetition (已复测) of no
    fever.
    """
    if not readings:
        return False
    last = readings[-1]
    if not needs_second(last.temperature, terms):
        return False
    if is_low(last.temperature, terms):
        if last.reason == RECHECKED and not any(is_fever(row.temperature, terms) for row in readings[:-1]):
            return False
        return not any(is_low(row.temperature, terms) for row in readings[:-1])
    return not any(is_fever(row.temperature, terms) for row in readings[:-1])


@transaction.atomic
def reading_correct(
    *,
    reading: Reading,
    temperature: Decimal,
    reason: str,
    by: Staff,
    symptoms: Sequence[str] | None = None,
    measured_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Recorded:
    """Correct a reading by a further one that names it; the old one is kept. Raises ValidationError by field."""
    at = at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请写明更正原因，例如：录入时看错。"})
    visit = _locked(reading.visit_id)
    if reading.corrections.exists():
        raise ValidationError("这次读数已经更正过，请更正最新的一次。")
    measured_at = measured_at or reading.measured_at
    _check_measured_at(visit, measured_at, at, is_rechecked=reading.reason == RECHECKED)
    terms = visit.observation.policy.parsed()
    earlier = list(visit.readings.all())
    corrected = _write(
        visit, earlier, terms, temperature=temperature, symptoms=reading.symptoms if symptoms is None else symptoms,
        method=reading.method, measured_at=measured_at, at=at, by=reading.by, entered_by=by, source=reading.source,
        reason=reason.strip(), corrects=reading, is_late=reading.is_late,
    )  # fmt: skip
    return _settle(visit, [*earlier, corrected], terms, at)


@transaction.atomic
def visit_mark(
    *, visit: Visit, state: VisitState, by: Staff, note: str = "", found_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Visit:  # fmt: skip
    """One tap: 不在家, 拒测 or 电话联系. Refusal raises an alert. Raises ValidationError outside the slot.

    Once the slot has closed a miss stays a miss, and is explained (`visit_explain`). `found_at` is when the officer
    stood there, where `at`, the time of entry, is later: tapped in the slot without a connection, it still counts, but
    not over what somebody found after him.
    """
    at = at or timezone.now()
    found_at = found_at or at
    if state not in MARKS:
        raise ValidationError("只能标为不在家、拒测或电话联系。")
    visit = Visit.objects.select_for_update().select_related("observation").get(pk=visit.pk)
    if visit.state in {VisitState.DONE, VisitState.CANCELLED}:
        raise ValidationError(f"该次测温{visit.get_state_display()}，不能再标记。")
    if visit.opens_at > found_at:
        raise ValidationError("该时段还没有开始。")
    if visit.closes_at <= found_at:
        raise ValidationError("该时段已截止，请补录体温或说明未测原因。")
    if visit.state in MARKS and visit.state_at is not None and visit.state_at > found_at:
        raise ValidationError(f"之后已标为{visit.get_state_display()}，以较晚的为准。")
    visit.state, visit.state_at, visit.state_recorded_at, visit.state_by = state, found_at, at, by
    visit.explanation = note.strip() or visit.explanation
    visit.save(update_fields=["state", "state_at", "state_recorded_at", "state_by", "explanation"])
    if state == VisitState.REFUSED:
        alert_raise(observation=visit.observation, kind=AlertKind.REFUSED, at=at, visit=visit)
    mark_dirty([visit.area_id])
    return visit


@transaction.atomic
def visit_explain(*, visit: Visit, explanation: str, by: Staff, at: dt.datetime | None = None) -> Visit:
    """Say why nobody was measured in a slot: an explained miss no longer stands in the way of release.

    Raises ValidationError without words, before the slot has closed, or for one that was measured after all.
    """
    at = at or timezone.now()
    if not explanation.strip():
        raise ValidationError({"explanation": "请写明未测原因。"})
    visit = Visit.objects.select_for_update().get(pk=visit.pk)
    if visit.closes_at > at:
        raise ValidationError({"explanation": "该时段还没有截止，请先设法测量。"})
    if visit.state in {VisitState.DONE, VisitState.CANCELLED}:
        raise ValidationError({"explanation": f"该次测温{visit.get_state_display()}，不需要说明。"})
    visit.explanation = explanation.strip()
    visit.state_by = by
    visit.save(update_fields=["explanation", "state_by"])
    return visit


def visit_for(
    *,
    observation: Observation,
    on: dt.date,
    slot: str,
    at: dt.datetime | None = None,
    until: dt.date | None = None,
) -> Visit:
    """The visit of a slot; an unplanned one is made where none was planned (late or imported readings).

    `until` lets days after the last one count as well: whoever is not released yet is measured on. Raises
    ValidationError for an unknown slot, or a day outside the observation.
    """
    at = at or timezone.now()
    visit = observation.visits.filter(date=on, slot=slot).first()
    if visit is not None:
        return visit
    first = min(observation.basis_on, timezone.localdate(observation.opened_at))
    last = max(observation.last_on, until or observation.last_on)
    if not first <= on <= last:
        raise ValidationError({"date": f"{on:%Y-%m-%d} 不在观察期内({first:%m-%d} 至 {last:%m-%d})。"})
    try:
        window = slot_window(observation.policy.parsed(), on, slot)
    except KeyError as unknown:
        raise ValidationError({"slot": "该政策没有这个测温时段。"}) from unknown
    if observation.closed_at is not None and window.opens_at >= observation.closed_at:
        raise ValidationError(
            {"date": f"观察已于 {timezone.localtime(observation.closed_at):%m-%d %H:%M} 结束。"}
        )
    visit, _made = Visit.objects.get_or_create(
        observation=observation, date=on, slot=slot,
        defaults={
            "area_id": observation.area_id, "opens_at": window.opens_at, "closes_at": window.closes_at,
            "is_planned": False, "recorded_at": at,
        },
    )  # fmt: skip
    return visit
