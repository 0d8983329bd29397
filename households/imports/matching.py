"""Whom a row of a sheet means: by ID number, by name and phone, by name and address, in this order.

    seen = [identity_of(record, spot) for record, spot in …]
    matches = Matcher(context).match(seen)              # a handful of queries for some thousand rows

A person typed twice in one file is one person; one who is registered where the importer may not look is not his to
import. Numbers that Excel destroyed are no numbers: such a row is matched by the rest of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from grassroots.grid.crypto import digest
from grassroots.grid.scope import scope_of
from grassroots.ledgers.intake.protocol import Record
from grassroots.ledgers.reading.cells import parse_id
from grassroots.ledgers.reading.parsed import original_text
from households.models import Person, Residency
from households.rules.identity import IdKind, IdNumber, parse_id_number
from households.rules.names import check_name, normalise_name
from households.rules.phones import parse_phone
from households.services.residency import place_words

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

KEYS_AT_ONCE = 2000
ELSEWHERE = "该人员已在别处登记，不在您的辖区，请联系街道核对后办理。"
NO_NAME = "没有姓名，无法登记。"


@dataclass(slots=True)
class Identity:
    """What a row says about who it means. `household_ids` are those behind the door that it names, `place` is any
    other address, as (area id, text)."""

    row: int
    name: str = ""
    id_kind: str = IdKind.RESIDENT_ID
    id_number: str = ""
    phone: str = ""
    household_ids: tuple[int, ...] = ()
    place: tuple[int, str] | None = None
    told: IdNumber | None = None
    """The ID number as read: it tells birth date and sex."""
    warnings: list[tuple[str, str]] = field(default_factory=list)
    """(field key, message) of cells that were not taken over, or were in spite of a flaw."""
    unread: set[str] = field(default_factory=set)
    """Field keys whose text must be kept beside the record."""
    problem: str = ""
    """Why the row means nobody; ('name', …) is to blame."""

    @property
    def id_key(self) -> tuple[str, str]:
        """Kind and digest of the number; ('', '') without one."""
        return (self.id_kind, digest(self.id_number, "id")) if self.id_number else ("", "")

    @property
    def phone_key(self) -> tuple[str, str]:
        """Name and digest of the phone; ('', '') without one of them."""
        return (self.name, digest(self.phone, "phone")) if self.name and self.phone else ("", "")


@dataclass(slots=True)
class Match:
    """The registered person (None: nobody yet), where he lives, and how he was found.

    `first` is the place in the list of an earlier row that means the same person. `problem` turns the row down.
    """

    person: Person | None = None
    home: Residency | None = None
    how: str = ""
    first: int | None = None
    warnings: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""


def identity_of(record: Record, *, names: Sequence[str] = ("name", "id_number", "phone")) -> Identity:
    """Name, ID number and phone of a record, as far as they can be read. `names` are the keys of these fields."""
    name_key, id_key, phone_key = names
    seen = Identity(record.row)
    seen.name = normalise_name(original_text(record.values.get(name_key)))
    for problem in check_name(seen.name):
        seen.problem = problem.message if seen.name else NO_NAME
    _read_id(seen, record.values.get(id_key), id_key)
    _read_phone(seen, record.values.get(phone_key), phone_key)
    return seen


def _read_id(seen: Identity, value: object, key: str) -> None:
    cell = parse_id(value)
    if cell.problem:
        _unread(seen, key, cell.problem)
        return
    if not cell.value:
        return
    read = parse_id_number(cell.value)
    if read.has_errors:
        _unread(seen, key, next(one.message for one in read.problems if not one.is_warning))
        return
    seen.id_kind, seen.id_number, seen.told = str(read.kind), read.number, read
    seen.warnings += [(key, one.message) for one in read.problems]


def _read_phone(seen: Identity, value: object, key: str) -> None:
    read = parse_phone(original_text(value))
    if wrong := [one.message for one in read.problems if not one.is_warning]:
        _unread(seen, key, wrong[0])
        return
    seen.phone = read.number
    for problem in read.problems:
        seen.warnings.append((key, problem.message))
        seen.unread.add(key)


def _unread(seen: Identity, key: str, message: str) -> None:
    seen.warnings.append((key, message))
    seen.unread.add(key)


class OnBehalf(Protocol):
    """Whatever says for whom people are looked up: the context of an import, or a single sighting."""

    @property
    def staff(self) -> Staff:
        """Whose scope decides what is his to import."""


class Matcher:
    """Finds the people whom rows mean, for whoever imports them."""

    def __init__(self, context: OnBehalf) -> None:
        self.staff = context.staff
        self.scope = scope_of(context.staff)
        self.own = set(self.scope.own.get("person", ()))

    def match(self, seen: Sequence[Identity]) -> list[Match]:
        """A match for each row, in their order; rows with a problem of their own match nobody."""
        found: list[Match] = []
        twins = _Twins()
        for at in range(0, len(seen), KEYS_AT_ONCE):
            part = seen[at : at + KEYS_AT_ONCE]
            register = _Register(part)
            for place, one in enumerate(part, at):
                match = Match() if one.problem else self._one(one, register)
                if not one.problem:
                    match.first = twins.first(place, one, match.person)
                found.append(match)
        return found

    def _one(self, seen: Identity, register: _Register) -> Match:
        match = Match()
        for how, people in register.candidates(seen):
            fitting = [person for person in people if _may_be(seen, person, how)]
            if not fitting:
                match.warnings += _near_misses(how, people)
                continue
            fitting.sort(key=lambda person: self._rank(person, seen, register))
            match.person, match.how = fitting[0], how
            match.home = register.homes.get(fitting[0].pk)
            break
        if match.person is not None:
            self._look(seen, match)
        return match

    def _rank(self, person: Person, seen: Identity, register: _Register) -> tuple[bool, bool, int]:
        """Of several, the one with the row's name, and the one whom the importer may see."""
        return (
            person.name != seen.name,
            not self._may_see(person, register.homes.get(person.pk)),
            person.pk,
        )

    def _may_see(self, person: Person, home: Residency | None) -> bool:
        """Whether the person is the importer's to import: in his scope, or registered nowhere."""
        return home is None or person.pk in self.own or self.scope.holds(home.area)

    def _look(self, seen: Identity, match: Match) -> None:
        assert match.person is not None
        if not self._may_see(match.person, match.home):
            match.problem = ELSEWHERE
        elif match.how == "id" and seen.name and match.person.name != seen.name:
            words = f"证件号码与已登记的“{match.person.name}”相同，姓名不同，按已登记的人员处理，请核对。"
            match.warnings.append(("name", words))

    def where(self, home: Residency) -> str:
        """Where somebody is registered, in words that the importer may read."""
        return place_words(home, self.staff)


def _may_be(seen: Identity, person: Person, how: str) -> bool:
    """Whether a candidate may be the one: two different ID numbers are two people, whatever else is the same."""
    if how == "id":
        return not person.id_shared_reason or not seen.name or person.name == seen.name
    return not (seen.id_number and person.id_number and seen.id_number != person.id_number)


def _near_misses(how: str, people: Sequence[Person]) -> list[tuple[str, str]]:
    if how == "id" or not people:
        return []
    what = "姓名和电话" if how == "phone" else "姓名和住址"
    return [("id_number", f"{what}与已登记的一人相同，证件号码不同，按另一人登记，请核对。")]


class _Register:
    """What the register holds of the people whom some rows may mean: five queries."""

    def __init__(self, seen: Sequence[Identity]) -> None:
        self.by_id: dict[tuple[str, str], list[Person]] = defaultdict(list)
        self.by_phone: dict[tuple[str, str], list[Person]] = defaultdict(list)
        self.by_door: dict[tuple[str, int], list[Person]] = defaultdict(list)
        self.by_place: dict[tuple[str, int, str], list[Person]] = defaultdict(list)
        self.homes: dict[int, Residency] = {}
        people: dict[int, Person] = {}
        self._read_numbers(seen, people)
        self._read_places(seen, people)
        self._read_homes(people)

    def _read_numbers(self, seen: Sequence[Identity], people: dict[int, Person]) -> None:
        ids = {one.id_key[1] for one in seen} - {""}
        phones = {one.phone_key[1] for one in seen} - {""}
        for person in Person.objects.active().filter(id_digest__in=ids) if ids else ():
            self.by_id[person.id_kind, person.id_digest].append(people.setdefault(person.pk, person))
        for person in Person.objects.active().filter(phone_digest__in=phones) if phones else ():
            self.by_phone[person.name, person.phone_digest].append(people.setdefault(person.pk, person))

    def _read_places(self, seen: Sequence[Identity], people: dict[int, Person]) -> None:
        doors = {pk for one in seen for pk in one.household_ids}
        texts = {one.place[1] for one in seen if one.place and one.place[1]}
        rows = Residency.objects.open().filter(person__voided_at=None).select_related("person")
        for row in rows.filter(household__in=doors) if doors else ():
            person = people.setdefault(row.person_id, row.person)
            self.by_door[person.name, row.household_id or 0].append(person)
        for row in rows.filter(household=None, address_text__in=texts) if texts else ():
            person = people.setdefault(row.person_id, row.person)
            self.by_place[person.name, row.area_id, row.address_text].append(person)

    def _read_homes(self, people: Iterable[int]) -> None:
        keys = sorted(people)
        if keys:
            rows = Residency.objects.open().filter(person__in=keys).select_related("household", "area")
            # Where he lives comes before where he is registered and away from.
            for row in rows.order_by("-is_away", "-pk"):
                self.homes[row.person_id] = row

    def candidates(self, seen: Identity) -> Iterable[tuple[str, list[Person]]]:
        """Who it may be, the surest first."""
        if seen.id_number:
            yield "id", list(self.by_id.get(seen.id_key, ()))
        if seen.phone_key[1]:
            yield "phone", list(self.by_phone.get(seen.phone_key, ()))
        if seen.name:
            same = [one for pk in seen.household_ids for one in self.by_door.get((seen.name, pk), ())]
            if seen.place is not None:
                same += self.by_place.get((seen.name, *seen.place), ())
            yield "address", list(dict.fromkeys(same))


class _Twins:
    """Rows of one file that mean one person."""

    def __init__(self) -> None:
        self._rows: dict[tuple[object, ...], int] = {}
        self._numbers: dict[int, str] = {}

    def first(self, place: int, seen: Identity, person: Person | None) -> int | None:
        """The place of the first row that means the same person; None for the first itself."""
        keys: list[tuple[object, ...]] = []
        if person is not None:
            keys.append(("person", person.pk))
        if seen.id_number:
            keys.append(("id", *seen.id_key))
        if seen.phone_key[1]:
            keys.append(("phone", *seen.phone_key))
        if seen.name and seen.household_ids:
            keys.append(("door", seen.name, seen.household_ids))
        if seen.name and seen.place is not None and seen.place[1]:
            keys.append(("place", seen.name, *seen.place))
        earlier = next((self._rows[key] for key in keys if self._is_same(key, seen)), None)
        origin = place if earlier is None else earlier
        for key in keys:
            self._rows.setdefault(key, origin)
        if seen.id_number:
            self._numbers.setdefault(origin, seen.id_number)
        return earlier

    def _is_same(self, key: tuple[object, ...], seen: Identity) -> bool:
        if key not in self._rows:
            return False
        number = self._numbers.get(self._rows[key], "")
        return key[0] in ("person", "id") or not (number and seen.id_number and number != seen.id_number)
