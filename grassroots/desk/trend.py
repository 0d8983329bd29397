"""Fourteen days of a leader's areas, out of the figures that the tick kept; a day without any stays a gap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grassroots.grid.models import Area
from grassroots.ledgers.models import AreaRollup

DAYS = 14
STEP, BAR, HEIGHT, TOP = 22, 16, 64, 18  # of a chart, in its own pixels
# Figure, caption, unit, and the look of its bars.
SERIES = (
    ("under_observation", "在管", "人", "watch"),
    ("opened", "新增观察", "人", "info"),
    ("released", "解除观察", "人", "ok"),
    ("readings_abnormal", "体温异常", "人次", "danger"),
)


@dataclass(frozen=True)
class Bar:
    """A day of a chart; `value` None: nothing was kept."""

    on: dt.date
    value: int | None
    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    """One figure over the days."""

    caption: str
    unit: str
    tone: str
    bars: list[Bar]

    width = STEP * DAYS
    height = TOP + HEIGHT + 20
    base = TOP + HEIGHT

    @property
    def last(self) -> Bar:
        return self.bars[-1]

    @property
    def top(self) -> Bar | None:
        """The highest day, where it is another than the last."""
        known = [bar for bar in self.bars if bar.value]
        best = max(known, key=lambda bar: bar.value or 0, default=None)
        return best if best is not None and best is not self.last else None

    @property
    def words(self) -> str:
        """All of it in words, for whoever does not see the picture."""
        days = "，".join(
            f"{bar.on.month}月{bar.on.day}日{'没有留存' if bar.value is None else bar.value}"
            for bar in self.bars
        )
        return f"{self.caption}（{self.unit}）：{days}"


@dataclass
class Trend:
    """The charts, and the days on which nothing was kept."""

    charts: list[Chart] = field(default_factory=list)
    missing: list[dt.date] = field(default_factory=list)
    days: list[tuple[dt.date, list[int | None]]] = field(default_factory=list)
    """The same as a table, the latest day first."""

    @property
    def captions(self) -> list[str]:
        return [chart.caption for chart in self.charts]

    @property
    def is_empty(self) -> bool:
        return len(self.missing) == DAYS


def trend_of(tops: Sequence[Area], today: dt.date) -> Trend:
    """Today and the thirteen days before it, summed over the areas (one query)."""
    days = [today - dt.timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    kept: dict[dt.date, list[Mapping[str, int]]] = {day: [] for day in days}
    rows = AreaRollup.objects.filter(area__in=[top.pk for top in tops], on__gte=days[0], on__lte=today)
    for on, total in rows.values_list("on", "total"):
        kept[on].append(total)
    found: dict[dt.date, dict[str, int] | None] = {}
    for day in days:
        parts = kept[day] if len(kept[day]) == len(tops) else []
        found[day] = {key: sum(part.get(key, 0) for part in parts) for key, *_ in SERIES} if parts else None
    charts = []
    for key, caption, unit, tone in SERIES:
        values = [None if (one := found[day]) is None else one[key] for day in days]
        charts.append(Chart(caption, unit, tone, _bars(days, values)))
    table = [(day, [None if (one := found[day]) is None else one[key] for key, *_ in SERIES]) for day in days]
    return Trend(charts, [day for day in days if found[day] is None], table[::-1])


def _bars(days: Sequence[dt.date], values: Sequence[int | None]) -> list[Bar]:
    most = max((value for value in values if value), default=1)
    bars = []
    for place, (day, value) in enumerate(zip(days, values, strict=True)):
        height = max(round(HEIGHT * (value or 0) / most, 1), 2 if value else 0)
        bars.append(Bar(day, value, place * STEP + (STEP - BAR) / 2, round(TOP + HEIGHT - height, 1), height))
    return bars
