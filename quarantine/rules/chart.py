"""Where every mark of a temperature chart lies: pure geometry, no database.

A day is as many columns as the policy has slots. What nobody measured breaks the line: a gap is never joined over.
Shapes tell what a reading was, so that the chart can be read without colour and in print.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from quarantine.rules.policy import FeverOperator, PolicyTerms
from quarantine.rules.readings import is_fever, is_low, present_symptoms

# All in the units of the drawing (its viewBox); 1 unit is a CSS pixel when it is 720 wide, as on A4.
WIDTH = 720.0
LEFT, RIGHT, TOP = 46.0, 62.0, 14.0
PLOT = 176.0
STATE_ROW, DAY_ROW = 21.0, 15.0
MOST_COLUMNS, WIDEST_COLUMN = 44, 34.0
ASIDE = 0.3
"""How far beside the first measurement a second one is drawn, as a part of the column."""

HALF, WHOLE, MARGIN = Decimal("0.5"), Decimal(1), Decimal("0.2")
FINE_RANGE = Decimal("4.5")
"""A taller range has a line for every whole degree only."""


@dataclass(frozen=True)
class Point:
    """One reading: what the thermometer showed, and the sentence that tells it."""

    temperature: Decimal
    words: str
    symptoms: Sequence[str] = ()


@dataclass(frozen=True)
class Column:
    """One slot of one day. `state` is why there is no reading ('' for none): its letter on the chart and in words."""

    label: str
    first: Point | None = None
    seconds: Sequence[Point] = ()
    corrected: Sequence[Point] = ()
    state: str = ""
    state_words: str = ""


@dataclass(frozen=True)
class ChartDay:
    """One day: 第几天, its date, its slots."""

    number: int
    on: dt.date
    columns: Sequence[Column]


@dataclass(frozen=True)
class Axis:
    """The temperatures from the lower to the upper edge, ℃, and how far its lines lie apart."""

    low: Decimal
    high: Decimal
    step: Decimal

    def y(self, temperature: Decimal) -> float:
        """How far below the drawing's upper edge a temperature lies."""
        part = (self.high - self.held(temperature)) / (self.high - self.low)
        return round(TOP + float(part) * PLOT, 2)

    def held(self, temperature: Decimal) -> Decimal:
        """The temperature, or the edge beyond which it lies (a slip that was corrected)."""
        return min(max(temperature, self.low), self.high)

    def ticks(self) -> list[Decimal]:
        """Temperatures that have a line and a number."""
        count = int((self.high - self.low) / self.step)
        return [self.low + self.step * number for number in range(count + 1)]


@dataclass(frozen=True)
class Mark:
    """One reading as it is drawn. `kind`: normal, fever, symptoms, low, second, corrected."""

    x: float
    y: float
    kind: str
    words: str
    label: str = ""
    below: bool = False
    """Whether the label stands below the shape, where nothing else does."""

    @property
    def path(self) -> str:
        """The outline of its shape."""
        return _outline(self.kind, self.x, self.y)


@dataclass(frozen=True)
class Join:
    """A second measurement tied to the first."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Letter:
    """A slot without a reading, in the row below the plot."""

    x: float
    letter: str
    words: str


@dataclass(frozen=True)
class DayLabel:
    """Where a day begins, its middle, and what is written below it."""

    left: float
    middle: float
    number: str
    date: str


@dataclass
class Chart:
    """One drawing: up to `MOST_COLUMNS` columns of one observation."""

    axis: Axis
    fever: Decimal
    fever_words: str
    low_limit: Decimal
    low_words: str
    days: list[DayLabel] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """Points of the stretches that were measured without a gap."""
    marks: list[Mark] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    right: float = LEFT
    """Where the last column ends."""
    title: str = ""
    words: str = ""
    """The same in a paragraph for those who cannot see it."""

    width = WIDTH
    height = TOP + PLOT + STATE_ROW + 2 * DAY_ROW + 4
    left = LEFT
    top = TOP
    bottom = TOP + PLOT
    state_y = TOP + PLOT + STATE_ROW - 6
    number_y = TOP + PLOT + STATE_ROW + DAY_ROW - 3
    date_y = TOP + PLOT + STATE_ROW + 2 * DAY_ROW - 3

    @property
    def fever_y(self) -> float:
        """Where the fever line lies."""
        return self.axis.y(self.fever)

    @property
    def low_y(self) -> float:
        """Where the line of the low limit lies."""
        return self.axis.y(self.low_limit)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Lines across the plot with their numbers."""
        return [(self.axis.y(value), f"{value:.1f}") for value in self.axis.ticks()]


def axis_of(temperatures: Iterable[Decimal], terms: Sequence[PolicyTerms]) -> Axis:
    """An axis that holds these readings and both lines of every policy, with a line for every half degree.

    A range of more than `FINE_RANGE` has whole degrees only, at its edges as well.
    """
    limits = [one for each in terms for one in (each.fever_threshold, each.low_limit)]
    every = [*temperatures, *limits]
    least, most = min(every) - MARGIN, max(every) + MARGIN
    fine = Axis(_floor(least, HALF), -_floor(-most, HALF), HALF)
    if fine.high - fine.low <= FINE_RANGE:
        return fine
    return Axis(_floor(least, WHOLE), -_floor(-most, WHOLE), WHOLE)


def charts_draw(*, days: Sequence[ChartDay], terms: PolicyTerms, axis: Axis, title: str) -> list[Chart]:
    """One observation as one drawing, or several of about the same length when it is long."""
    if not days:
        return []
    width = max(len(day.columns) for day in days)
    most = max(1, MOST_COLUMNS // max(1, width))
    parts = math.ceil(len(days) / most)
    length = math.ceil(len(days) / parts)
    pieces = [days[start : start + length] for start in range(0, len(days), length)]
    step = min(WIDEST_COLUMN, (WIDTH - LEFT - RIGHT) / (length * max(1, width)))
    charts = []
    for number, piece in enumerate(pieces, 1):
        of = f"（{number}/{len(pieces)}）" if len(pieces) > 1 else ""
        charts.append(_draw(piece, terms, axis, step, f"{title}{of}"))
    return charts


def _draw(days: Sequence[ChartDay], terms: PolicyTerms, axis: Axis, step: float, title: str) -> Chart:
    sign = "≥" if terms.fever_operator == FeverOperator.GTE else "＞"
    chart = Chart(
        axis,
        terms.fever_threshold,
        f"{sign}{terms.fever_threshold} 发热",
        terms.low_limit,
        f"＜{terms.low_limit} 复测",
        title=title,
        words=_told(days, terms),
    )
    x, stretch = LEFT, list[tuple[float, float]]()
    for day in days:
        width = step * max(1, len(day.columns))
        number = str(day.number) if day.number > 0 else "—"
        chart.days.append(DayLabel(_r(x), _r(x + width / 2), number, f"{day.on.month}-{day.on.day}"))
        for place, column in enumerate(day.columns):
            middle = _r(x + step * (place + 0.5))
            if column.first is None:
                _end(chart, stretch)
            else:
                stretch.append((middle, axis.y(column.first.temperature)))
            _column(chart, column, terms, middle, step)
        x += width
    _end(chart, stretch)
    chart.right = _r(x)
    return chart


def _end(chart: Chart, stretch: list[tuple[float, float]]) -> None:
    """A stretch ends at a gap; a single reading is a mark without a line."""
    if len(stretch) > 1:
        chart.lines.append(" ".join(f"{x},{y}" for x, y in stretch))
    stretch.clear()


def _column(chart: Chart, column: Column, terms: PolicyTerms, x: float, step: float) -> None:
    aside = _r(x + max(5.0, step * ASIDE))
    for point in column.corrected:
        is_beyond = chart.axis.held(point.temperature) != point.temperature
        label = f"{point.temperature:.1f}" if is_beyond else ""
        chart.marks.append(
            Mark(x, chart.axis.y(point.temperature), "corrected", point.words, label, below=True)
        )
    if column.first is not None:
        first = _mark(chart, column.first, terms, x)
        for point in column.seconds:
            y = chart.axis.y(point.temperature)
            chart.joins.append(Join(first.x, first.y, aside, y))
            label = f"{point.temperature:.1f}"
            chart.marks.append(Mark(aside, y, "second", point.words, label, below=y > first.y))
    elif column.state:
        chart.letters.append(Letter(x, column.state, column.state_words))


def _mark(chart: Chart, point: Point, terms: PolicyTerms, x: float) -> Mark:
    kind = reading_kind(point, terms)
    label = f"{point.temperature:.1f}" if kind in ("fever", "low") else "症" if kind == "symptoms" else ""
    mark = Mark(x, chart.axis.y(point.temperature), kind, point.words, label, below=kind == "low")
    chart.marks.append(mark)
    return mark


def reading_kind(point: Point, terms: PolicyTerms) -> str:
    """What a first measurement was, the gravest first."""
    if is_fever(point.temperature, terms):
        return "fever"
    if present_symptoms(point.symptoms):
        return "symptoms"
    return "low" if is_low(point.temperature, terms) else "normal"


def _told(days: Sequence[ChartDay], terms: PolicyTerms) -> str:
    columns = [column for day in days for column in day.columns]
    firsts = [column.first for column in columns if column.first is not None]
    again = sum(len(column.seconds) for column in columns)
    gaps: dict[str, int] = {}
    for column in columns:
        if column.first is None and column.state_words:
            gaps[column.state_words] = gaps.get(column.state_words, 0) + 1
    span = f"{days[0].on.month}月{days[0].on.day}日至{days[-1].on.month}月{days[-1].on.day}日"
    if not firsts:
        told = f"{span}，没有读数"
    else:
        highest = max(point.temperature for point in firsts)
        lowest = min(point.temperature for point in firsts)
        fevers = sum(is_fever(point.temperature, terms) for point in firsts)
        told = f"{span}，测得{len(firsts)}次，最高{highest}℃，最低{lowest}℃，发热{fevers}次，复测{again}次"
    missing = "、".join(f"{words}{count}次" for words, count in gaps.items())
    return f"{told}；{missing}。" if missing else f"{told}。"


def _floor(value: Decimal, step: Decimal) -> Decimal:
    """The line at or below."""
    return Decimal(math.floor(value / step)) * step


def _r(value: float) -> float:
    return round(value, 2)


def _outline(kind: str, x: float, y: float) -> str:
    size = 4.6
    if kind == "fever":
        return f"M{x} {_r(y - size)}L{_r(x + size)} {_r(y + size - 1)}H{_r(x - size)}Z"
    if kind == "low":
        return f"M{x} {_r(y + size)}L{_r(x + size)} {_r(y - size + 1)}H{_r(x - size)}Z"
    if kind == "symptoms":
        return f"M{_r(x - 3.8)} {_r(y - 3.8)}h7.6v7.6h-7.6Z"
    if kind == "second":
        return f"M{x} {_r(y - size)}L{_r(x + size)} {y}L{x} {_r(y + size)}L{_r(x - size)} {y}Z"
    if kind == "corrected":
        return f"M{_r(x - 3)} {_r(y - 3)}l6 6M{_r(x - 3)} {_r(y + 3)}l6 -6"
    return f"M{_r(x - 3.2)} {y}a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0Z"
