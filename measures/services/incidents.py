"""Incidents: reported upward at once, followed, read, answered with an instruction, closed with a result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from measures.models import (
    Family,
    Incident,
    IncidentAction,
    IncidentReader,
    IncidentState,
    IncidentStep,
    Kind,
)
from measures.rules.fields import WrongValues, clean_values
from measures.rules.orders import Severity, is_graver, least_severity
from measures.services.answerers import present
from measures.services.incident_escalation import escalate_next
from measures.services.incident_levels import Ladder, direct_superiors
from measures.services.incident_messages import readers_add, tell_reported, tell_step
from measures.services.texts import checked_text, number_errors

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from households.models import Household

WHAT_LENGTH, DONE_LENGTH, WORDS_LENGTH, RESULT_LENGTH = 500, 300, 500, 300
OLDEST = dt.timedelta(days=31)
MISSING = {"what": "请写明发生了什么。", "done": "请写明已经做了什么，还没有的写“正赶往现场”。"}


@dataclass(frozen=True)
class IncidentData:
    """What happened, where, when, how grave, and what was done already; `values` answer the kind's extra fields."""

    kind: Kind
    area: Area
    what: str
    done: str
    happened_at: dt.datetime
    severity: str = Severity.NORMAL
    household: Household | None = None
    place: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def _texts(data: IncidentData, errors: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, length in (("what", WHAT_LENGTH), ("done", DONE_LENGTH)):
        try:
            found[name] = checked_text(getattr(data, name), field=name, length=length, missing=MISSING[name])
        except ValidationError as error:
            errors |= {key: words[0] for key, words in error.message_dict.items()}
    return found


def _checked(data: IncidentData, at: dt.datetime) -> dict[str, Any]:
    """The columns of an incident. Raises ValidationError by field."""
    errors: dict[str, str] = {}
    texts, values = _texts(data, errors), {}
    if data.happened_at > at:
        errors["happened_at"] = "发生时间还没有到。"
    elif data.happened_at < at - OLDEST:
        errors["happened_at"] = "发生时间在一个月以前，请核对。"
    if data.household is not None and not data.area.holds(data.household.area):
        errors["household"] = f"这一户不在{data.area.name}。"
    least = least_severity(data.kind.code)
    if data.severity not in Severity.values:
        errors["severity"] = "请选择等级。"
    elif is_graver(least, data.severity):
        errors["severity"] = f"“{data.kind.name}”至少按“{least.label}”上报。"
    try:
        values = clean_values(data.kind.rules, data.values)
    except WrongValues as wrong:
        errors |= wrong.errors
    errors = number_errors({"place": data.place, **texts, **values}) | errors
    if errors:
        raise ValidationError(errors)
    return {
        "kind": data.kind, "severity": data.severity, "area": data.area, "household": data.household, **texts,
        "place": " ".join(data.place.split()), "values": values, "happened_at": data.happened_at,
    }  # fmt: skip


@transaction.atomic
def incident_report(*, data: IncidentData, by: Staff, at: dt.datetime | None = None) -> Incident:
    """Report something upward (初报): everybody who must know hears in the same transaction. Raises ValidationError.

    Always the direct superior; 一般 the village, 较大 the street as well, 重大 everybody up to the top.
    """
    at = at or timezone.now()
    if data.kind.family != Family.INCIDENT or data.kind.closed_at is not None:
        raise ValidationError(f"“{data.kind.name}”不能上报，请另选种类。")
    row = Incident.objects.create(reported_at=at, reported_by=by, since=at, **_checked(data, at))
    on = timezone.localdate(at)
    ladder = Ladder.above(row.area, on, row.household_id)
    new = readers_add(row, [direct_superiors(by, on), *ladder.must_know(row.severity, row.kind.code)], at)
    if not any(one.staff.has_usable_password() for one in new):
        new += readers_add(row, ladder.next_above({by.pk, *(one.staff_id for one in new)}), at)
    row.escalate_at = escalate_next(row)
    row.save(update_fields=["escalate_at"])
    mark_dirty([row.area_id])
    tell_reported(row, new, at)
    return row


def _locked(incident: Incident) -> Incident:
    """The row under lock. Raises ValidationError when it has been closed."""
    related = ("kind", "area", "reported_by")
    row = Incident.objects.select_for_update(of=("self",)).select_related(*related).get(pk=incident.pk)
    if row.state == IncidentState.CLOSED:
        raise ValidationError("这件突发情况已经办结；又有新情况的，请另报一件。")
    return row


def _words(words: str, missing: str, length: int = WORDS_LENGTH) -> str:
    tidy = checked_text(words, field="words", length=length, missing=missing)
    if errors := number_errors({"words": tidy}):
        raise ValidationError(errors)
    return tidy


def _step(row: Incident, action: IncidentAction, words: str, by: Staff, at: dt.datetime) -> IncidentStep:
    return IncidentStep.objects.create(
        incident=row, action=action, words=words, severity=row.severity, at=at, by=by
    )


def _others(row: Incident, by: Staff, at: dt.datetime) -> list[Staff]:
    """Whoever must know, and the reporter, without the one who speaks."""
    staff = [one.staff for one in row.readers.select_related("staff")] + [row.reported_by]
    return [one for one in present(staff, timezone.localdate(at)) if one.pk != by.pk]


@transaction.atomic
def incident_follow(
    *, incident: Incident, words: str, by: Staff, severity: str = "", is_final: bool = False,
    at: dt.datetime | None = None,
) -> IncidentStep:  # fmt: skip
    """Add a 续报, or the 终报. A graver `severity` tells the further levels at once, and the clock starts anew."""
    at = at or timezone.now()
    tidy = _words(words, "请写明新的情况。")
    row = _locked(incident)
    severity = severity or row.severity
    if severity not in Severity.values or is_graver(row.severity, severity):
        raise ValidationError({"severity": f"已按“{row.get_severity_display()}”上报，等级只升不降。"})
    new: list[IncidentReader] = []
    if severity != row.severity:
        row.severity, row.since, row.level_told, row.answered_at = severity, at, 0, None
        ladder = Ladder.above(row.area, timezone.localdate(at), row.household_id)
        new = readers_add(row, ladder.must_know(severity, row.kind.code), at)
        row.escalate_at = escalate_next(row)
        row.save(update_fields=["severity", "since", "level_told", "answered_at", "escalate_at"])
    step = _step(row, IncidentAction.FINAL if is_final else IncidentAction.FOLLOWED, tidy, by, at)
    fresh = {one.staff_id for one in new}
    tell_reported(row, new, at)
    tell_step(row, step, [one for one in _others(row, by, at) if one.pk not in fresh])
    return step


def is_addressee(incident: Incident, staff: Staff) -> bool:
    """Whether the person must know of it: he reads, instructs and closes (one query)."""
    return incident.readers.filter(staff=staff).exists()


def _mark_read(row: Incident, by: Staff, at: dt.datetime) -> bool:
    return bool(row.readers.filter(staff=by, read_at=None).update(read_at=at))


@transaction.atomic
def incident_read(*, incident: Incident, by: Staff, at: dt.datetime | None = None) -> bool:
    """Note that somebody who must know has read it; False when he had, or need not know (the first time stays)."""
    at = at or timezone.now()
    row = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if not _mark_read(row, by, at):
        return False
    row.escalate_at = escalate_next(row)
    row.save(update_fields=["escalate_at"])
    return True


def _check_addressee(row: Incident, by: Staff) -> None:
    if not is_addressee(row, by):
        raise ValidationError("这件事没有报给您，不能由您办理。")


@transaction.atomic
def incident_instruct(
    *, incident: Incident, words: str, by: Staff, at: dt.datetime | None = None
) -> IncidentStep:
    """Say what is to be done (批示); that is reading it too. It goes up no further. Raises ValidationError."""
    at = at or timezone.now()
    tidy = _words(words, "请写明怎样处置。")
    row = _locked(incident)
    _check_addressee(row, by)
    _mark_read(row, by, at)
    row.answered_at, row.escalate_at = row.answered_at or at, None
    row.save(update_fields=["answered_at", "escalate_at"])
    step = _step(row, IncidentAction.INSTRUCTED, tidy, by, at)
    tell_step(row, step, _others(row, by, at))
    return step


@transaction.atomic
def incident_close(*, incident: Incident, words: str, by: Staff, at: dt.datetime | None = None) -> Incident:
    """Close it with its result, by somebody who must know. Raises ValidationError."""
    at = at or timezone.now()
    tidy = _words(words, "请写明处理结果。", RESULT_LENGTH)
    row = _locked(incident)
    _check_addressee(row, by)
    _mark_read(row, by, at)
    row.state, row.closed_at, row.closed_by, row.result, row.escalate_at = (
        IncidentState.CLOSED, at, by, tidy, None,
    )  # fmt: skip
    row.save(update_fields=["state", "closed_at", "closed_by", "result", "escalate_at"])
    mark_dirty([row.area_id])
    step = _step(row, IncidentAction.CLOSED, tidy, by, at)
    tell_step(row, step, _others(row, by, at))
    return row
