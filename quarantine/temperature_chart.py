"""From the visits of an observation to its temperature charts (quarantine/rules/chart.py draws them)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from django.utils import timezone

from quarantine.models import Observation, Reading, VisitState
from quarantine.rules.chart import Axis, Chart, ChartDay, Column, Point, axis_of, charts_draw
from quarantine.rules.policy import PolicyTerms
from quarantine.visit_grid import Cell, Day, Line, visit_days

LETTERS = {
    VisitState.MISSED: "漏",
    VisitState.AWAY: "离",
    VisitState.REFUSED: "拒",
    VisitState.PHONE: "电",
}
WAITING = "未"
"""A slot that has closed and that the tick has not marked yet."""


TREND_DAYS = 5
"""As many as a phone shows without scrolling sideways."""


def trend_of(observation: Observation, today: dt.date) -> tuple[list[Day], Chart | None]:
    """The latest days of an observation, up to today, and their chart; no chart before the first day (two queries)."""
    terms = observation.policy.parsed()
    days = [day for day in visit_days(observation, terms, today) if not day.is_future][-TREND_DAYS:]
    if not days:
        return [], None
    charts = charts_of(observation, days, terms, axis_for([days], [terms]))
    return days, charts[0] if charts else None


def axis_for(days: Iterable[Sequence[Day]], terms: Sequence[PolicyTerms]) -> Axis:
    """One axis for all observations of a person, so that their charts can be held beside each other."""
    lines = (line for each in days for day in each for cell in day.cells for line in cell.lines)
    return axis_of((line.reading.temperature for line in lines if not line.is_corrected), terms)


def charts_of(observation: Observation, days: Sequence[Day], terms: PolicyTerms, axis: Axis) -> list[Chart]:
    """The charts of one observation: days that nobody has reached yet are left out."""
    drawn = [day for day in days if not day.is_future] or list(days[:1])
    title = f"{observation.person.name} {observation.day_one_on:%Y-%m-%d} 起居家观察的体温曲线"
    chart_days = [
        ChartDay(day.number, day.on, [_column(day, cell, terms) for cell in day.cells]) for day in drawn
    ]
    return charts_draw(days=chart_days, terms=terms, axis=axis, title=title)


def _column(day: Day, cell: Cell, terms: PolicyTerms) -> Column:
    standing = sorted((line for line in cell.lines if not line.is_corrected), key=_origin(cell))
    corrected = [line for line in cell.lines if line.is_corrected]
    state, words = _state(cell)
    points = [_point(day, cell, line, is_second=place > 0) for place, line in enumerate(standing)]
    return Column(
        label=cell.label,
        first=points[0] if points else None,
        seconds=points[1:],
        corrected=[_point(day, cell, line) for line in corrected],
        state=state,
        state_words=words,
    )


def _origin(cell: Cell) -> Callable[[Line], int]:
    """A correction stands in the place of the measurement that it corrects."""
    readings = {line.reading.pk: line.reading for line in cell.lines}

    def sequence(line: Line) -> int:
        reading: Reading = line.reading
        while reading.corrects_id in readings:
            reading = readings[reading.corrects_id]
        return reading.sequence

    return sequence


def _state(cell: Cell) -> tuple[str, str]:
    visit = cell.visit
    if visit is None or cell.lines or visit.state in {VisitState.CANCELLED, VisitState.DONE}:
        return "", ""
    if visit.state == VisitState.PLANNED:
        return (WAITING, "未测") if visit.closes_at <= timezone.now() else ("", "")
    return LETTERS[VisitState(visit.state)], str(visit.get_state_display())


def _point(day: Day, cell: Cell, line: Line, *, is_second: bool = False) -> Point:
    reading = line.reading
    words = [
        f"{day.on.month}月{day.on.day}日{cell.label} {reading.temperature}℃",
        reading.get_method_display(),
    ]
    if is_second:
        words.append("复测")
    if line.is_corrected:
        words.append("已更正")
    if reading.corrects_id:
        words.append("更正后")
    if line.is_from_paper:
        words.append("补录")
    words += [*reading.symptoms, f"{reading.by.name}测"]
    return Point(Decimal(reading.temperature), "，".join(words), tuple(reading.symptoms))
