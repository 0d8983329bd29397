"""Who may see what (docs/scope.md).

A person's scope = the subtrees of open postings ∪ the targets of open duties; a deputy counts while standing in.
It is worked out once a request by one query and used as half-open ranges of paths, and as keys of the few households
and people that he answers for alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import BigIntegerField, Q, Value
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.models.areas import Area, path_range
from grassroots.grid.models.duties import AreaDuty
from grassroots.grid.models.staff import Posting, Staff
from grassroots.grid.prepared import Prepared

NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Scope:
    """Ranges of paths that a person may see, and what he answers for alone: keys by 'household' and 'person'."""

    staff_id: int
    on: dt.date
    paths: tuple[str, ...]  # roots of the subtrees, none inside another
    own: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def key(self) -> Hashable:
        """All there is to say about it, to remember a query by."""
        return self.staff_id, self.on, self.paths, tuple(sorted(self.own.items()))

    def area_q(self, prefix: str = "") -> Q:
        """A condition on areas; `prefix` such as 'area__' puts it on a model that points to one."""
        if not self.paths:
            return Q(**{f"{prefix}pk__in": []})
        ranges = []
        for path in self.paths:
            low, high = path_range(path)
            ranges.append(Q(**{f"{prefix}path__gte": low, f"{prefix}path__lt": high}))
        return reduce(or_, ranges)

    def in_areas(self, field: str = "area") -> Q:
        """A condition on a model whose `field` is a foreign key to Area, as a subquery of area ids."""
        return Q(**{f"{field}__in": Area.objects.filter(self.area_q()).order_by().values("pk")})

    def reaches(self, area: str = "area", **own: str) -> Q:
        """A condition: inside the areas, or a target of a duty on just that one, e.g. `reaches(household="pk")`.

        Who holds no such duty, as most do, gets a plain condition on areas, which the database can plan for.
        """
        where = self.in_areas(area)
        for key, column in own.items():
            if keys := self.own.get(key):
                where |= Q(**{f"{column}__in": keys})
        return where

    def holds(self, area: Area) -> bool:
        """Whether the area lies inside the scope."""
        return any(area.path.startswith(path) for path in self.paths)

    @cached_property
    def is_whole(self) -> bool:
        """Whether the scope holds the whole of the office that this installation serves (one query, kept)."""
        from grassroots.grid.models.office import Office

        path = Office.objects.filter(pk=1).values_list("area__path", flat=True).first()
        return path is not None and any(path.startswith(root) for root in self.paths)

    def roots(self) -> list[Area]:
        """The areas at the top of the scope, in tree order (one query)."""
        return list(Area.objects.filter(path__in=self.paths).order_by("path"))


def _outermost(paths: set[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for path in sorted(paths):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return tuple(kept)


def _targets(staff: int, on: dt.date) -> Any:
    """What the person's open postings and duties point to: rows of kind ('' is an area), path, key (one query)."""
    nothing = Value(0, output_field=BigIntegerField())
    one = Staff(pk=staff)
    rows: Any = Posting.objects.filter(staff=one).open(on).values_list(Value(""), "area__path", nothing)
    duties: list[Any] = [AreaDuty.objects.held_by(one, on).values_list(Value(""), "area__path", nothing)]
    for key, source in registry.duty_models.items():
        held = source.model.objects.held_by(one, on)  # type: ignore[attr-defined]
        duties.append(held.values_list(Value(key), Value(""), source.target_field))
    return rows.union(*duties)


_TARGETS = Prepared(_targets, {"staff": (-1, -2), "on": (dt.date(1900, 1, 1), dt.date(1900, 1, 2))})


def scope_of(staff: Staff, on: dt.date | None = None) -> Scope:
    """Return the person's scope on a date (default today), kept on the instance for the request."""
    on = on or timezone.localdate()
    cached: Scope | None = getattr(staff, "_scope", None)
    if cached is not None and cached.on == on:
        return cached
    if not staff.is_active or staff.pk is None:
        return Scope(staff.pk or 0, on, ())
    paths: set[str] = set()
    own: dict[str, list[int]] = {}
    for kind, path, key in _TARGETS.rows(staff=staff.pk, on=on):
        if kind:
            own.setdefault(kind, []).append(key)
        else:
            paths.add(path)
    scope = Scope(staff.pk, on, _outermost(paths), {kind: tuple(sorted(keys)) for kind, keys in own.items()})
    staff._scope = scope  # type: ignore[attr-defined]
    return scope


def is_in_sight(row: models.Model, area: Area, staff: Staff) -> bool:
    """Whether the person sees a row of that area (as `visible_to` of its model says).

    The database is asked only where the path of the area does not tell: for who answers for single ones.
    """
    visible: Any = type(row)._default_manager
    return scope_of(staff).holds(area) or visible.visible_to(staff).filter(pk=row.pk).exists()


def forget_scope(staff: Staff) -> None:
    """Drop the scope kept on the instance, after a change to the person's postings or duties."""
    staff.__dict__.pop("_scope", None)
