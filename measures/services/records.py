"""Writing records: a measure is recorded, corrected by a further record, or void with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from measures.models import Kind, Plan, Record
from measures.rules.fields import WrongValues, clean_values
from measures.services.texts import checked_reason, number_errors

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from measures.models import Venue

LARGEST = 10_000_000
#: How long ago something may have happened that is entered now.
OLDEST = dt.timedelta(days=366)


@dataclass(frozen=True)
class RecordData:
    """What a record says: where, on which day, how much, and what its kind asks besides.

    `values` is by field key as a form gives them; `quantity` None counts once. `by`: who did it, None for whoever
    records it.
    """

    area: Area
    on: dt.date
    quantity: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    venue: Venue | None = None
    plan: Plan | None = None
    by: Staff | None = None
    note: str = ""


def _checked(kind: Kind, data: RecordData, at: dt.datetime) -> dict[str, Any]:
    """The columns of a record. Raises ValidationError by field; extra fields under their key."""
    errors: dict[str, str] = {}
    today = timezone.localdate(at)
    if data.on > today:
        errors["on"] = "日期还没有到，做了再登记。"
    elif data.on < today - OLDEST:
        errors["on"] = "日期在一年以前，请核对。"
    quantity = 1 if data.quantity is None else data.quantity
    least = 0 if kind.is_stock else 1
    if not least <= quantity <= LARGEST:
        errors["quantity"] = f"数量应在 {least} 至 {LARGEST:,} 之间。"
    if data.plan is not None and (data.plan.kind_id != kind.pk or data.plan.area_id != data.area.pk):
        errors["area"] = f"计划“{data.plan.place}”不在{data.area.name}。"
    if data.venue is not None and not data.area.holds(data.venue.area):
        errors["venue"] = f"“{data.venue.name}”不在{data.area.name}。"
    values: dict[str, Any] = {}
    try:
        values = clean_values(kind.rules, data.values)
    except WrongValues as wrong:
        errors |= wrong.errors
    errors |= number_errors({"place": data.place, "note": data.note, **values})
    if errors:
        raise ValidationError(errors)
    return {"area": data.area, "on": data.on, "quantity": quantity, "values": values,
            "place": " ".join(data.place.split()) if kind.asks_place else "",
            "venue": data.venue if kind.asks_venue else None, "note": " ".join(data.note.split()),
            "plan": data.plan or _plan_of(kind, data)}  # fmt: skip


def _plan_of(kind: Kind, data: RecordData) -> Plan | None:
    """The plan that a record answers without naming it: the one of its place, or the only one of the area."""
    plans = list(Plan.objects.open(data.on).filter(kind=kind, area=data.area)) if kind.asks_place else []
    place = " ".join(data.place.split())
    same = [plan for plan in plans if plan.place == place] or (plans if len(plans) == 1 and not place else [])
    return same[0] if same else None


@transaction.atomic
def measure_record(
    *, kind: Kind, data: RecordData, recorded_by: Staff, at: dt.datetime | None = None
) -> Record:
    """Enter that a measure was taken. Raises ValidationError by field, or when the kind is out of use."""
    at = at or timezone.now()
    if kind.closed_at is not None:
        raise ValidationError(f"“{kind.name}”已停用，不能再登记。")
    columns = _checked(kind, data, at)
    record = Record.objects.create(
        kind=kind, by=data.by or recorded_by, recorded_by=recorded_by, recorded_at=at, **columns
    )
    mark_dirty([record.area_id])
    return record


def _standing(record: Record) -> Record:
    """The record under lock. Raises ValidationError when somebody has corrected it or made it void meanwhile."""
    row = Record.objects.select_for_update(of=("self",)).select_related("kind").get(pk=record.pk)
    if row.voided_at is not None:
        raise ValidationError("这条登记已经更正或作废，请返回列表看最新的一条。")
    return row


def _void(row: Record, reason: str, by: Staff, at: dt.datetime) -> None:
    row.voided_at, row.voided_by, row.void_reason = at, by, reason
    row.save(update_fields=["voided_at", "voided_by", "void_reason"])
    mark_dirty([row.area_id])


@transaction.atomic
def measure_correct(
    *, record: Record, data: RecordData, reason: str, by: Staff, at: dt.datetime | None = None
) -> Record:
    """Put a further record in the place of one that was wrong; the kind stays. Raises ValidationError by field."""
    at = at or timezone.now()
    row = _standing(record)
    words = checked_reason(reason, "数量填错")
    columns = _checked(row.kind, data, at)
    _void(row, words, by, at)
    better = Record.objects.create(
        kind=row.kind, by=data.by or row.by, recorded_by=by, recorded_at=at, corrects=row, **columns
    )
    mark_dirty([better.area_id])
    return better


@transaction.atomic
def measure_void(*, record: Record, reason: str, by: Staff, at: dt.datetime | None = None) -> Record:
    """A record that should not be: it counts no more. Raises ValidationError without a reason or when it is void."""
    row = _standing(record)
    _void(row, checked_reason(reason, "数量填错"), by, at or timezone.now())
    return row
