"""Services on residencies: move in, move out, go away, come back. Nobody lives in two places at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from grassroots.grid.scope import scope_of
from grassroots.ledgers.rollups import mark_dirty
from households.models import Household, Relation, Residency, ResidencyKind
from households.services.data import Caution, ConfirmationNeeded
from households.services.history import rows_create, rows_update

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from households.models import Person

MOVES_IN = "moves-in"


def residency_open(
    *,
    person: Person,
    by: Staff,
    household: Household | None = None,
    area: Area | None = None,
    address_text: str = "",
    kind: str = ResidencyKind.REGISTERED,
    relation: str = Relation.OTHER,
    order: int | None = None,
    is_away: bool = False,
    away_where: str = "",
    away_until: dt.date | None = None,
    started_on: dt.date | None = None,
    confirmed: frozenset[str] = frozenset(),
    at: dt.datetime | None = None,
) -> Residency:
    """Register somebody in a household, or at an address of an area that is none.

    Somebody who lives elsewhere in the register needs 'moves-in' in `confirmed`, else ConfirmationNeeded;
    then the other residency ends, or is turned away where it is his 户籍 and this one is not. Raises
    ValidationError by field.
    """
    at = at or timezone.now()
    on = started_on or timezone.localdate(at)
    where = {"household": household, "area": household.area if household else area}
    away = {"is_away": is_away, "away_where": away_where.strip(), "away_until": away_until}
    terms = {"kind": kind, "relation": relation, "address_text": address_text.strip()}
    residency = Residency(person=person, started_on=on, recorded_at=at, **where, **away, **terms)
    with transaction.atomic():
        _check_place(residency, at)
        residency.order = order if order is not None else _next_order(household)
        areas = set() if is_away else _leave_elsewhere(residency, confirmed, on=on, by=by, at=at)
        rows_create([residency], by=by, at=at)
        household_touch([household.pk] if household else [])
        mark_dirty({residency.area_id, *areas})
    if household is not None:
        household.version += 1
    return residency


def residency_end(
    *,
    residency: Residency,
    by: Staff,
    on: dt.date | None = None,
    reason: str = "",
    at: dt.datetime | None = None,
) -> Residency:
    """End a residency (moved out). Raises ValidationError for a date before it began or in the future."""
    at = at or timezone.now()
    on = on or timezone.localdate(at)
    if residency.ended_on is not None:
        raise ValidationError("该居住记录已结束。")
    if on > timezone.localdate(at):
        raise ValidationError({"ended_on": "迁出日期不能晚于今天。"})
    if on < residency.started_on:
        raise ValidationError({"ended_on": f"迁出日期不能早于入住日期 {residency.started_on:%Y-%m-%d}。"})
    with transaction.atomic():
        residency.ended_on, residency.end_recorded_at = on, at
        rows_update([residency], ["ended_on", "end_recorded_at"], by=by, at=at, reason=reason)
        household_touch([residency.household_id] if residency.household_id else [])
        mark_dirty({residency.area_id})
    return residency


def residency_set_away(
    *,
    residency: Residency,
    is_away: bool,
    by: Staff,
    away_where: str = "",
    away_until: dt.date | None = None,
    confirmed: frozenset[str] = frozenset(),
    at: dt.datetime | None = None,
) -> Residency:
    """Note that somebody is away (外出未归) or back.

    Coming back while he lives in another household asks as residency_open does.
    """
    at = at or timezone.now()
    if residency.ended_on is not None:
        raise ValidationError("该居住记录已结束。")
    with transaction.atomic():
        areas = {residency.area_id}
        if not is_away and residency.is_away:
            areas |= _leave_elsewhere(residency, confirmed, on=timezone.localdate(at), by=by, at=at)
        residency.is_away = is_away
        residency.away_where = away_where.strip() if is_away else ""
        residency.away_until = away_until if is_away else None
        rows_update([residency], ["is_away", "away_where", "away_until"], by=by, at=at)
        household_touch([residency.household_id] if residency.household_id else [])
        mark_dirty(areas)
    return residency


def household_touch(household_ids: Collection[int]) -> None:
    """Raise the version of households whose members have changed: an open page of theirs is stale now."""
    if household_ids:
        Household.objects.filter(pk__in=household_ids).update(version=F("version") + 1)


def homes_elsewhere(*, person_ids: Collection[int], household_id: int | None) -> dict[int, Residency]:
    """Where these people live now, by person: open, not away, outside the household. At most one query."""
    if not person_ids:
        return {}
    rows = (
        Residency.objects.actual().filter(person__in=person_ids).select_related("household", "area", "person")
    )
    return {row.person_id: row for row in rows if household_id is None or row.household_id != household_id}


def place_words(residency: Residency, by: Staff) -> str:
    """Where a residency is, in words, for those who may see it; a general phrase for the others."""
    if not scope_of(by).holds(residency.area):
        return "您辖区以外的地方"
    return f"{residency.area.full_name()} {residency.household or residency.address_text}".strip()


def moving_caution(elsewhere: Residency, by: Staff, *, field: str = "name") -> Caution:
    """The question before somebody is taken over from another household."""
    return Caution(field, MOVES_IN, f"该人员现登记在{place_words(elsewhere, by)}，继续则迁入本户。")


def homes_leave(
    *, rows: Mapping[Residency, str], on: dt.date, where_to: str, by: Staff, at: dt.datetime
) -> set[int]:
    """End residencies whose people move; those at their 户籍 who move to another kind of residence turn away.

    `rows`: each residency left, and the kind of the new one. Returns the area ids that have changed.
    """
    for row, new_kind in rows.items():
        if row.kind == ResidencyKind.REGISTERED and new_kind != ResidencyKind.REGISTERED:
            row.is_away, row.away_where, row.away_until = True, where_to[:60], None
        else:
            row.ended_on, row.end_recorded_at = max(on, row.started_on), at
    fields = ["is_away", "away_where", "away_until", "ended_on", "end_recorded_at"]
    rows_update(list(rows), fields, by=by, at=at, reason="迁入其他户")
    household_touch([row.household_id for row in rows if row.household_id])
    return {row.area_id for row in rows}


def _check_place(residency: Residency, at: dt.datetime) -> None:
    household = residency.household
    if household is None and (residency.area_id is None or not residency.address_text):
        raise ValidationError({"address_text": "请选择住户，或填写区域和地址。"})
    if residency.started_on > timezone.localdate(at):
        raise ValidationError({"started_on": "入住日期不能晚于今天。"})
    if household is None:
        return
    if household.closed_on is not None:
        raise ValidationError("该户已销户，不能再登记人员。")
    here = Residency.objects.open().filter(household=household)
    if here.filter(person=residency.person).exists():
        raise ValidationError("该人员已登记在本户。")
    if residency.relation == Relation.HEAD and here.filter(relation=Relation.HEAD).exists():
        raise ValidationError({"relation": "一户只能有一位户主。"})


def _next_order(household: Household | None) -> int:
    if household is None:
        return 0
    last = (
        Residency.objects.open()
        .filter(household=household)
        .order_by("-order")
        .values_list("order", flat=True)
    )
    return (last.first() or 0) + 1


def _leave_elsewhere(
    residency: Residency, confirmed: frozenset[str], *, on: dt.date, by: Staff, at: dt.datetime
) -> set[int]:
    rows = Residency.objects.select_for_update(of=("self",)).actual().filter(person=residency.person)
    elsewhere = rows.exclude(pk=residency.pk).select_related("household", "area").first()
    if elsewhere is None:
        return set()
    if MOVES_IN not in confirmed:
        raise ConfirmationNeeded([moving_caution(elsewhere, by, field="household")])
    where_to = str(residency.household or residency.address_text)
    return homes_leave(rows={elsewhere: residency.kind}, on=on, where_to=where_to, by=by, at=at)
