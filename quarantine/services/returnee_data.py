"""What goes into a returnee's file, and what is wrong with it: no writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from households.models import Person
from households.rules.names import check_name, normalise_name
from households.rules.phones import parse_phone
from quarantine.models import CloseContact, KeyReason, Returnee, Transport, TripLeg
from quarantine.rules.clock import check_dates
from quarantine.rules.origins import OriginKind, classify_origin
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.readings import check_temperature, is_fever, present_symptoms
from quarantine.services.contacts import registered_contact
from quarantine.services.policies import terms_now

Errors = dict[str, list[str]]
TEXTS = (
    "origin",
    "native_place",
    "registered_place",
    "transport_no",
    "stops",
    "companions",
    "information_source",
    "notice_no",
    "note",
)
DATES = ("last_contact_on", "left_on", "arrived_on")
PLAIN = ("transport", "hubei_history", "case_contact", "door_card_posted")


@dataclass(frozen=True)
class LegData:
    """One leg of the way as typed; `pk` of the row that it changes."""

    from_place: str
    to_place: str
    departed_at: dt.datetime | None = None
    arrived_at: dt.datetime | None = None
    transport: str = ""
    transport_no: str = ""
    note: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class ContactData:
    """A close contact as typed; `pk` of the row that it changes, `phone` None to leave what is there."""

    name: str
    relation: str = ""
    phone: str | None = ""
    where: str = ""
    contact_on: dt.date | None = None
    note: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class ReturneeData:
    """A return as typed; the service normalises and classifies. `legs` or `contacts` None: leave what is there."""

    origin: str
    arrived_on: dt.date | None = None
    left_on: dt.date | None = None
    last_contact_on: dt.date | None = None
    native_place: str = ""
    registered_place: str = ""
    reasons: Sequence[str] | None = None
    """KeyReason values; None: as `reasons_propose` says."""
    transport: str = ""
    transport_no: str = ""
    stops: str = ""
    companions: str = ""
    hubei_history: bool | None = None
    case_contact: bool | None = None
    arrival_temperature: str | Decimal | None = None
    """In ℃, as typed; empty for not measured."""
    arrival_symptoms: Sequence[str] = ()
    information_source: str = ""
    notice_no: str = ""
    door_card_posted: bool = False
    note: str = ""
    legs: Sequence[LegData] | None = None
    contacts: Sequence[ContactData] | None = None
    unread: Mapping[str, str] | None = None
    """Texts of cells that could not be read as what their column holds, by field; None: what is there."""


def reasons_propose(
    *,
    origin: str,
    native_place: str = "",
    case_contact: bool | None = None,
    arrival_temperature: Decimal | None = None,
    terms: PolicyTerms | None = None,
) -> list[str]:
    """What makes the person a key person as far as the answers tell (类别 of the ledger), as KeyReason values.

    Fever is what `terms` call so; without them a temperature proposes nothing.
    """
    by_origin = {
        OriginKind.WUHAN: KeyReason.WUHAN,
        OriginKind.HUBEI_OTHER: KeyReason.HUBEI,
        OriginKind.OVERSEAS: KeyReason.OVERSEAS,
    }
    kind = by_origin.get(classify_origin(origin, native_place))
    found = [kind] if kind else []
    if case_contact:
        found.append(KeyReason.CONTACT)
    if terms is not None and arrival_temperature is not None and is_fever(arrival_temperature, terms):
        found.append(KeyReason.FEVER)
    return [reason.value for reason in found]


def returnee_fill(*, returnee: Returnee, person: Person, data: ReturneeData, at: dt.datetime) -> Errors:
    """Put typed values on a file, normalised, without saving; returns what is wrong, by field, in Chinese."""
    errors: Errors = {}
    for name in TEXTS:
        setattr(returnee, name, _text(Returnee, name, getattr(data, name), errors))
    if not returnee.origin:
        errors["origin"] = ["请填写从何地返回，例如：武汉市江夏区。"]
    for name in (*DATES, *PLAIN):
        setattr(returnee, name, getattr(data, name))
    if data.transport and data.transport not in Transport.values:
        errors["transport"] = ["请选择交通方式。"]
    _fill_dates(returnee, person, at, errors)
    _fill_temperature(returnee, data, errors)
    returnee.arrival_symptoms = list(present_symptoms(data.arrival_symptoms))
    unread = returnee.unread if data.unread is None else data.unread
    returnee.unread = {name: text for name, text in unread.items() if not getattr(returnee, name, None)}
    returnee.origin_kind = classify_origin(
        returnee.origin, returnee.native_place or returnee.registered_place
    )
    _fill_reasons(returnee, data, at, errors)
    return errors


def _text(model: Any, name: str, value: str, errors: Errors, key: str = "") -> str:
    limit = model._meta.get_field(name).max_length
    tidy = " ".join(value.split())
    if limit and len(tidy) > limit:
        errors.setdefault(key or name, []).append(f"最多 {limit} 个字，现在有 {len(tidy)} 个。")
        return str(tidy[:limit])
    return tidy


def _fill_dates(returnee: Returnee, person: Person, at: dt.datetime, errors: Errors) -> None:
    problems = check_dates(
        today=timezone.localdate(at),
        left_on=returnee.left_on,
        arrived_on=returnee.arrived_on,
        last_contact_on=returnee.last_contact_on,
        birth_date=person.birth_date,
    )
    for problem in problems:
        if problem.field in DATES:
            errors.setdefault(problem.field, []).append(problem.message)


def _fill_temperature(returnee: Returnee, data: ReturneeData, errors: Errors) -> None:
    if data.arrival_temperature in (None, ""):
        returnee.arrival_temperature = None
        return
    returnee.arrival_temperature, problem = check_temperature(data.arrival_temperature)
    if problem:
        errors["arrival_temperature"] = [problem]


def _fill_reasons(returnee: Returnee, data: ReturneeData, at: dt.datetime, errors: Errors) -> None:
    reasons = data.reasons
    if reasons is None:
        reasons = reasons_propose(
            origin=returnee.origin,
            native_place=returnee.native_place or returnee.registered_place,
            case_contact=returnee.case_contact,
            arrival_temperature=returnee.arrival_temperature,
            terms=terms_now(at),
        )
    if unknown := [reason for reason in reasons if reason not in KeyReason.values]:
        errors["reasons"] = [f"没有这一重点类别：{'、'.join(unknown)}"]
    returnee.reasons = [reason for reason in KeyReason.values if reason in reasons]


def legs_fill(returnee: Returnee, rows: Sequence[LegData], at: dt.datetime) -> tuple[list[TripLeg], Errors]:
    """The legs in their order, unsaved; errors by 'legs-<row>-<field>'."""
    errors: Errors = {}
    there = {leg.pk: leg for leg in returnee.legs.all()} if returnee.pk else {}
    legs = []
    for index, row in enumerate(rows):
        key = f"legs-{index}-"
        leg = there.get(row.pk or 0) or TripLeg(returnee=returnee)
        leg.order = index + 1
        for name in ("from_place", "to_place", "transport_no", "note"):
            setattr(leg, name, _text(TripLeg, name, getattr(row, name), errors, key + name))
        for name, label in (("from_place", "出发地"), ("to_place", "到达地")):
            if not getattr(leg, name):
                errors.setdefault(key + name, []).append(f"请填写{label}。")
        leg.transport = row.transport if row.transport in Transport.values else ""
        leg.departed_at, leg.arrived_at = row.departed_at, row.arrived_at
        for name, label in (("departed_at", "出发时间"), ("arrived_at", "到达时间")):
            moment = getattr(leg, name)
            if moment is not None and moment > at:
                errors.setdefault(key + name, []).append(f"{label}不能晚于现在。")
        if leg.departed_at and leg.arrived_at and leg.arrived_at < leg.departed_at:
            errors.setdefault(key + "arrived_at", []).append("到达时间早于出发时间，请核对。")
        legs.append(leg)
    return legs, errors


def contacts_fill(
    returnee: Returnee, rows: Sequence[ContactData], at: dt.datetime
) -> tuple[list[CloseContact], Errors]:
    """The close contacts, unsaved; errors by 'contacts-<row>-<field>'."""
    errors: Errors = {}
    there = {contact.pk: contact for contact in returnee.contacts.all()} if returnee.pk else {}
    contacts = []
    for index, row in enumerate(rows):
        key = f"contacts-{index}-"
        contact = there.get(row.pk or 0) or CloseContact(returnee=returnee, recorded_at=at)
        before, contact.name = contact.name, normalise_name(row.name)
        if problems := check_name(contact.name):
            errors[key + "name"] = [problem.message for problem in problems]
        for name in ("relation", "where", "note"):
            setattr(contact, name, _text(CloseContact, name, getattr(row, name), errors, key + name))
        if row.phone is not None:
            read = parse_phone(row.phone)
            contact.phone = read.number
            if wrong := [problem.message for problem in read.problems if not problem.is_warning]:
                errors[key + "phone"] = wrong
        if row.phone is not None or contact.person is None:
            # Whom somebody chose by hand stays, as long as it is the same name.
            chosen = contact.person if contact.name == before else None
            contact.person = registered_contact(contact) or chosen
        contact.contact_on = row.contact_on
        if row.contact_on and row.contact_on > timezone.localdate(at):
            errors[key + "contact_on"] = ["末次接触日期不能晚于今天。"]
        contacts.append(contact)
    return contacts, errors
