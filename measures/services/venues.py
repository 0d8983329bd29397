"""Writing venues: put on the register, changed, and what happens at them from day to day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.versions import check_version
from grassroots.ledgers.rollups import mark_dirty
from households.rules.phones import PhoneKind, parse_phone
from measures.models import TURNING, Family, Kind, Venue, VenueAction, VenueEvent, VenueState
from measures.services.records import OLDEST
from measures.services.texts import checked_reason, number_errors

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff

NOTE_LENGTH = 200
EDITABLE = ("kind", "area", "name", "address", "contact", "phone", "officer", "note")
_KEPT = ("state", "noticed_on", "closed_on", "patrolled_on", "reopened_on")


def _read_phone(text: str) -> str:
    """The number as it is stored. Raises ValidationError for what is none."""
    phone = parse_phone(text)
    if phone.kind == PhoneKind.UNKNOWN:
        raise ValidationError({"phone": phone.problems[0].message})
    return phone.number


def _check(venue: Venue) -> None:
    """Raises ValidationError by field."""
    errors = number_errors({name: getattr(venue, name) for name in ("name", "address", "contact", "note")})
    if not venue.name:
        errors["name"] = "请填写场所名称，没有招牌的写店主或位置，如：桥头茶馆。"
    if venue.kind.family != Family.VENUE:
        errors["kind"] = "请选择场所类型。"
    if not venue.area.is_open:
        errors["area"] = f"“{venue.area.name}”已停用，请选择现在的区域。"
    same = Venue.objects.active().filter(area=venue.area, name=venue.name).exclude(pk=venue.pk)
    if venue.name and same.exists():
        errors["name"] = f"{venue.area.name}已经登记了“{venue.name}”，请在名称里加以区别。"
    if errors:
        raise ValidationError(errors)


def _fill(venue: Venue, given: dict[str, Any]) -> None:
    for name, value in given.items():
        if name not in EDITABLE:
            raise TypeError(f"{name} of a venue is not entered")
        if name == "phone":
            value = _read_phone(value) if value else ""
        setattr(venue, name, " ".join(value.split()) if isinstance(value, str) else value)


@transaction.atomic
def venue_register(
    *, kind: Kind, area: Area, name: str, by: Staff, at: dt.datetime | None = None, **more: Any
) -> Venue:
    """Put a venue on the register, open for business. `more`: address, contact, phone, officer, note.

    Raises ValidationError by field, also for a name that stands in the area already.
    """
    venue = Venue(recorded_by=by, recorded_at=at or timezone.now())
    _fill(venue, {"kind": kind, "area": area, "name": name, **more})
    if kind.closed_at is not None:
        raise ValidationError({"kind": f"“{kind.name}”已停用，请选择其他类型。"})
    _check(venue)
    venue._history_user = by  # type: ignore[attr-defined]
    venue.save()
    return venue


def _locked(venue: Venue) -> Venue:
    rows = Venue.objects.select_for_update(of=("self",)).select_related("kind", "area")
    row = rows.get(pk=venue.pk)
    if row.removed_at is not None:
        raise ValidationError(f"“{row.name}”已从登记中撤出。")
    return row


def _save(row: Venue, by: Staff, *fields: str) -> None:
    row.version += 1
    row._history_user = by  # type: ignore[attr-defined]
    row.save(update_fields=[*fields, "version"])


@transaction.atomic
def venue_change(*, venue: Venue, version: int, by: Staff, **given: Any) -> Venue:
    """Change what is known of a venue. Raises ValidationError by field, StaleVersion when somebody was faster."""
    row = _locked(venue)
    check_version(row, version)
    area_id = row.area_id
    _fill(row, given)
    _check(row)
    _save(row, by, *given)
    mark_dirty({area_id, row.area_id})
    return row


@transaction.atomic
def venue_remove(*, venue: Venue, reason: str, by: Staff, at: dt.datetime | None = None) -> Venue:
    """Take a venue off the register: entered twice, or gone for good. It counts no more from now on."""
    tidy = checked_reason(reason, "重复登记、已经搬走")
    row = _locked(venue)
    row.removed_at, row.remove_reason = at or timezone.now(), tidy
    _save(row, by, "removed_at", "remove_reason")
    mark_dirty([row.area_id])
    return row


def _state_of(venue: Venue) -> dict[str, Any]:
    """How a venue stands by its events: the last turning decides, then the dates of the last of each (one query)."""
    found: dict[str, Any] = dict.fromkeys(_KEPT)
    found["state"] = VenueState.OPEN
    dates = {
        VenueAction.NOTICE: "noticed_on", VenueAction.CLOSED: "closed_on",
        VenueAction.PATROLLED: "patrolled_on", VenueAction.REOPENED: "reopened_on",
    }  # fmt: skip
    for action, on in venue.events.standing().order_by("on", "pk").values_list("action", "on"):
        found[dates[VenueAction(action)]] = on
        if action in TURNING:
            found["state"] = VenueState.CLOSED if action == VenueAction.CLOSED else VenueState.OPEN
    if found["state"] == VenueState.CLOSED:
        found["reopened_on"] = None  # from an earlier time
    return found


def _refresh(row: Venue, by: Staff) -> None:
    for name, value in _state_of(row).items():
        setattr(row, name, value)
    _save(row, by, *_KEPT)
    mark_dirty([row.area_id])


def _why_not(row: Venue, action: VenueAction, on: dt.date) -> str:
    """Why a turning does not fit those before and after it; "" when it does."""
    if action not in TURNING:
        return ""
    turnings = row.events.standing().filter(action__in=TURNING)
    before = turnings.filter(on__lte=on).order_by("-on", "-pk").first()
    is_closed = before is not None and before.action == VenueAction.CLOSED
    if action == VenueAction.CLOSED and is_closed:
        return f"“{row.name}”{before.on:%-m月%-d日}已经关停。" if before else ""
    if action == VenueAction.REOPENED and not is_closed:
        return f"“{row.name}”那天没有关停，不用登记恢复营业。"
    after = turnings.filter(on__gt=on).order_by("on", "pk").first()
    if after is not None and after.action == action:
        return f"“{row.name}”{after.on:%-m月%-d日}已登记{after.get_action_display()}，请先撤销那一条。"
    return ""


@transaction.atomic
def venue_event(
    *, venue: Venue, action: str, on: dt.date, by: Staff, note: str = "", is_breach: bool = False,
    at: dt.datetime | None = None,
) -> VenueEvent:  # fmt: skip
    """Note that a notice was served, a venue closed, patrolled or reopened on a day.

    `is_breach`: it was found open although it is closed. Raises ValidationError by field.
    """
    at = at or timezone.now()
    if action not in VenueAction.values:
        raise ValidationError({"action": "没有这个事项。"})
    if on > timezone.localdate(at):
        raise ValidationError({"on": "日期还没有到，做了再登记。"})
    if on < timezone.localdate(at) - OLDEST:
        raise ValidationError({"on": "日期在一年以前，请核对。"})
    text = " ".join(note.split())
    if len(text) > NOTE_LENGTH:
        raise ValidationError({"note": f"最多 {NOTE_LENGTH} 个字，现在有 {len(text)} 个。"})
    if wrong := number_errors({"note": text}):
        raise ValidationError(wrong)
    if is_breach and not text:
        raise ValidationError({"note": "发现擅自营业的，请写明情况和怎样处置。"})
    row = _locked(venue)
    if words := _why_not(row, VenueAction(action), on):
        raise ValidationError({"on": words})
    event = VenueEvent.objects.create(
        venue=row, action=action, on=on, note=text, by=by, recorded_at=at,
        is_breach=is_breach and action == VenueAction.PATROLLED,
    )  # fmt: skip
    _refresh(row, by)
    return event


@transaction.atomic
def venue_event_void(
    *, event: VenueEvent, reason: str, by: Staff, at: dt.datetime | None = None
) -> VenueEvent:
    """Annul an event that was entered by mistake; the venue stands again as the others say."""
    tidy = checked_reason(reason, "登记错了场所")
    row = _locked(event.venue)
    found = VenueEvent.objects.get(pk=event.pk)
    if found.voided_at is not None:
        raise ValidationError("这一条已经撤销。")
    found.voided_at, found.voided_by, found.void_reason = at or timezone.now(), by, tidy
    found.save(update_fields=["voided_at", "voided_by", "void_reason"])
    _refresh(row, by)
    return found
