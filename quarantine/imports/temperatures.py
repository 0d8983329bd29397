"""Sheets of temperatures: readings that were on paper, marks such as 不在家, corrections of what stands there already.

A reading that stands in the register is never overwritten: another value for the same slot is a correction, shown old
beside new, and the old one is kept.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Prefetch
from django.utils import timezone

from grassroots.grid.scope import scope_of
from grassroots.ledgers.intake.protocol import (
    Change,
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    Problem,
    Record,
    register_import,
)
from grassroots.ledgers.models import ImportNote
from households.imports.matching import ELSEWHERE, Identity, Match, Matcher, identity_of
from households.imports.places import Doors, Places
from households.models import Person
from quarantine.imports.returnee_rows import text_of
from quarantine.imports.temperature_cells import (
    FIELDS,
    READING,
    Cell,
    cells_of,
    reading_columns,
    with_person_above,
)
from quarantine.models import Observation, Outcome, Reading, Visit, VisitState
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.readings import is_fever
from quarantine.rules.slots import slot_window

KEYS_AT_ONCE = 2000
NOT_OBSERVED = "没有居家观察，体温不能录入；请先建返乡档案并开始观察。"
NOT_REGISTERED = "登记里没有这个人，体温不能录入。"
OPEN_MARKS = (VisitState.PLANNED, VisitState.AWAY, VisitState.PHONE, VisitState.MISSED)


@dataclass(slots=True)
class Entry:
    """One slot that will be written: a reading, a correction of one, or a mark."""

    cell: Cell
    observation: Observation
    visit: Visit | None
    corrects: Reading | None = None


@dataclass(slots=True)
class Work:
    """What `apply` needs of a row."""

    person: Person
    entries: list[Entry] = field(default_factory=list)
    originals: list[tuple[str, Problem]] = field(default_factory=list)


class Planner:
    """Plans the rows of one sheet."""

    def __init__(self, context: ImportContext, records: Sequence[Record]) -> None:
        self.context, self.records = context, records
        self.today = timezone.localdate(context.at)
        self.scope = scope_of(context.staff)
        self.matches = self._matches()
        people = sorted({match.person.pk for match in self.matches if match.person})
        self.observations = self._observations(people)
        self.visits = self._visits()
        notes = ImportNote.objects.filter(model=Person._meta.label_lower, object_pk__in=people)
        self.notes = {
            (note.object_pk, note.field, note.text) for note in notes.only("object_pk", "field", "text")
        }
        self.terms: dict[int, PolicyTerms] = {}
        self.taken: set[tuple[int, dt.date, str]] = set()

    def _matches(self) -> list[Match]:
        """Whom the rows mean; one who is named only may be the one of that name who is observed here."""
        places, doors = Places(self.context), Doors(self.context.area)
        spots = [
            places.find(
                village=text_of(one, "village"), group=text_of(one, "group"), address=text_of(one, "address")
            )
            for one in self.records
        ]
        doors.ask(spots)
        seen = [identity_of(record) for record in self.records]
        for one, spot in zip(seen, spots, strict=True):
            one.household_ids = tuple(row.pk for row in doors.at(spot))
        matches = Matcher(self.context).match(seen)
        for one, match in zip(seen, matches, strict=True):
            match.warnings = [*one.warnings, *match.warnings]
            match.problem = match.problem or one.problem
        self._by_name(seen, matches)
        return matches

    def _by_name(self, seen: Sequence[Identity], matches: Sequence[Match]) -> None:
        names = {one.name for one, match in zip(seen, matches, strict=True) if not match.person and one.name}
        if not names:
            return
        found: dict[str, list[Person]] = defaultdict(list)
        rows = Observation.objects.within(self.context.area).exclude(outcome=Outcome.VOIDED)
        for row in rows.filter(person__name__in=names).select_related("person").order_by("pk"):
            if row.person not in found[row.person.name]:
                found[row.person.name].append(row.person)
        for one, match in zip(seen, matches, strict=True):
            people = found.get(one.name, [])
            fitting = [
                who for who in people if not (one.id_number and who.id_number not in ("", one.id_number))
            ]
            if match.person is None and not match.problem and len(fitting) == 1:
                match.person, match.how = fitting[0], "name"
                match.warnings.append(("name", "按姓名认定为本辖区正在观察的人员，请核对。"))

    def _observations(self, people: Sequence[int]) -> dict[int, list[Observation]]:
        found: dict[int, list[Observation]] = defaultdict(list)
        for at in range(0, len(people), KEYS_AT_ONCE):
            rows = Observation.objects.filter(person__in=people[at : at + KEYS_AT_ONCE])
            rows = rows.exclude(outcome=Outcome.VOIDED).select_related("area", "policy", "person")
            for row in rows.order_by("opened_at", "pk"):
                found[row.person_id].append(row)
        return found

    def _visits(self) -> dict[tuple[int, dt.date, str], Visit]:
        keys = [row.pk for rows in self.observations.values() for row in rows]
        found: dict[tuple[int, dt.date, str], Visit] = {}
        readings = Prefetch("readings", Reading.objects.effective().order_by("sequence"), to_attr="standing")
        for at in range(0, len(keys), KEYS_AT_ONCE):
            rows = Visit.objects.filter(observation__in=keys[at : at + KEYS_AT_ONCE])
            for visit in rows.prefetch_related(readings):
                found[visit.observation_id, visit.date, visit.slot] = visit
        return found

    # -- rows

    def plan(self) -> Iterator[Planned]:
        for record, match in zip(self.records, self.matches, strict=True):
            yield self._one(record, match)

    def _one(self, record: Record, match: Match) -> Planned:
        planned = Planned(record.row, Effect.UNCHANGED, title=text_of(record, "name"))
        planned.problems = [record.problem(key, message) for key, message in match.warnings]
        if reason := self._refusal(match):
            planned.reject(record.problem("name", reason))
            return planned
        assert match.person is not None
        planned.title = planned.title or match.person.name
        work = Work(match.person)
        planned.work = work
        for cell in cells_of(record, self.context):
            self._cell(planned, work, record, cell)
        self._sum_up(planned, work)
        return planned

    def _refusal(self, match: Match) -> str:
        if match.problem:
            return match.problem
        if match.person is None:
            return NOT_REGISTERED
        observations = self.observations.get(match.person.pk, [])
        if not observations:
            return NOT_OBSERVED
        if not any(self.context.area.holds(row.area) for row in observations):
            inside = any(self.scope.holds(row.area) for row in observations)
            return f"不在这次导入的区域“{self.context.area.name}”内观察。" if inside else ELSEWHERE
        return ""

    def _cell(self, planned: Planned, work: Work, record: Record, cell: Cell) -> None:
        if cell.problem:
            self._keep(planned, work, record, cell, cell.problem)
            return
        observation = self._running(work.person.pk, cell.on)
        if observation is None:
            planned.problems.append(record.problem(cell.key, f"{cell.words}不在观察期内，没有收。"))
            return
        terms = self._terms_of(observation)
        try:
            window = slot_window(terms, cell.on, cell.slot)
        except KeyError:
            planned.problems.append(record.problem(cell.key, f"该政策没有“{cell.words}”这个测温时段。"))
            return
        if window.opens_at > self.context.at:
            planned.problems.append(record.problem(cell.key, f"{cell.words}还没有到，不能提前录入。"))
            return
        self._entry(planned, work, record, cell, observation, terms)

    def _entry(
        self,
        planned: Planned,
        work: Work,
        record: Record,
        cell: Cell,
        observation: Observation,
        terms: PolicyTerms,
    ) -> None:
        slot = observation.pk, cell.on, cell.slot
        if slot in self.taken:
            planned.problems.append(
                record.problem(cell.key, f"{cell.words}在前面的行里已经有了，以前面的为准。")
            )
            return
        self.taken.add(slot)
        visit = self.visits.get(slot)
        if visit is not None and visit.is_called_off:
            planned.problems.append(
                record.problem(cell.key, f"{cell.words}的测温已取消(观察已结束)，没有收。")
            )
        elif cell.mark is not None:
            self._mark(planned, work, record, Entry(cell, observation, visit))
        else:
            self._reading(planned, work, record, Entry(cell, observation, visit), terms)

    def _reading(
        self, planned: Planned, work: Work, record: Record, entry: Entry, terms: PolicyTerms
    ) -> None:
        cell = entry.cell
        assert cell.temperature is not None
        standing: list[Reading] = getattr(entry.visit, "standing", []) if entry.visit else []
        if any(reading.temperature == cell.temperature for reading in standing):
            return
        if len(standing) > 1:
            there = "、".join(str(reading.temperature) for reading in standing)
            words = f"{cell.words}已有{len(standing)}次读数({there})，表里是{cell.temperature}，请人工核对后更正。"
            planned.problems.append(record.problem(cell.key, words))
            return
        if standing:
            entry.corrects = standing[0]
            old = str(standing[0].temperature)
            planned.changes.append(Change(f"{cell.words}(更正)", old, str(cell.temperature)))
        work.entries.append(entry)
        if is_fever(cell.temperature, terms):
            planned.proposals.append(f"发热预警:{cell.words} {cell.temperature}℃")

    def _mark(self, planned: Planned, work: Work, record: Record, entry: Entry) -> None:
        """不在家, 拒测: where a visit was due; elsewhere the word is kept beside the person."""
        cell, visit = entry.cell, entry.visit
        if visit is None:
            self._keep(
                planned, work, record, cell, f"{cell.words}“{cell.text}”：那时没有安排测温，原文保留备查。"
            )
        elif visit.state == VisitState.DONE:
            words = f"{cell.words}表里写“{cell.text}”，登记里已有体温，以登记为准。"
            planned.problems.append(record.problem(cell.key, words))
        elif visit.state in OPEN_MARKS and not visit.explanation and visit.state != cell.mark:
            work.entries.append(entry)
            planned.changes.append(Change(cell.words, visit.get_state_display(), cell.text))

    def _keep(self, planned: Planned, work: Work, record: Record, cell: Cell, message: str) -> None:
        problem = record.problem(cell.key, message)
        planned.problems.append(problem)
        if (work.person.pk, cell.key, problem.value) not in self.notes:
            work.originals.append((cell.key, problem))

    def _sum_up(self, planned: Planned, work: Work) -> None:
        new = [entry.cell for entry in work.entries if entry.cell.temperature and entry.corrects is None]
        if new:
            planned.effect = Effect.CREATED
            words = "、".join(f"{cell.words}{cell.temperature}" for cell in new)
            planned.proposals.insert(0, f"补录体温{len(new)}次:{words}")
        elif work.entries or work.originals:
            planned.effect = Effect.UPDATED

    # -- the observation of a day

    def _running(self, person: int, on: dt.date) -> Observation | None:
        """The observation inside the import's area that ran on that day; the latest of several."""
        for row in reversed(self.observations.get(person, [])):
            first = min(row.basis_on, timezone.localdate(row.opened_at))
            last = timezone.localdate(row.closed_at) if row.closed_at else max(self.today, row.last_on)
            if first <= on <= last and self.context.area.holds(row.area):
                return row
        return None

    def _terms_of(self, observation: Observation) -> PolicyTerms:
        if observation.policy_id not in self.terms:
            self.terms[observation.policy_id] = observation.policy.parsed()
        return self.terms[observation.policy_id]


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """One Planned a row."""
    return Planner(context, list(with_person_above(records))).plan()


def _apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    from quarantine.imports.temperature_writes import apply

    apply(context, rows)


TEMPERATURES = register_import(
    ImportKind(
        key="temperatures",
        name="体温监测",
        fields=FIELDS,
        plan=plan,
        apply=_apply,
        identity=(
            ("name", READING), ("id_number", READING), ("name", "morning"), ("name", "afternoon"),
            ("date", "morning"), ("date", "afternoon"),
        ),
        permissions=("quarantine.add_reading",),
        dynamic=reading_columns,
        step_rows=20,
        order=20,
    )
)  # fmt: skip
