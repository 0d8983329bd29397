"""Lists of measures: bounded pages by keyset, narrowed by village and kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from grassroots.grid.models import Area, Staff
from households.doors import places_of
from measures.models import Kind
from quarantine.where import Where, where_of

PAGE_ROWS = 50


@dataclass
class Narrowing:
    """What a list is narrowed to: an area and a kind of those that may be chosen."""

    where: Where
    kinds: list[Kind]
    kind: Kind | None = None

    @property
    def area(self) -> Area | None:
        return self.where.area

    @property
    def query(self) -> dict[str, Any]:
        """The same for a link."""
        return {**self.where.query, "kind": self.kind.code if self.kind else ""}

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of rows with `area` and `kind` that are asked for."""
        if self.kind is not None:
            rows = rows.filter(kind=self.kind)
        return rows.filter(self.where.q())


def narrowing_of(request: HttpRequest, staff: Staff, families: Sequence[str]) -> Narrowing:
    """What the query asks for, as far as it is known (two queries); anything else counts as not asked."""
    where, kinds = where_of(request, staff), list(Kind.objects.of(*families))
    return Narrowing(where, kinds, next((one for one in kinds if one.code == request.GET.get("kind")), None))


@dataclass
class Page:
    """One page of a list, and the mark from which the next one goes on."""

    rows: list[Any] = field(default_factory=list)
    next_mark: str = ""


def page_by_day(rows: QuerySet[Any], mark: str) -> Page:
    """The latest day first, from behind `mark` ('<ISO date>~<id>'; a broken one counts as none)."""
    day, _sep, pk = mark.rpartition("~")
    try:
        on, last = dt.date.fromisoformat(day), int(pk[:18])
    except ValueError:
        on, last = None, 0
    if on is not None:
        rows = rows.filter(Q(on__lt=on) | Q(on=on, pk__lt=last))
    found = list(rows.order_by("-on", "-pk")[: PAGE_ROWS + 1])
    end = found[PAGE_ROWS - 1] if len(found) > PAGE_ROWS else None
    return Page(found[:PAGE_ROWS], f"{end.on.isoformat()}~{end.pk}" if end else "")


def page_by_place(rows: QuerySet[Any], mark: str) -> Page:
    """Venues in the order of the tree, then of the register, from behind `mark` ('<path>~<id>')."""
    path, _sep, pk = mark.rpartition("~")
    if path and pk.isdecimal() and len(pk) <= 18:
        rows = rows.filter(Q(area__path__gt=path) | Q(area__path=path, pk__gt=int(pk)))
    found = list(rows.order_by("area__path", "pk")[: PAGE_ROWS + 1])
    end = found[PAGE_ROWS - 1] if len(found) > PAGE_ROWS else None
    return Page(found[:PAGE_ROWS], f"{end.area.path}~{end.pk}" if end else "")


def dress_places(rows: Sequence[Any]) -> None:
    """Give each row the name of its place (one query)."""
    places = places_of({row.area for row in rows})
    for row in rows:
        row.place_name = places.get(row.area_id, "")
