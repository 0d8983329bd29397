"""Residencies when a person leaves the register or two entries become one: nobody lives in two places, nor twice."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from households.models import Person, Relation, Residency, ResidencyKind
from households.services.history import rows_update

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

FIELDS = ("ended_on", "end_recorded_at", "is_away", "away_where", "away_until", "relation")
Changes = list[dict[str, Any]]
"""Each residency that was changed: its key and the values before, so that it can be changed back."""


def homes_void(*, person: Person, reason: str, by: Staff, at: dt.datetime) -> Changes:
    """He never lived anywhere: open residencies end on the day they began."""
    rows = list(Residency.objects.open().filter(person=person))
    changes = [_kept(row) for row in rows]
    for row in rows:
        row.ended_on, row.end_recorded_at = row.started_on, at
    rows_update(rows, FIELDS, by=by, at=at, reason=reason)
    return changes


def homes_merge(*, gone: Person, kept: Person, keeps_home: bool, by: Staff, at: dt.datetime) -> Changes:
    """Leave one residency behind each door, and one where he lives now.

    Behind a door where both are registered, that of `gone` never was; whoever was its head is so as `kept`. Of two
    doors where they live, the one that is not his present home turns 外出 where it is his 户籍, and ends elsewhere.
    """
    mine, others = _open(kept), _open(gone)
    before = {row.pk: _kept(row) for row in [*mine, *others]}
    doors = {row.household_id: row for row in mine if row.household_id}
    here = next((row for row in mine if not row.is_away), None)
    there = next((row for row in others if not row.is_away), None)
    for row in others:
        if (twin := doors.get(row.household_id or 0)) is not None:
            _drop(row, twin, at)
            there = twin if row is there else there
    if there is not None and here is not None and there is not here:
        leaving, staying = (there, here) if keeps_home else (here, there)
        _leave(leaving, staying, at)
        _stay(staying)
    elif there is not None:
        _stay(there)
    rows = [row for row in [*mine, *others] if _kept(row) != before[row.pk]]
    # Heads and homes are given up before they are taken over: there is one at a time.
    rows.sort(key=lambda row: (row.ended_on is None, not row.is_away))
    for row in rows:
        rows_update([row], FIELDS, by=by, at=at, reason="合并重复档案")
    return [before[row.pk] for row in rows]


def home_changes_back(*, changes: Changes, person: Person, by: Staff, at: dt.datetime, reason: str) -> None:
    """Put residencies back as they were. Raises ValidationError where that is not possible any more."""
    values = {change["pk"]: change for change in changes}
    rows = list(Residency.objects.filter(pk__in=values).select_related("household"))
    rows.sort(key=lambda row: (values[row.pk]["relation"] == Relation.HEAD, not values[row.pk]["is_away"]))
    for row in rows:
        old = values[row.pk]
        if old["ended_on"] is None and row.household is not None:
            if row.household.closed_on is not None:
                raise ValidationError(
                    f"{person.name}原来的户“{row.household.display}”已销户，不能恢复；请先重新建户。"
                )
            heads = Residency.objects.open().filter(household=row.household, relation=Relation.HEAD)
            if old["relation"] == Relation.HEAD and heads.exclude(pk=row.pk).exists():
                old = {**old, "relation": Relation.OTHER}
        for name in FIELDS:
            setattr(row, name, _read(name, old[name]))
        rows_update([row], FIELDS, by=by, at=at, reason=reason)


def _open(person: Person) -> list[Residency]:
    rows = Residency.objects.select_for_update(of=("self",)).open().filter(person=person)
    return list(rows.select_related("household", "area").order_by("is_away", "pk"))


def _drop(row: Residency, twin: Residency, at: dt.datetime) -> None:
    """Registered twice behind one door: the second never was."""
    row.ended_on, row.end_recorded_at = row.started_on, at
    if row.relation == Relation.HEAD and twin.relation != Relation.HEAD:
        twin.relation, row.relation = Relation.HEAD, Relation.OTHER


def _leave(row: Residency, to: Residency, at: dt.datetime) -> None:
    if row.is_away:
        return
    if row.kind == ResidencyKind.REGISTERED and to.kind != ResidencyKind.REGISTERED:
        row.is_away, row.away_where, row.away_until = True, str(to.household or to.address_text)[:60], None
    else:
        row.ended_on, row.end_recorded_at = max(timezone.localdate(at), row.started_on), at


def _stay(row: Residency) -> None:
    row.is_away, row.away_where, row.away_until = False, "", None


def _kept(row: Residency) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in FIELDS}
    plain = {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()
    }
    return {"pk": row.pk, **plain}


def _read(name: str, value: Any) -> Any:
    if value is None or name not in {"ended_on", "end_recorded_at", "away_until"}:
        return value
    return dt.datetime.fromisoformat(value) if name == "end_recorded_at" else dt.date.fromisoformat(value)
