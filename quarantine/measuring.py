"""Whom somebody must measure: his measuring duties as a condition on what is under observation (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import itemgetter, or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty, DutyKind, Staff
from grassroots.grid.models.areas import path_range
from grassroots.grid.prepared import Prepared, Remembered
from households.models import HouseholdDuty, PersonDuty


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


def _in_ranges(paths: Iterable[str], prefix: str = "") -> Q:
    spans = [path_range(path) for path in paths]
    return reduce(or_, (Q(**{f"{prefix}path__gte": low, f"{prefix}path__lt": high}) for low, high in spans))


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
    # Kinds by which anybody at all answers for single households, single people.
    of_homes: frozenset[int] = frozenset()
    of_people: frozenset[int] = frozenset()

    @classmethod
    def of(cls, staff: Staff, on: dt.date | None = None) -> MeasuringDuties:
        """The person's measuring duties on a date (default today); none for one who has left."""
        on = on or timezone.localdate()
        if not staff.is_active:
            return cls(staff, on)
        paths: dict[int, set[str]] = defaultdict(set)
        kinds, of_homes, of_people = set(), set(), set()
        for kind_id, path in _MINE.rows(staff=staff.pk, on=on):
            if path == _HOMES:
                of_homes.add(kind_id)
            elif path == _PEOPLE:
                of_people.add(kind_id)
            else:
                kinds.add(kind_id)
                if path:
                    paths[kind_id].add(path)
        held = {kind_id: frozenset(found) for kind_id, found in paths.items()}
        return cls(
            staff, on, frozenset(kinds), held, _taken(held, on), frozenset(of_homes), frozenset(of_people)
        )

    @cached_property
    def key(self) -> Hashable:
        """All there is to say about them, to remember a query by."""
        by_kind = (tuple(sorted(found.items(), key=itemgetter(0))) for found in (self.paths, self.taken))
        return self.staff.pk, self.on, self.kinds, *by_kind, self.of_homes, self.of_people

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
        """The nearest target wins; what nobody holds in this kind is not asked for."""
        mine, where = acting_q(self.staff, self.on), self._area_q(kind_id, prefix)
        if kind_id in self.of_homes:
            of_home = HouseholdDuty.objects.open(self.on).filter(
                kind=kind_id, household=OuterRef(f"{prefix}household")
            )
            where = Q(Exists(of_home.filter(mine))) | ~Exists(of_home) & where
        if kind_id in self.of_people:
            of_person = PersonDuty.objects.open(self.on).filter(
                kind=kind_id, person=OuterRef(f"{prefix}person")
            )
            where = Q(Exists(of_person.filter(mine))) | ~Exists(of_person) & where
        return where

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


_HOMES, _PEOPLE = "homes", "people"  # no path of an area: those are capitals and digits


def _mine(staff: int, on: dt.date) -> Any:
    """Kinds and paths of the person's measuring duties, and the kinds of which anybody answers for single targets."""
    mine = acting_q(Staff(pk=staff), on) & Q(kind__is_measuring=True)
    rows: Any = AreaDuty.objects.open(on).filter(mine).order_by().values_list("kind_id", F("area__path"))
    singles: list[Any] = []
    for model, word in ((HouseholdDuty, _HOMES), (PersonDuty, _PEOPLE)):
        duties: Any = model.objects.open(on).order_by()
        singles.append(duties.filter(mine).values_list("kind_id", Value("")))
        held = Exists(duties.filter(kind=OuterRef("pk")))
        singles.append(
            DutyKind.objects.filter(held, is_measuring=True).order_by().values_list("pk", Value(word))
        )
    return rows.union(*singles)


_MINE = Prepared(_mine, {"staff": (-1, -2), "on": (dt.date(1900, 1, 1), dt.date(1900, 1, 2))})


_TAKEN = Remembered()


def _below(held: dict[int, frozenset[str]], on: dt.date) -> Any:
    below = _in_ranges(_outermost({path for paths in held.values() for path in paths}), "area__")
    rows: Any = AreaDuty.objects.open(on).filter(below, kind__in=held)
    return rows.order_by().values_list("kind_id", "area__path")


def _taken(held: dict[int, frozenset[str]], on: dt.date) -> dict[int, frozenset[str]]:
    """By kind: areas strictly below his that somebody else, and not he himself, answers for."""
    if not held:
        return {}
    key = (on, tuple(sorted(held.items(), key=itemgetter(0))))
    taken: dict[int, set[str]] = defaultdict(set)
    for kind_id, path in _TAKEN.rows(key, lambda: _below(held, on)):
        if path not in held[kind_id]:
            taken[kind_id].add(path)
    return {kind_id: frozenset(paths) for kind_id, paths in taken.items()}
