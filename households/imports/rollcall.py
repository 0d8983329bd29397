"""Roll calls of a group chat: who answered for which door, how many they are, how they feel.

An answer is a knock that somebody answered by himself (排查方式 自填): no letter is signed by it, and a household that
has signed stays signed. Doors that nobody has registered are proposed, with whoever answered as their head. Who is
registered at a door is never changed by a chat: another name, another number of people are warnings.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone

from grassroots.ledgers.intake.protocol import (
    Change,
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    Record,
    register_import,
)
from grassroots.ledgers.reading.captions import Field
from grassroots.ledgers.reading.cells import parse_int
from grassroots.ledgers.reading.parsed import original_text
from households.imports.chat import chat_records
from households.imports.matching import Identity, Match, Matcher, identity_of
from households.imports.places import Doors, Places, Spot
from households.models import Household, Residency, Survey, SurveyMethod
from households.rules.addresses import door_display, parse_door
from households.rules.answers import SYMPTOMS, temperature_read

FIELDS = (
    Field("number", "序号", kind="ignored"),
    Field("village", "村(社区)", ("村社区", "村", "社区")),
    Field("group", "组", ("组(网格)", "网格")),
    Field("place", "小区/院落", ("小区",)),
    Field("building", "楼栋"),
    Field("unit", "单元"),
    Field("room", "房号", ("门牌", "门牌号", "房间号")),
    Field("name", "姓名", ("户主姓名", "户主")),
    Field("phone", "电话", ("联系电话", "手机号")),
    Field("people", "人数", ("家庭人数", "现住人数", "口数"), kind="int"),
    Field("temperature", "体温", kind="temp"),
    Field("symptoms", "症状", ("健康状况", "身体状况")),
)  # fmt: skip
_BUILDING = re.compile(r"^(.*?)([0-9A-Za-z一二三四五六七八九十]{1,4})\s*(?:栋|号楼|幢|座|#)$")
_LONG_NUMBER = re.compile(r"1[3-9]\d(?:[ -]?\d){8}|\d{7,}")
NO_ROOM = "没有写房号，不知道是哪一户。"


@dataclass(slots=True)
class Answer:
    """One line: which door, who, and what was said."""

    record: Record
    seen: Identity
    spot: Spot
    people: int | None = None
    temperature: Decimal | None = None
    symptoms: tuple[str, ...] = ()
    warnings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def note(self) -> str:
        """What is kept of the line with the survey; numbers of phones are not."""
        line = original_text(self.record.values.get("line"))
        said = line or (f"{self.people}人" if self.people else "")
        return f"接龙:{_LONG_NUMBER.sub('***', said)}"[:200].strip()


@dataclass(slots=True)
class Work:
    """What `apply` needs of a line. `resident`: the home of whoever answered, if he is registered there."""

    answer: Answer
    places: Places
    household: Household | None
    resident: Residency | None = None
    is_new_head: bool = False
    visited_at: dt.datetime | None = None


def read_answer(record: Record, places: Places) -> Answer:
    """Read a line."""
    values = {key: original_text(record.values.get(key)).strip() for key in record.values}
    answer = Answer(record, identity_of(record), _spot(values, places))
    people = parse_int(record.values.get("people"))
    answer.people = people.value
    answer.warnings = [*answer.seen.warnings]
    if answer.spot.warning:
        answer.warnings.append(("room", answer.spot.warning))
    if people.problem:
        answer.warnings.append(("people", people.problem))
    try:
        answer.temperature = temperature_read(values.get("temperature", ""))
    except ValueError as wrong:
        answer.warnings.append(("temperature", str(wrong)))
    said = values.get("symptoms", "")
    answer.symptoms = tuple(word for word in SYMPTOMS if word in said and not said.startswith(("无", "没")))
    return answer


def _spot(values: dict[str, str], places: Places) -> Spot:
    """The door: its building may stand in the heading (翠柏苑3栋), the rest in the line (2单元201)."""
    room = values.get("room", "")
    if not room:
        return Spot(problem=NO_ROOM, column="room")
    place, building = values.get("place", ""), values.get("building", "")
    if found := _BUILDING.match(place):
        place, building = found[1], building or found[2]
    door = parse_door(room)
    building = "" if door.building else building
    named = {"village": values.get("village", ""), "group": values.get("group", "") or door.group}
    parts = {"building": building, "unit": values.get("unit", ""), "room": room}
    spot = places.find(**named, address=place, **parts)
    known = places.find(**named, address=place)
    if place and known.rest and not spot.problem:  # a compound that the tree does not have
        spot = places.find(**named, compound=known.rest, **parts)
    if not spot.problem and not spot.door.door:
        return Spot(problem=f"房号“{room}”看不懂，请写成 2单元201 这样。", column="room")
    return spot


class Planner:
    """Plans the lines of one roll call."""

    def __init__(self, context: ImportContext, records: Sequence[Record]) -> None:
        self.context = context
        self.places = Places(context)
        self.answers = [read_answer(record, self.places) for record in records]
        self.doors = Doors(context.area)
        self.doors.ask(answer.spot for answer in self.answers)
        for answer in self.answers:
            answer.seen.household_ids = tuple(row.pk for row in self.doors.at(answer.spot))
        self.matcher = Matcher(context)
        self.matches = self.matcher.match([answer.seen for answer in self.answers])
        homes = {pk for answer in self.answers for pk in answer.seen.household_ids}
        self.residents: dict[int, list[Residency]] = defaultdict(list)
        rows = Residency.objects.open().filter(household__in=homes).select_related("person")
        for row in rows.order_by("order", "pk"):
            self.residents[row.household_id or 0].append(row)
        self.day = context.reference if context.options.get("has_reference") else self.today
        self.said = self._said(homes)
        self.seen: dict[tuple[int, str], int] = {}

    @property
    def today(self) -> dt.date:
        return timezone.localdate(self.context.at)

    def _said(self, homes: set[int]) -> dict[int, list[str]]:
        """What was reported on that day already, by household."""
        start = timezone.make_aware(dt.datetime.combine(self.day, dt.time()))
        rows = Survey.objects.filter(household__in=homes, method=SurveyMethod.SELF, visited_at__gte=start)
        found: dict[int, list[str]] = defaultdict(list)
        for row in rows.filter(visited_at__lt=start + dt.timedelta(days=1)).order_by("visited_at", "pk"):
            found[row.household_id].append(row.note)
        return found

    def plan(self) -> Iterator[Planned]:
        for answer, match in zip(self.answers, self.matches, strict=True):
            yield self._one(answer, match)

    def _one(self, answer: Answer, match: Match) -> Planned:
        record = answer.record
        room = original_text(record.values.get("room"))
        planned = Planned(record.row, Effect.UNCHANGED, title=f"{answer.seen.name} {room}".strip())
        planned.problems = [record.problem(key, words) for key, words in [*answer.warnings, *match.warnings]]
        if answer.spot.problem:
            planned.reject(record.problem(_cell(answer.spot.column, record), answer.spot.problem))
        elif answer.seen.problem:
            planned.reject(record.problem("name", answer.seen.problem))
        elif match.problem:
            planned.reject(record.problem("name", match.problem))
        elif not self._is_again(planned, answer):
            self._plan(planned, answer, match)
        return planned

    def _is_again(self, planned: Planned, answer: Answer) -> bool:
        """A door that answers twice counts once."""
        key = id(answer.spot.area) if answer.spot.known_area is None else answer.spot.known_area.pk
        door = (key, answer.spot.door_key)
        first = self.seen.setdefault(door, answer.record.row)
        if first != answer.record.row:
            planned.problems.append(answer.record.problem("room", f"与第{first}行是同一户，只记一次。"))
        return first != answer.record.row

    def _plan(self, planned: Planned, answer: Answer, match: Match) -> None:
        household = self._household(planned, answer, match)
        work = Work(answer, self.places, household, visited_at=self._visited_at())
        planned.work = work
        planned.proposals += answer.spot.proposals
        if household is None:
            self._new_door(planned, work, match)
        else:
            self._known_door(planned, work, household, match)

    def _household(self, planned: Planned, answer: Answer, match: Match) -> Household | None:
        """The household behind the door; of several the one in which whoever answered lives."""
        found = self.doors.at(answer.spot)
        if len(found) > 1:
            own = [one for one in found if match.home is not None and match.home.household_id == one.pk]
            if not own:
                words = f"这扇门有{len(found)}户，记在第一户，请核对。"
                planned.problems.append(answer.record.problem("room", words))
            return (own or found)[0]
        return found[0] if found else None

    def _visited_at(self) -> dt.datetime:
        if self.day >= self.today:
            return self.context.at
        return timezone.make_aware(dt.datetime.combine(self.day, dt.time(12)))

    def _new_door(self, planned: Planned, work: Work, match: Match) -> None:
        answer = work.answer
        planned.effect = Effect.CREATED
        door = answer.spot.door
        where = (answer.spot.area.name if answer.spot.area else "") + door_display(
            door.building, door.unit, door.door
        )
        planned.proposals.append(f"新建住户 {where}")
        self._head(planned, work, match)
        planned.proposals.append(f"登记自填排查:{answer.note}")

    def _known_door(self, planned: Planned, work: Work, household: Household, match: Match) -> None:
        answer, residents = work.answer, self.residents.get(household.pk, [])
        work.resident = next(
            (row for row in residents if match.person and row.person_id == match.person.pk), None
        )
        if work.resident is None and residents:
            names = "、".join(row.person.name for row in residents[:3])
            words = f"该户登记的是{names}等{len(residents)}人，没有{answer.seen.name}，请核对。"
            planned.problems.append(answer.record.problem("name", words))
        elif work.resident is None:
            self._head(planned, work, match)
        living = sum(not row.is_away for row in residents)
        if residents and answer.people is not None and answer.people != living:
            words = f"登记现住{living}人，接龙报{answer.people}人，请核对。"
            planned.problems.append(answer.record.problem("people", words))
        self._report(planned, work, household)

    def _head(self, planned: Planned, work: Work, match: Match) -> None:
        """Whoever answers for a door at which nobody is registered is taken for its head."""
        if match.person is not None and match.home is not None:
            words = (
                f"{match.person.name}现登记在{self.matcher.where(match.home)}，没有迁入这一户，请核对后办理。"
            )
            planned.problems.append(work.answer.record.problem("name", words))
        elif match.person is None:
            work.is_new_head = True
            planned.proposals.append(f"登记户主 {work.answer.seen.name}")

    def _report(self, planned: Planned, work: Work, household: Household) -> None:
        """The answer as a survey of its day, unless it stands there already."""
        note = work.answer.note
        said = self.said.get(household.pk, [])
        phone = _new_phone(work)
        if note in said and not phone:
            planned.work = None
            return
        planned.effect = Effect.UPDATED if said else Effect.CREATED
        if said:
            planned.changes.append(Change("接龙", said[-1], note))
        else:
            planned.proposals.append(f"登记自填排查:{note}")
        if phone and work.resident is not None:
            planned.changes.append(Change("联系电话", work.resident.person.masked_phone, "已填新号码"))


def _new_phone(work: Work) -> str:
    """The phone of the line where the register has another or none for who answered."""
    phone = work.answer.seen.phone
    return phone if work.resident is not None and phone and phone != work.resident.person.phone else ""


def _cell(column: str, record: Record) -> str:
    """The cell to blame: a chat has no column for the village."""
    return column if column in record.captions else "room"


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """One Planned a line."""
    return Planner(context, records).plan()


def _apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    from households.imports.rollcall_writes import apply

    apply(context, rows)


def _read_text(text: str, reference: dt.date) -> Iterator[Record]:
    return chat_records(text)


ROLLCALL = register_import(
    ImportKind(
        key="rollcall",
        name="接龙",
        fields=FIELDS,
        plan=plan,
        apply=_apply,
        identity=(("name", "room", "people"), ("name", "room", "temperature")),
        permissions=("households.add_survey", "households.add_household", "households.add_person"),
        read_text=_read_text,
        step_rows=50,
        order=50,
    )
)
