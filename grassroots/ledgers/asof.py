"""What a figure refers to: a period in which things happened, and the time up to which they were known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils import timezone

if TYPE_CHECKING:
    from grassroots.grid.models import Area

INSTANT = dt.timedelta(microseconds=1)
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class AsOf:
    """A period (start, end], known at `known_at`; all aware datetimes.

    Flows count what happened in (start, end]; cumulative figures and stock, what holds at `end`. Rows recorded
    after `known_at` do not count: that is how yesterday's table can be computed again as it was. `cutoff` is the
    time of day at which the period ends (统计截止时间), None for whole days (docs/decisions/0032).
    """

    start: dt.datetime
    end: dt.datetime
    known_at: dt.datetime
    cutoff: dt.time | None = None

    @classmethod
    def day(cls, on: dt.date, known_at: dt.datetime | None = None, cutoff: dt.time | None = None) -> AsOf:
        """The day `on` in the office's time zone, as known now unless told otherwise.

        Without `cutoff` the calendar day: what happens at midnight sharp belongs to the day that begins, so `start`
        is the last instant of the day before. With one, from yesterday's cut-off up to today's, which is included.
        """
        zone = timezone.get_default_timezone()
        known_at = known_at or timezone.now()
        if cutoff is not None:
            end = dt.datetime.combine(on, cutoff, tzinfo=zone)
            return cls(dt.datetime.combine(on - ONE_DAY, cutoff, tzinfo=zone), end, known_at, cutoff)
        midnight = dt.datetime.combine(on, dt.time(), tzinfo=zone)
        following = dt.datetime.combine(on + ONE_DAY, dt.time(), tzinfo=zone)
        return cls(midnight - INSTANT, following - INSTANT, known_at)

    @property
    def on(self) -> dt.date:
        """The date on which the period ends."""
        return timezone.localdate(self.end)

    @property
    def is_over(self) -> bool:
        """Whether the period had ended when it was known."""
        return self.end <= self.known_at

    def before(self) -> AsOf:
        """The period before, known at the same time (so that stock and flows reconcile exactly)."""
        return AsOf.day(self.on - ONE_DAY, self.known_at, self.cutoff)

    def dated(self, date_field: str, recorded_field: str) -> Q:
        """A condition: a row that has a date and no time counts at the end of the period, as far as was known.

        Of what is dated on the last day itself a cut-off takes what was recorded by then; the rest is of the next.
        """
        known = Q(**{f"{recorded_field}__lte": self.known_at})
        if self.cutoff is None:
            return known & Q(**{f"{date_field}__lte": self.on})
        by_then = Q(**{date_field: self.on, f"{recorded_field}__lte": self.end})
        return known & (Q(**{f"{date_field}__lt": self.on}) | by_then)


def day_began(on: dt.date) -> dt.datetime:
    """When something happened that has a date and no time."""
    return AsOf.day(on).start + INSTANT


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
    by: str = ""
    """The officers who recorded it."""
    rows: int = 0
    """How many rows it stands for, where it changes the figure by another number."""

    @property
    def number(self) -> int:
        """How many rows it stands for."""
        return self.rows or abs(self.change)

    @property
    def happened_words(self) -> str:
        """1月29日 09:30; what has a date and no time: 1月29日."""
        local = timezone.localtime(self.happened_at)
        is_dated = local.time() == dt.time()
        return f"{local.month}月{local.day}日" + ("" if is_dated else f" {local:%H:%M}")


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
    is_spare: bool = False
    """Without one: whether an office's own layout may take it in, and the further table below the 统计表 shows it."""


_indicators: dict[str, Indicator] = {}


def register_indicator(indicator: Indicator) -> None:
    """Add a figure; apps call this in their indicators.py."""
    if (indicator.count is None) == (indicator.moves is None):
        raise ValueError(f"{indicator.key}: give either count or moves")
    _indicators[indicator.key] = indicator


IndicatorSource = Callable[[], "Mapping[str, Indicator]"]
_sources: list[IndicatorSource] = []


def register_indicator_source(source: IndicatorSource) -> None:
    """Add figures that the office itself defines, by key. Asked often: a source answers from memory, and it never
    takes back a key while the process lives (a column that is gone has `in_table` off)."""
    _sources.append(source)


def indicators() -> list[Indicator]:
    """All figures in their order."""
    found = dict(_indicators)
    for source in _sources:
        found = {**source(), **found}
    return sorted(found.values(), key=lambda indicator: (indicator.order, indicator.key))


def indicator(key: str) -> Indicator:
    """The figure of that key; raises KeyError."""
    if key not in _indicators:
        for source in _sources:
            if (found := source().get(key)) is not None:
                return found
    return _indicators[key]


@dataclass(frozen=True)
class Ratio:
    """A column that is made of others: part ÷ (whole − less), e.g. 完成率 = 已签承诺书 ÷ (总户数 − 空置户)."""

    key: str
    caption: str
    part: str
    whole: str
    less: str = ""
    group: str = ""
    order: int = 100

    def of(self, figures: Mapping[str, int]) -> float | None:
        """The ratio of an area's figures; None where there is nothing to divide by."""
        whole = figures.get(self.whole, 0) - figures.get(self.less, 0)
        return figures.get(self.part, 0) / whole if whole > 0 else None

    @property
    def formula(self) -> str:
        """How the engine's 合计 row makes it of its sums."""
        return f"ratio:{self.part}/{self.whole}" + (f"-{self.less}" if self.less else "")


_ratios: dict[str, Ratio] = {}


def register_ratio(ratio: Ratio) -> None:
    """Add a column made of others; apps call this in their indicators.py."""
    _ratios[ratio.key] = ratio


def spare_columns() -> list[Indicator]:
    """The columns beyond the 统计表's form, in their order (docs/decisions/0091)."""
    return [item for item in indicators() if item.is_spare and not item.in_table]


def table_columns() -> list[Indicator | Ratio]:
    """The columns of the 统计表 in their order, as they are registered."""
    shown: list[Indicator | Ratio] = [item for item in indicators() if item.in_table]
    return sorted([*shown, *_ratios.values()], key=lambda column: (column.order, column.key))
