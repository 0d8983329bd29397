"""Lists of returnees: people, where they live now, their files, and the observations that follow from them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.intake.protocol import (
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    Problem,
    Record,
    register_import,
)
from grassroots.ledgers.models import ImportNote
from households.imports.matching import Match, Matcher
from households.imports.people import PersonNews, person_news
from households.imports.places import Doors, NewArea, Places
from households.models import Household, Person, Residency
from quarantine.imports.returnee_rows import FIELDS, FileNews, Row, file_news, read_row, text_of
from quarantine.models import Observation, Policy, Returnee
from quarantine.rules.origins import applicable_policy
from quarantine.rules.policy import PolicyTerms
from quarantine.services.plans import Plan, StartDates, observation_plan
from quarantine.services.policies import policies_in_force

PERSONAL = ("id_number", "phone")
MAY_REGISTER = "households.add_person"
KEYS_AT_ONCE = 2000


@dataclass(slots=True)
class Home:
    """Where the file puts its person. `moves`: he is registered elsewhere and lives here for the time being."""

    household: Household | None = None
    area: Area | NewArea | None = None
    address: str = ""
    residency: Residency | None = None
    """His open residency here; None where there is none yet."""
    moves: bool = False

    @property
    def comes_back(self) -> bool:
        return self.residency is not None and self.residency.is_away

    @property
    def is_new(self) -> bool:
        return self.residency is None


@dataclass(slots=True)
class Work:
    """What `apply` needs of a row."""

    row: Row
    places: Places
    news: PersonNews
    home: Home
    file: FileNews
    originals: list[tuple[str, Problem]] = field(default_factory=list)
    observation: Policy | None = None
    is_file_due: bool = True


@dataclass
class Register:
    """What is known of the people whom the rows mean, by a few queries for all of them."""

    returnees: dict[int, list[Returnee]] = field(default_factory=lambda: defaultdict(list))
    observed: set[int] = field(default_factory=set)  # people under observation now
    had: set[int] = field(default_factory=set)  # files that had an observation
    residencies: dict[int, list[Residency]] = field(default_factory=lambda: defaultdict(list))
    notes: set[tuple[int, str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, people: Sequence[int]) -> Register:
        register = cls()
        for at in range(0, len(people), KEYS_AT_ONCE):
            register._read(people[at : at + KEYS_AT_ONCE])
        return register

    def _read(self, people: Sequence[int]) -> None:
        files = Returnee.objects.active().filter(person__in=people).select_related("area", "household")
        for row in files.order_by("pk"):
            self.returnees[row.person_id].append(row)
        for observation in Observation.objects.filter(person__in=people).only(
            "person_id", "returnee_id", "state"
        ):
            if observation.state == "OPEN":
                self.observed.add(observation.person_id)
            if observation.returnee_id:
                self.had.add(observation.returnee_id)
        homes = Residency.objects.open().filter(person__in=people).select_related("household__area", "area")
        for home in homes.order_by("is_away", "pk"):
            self.residencies[home.person_id].append(home)
        notes = ImportNote.objects.filter(model=Person._meta.label_lower, object_pk__in=people)
        for note in notes.only("object_pk", "field", "text"):
            self.notes.add((note.object_pk, note.field, note.text))


class Planner:
    """Plans the rows of one file."""

    def __init__(self, context: ImportContext, records: Sequence[Record]) -> None:
        self.context = context
        self.places = Places(context)
        self.doors = Doors(context.area)
        self.rows = [read_row(record, context, self.places) for record in records]
        self.doors.ask(row.spot for row in self.rows)
        for row in self.rows:
            _locate(row, self.doors)
        self.matcher = Matcher(context)
        self.matches = self.matcher.match([row.seen for row in self.rows])
        known = sorted({match.person.pk for match in self.matches if match.person})
        self.register = Register.of(known)
        self.policies = policies_in_force()
        self.terms = self._terms_today()
        self.may_register = context.staff.has_perm(MAY_REGISTER)

    def _terms_today(self) -> PolicyTerms | None:
        on = timezone.localdate(self.context.at)
        return next((terms for _policy, terms in self.policies if terms.is_effective(on)), None)

    def plan(self) -> Iterator[Planned]:
        for row, match in zip(self.rows, self.matches, strict=True):
            yield self._one(row, match)

    def _one(self, row: Row, match: Match) -> Planned:
        planned = Planned(row.record.row, Effect.UNCHANGED, title=self._title(row), problems=row.problems)
        for key, message in match.warnings:
            row.warn(key, message)
        if reason := self._refusal(row, match):
            planned.reject(row.record.problem(*reason))
        elif match.first is not None:
            self._again(planned, row, self.rows[match.first])
        else:
            self._plan(planned, row, match)
        return planned

    def _title(self, row: Row) -> str:
        return " ".join(part for part in (row.seen.name, text_of(row.record, "address")) if part)

    def _refusal(self, row: Row, match: Match) -> tuple[str, str] | None:
        """Why the row cannot be taken in: (cell to blame, words)."""
        if row.seen.problem:
            return "name", row.seen.problem
        if row.spot.problem:
            return row.spot.column, row.spot.problem
        if match.problem:
            return "name", match.problem
        if match.person is None and not self.may_register:
            return "name", "登记里没有这个人；您的角色不能登记新人员，请先由网格员登记。"
        return None

    def _again(self, planned: Planned, row: Row, first: Row) -> None:
        """A person typed twice is one: the first row counts; cells that say something else are named."""
        row.warn("name", f"与第{first.record.row}行是同一人，只登记一次。")
        for name, value in row.given.items():
            if name in first.given and first.given[name] != value:
                row.warn(name, f"与第{first.record.row}行不一致，以第{first.record.row}行为准。")

    # -- what the row brings about

    def _plan(self, planned: Planned, row: Row, match: Match) -> None:
        context = self.context
        news = person_news(
            match.person, row.seen, by=context.staff, at=context.at, sex=row.sex, age=row.age,
            work_unit=row.work_unit,
        )  # fmt: skip
        for name, message in news.wrong:
            row.warn({"stated_age": "age"}.get(name, name), message)
        home = self._home(row, match)
        returnee = self._file_of(row, match.person)
        person = match.person or Person(name=row.seen.name, birth_date=news.data.birth_date)
        file = file_news(row, person, returnee, terms=self.terms, at=context.at)
        work = Work(row, self.places, news, home, file)
        work.originals = self._originals(row, match.person)
        planned.work = work
        planned.proposals = [*row.spot.proposals, *self._home_words(home, match)]
        planned.changes = [*news.changes, *file.changes]
        if returnee is None:
            planned.effect = Effect.CREATED
        self._observe(planned, work, match.person)
        is_news = bool(planned.changes or planned.proposals or work.originals)
        if planned.effect == Effect.UNCHANGED and is_news:
            planned.effect = Effect.UPDATED

    def _home(self, row: Row, match: Match) -> Home:
        """Where he lives by the row, held against where he is registered."""
        spot = row.spot
        households = self.doors.at(spot)
        address = text_of(row.record, "address") or (spot.area.name if spot.area else "")
        if match.person is None:
            return Home(households[0] if len(households) == 1 else None, spot.area, address[:120])
        doors = {one.pk for one in households}
        for home in self.register.residencies.get(match.person.pk, ()):
            if home.household_id in doors if doors else self._is_there(home, spot.known_area):
                return Home(home.household, home.area, home.address_text, home)
        is_registered = bool(self.register.residencies.get(match.person.pk))
        household = households[0] if len(households) == 1 else None
        return Home(household, spot.area, address[:120], moves=is_registered)

    def _is_there(self, home: Residency, area: Area | None) -> bool:
        return area is not None and (area.holds(home.area) or home.area.holds(area))

    def _home_words(self, home: Home, match: Match) -> list[str]:
        if home.comes_back:
            return ["外出人员返回，登记为在家"]
        if home.moves and match.home is not None:
            return [f"迁居：现登记在{self.matcher.where(match.home)}，改登记为暂住现住址"]
        return []

    def _file_of(self, row: Row, person: Person | None) -> Returnee | None:
        """The file of this return: of the same arrival, or the one without a date that the row dates."""
        files = self.register.returnees.get(person.pk, []) if person else []
        arrived_on = row.given.get("arrived_on")
        if arrived_on is None:
            return files[-1] if files else None
        same = [one for one in files if one.arrived_on == arrived_on]
        undated = [one for one in files if one.arrived_on is None]
        return next(iter(same or undated), None)

    def _originals(self, row: Row, person: Person | None) -> list[tuple[str, Problem]]:
        """Personal cells that could not be read and that the register does not know better."""
        noted = self.register.notes
        found = [
            (key, problem)
            for key, problem in row.sealed
            if person is None or (person.pk, key, problem.value) not in noted
        ]
        for key, message in row.seen.warnings:
            problem = row.record.problem(key, message)
            if key not in row.seen.unread or "*" in problem.value:
                continue
            known = person is not None and str(getattr(person, key, ""))
            if not known and not (person is not None and (person.pk, key, problem.value) in noted):
                found.append((key, problem))
        return found

    def _observe(self, planned: Planned, work: Work, person: Person | None) -> None:
        """Propose the observation that the policy in force on the arrival asks for, unless there was one."""
        shadow, returnee = work.file.shadow, work.file.returnee
        if person is not None and person.pk in self.register.observed:
            return
        if returnee is not None and returnee.pk in self.register.had:
            return
        native = shadow.native_place or shadow.registered_place
        pairs = self.policies
        terms = applicable_policy([one for _policy, one in pairs], shadow.origin, native, shadow.arrived_on)
        policy = next((policy for policy, one in pairs if one is terms), None)
        if policy is None or terms is None:
            return
        if (plan := _plan_of(shadow, policy, self.context.at)) is None:
            return
        work.observation = policy
        words = f"居家医学观察:{plan.words(shadow.origin)}"
        if plan.term.expires_at <= self.context.at:
            words += "(观察期已满，导入后列入期满待解除)"
        planned.proposals.append(words)


def _plan_of(shadow: Returnee, policy: Policy, at: dt.datetime) -> Plan | None:
    dates = StartDates.of(shadow).controlled_by(timezone.localdate(at))
    try:
        return observation_plan(dates=dates, policy=policy)
    except ValidationError:
        return None


def _locate(row: Row, doors: Doors) -> None:
    """By which door or address somebody of that name may be found."""
    area = row.spot.known_area
    row.seen.household_ids = tuple(one.pk for one in doors.at(row.spot))
    if area is not None and not row.seen.household_ids:
        address = text_of(row.record, "address") or area.name
        row.seen.place = (area.pk, address[:120])


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """One Planned a row."""
    return Planner(context, records).plan()


def _apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    from quarantine.imports.returnee_writes import apply

    apply(context, rows)


RETURNEES = register_import(
    ImportKind(
        key="returnees",
        name="返乡人员",
        fields=FIELDS,
        plan=plan,
        apply=_apply,
        identity=(
            ("name", "origin"), ("name", "left_on"), ("name", "arrived_on"), ("id_number", "origin"),
            ("name", "departure_city"),
        ),
        permissions=("quarantine.add_returnee", "quarantine.change_returnee", "quarantine.add_observation"),
        step_rows=50,
        order=10,
    )
)  # fmt: skip
