"""What a figure refers to: a period in which things happened, and the time up to which they were known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone

if TYPE_CHECKING:
    from grassroots.grid.models import Area

INSTANT = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class AsOf:
    """A period (start, end], known at `known_at`; all aware datetimes.

    Flows count what happened in (start, end]; cumulative figures and stock, what holds at `end`. Rows recorded
    after `known_at` do not count: that is how yesterday's table can be computed again as it was.
    """

    start: dt.datetime
    end: dt.datetime
    known_at: dt.datetime

    @classmethod
    def day(cls, on: dt.date, known_at: dt.datetime | None = None) -> AsOf:
        """The calendar day `on` in the office's time zone, as known now unless told otherwise.

        What happens at midnight sharp belongs to the day that begins: `start` is the last instant of the day before.
        """
        zone = timezone.get_default_timezone()
        midnight = dt.datetime.combine(on, dt.time(), tzinfo=zone)
        following = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(), tzinfo=zone)
        return cls(midnight - INSTANT, following - INSTANT, known_at or timezone.now())

    @property
    def on(self) -> dt.date:
        """The date on which the period ends."""
        return timezone.localdate(self.end)

    def before(self) -> AsOf:
        """The day before, known at the same time (so that stock and flows reconcile exactly)."""
        return AsOf.day(self.on - dt.timedelta(days=1), self.known_at)


Count = Callable[["QuerySet[Area]", AsOf], Mapping[int, int]]
"""Given the areas asked for and a point in time: the figure of each area id that has rows of its own."""

Moves = Callable[["QuerySet[Area]", AsOf], Mapping[tuple[int, int], int]]
"""The same for what goes from one area to another: counts by (from area id, to area id), 0 for outside the register."""

OUTSIDE = 0


@dataclass(frozen=True)
class Late:
    """A row that changes a figure of an earlier day: it happened then and was recorded later (更正)."""

    area_id: int
    change: int
    happened_at: dt.datetime
    recorded_at: dt.datetime
    what: str
    source: Any = None
    """The row itself, where the app that lists it needs it again."""


LateEntries = Callable[["QuerySet[Area]", AsOf, dt.datetime], "list[Late]"]
"""Given areas, a day as known now, and since when: the rows recorded since then that change the day's figure."""


@dataclass(frozen=True)
class Indicator:
    """A figure of the 统计表: its key in the JSON contract, its caption, and how it is counted.

    Either `count`, or `moves` with the side of a border that is counted ("in" or "out"): a move counts for an area
    only where it crosses the area's border.
    """

    key: str
    caption: str
    count: Count | None = None
    moves: Moves | None = None
    side: str = ""
    late: LateEntries | None = None
    group: str = ""
    order: int = 100
    in_table: bool = True
    """Whether it has a column of its own in the 统计表 (some only serve others or the JSON)."""


_indicators: dict[str, Indicator] = {}


def register_indicator(indicator: Indicator) -> None:
    """Add a figure; apps call this in their indicators.py."""
    if (indicator.count is None) == (indicator.moves is None):
        raise ValueError(f"{indicator.key}: give either count or moves")
    _indicators[indicator.key] = indicator


def indicators() -> list[Indicator]:
    """All figures in their order."""
    return sorted(_indicators.values(), key=lambda indicator: (indicator.order, indicator.key))


def indicator(key: str) -> Indicator:
    """The figure of that key; raises KeyError."""
    return _indicators[key]
