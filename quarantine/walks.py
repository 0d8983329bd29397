"""A round in somebody's own order (reads only; services/walks.py changes it). Without one it goes door by door."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quarantine.models.walks import WalkOrder
from quarantine.rules.walks import arranged

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grassroots.grid.models import Staff
    from quarantine.models import Visit

MOST_WALKED = 600
"""More people than anybody walks to: such a list stays in the order of the doors."""


@dataclass(frozen=True)
class Stop:
    """One visit of a round, with whom and where."""

    visit: int
    observation: int
    area: int


@dataclass(frozen=True)
class Orders:
    """What somebody has arranged: areas, and within an area people."""

    areas: Sequence[int] = ()
    stops: dict[int, Sequence[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, staff: Staff) -> Orders:
        """One query."""
        found = WalkOrder.objects.filter(staff=staff).order_by().values_list("area_id", "stops")
        rows: dict[int | None, Sequence[int]] = dict(found)
        areas = rows.pop(None, ())
        return cls(areas, {area: stops for area, stops in rows.items() if area is not None})

    @property
    def is_empty(self) -> bool:
        return not (self.areas or self.stops)

    def arrange(self, stops: Iterable[Stop]) -> list[Stop]:
        """The stops, given door by door, as they are walked: area by area, nobody left out, nobody twice."""
        there: dict[int, dict[int, list[Stop]]] = defaultdict(lambda: defaultdict(list))
        for stop in stops:
            there[stop.area][stop.observation].append(stop)
        return [
            stop
            for area in arranged(list(there), self.areas)
            for observation in arranged(list(there[area]), self.stops.get(area, ()))
            for stop in there[area][observation]
        ]


def stops_of(visits: QuerySet[Visit]) -> list[Stop] | None:
    """The stops of these visits door by door (one query of three numbers each); None when there are too many."""
    ordered: Any = visits
    rows = ordered.in_walking_order().values_list("pk", "observation_id", "observation__area_id")
    found = [Stop(*row) for row in rows[: MOST_WALKED + 1]]
    return None if len(found) > MOST_WALKED else found


def own_walk(visits: QuerySet[Visit], staff: Staff) -> list[int] | None:
    """Visits by id in somebody's own order; None where he has none, or the list is too long to be walked by one."""
    orders = Orders.of(staff)
    stops = None if orders.is_empty else stops_of(visits)
    return None if stops is None else [stop.visit for stop in orders.arrange(stops)]
