"""居家医学观察人员体温监测登记表 of one person for print: the layout of DOMAIN.md §2, 14 numbered rows and blanks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, duties_for
from grassroots.grid.models import Staff
from households.models import Residency
from quarantine.models import Observation, Reading, VisitState
from quarantine.visit_grid import Cell, Day, visit_days

LEAST_ROWS = 14


@dataclass
class SheetRow:
    """One numbered row: the day, and the last reading of each slot; blanks where nothing is known."""

    number: int
    on: dt.date
    readings: list[Reading | None]
    at_home: str = ""
    note: str = ""


@dataclass
class SheetPage:
    """The sheet: who answers, the slots' names, and the rows."""

    slots: list[str]
    rows: list[SheetRow]
    officers: list[Staff] = field(default_factory=list)
    health_workers: list[Staff] = field(default_factory=list)
    housemates: int | None = None


def sheet_of(observation: Observation, on: dt.date) -> SheetPage:
    """The sheet as of a day; days still to come are blank, and at least 14 rows are numbered."""
    terms = observation.policy.parsed()
    days = visit_days(observation, terms, on)
    rows = [_row(day, on) for day in days]
    while len(rows) < LEAST_ROWS:
        number, later = rows[-1].number + 1, rows[-1].on + dt.timedelta(days=1)
        rows.append(SheetRow(number, later, [None] * len(terms.slots)))
    chain = duties_for(DutyTarget(observation.area_id, observation.household_id, observation.person_id), on)
    homes = Residency.objects.actual().filter(household=observation.household_id)
    return SheetPage(
        slots=[cell.label for cell in days[0].cells],
        rows=rows,
        officers=_officers(chain, is_measuring=False),
        health_workers=_officers(chain, is_measuring=True),
        housemates=homes.count() if observation.household_id else None,
    )


def _officers(chain: Chain, *, is_measuring: bool) -> list[Staff]:
    links = [link for link in chain if link.duties and link.kind.is_measuring == is_measuring]
    return links[-1].officers if links else []


def _row(day: Day, on: dt.date) -> SheetRow:
    states = {cell.visit.state for cell in day.cells if cell.visit}
    at_home = ""
    if VisitState.AWAY in states:
        at_home = "否"
    elif VisitState.DONE in states and day.on <= on:
        at_home = "是"
    note = ";".join(filter(None, (_remark(cell) for cell in day.cells)))
    return SheetRow(day.number, day.on, [_standing(cell) for cell in day.cells], at_home, note)


def _standing(cell: Cell) -> Reading | None:
    lines = [line.reading for line in cell.lines if not line.is_corrected]
    return lines[-1] if lines else None


def _remark(cell: Cell) -> str:
    """补录, a first measurement that was repeated, and why there is none."""
    if cell.visit is None or cell.visit.state in {VisitState.PLANNED, VisitState.CANCELLED}:
        return ""
    standing = [line for line in cell.lines if not line.is_corrected]
    if not standing:
        reason = f":{cell.visit.explanation}" if cell.visit.explanation else ""
        return f"{cell.label}{cell.visit.get_state_display()}{reason}"
    words = [f"首测{standing[0].reading.temperature}"] if len(standing) > 1 else []
    if late := [line.reading for line in standing if line.is_from_paper]:
        words.append(f"补录({timezone.localtime(late[-1].entered_at):%m-%d %H:%M}录入)")
    return f"{cell.label}{'、'.join(words)}" if words else ""
