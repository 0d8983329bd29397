"""Services on returnees: save a file with its route and contacts, and mark one as a mistake."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.rollups import mark_dirty
from households.models import Household, Person
from households.services.data import Difference
from households.services.history import rows_create, rows_update
from quarantine.models import CloseContact, Observation, Returnee, TripLeg
from quarantine.services.followup import followup_refresh
from quarantine.services.returnee_data import (
    DATES,
    PLAIN,
    TEXTS,
    ContactData,
    LegData,
    ReturneeData,
    contacts_fill,
    legs_fill,
    reasons_propose,
    returnee_fill,
)

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff

__all__ = [
    "ContactData",
    "LegData",
    "ReturneeData",
    "StaleReturnee",
    "reasons_propose",
    "returnee_restore",
    "returnee_save",
    "returnee_void",
    "same_arrival",
]

FIELDS = (
    *TEXTS,
    *DATES,
    *PLAIN,
    "arrival_temperature",
    "arrival_symptoms",
    "origin_kind",
    "reasons",
    "unread",
    "household",
    "area",
)
COMPARED = (*TEXTS, *DATES, *PLAIN, "arrival_temperature", "arrival_symptoms", "reasons")


class StaleReturnee(StaleVersion):
    """Nothing was saved: somebody else has saved the file since the page was opened. Carries both values."""

    def __init__(self, current: Returnee, differences: list[Difference]) -> None:
        super().__init__(current)
        self.differences = differences


def same_arrival(
    *, person: Person, arrived_on: dt.date | None, but: Returnee | None = None
) -> Returnee | None:
    """The file that the person already has for this arrival; without a date, one that has none either."""
    rows = Returnee.objects.active().filter(person=person, arrived_on=arrived_on)
    return (rows.exclude(pk=but.pk) if but else rows).first()


@transaction.atomic
def returnee_save(
    *,
    returnee: Returnee | None,
    data: ReturneeData,
    by: Staff,
    person: Person | None = None,
    area: Area | None = None,
    household: Household | None = None,
    version: int | None = None,
    found_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Returnee:
    """Save a new file (None, with `person` and `area`) or an existing one as of `version`, with route and contacts.

    `at` is the time of recording (default now), `found_at` when the return became known (default: then). An existing
    file stays where it is unless `area` is given. Raises ValidationError by field (rows: 'legs-0-to_place'), also on
    arrived_on when the person has a file for that arrival; StaleReturnee.
    """
    at = at or timezone.now()
    row = _row(returnee, data, version, at, by, person, area, found_at)
    homes, areas = {row.household_id}, {row.area_id}
    if returnee is None or area is not None:
        row.household = household
        row.area = household.area if household else (area or row.area)
    errors = returnee_fill(returnee=row, person=row.person, data=data, at=at)
    if "arrived_on" not in errors and same_arrival(
        person=row.person, arrived_on=row.arrived_on, but=returnee
    ):
        errors["arrived_on"] = [_duplicate_words(row)]
    legs, leg_errors = legs_fill(row, data.legs or (), at)
    contacts, contact_errors = contacts_fill(row, data.contacts or (), at)
    errors |= leg_errors | contact_errors
    if errors:
        raise ValidationError(errors)
    if returnee is None:
        rows_create([row], by=by, at=at)
    else:
        row.version += 1
        rows_update([row], [*FIELDS, "version"], by=by, at=at)
    if data.legs is not None:
        _replace(row.legs, legs)
    if data.contacts is not None:
        _replace(row.contacts, contacts)
    followup_refresh([pk for pk in {*homes, row.household_id} if pk])
    mark_dirty({*areas, row.area_id})
    return row


def _row(
    returnee: Returnee | None,
    data: ReturneeData,
    version: int | None,
    at: dt.datetime,
    by: Staff,
    person: Person | None,
    area: Area | None,
    found_at: dt.datetime | None,
) -> Returnee:
    if returnee is None:
        if person is None or area is None:
            raise TypeError("a new file needs a person and an area")
        Person.objects.select_for_update().get(
            pk=person.pk
        )  # two who enter one arrival: the second one is told
        return Returnee(
            person=person, area=area, recorded_by=by, recorded_at=at, found_at=min(found_at or at, at)
        )
    locked = Returnee.objects.select_for_update(of=("self",)).select_related("person", "area")
    row = locked.get(pk=returnee.pk)
    if row.voided_at is not None:
        raise ValidationError("该档案已作废，不能修改。")
    if version is not None and row.version != version:
        raise StaleReturnee(row, _differences(row, data, at))
    return row


def _duplicate_words(row: Returnee) -> str:
    if row.arrived_on is None:
        return f"{row.person.name}已有一份没有填返回日期的档案，请打开那一份补填。"
    return f"{row.person.name} {row.arrived_on:%Y-%m-%d} 返回的档案已经建过，不能重复。"


def _replace(manager: Any, rows: list[TripLeg] | list[CloseContact]) -> None:
    """Save these rows and take away those that are not among them any more."""
    manager.exclude(pk__in=[row.pk for row in rows if row.pk]).delete()
    for row in rows:
        row.save()


def _shown(row: Returnee, name: str) -> str:
    if name == "reasons":
        return row.reason_labels or "(空)"
    value = getattr(row, name)
    if isinstance(value, bool):
        return "是" if value else "否"
    if value in (None, "", []):
        return "(空)"
    if name == "transport":
        return str(row.get_transport_display())
    return "、".join(value) if isinstance(value, list) else str(value)


def _differences(current: Returnee, data: ReturneeData, at: dt.datetime) -> list[Difference]:
    mine = Returnee(person=current.person)
    returnee_fill(returnee=mine, person=current.person, data=data, at=at)
    found = []
    for name in COMPARED:
        if getattr(mine, name) != getattr(current, name):
            label = str(field_of(name).verbose_name)
            found.append(Difference(name, label, _shown(mine, name), _shown(current, name)))
    return found


def field_of(name: str) -> models.Field[Any, Any]:
    """A field of the file by name."""
    field = Returnee._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


@transaction.atomic
def returnee_void(
    *, returnee: Returnee, version: int, reason: str, by: Staff, at: dt.datetime | None = None
) -> None:
    """Mark a file as entered by mistake; the row stays. Raises ValidationError while an observation hangs on it."""
    at = at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请填写作废原因。"})
    row = _row(returnee, ReturneeData(origin=returnee.origin), None, at, by, None, None, None)
    if row.version != version:
        raise StaleVersion(row)
    if Observation.objects.open().filter(returnee=row).exists():
        raise ValidationError("该档案下还有正在进行的观察，请先更正或结束观察。")
    row.voided_at, row.void_reason, row.version = at, reason.strip()[:100], row.version + 1
    rows_update([row], ["voided_at", "void_reason", "version"], by=by, at=at, reason=reason)
    followup_refresh([row.household_id] if row.household_id else [])
    mark_dirty([row.area_id])


@transaction.atomic
def returnee_restore(
    *, returnee: Returnee, reason: str, by: Staff, at: dt.datetime | None = None
) -> Returnee:
    """Take back a voided file. Raises ValidationError when the person is out of the register, or has another by now."""
    at = at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请填写恢复的原因。"})
    row = Returnee.objects.select_for_update(of=("self",)).select_related("person").get(pk=returnee.pk)
    if row.voided_at is None:
        raise ValidationError("该档案没有作废，不用恢复。")
    if row.person.voided_at is not None:
        raise ValidationError(f"{row.person.name}的人员档案已作废，请先在“已合并、作废的档案”里恢复他。")
    if row.arrived_on and same_arrival(person=row.person, arrived_on=row.arrived_on):
        raise ValidationError(_duplicate_words(row))
    row.voided_at, row.void_reason, row.version = None, "", row.version + 1
    rows_update([row], ["voided_at", "void_reason", "version"], by=by, at=at, reason=reason)
    followup_refresh([row.household_id] if row.household_id else [])
    mark_dirty([row.area_id])
    return row
