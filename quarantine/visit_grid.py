"""The visits of one observation day by day: what was measured, what was missed, what was corrected."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Prefetch

from quarantine.models import Observation, Reading, ReadingSource, Visit, VisitState
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.readings import is_fever


@dataclass(frozen=True)
class Line:
    """One reading of a slot."""

    reading: Reading
    is_corrected: bool
    """A later reading says that this one was wrong: it stays, struck through."""
    is_fever: bool = False
    """By the policy's threshold; a reading may be abnormal for a symptom alone."""

    @property
    def is_second(self) -> bool:
        """复测: a further measurement, not a correction."""
        return self.reading.sequence > 1 and self.reading.corrects_id is None

    @property
    def is_from_paper(self) -> bool:
        return self.reading.is_late or self.reading.source == ReadingSource.PAPER


@dataclass
class Cell:
    """One slot of one day; without a visit nobody was due."""

    code: str
    label: str
    visit: Visit | None = None
    lines: list[Line] = field(default_factory=list)

    @property
    def is_unexplained(self) -> bool:
        return bool(self.visit and self.visit.state == VisitState.MISSED and not self.visit.explanation)

    @property
    def is_unmeasured(self) -> bool:
        """Whether its state has to be said because there is no reading."""
        return bool(self.visit and not self.lines)


@dataclass
class Day:
    """One day: 第几天, its date, a cell for every slot of the policy."""

    number: int
    on: dt.date
    cells: list[Cell]
    is_today: bool = False
    is_future: bool = False


def visit_days(observation: Observation, terms: PolicyTerms, today: dt.date) -> list[Day]:
    """Every day from the first visit or 第1天 to the last, in order (two queries)."""
    return days_of(observation, visits_of([observation])[observation.pk], terms, today)


def visits_of(observations: Sequence[Observation]) -> dict[int, list[Visit]]:
    """The visits of observations with their readings, by observation: two queries, however many there are."""
    rows = Visit.objects.filter(observation__in=observations).select_related("state_by")
    found: dict[int, list[Visit]] = defaultdict(list)
    readings = Reading.objects.select_related("by", "entered_by", "paper_entry")
    for visit in rows.prefetch_related(Prefetch("readings", readings)):
        found[visit.observation_id].append(visit)
    return found


def days_of(observation: Observation, visits: list[Visit], terms: PolicyTerms, today: dt.date) -> list[Day]:
    """The days of an observation from its visits (no query)."""
    by_slot = {(visit.date, visit.slot): visit for visit in visits}
    labels = {slot.code: slot.label for slot in terms.slots}
    for visit in visits:
        labels.setdefault(visit.slot, visit.slot)
    first = min([observation.day_one_on, *(visit.date for visit in visits)])
    last = max(
        [observation.last_on, *(visit.date for visit in visits if visit.state != VisitState.CANCELLED)]
    )
    days = []
    for offset in range((last - first).days + 1):
        on = first + dt.timedelta(days=offset)
        cells = [_cell(code, label, by_slot.get((on, code)), terms) for code, label in labels.items()]
        number = observation.day_number(on)
        days.append(Day(number, on, cells, is_today=on == today, is_future=on > today))
    return days


def _cell(code: str, label: str, visit: Visit | None, terms: PolicyTerms) -> Cell:
    if visit is None:
        return Cell(code, label)
    readings = sorted(visit.readings.all(), key=lambda reading: reading.sequence)
    corrected = {reading.corrects_id for reading in readings}
    lines = [
        Line(reading, reading.pk in corrected, is_fever(reading.temperature, terms)) for reading in readings
    ]
    return Cell(code, label, visit, lines)
