"""Whom somebody must measure: his measuring duties as a condition on what is under observation (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty
from grassroots.grid.models.areas import path_range
from households.models import HouseholdDuty, PersonDuty

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


def acting_q(staff: Staff, on: dt.date) -> Q:
    """Duties that the person carries out on a date: his own while nobody stands in, and those he stands in for."""
    stood_in = Q(standin_from__lte=on) & (Q(standin_to=None) | Q(standin_to__gte=on))
    at_work = Q(deputy=None) | Q(standin_from=None) | Q(standin_from__gt=on) | Q(standin_to__lt=on)
    return Q(staff=staff) & at_work | Q(deputy=staff) & stood_in


def _outermost(paths: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted(paths):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return kept


def _in_ranges(paths: Iterable[str]) -> Q:
    spans = [path_range(path) for path in paths]
    return reduce(or_, (Q(path__gte=low, path__lt=high) for low, high in spans))


@dataclass(frozen=True)
class MeasuringDuties:
    """Somebody's measuring duties on a date (kinds with `is_measuring`), worked out by two queries.

    For every kind the nearest target wins, as in grid.duties: the person, then the household, then the nearest area.
    A nearer duty of somebody else takes the person away.
    """

    staff: Staff
    on: dt.date
    kinds: frozenset[int] = frozenset()
    # By kind: areas that he answers for, and areas below them that others answer for.
    paths: dict[int, frozenset[str]] = field(default_factory=dict)
    taken: dict[int, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, staff: Staff, on: dt.date | None = None) -> MeasuringDuties:
        """The person's measuring duties on a date (default today); none for one who has left."""
        on = on or timezone.localdate()
        if not staff.is_active:
            return cls(staff, on)
        mine = acting_q(staff, on) & Q(kind__is_measuring=True)
        rows = AreaDuty.objects.open(on).filter(mine).order_by().values_list("kind_id", F("area__path"))
        for model in (HouseholdDuty, PersonDuty):
            own: Any = model.objects.open(on).filter(mine).order_by().values_list("kind_id", Value(""))
            rows = rows.union(own)
        paths: dict[int, set[str]] = defaultdict(set)
        kinds = set()
        for kind_id, path in rows:
            kinds.add(kind_id)
            if path:
                paths[kind_id].add(path)
        held = {kind_id: frozenset(found) for kind_id, found in paths.items()}
        return cls(staff, on, frozenset(kinds), held, _taken(held, on))

    @property
    def is_empty(self) -> bool:
        """Whether he measures nobody by duty."""
        return not self.kinds

    def covers(self, prefix: str = "") -> Q:
        """A condition on rows with person, household and area, e.g. `covers("observation__")` on visits."""
        if self.is_empty:
            return Q(pk__in=[])
        return reduce(or_, (self._covers(kind_id, prefix) for kind_id in sorted(self.kinds)))

    def _covers(self, kind_id: int, prefix: str) -> Q:
        mine = acting_q(self.staff, self.on)
        of_person = PersonDuty.objects.open(self.on).filter(kind=kind_id, person=OuterRef(f"{prefix}person"))
        of_home = HouseholdDuty.objects.open(self.on).filter(
            kind=kind_id, household=OuterRef(f"{prefix}household")
        )
        by_area = ~Exists(of_home) & self._area_q(kind_id, prefix)
        by_home = ~Exists(of_person) & (Q(Exists(of_home.filter(mine))) | by_area)
        return Q(Exists(of_person.filter(mine))) | by_home

    def _area_q(self, kind_id: int, prefix: str) -> Q:
        held, taken = self.paths.get(kind_id, frozenset()), self.taken.get(kind_id, frozenset())
        if not held:
            return Q(pk__in=[])
        parts = []
        for path in held:
            nearer = _outermost(other for other in taken if other.startswith(path))
            parts.append(_in_ranges([path]) & ~_in_ranges(nearer) if nearer else _in_ranges([path]))
        areas = Area.objects.filter(reduce(or_, parts)).order_by().values("pk")
        return Q(**{f"{prefix}area__in": areas})


def _taken(held: dict[int, frozenset[str]], on: dt.date) -> dict[int, frozenset[str]]:
    """By kind: areas strictly below his that somebody else, and not he himself, answers for."""
    if not held:
        return {}
    below = _in_ranges(_outermost({path for paths in held.values() for path in paths}))
    rows = AreaDuty.objects.open(on).filter(
        kind__in=held, area__in=Area.objects.filter(below).order_by().values("pk")
    )
    taken: dict[int, set[str]] = defaultdict(set)
    for kind_id, path in rows.order_by().values_list("kind_id", "area__path"):
        if path not in held[kind_id]:
            taken[kind_id].add(path)
    return {kind_id: frozenset(paths) for kind_id, paths in taken.items()}
