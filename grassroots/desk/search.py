"""Search from every page: name, pinyin initials, last four of ID or phone, whole numbers, door."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.db.models import CharField, F, Prefetch, Q, Value

from grassroots.grid.crypto import digest
from grassroots.grid.duties import DutyTarget, Link, duties_for_many
from grassroots.grid.models import Area, Level, Staff
from grassroots.grid.names import full_names
from grassroots.grid.scope import scope_of
from households.models import Household, Person, Residency
from households.rules.addresses import Door, door_key, normalise_address_text, parse_door
from households.rules.identity import normalise_id_number
from households.rules.names import normalise_name
from households.rules.phones import normalise_phone

LIMIT = 20  # four screens of a phone
PLACES = 50
_LAST_FOUR = re.compile(r"\d{3}[\dX]")


@dataclass
class Hit:
    """One line of the answer: somebody, or a door; where, in which state, and who is responsible."""

    household: Household | None
    person: Person | None = None
    residency: Residency | None = None
    place: str = ""
    chain: list[Link] = field(default_factory=list)

    @property
    def nearest(self) -> list[Link]:
        """The two links of the chain nearest to the door, those whom one calls first."""
        return [link for link in self.chain if link.duties][-2:]


@dataclass
class Answer:
    """What was found, how the term was understood (for the log, nothing personal), and whether there is more."""

    kind: str
    hits: list[Hit]
    is_cut: bool = False


def _begins(column: str, text: str) -> Q:
    """Text that begins so. The lower bound lets the database walk the column's index in order from there on and stop
    at the limit: on PostgreSQL the index that serves LIKE does not sort (a text never sorts before its beginning)."""
    return Q(**{f"{column}__startswith": text, f"{column}__gte": text})


def _people_condition(term: str) -> tuple[str, Q] | None:
    """How a term may mean people: the kind of search and its condition."""
    number = normalise_id_number(term)
    if _LAST_FOUR.fullmatch(number):
        return "last-four", Q(id_last4_digest=digest(number, "id-last4")) | Q(
            phone_last4_digest=digest(number, "phone-last4")
        )
    phone = normalise_phone(term)
    if re.fullmatch(r"\d{7,12}", phone):
        # A pass of 台胞证 has eight digits, as a phone at home may have.
        return "phone", Q(phone_digest=digest(phone, "phone")) | Q(id_digest=digest(number, "id"))
    if re.fullmatch(r"[A-Z]{0,2}\d{6,17}[\dX]", number):
        return "id-number", Q(id_digest=digest(number, "id"))
    if term.isascii() and re.fullmatch(r"[A-Za-z][A-Za-z ]*", term):
        return "initials", Q(name__istartswith=term) if " " in term else _begins(
            "name_initials", term.lower()
        )
    if not any(char.isdigit() for char in term):
        return "name", _begins("name", normalise_name(term))
    return None


def _splits(text: str) -> list[tuple[str, Door]]:
    """The ways to read a term as a place and a door in it, the shortest place first: 翠柏苑2期3-2-501 has two."""
    found = []
    for at, char in enumerate(text):
        begins = char.isascii() and char.isalnum() and not (at and text[at - 1].isascii())
        if begins and (door := parse_door(text[at:])).door:
            found.append((text[:at], door))
    return found


def _areas_meant(place: str, group: str) -> list[Area]:
    """Open areas that 翠柏苑, 城厢社区翠柏苑 or 龚家村2组 means, at most PLACES (three queries at most)."""
    named: list[Area] = []
    if place:
        typed = Value(place, output_field=CharField())
        rows = Area.objects.open().filter(level__gte=Level.VILLAGE).annotate(typed=typed)
        named = list(rows.filter(Q(name__contains=place) | Q(typed__endswith=F("name")))[:PLACES])
        names = full_names(named) if named else {}
        named = [area for area in named if place in names[area.pk]] or named
        if not group or not named:
            return named
    groups = Area.objects.open().filter(name__in=[f"{group}组", f"第{group}组"], level=Level.GROUP)
    inside = [Q(path__startswith=area.path) for area in named]
    return list((groups.filter(reduce(or_, inside)) if inside else groups)[:PLACES])


def _doors(term: str, staff: Staff) -> list[Household]:
    """Open doors in scope that a term such as 3-2-501, 翠柏苑3栋2单元501 or 龚家村2组15号 means."""
    for place, door in _splits(normalise_address_text(term)):
        rows = Household.objects.open().visible_to(staff)
        rows = rows.with_door(door_key(door.building, door.unit, door.door))
        if place or door.group:
            areas = _areas_meant(place, door.group)
            if not areas:
                continue
            inside = reduce(or_, (Q(path__startswith=area.path) for area in areas))
            rows = rows.filter(area__in=Area.objects.filter(inside).order_by().values("pk"))
        return list(rows.select_related("area").order_by("area__path", "walk_key", "pk")[: LIMIT + 1])
    return []


def _people(kind: str, condition: Q, staff: Staff) -> list[Person]:
    reach = scope_of(staff).reaches(household="household", person="person")
    open_homes = (
        Residency.objects.open().filter(reach).select_related("household", "area").order_by("is_away", "pk")
    )
    order = ("name_initials", "name", "pk") if kind == "initials" else ("name", "pk")  # wj before wja
    people = Person.objects.active().filter(condition).visible_to(staff).order_by(*order)
    people = people.defer("id_number", "phone")  # not shown, so not decrypted
    return list(people.prefetch_related(Prefetch("residencies", open_homes, "homes"))[: LIMIT + 1])


def search(term: str, staff: Staff) -> Answer:
    """Find people and doors of the person's scope; at most LIMIT lines, at a constant number of queries."""
    term = term.strip()
    hits: list[Hit] = []
    kind = "door"
    people = _people_condition(term)
    if people is not None:
        kind, condition = people
        for person in _people(kind, condition, staff):
            home = person.homes[0] if person.homes else None  # type: ignore[attr-defined]
            hits.append(Hit(home.household if home else None, person, home))
    if any(char.isdigit() for char in term):
        hits += [Hit(household) for household in _doors(term, staff)]
    answer = Answer(kind, hits[:LIMIT], is_cut=len(hits) > LIMIT)
    _place(answer.hits)
    return answer


def _area(hit: Hit) -> Area | None:
    if hit.household is not None and hit.residency is None:
        return hit.household.area
    return hit.residency.area if hit.residency else None


def _place(hits: list[Hit]) -> None:
    """Say where each hit is and who answers for it."""
    areas = {area.pk: area for hit in hits if (area := _area(hit))}
    if not areas:
        return
    names = full_names(areas.values())
    targets = {}
    for index, hit in enumerate(hits):
        if area := _area(hit):
            household_id = hit.household.pk if hit.household else None
            targets[index] = DutyTarget(area.pk, household_id, hit.person.pk if hit.person else None)
            hit.place = names[area.pk]
    paths = {pk: area.path for pk, area in areas.items()}
    chains = duties_for_many(list(targets.values()), paths=paths)
    for index, target in targets.items():
        hits[index].chain = chains[target]
