"""What is due on a day and was not done: plans, and kinds that every village does so often without a plan."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Substr

from grassroots.grid.models import Area, Level
from grassroots.ledgers.asof import AsOf
from measures.figures import happened
from measures.models import Kind, Plan, Record
from measures.rules.due import Due, due_from, late_days, stands

REACH = dt.timedelta(
    days=62
)  # twice the longest rhythm: who was last there before that has not been for long


@dataclass(frozen=True)
class DueItem:
    """One thing to be done in an area: of a kind, at the place of a plan or anywhere in the village."""

    kind: Kind
    area: Area
    every: int
    last_on: dt.date | None
    on: dt.date
    plan: Plan | None = None

    @property
    def state(self) -> Due:
        return stands(self.last_on, self.every, self.on)

    @property
    def is_undone(self) -> bool:
        return self.state == Due.UNDONE

    @property
    def due_on(self) -> dt.date | None:
        return due_from(self.last_on, self.every, self.plan.started_on if self.plan else None)

    @property
    def late(self) -> int | None:
        """Days late; None when it was never done."""
        return late_days(self.last_on, self.every, self.on)


def planned_items(areas: QuerySet[Area], asof: AsOf) -> list[DueItem]:
    """Plans that held on the day (one query)."""
    done = Record.objects.standing(asof.known_at).filter(happened(asof, cumulative=True), plan=OuterRef("pk"))
    last = done.order_by("-on").values("on")[:1]
    plans = Plan.objects.open(asof.on).filter(area__in=areas.values("pk"), recorded_at__lte=asof.known_at)
    rows: Any = plans.select_related("kind", "area", "officer").annotate(last=Subquery(last))
    return [
        DueItem(row.kind, row.area, row.every, row.last, asof.on, row)
        for row in rows.order_by("area__path", "pk")
    ]


def _customary(areas: QuerySet[Area], asof: AsOf, planned: list[DueItem]) -> list[DueItem]:
    """Kinds that every village does so often, where no plan says at which places (three queries)."""
    kinds = list(Kind.objects.open().exclude(due_every=None))
    villages = list(areas.open(asof.on).filter(level=Level.VILLAGE).order_by("path")) if kinds else []  # type: ignore[attr-defined]
    if not villages:
        return []
    length = len(villages[0].path)
    rows = Record.objects.standing(asof.known_at).filter(
        happened(asof, cumulative=True), kind__in=kinds, on__gt=asof.on - REACH, area__in=areas.values("pk")
    )
    grouped = (
        rows.order_by().annotate(village=Substr("area__path", 1, length)).values_list("kind_id", "village")
    )
    last = {(kind, path): on for kind, path, on in grouped.annotate(last=Max("on"))}
    has_plan = {(item.kind.pk, item.area.path[:length]) for item in planned}
    return [
        DueItem(kind, village, kind.due_every, last.get((kind.pk, village.path)), asof.on)
        for village in villages
        for kind in kinds
        if kind.due_every and (kind.pk, village.path) not in has_plan
    ]


def due_items(areas: QuerySet[Area], asof: AsOf) -> list[DueItem]:
    """Everything with a rhythm in these areas and how it stands on the day (four queries)."""
    planned = planned_items(areas, asof)
    return planned + _customary(areas, asof, planned)


def undone_by_area(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    """How much was due on the day and not done, by area."""
    return Counter(item.area.pk for item in due_items(areas, asof) if item.is_undone)
