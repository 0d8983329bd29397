"""What the register holds around some hundred households of a sheet, in a constant number of queries.

Nothing is decrypted: numbers and phones are compared by their digests.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.names import full_names
from grassroots.grid.scope import Scope, scope_of
from households.models import CommitmentLetter, Household, Person, Relation, Residency, Survey, SurveyMember

if TYPE_CHECKING:
    from grassroots.ledgers.intake.protocol import ImportContext

HOUSE_FIELDS = (
    "pk", "area_id", "building", "unit", "floor", "door", "share_no", "door_key", "display", "code", "housing_kind",
    "landlord", "note", "survey_state", "surveyed_at", "signed_at", "absent_tries", "next_visit_on", "version",
)  # fmt: skip
PERSON_FIELDS = (
    "pk", "name", "sex", "birth_date", "stated_age", "stated_age_on", "id_kind", "id_digest", "id_shared_reason",
    "phone_digest", "phone_owner", "work_unit", "note",
)  # fmt: skip
HOME_FIELDS = (
    "pk", "person_id", "household_id", "area_id", "relation", "kind", "is_away", "away_where", "order", "address_text",
)  # fmt: skip
KNOCK_FIELDS = (
    "pk", "household_id", "visited_at", "outcome", "method", "absent_try", "respondent", "leaflets", "staff_id",
)  # fmt: skip
ANSWER_FIELDS = (
    "pk", "survey_id", "person_id", "left_county", "hubei_contact", "returned_from", "left_on", "returned_on",
    "transport", "companions", "temperature", "symptoms", "note",
)  # fmt: skip


class Known:
    """A row of the register: its columns as attributes."""

    def __init__(self, names: Sequence[str], values: Iterable[Any]) -> None:
        self.__dict__.update(zip(names, values, strict=True))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


@dataclass(eq=False, slots=True)
class KnownHouse:
    """A household of the register with who is registered in it, its knocks in their order, its letters."""

    row: Known
    residents: list[tuple[Known, Known]] = field(default_factory=list)
    """(residency, person), in their order."""
    knocks: list[Known] = field(default_factory=list)
    letters: list[tuple[int, int, str]] = field(default_factory=list)
    """(key, survey, number)"""

    @property
    def head(self) -> tuple[Known, Known] | None:
        return next((pair for pair in self.residents if pair[0].relation == Relation.HEAD), None)

    @property
    def next_order(self) -> int:
        return max((home.order for home, _person in self.residents), default=-1) + 1


class Register:
    """Asks the register; an empty one is asked once and never again."""

    def __init__(self, context: ImportContext) -> None:
        self.scope: Scope = scope_of(context.staff)
        self.is_empty = not (Household.objects.exists() or Person.objects.exists())
        self.houses: dict[int, KnownHouse] = {}
        self.people: dict[int, Known] = {}
        self._doors: dict[tuple[int, str], list[KnownHouse]] = {}

    # -- doors

    def read_doors(self, area_ids: Collection[int], keys: Collection[str]) -> None:
        """Households behind these doors in these areas, with everything around them (five queries)."""
        self.houses, self.people, self._doors = {}, {}, defaultdict(list)
        if self.is_empty or not area_ids or not keys:
            return
        # Second households behind a door have keys of their own (3-2-501#2); an area has few of them.
        doors = Q(door_key__in=keys) | ~Q(share_no="")
        rows = Household.objects.open().filter(doors, area__in=area_ids).order_by("share_no", "pk")
        for values in rows.values_list(*HOUSE_FIELDS):
            row = Known(HOUSE_FIELDS, values)
            house = self.houses[row.pk] = KnownHouse(row)
            self._doors[row.area_id, row.door_key.partition("#")[0]].append(house)
        if self.houses:
            self._read_residents()
            self._read_knocks()

    def _read_residents(self) -> None:
        rows = Residency.objects.open().filter(household__in=self.houses).order_by("order", "pk")
        names = (*HOME_FIELDS, *(f"person__{name}" for name in PERSON_FIELDS))
        for values in rows.values_list(*names):
            home = Known(HOME_FIELDS, values[: len(HOME_FIELDS)])
            person = self.people.get(home.person_id)
            if person is None:
                person = Known(PERSON_FIELDS, values[len(HOME_FIELDS) :])
                self.people[person.pk] = person
            self.houses[home.household_id].residents.append((home, person))

    def _read_knocks(self) -> None:
        rows = Survey.objects.filter(household__in=self.houses).order_by("visited_at", "pk")
        for values in rows.values_list(*KNOCK_FIELDS):
            knock = Known(KNOCK_FIELDS, values)
            self.houses[knock.household_id].knocks.append(knock)
        letters = CommitmentLetter.objects.filter(household__in=self.houses).order_by("signed_at", "pk")
        for household, key, survey, number in letters.values_list(
            "household_id", "pk", "survey_id", "number"
        ):
            self.houses[household].letters.append((key, survey, number))

    def at_door(self, area_ids: Sequence[int], key: str) -> list[KnownHouse]:
        """Households behind a door of an area (the first of these ids), else of one below it."""
        for area_id in area_ids:
            if found := self._doors.get((area_id, key)):
                return found
        return []

    # -- people

    def read_people(
        self, id_digests: Collection[str], phone_digests: Collection[str], places: Collection[tuple[int, str]]
    ) -> People:
        """People with these numbers or phones, or at these places (area, text) without a door; where they live, and
        what they answered (six queries)."""
        found = People()
        if self.is_empty:
            return found
        self._read_places(found, places)
        if id_digests or phone_digests:
            wanted = Q(id_digest__in=id_digests) if id_digests else Q()
            wanted |= Q(phone_digest__in=phone_digests) if phone_digests else Q()
            for values in Person.objects.active().filter(wanted).order_by("pk").values_list(*PERSON_FIELDS):
                person = Known(PERSON_FIELDS, values)
                self.people.setdefault(person.pk, person)
        for person in self.people.values():
            found.enter(person)
        if self.people:
            self._read_homes(found)
            self._read_answers(found)
        return found

    def _read_places(self, found: People, places: Collection[tuple[int, str]]) -> None:
        if not places:
            return
        rows = Residency.objects.open().filter(
            household=None,
            area__in={area for area, _text in places},
            address_text__in={text for _area, text in places},
        )
        names = ("area_id", "address_text", *(f"person__{name}" for name in PERSON_FIELDS))
        for area, text, *values in rows.values_list(*names):
            person = Known(PERSON_FIELDS, values)
            found.by_place.setdefault((person.name, area, text), self.people.setdefault(person.pk, person))

    def _read_homes(self, found: People) -> None:
        rows = Residency.objects.open().filter(person__in=self.people)
        elsewhere = rows.exclude(household__in=self.houses) if self.houses else rows
        areas: set[int] = set()
        homes: list[tuple[Known, str]] = []
        for *values, display in elsewhere.values_list(*HOME_FIELDS, "household__display"):
            home = Known(HOME_FIELDS, values)
            areas.add(home.area_id)
            homes.append((home, display or home.address_text))
        named = list(Area.objects.filter(pk__in=areas)) if areas else []
        names = full_names(named) if named else {}
        inside = {area.pk for area in named if self.scope.holds(area)}
        own = set(self.scope.own.get("person", ()))
        for home, door in homes:
            may_see = home.area_id in inside or home.person_id in own
            words = f"{names.get(home.area_id, '')} {door}".strip() if may_see else ""
            found.elsewhere[home.person_id].append(Elsewhere(home, words, may_see))

    def _read_answers(self, found: People) -> None:
        rows = SurveyMember.objects.filter(person__in=self.people).order_by("survey__visited_at", "survey_id")
        for values in rows.values_list(*ANSWER_FIELDS):
            answer = Known(ANSWER_FIELDS, values)
            found.answers[answer.person_id].append(answer)

    # -- letters

    def taken_letters(
        self, area_ids: Collection[int], numbers: Collection[str]
    ) -> Mapping[tuple[int, str], int]:
        """Whose these letters are already: household by (area, number); one query."""
        if self.is_empty or not numbers or not area_ids:
            return {}
        rows = CommitmentLetter.objects.filter(area__in=area_ids, number__in=numbers)
        return {
            (area, number): house
            for area, number, house in rows.values_list("area_id", "number", "household_id")
        }


@dataclass(eq=False, slots=True)
class Elsewhere:
    """Where somebody is registered besides; `words` only for those who may see it."""

    home: Known
    words: str
    may_see: bool


@dataclass
class People:
    """Registered people around some rows, by number and by name and phone."""

    by_id: dict[tuple[str, str], list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_phone: dict[tuple[str, str], list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_place: dict[tuple[str, int, str], Known] = field(default_factory=dict)
    """People without a door, by name, area and what is written of the place."""
    elsewhere: dict[int, list[Elsewhere]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[int, list[Known]] = field(default_factory=lambda: defaultdict(list))

    def enter(self, person: Known) -> None:
        """Let somebody be found."""
        if person.id_digest:
            self.by_id[person.id_kind, person.id_digest].append(person)
        if person.phone_digest:
            self.by_phone[person.name, person.phone_digest].append(person)


@lru_cache(maxsize=10_000)
def local_day(moment: dt.datetime) -> dt.date:
    """The day of a moment on the office's calendar."""
    return timezone.localdate(moment)
