"""责任田: who answers for which doors of an area, counts by kind and area, and the doors for which nobody does."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from grassroots.grid.models import Area, AreaDuty, Level
from grassroots.grid.tree import children_of
from households.models import Household, HouseholdDuty
from households.picture import MOST_DOORS, DoorPicture

_SHOWN = ("uid", "area_id", "building", "unit", "door", "share_no", "display", "walk_key")
NEAR = (Level.GROUP, Level.COMPOUND)
"""A duty on one of these answers for the doors in it; one on a village does not reach down to the door."""


@dataclass
class FieldDoor:
    """A door, and who answers for just this one."""

    household: Household
    officers: list[str] = field(default_factory=list)


@dataclass
class FieldUnit:
    """The doors of one unit of a building, or the houses of a group."""

    building: str
    unit: str
    doors: list[FieldDoor] = field(default_factory=list)

    @property
    def title(self) -> str:
        parts = [f"{self.building}栋" if self.building else "", f"{self.unit}单元" if self.unit else ""]
        return " ".join(part for part in parts if part)

    @property
    def value(self) -> str:
        """By what a form names the whole unit."""
        return f"unit:{self.building}/{self.unit}"

    @property
    def bare(self) -> int:
        """For how many nobody answers alone."""
        return sum(not one.officers for one in self.doors)

    @property
    def words(self) -> str:
        """王某 12户、李某 8户."""
        return officers_words(self.doors)


def officers_words(doors: Iterable[FieldDoor]) -> str:
    """Each officer with the number of his doors, the most first."""
    counts: dict[str, int] = defaultdict(int)
    for one in doors:
        for name in one.officers:
            counts[name] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "、".join(f"{name} {number}户" for name, number in ordered)


@dataclass
class FieldPart:
    """An area below: its doors, those with somebody of their own, and whether somebody answers for all of it."""

    area: Area
    doors: int = 0
    own: int = 0
    has_officer: bool = False

    @property
    def bare(self) -> int:
        """For how many nobody answers."""
        return 0 if self.has_officer else self.doors - self.own


@dataclass
class Fields:
    """What the page of an area shows."""

    units: list[FieldUnit] = field(default_factory=list)
    parts: list[FieldPart] = field(default_factory=list)
    kinds: list[tuple[str, int, int]] = field(default_factory=list)  # kind, officers, doors
    officers: list[str] = field(default_factory=list)  # who answers for the area as a whole
    is_cut: bool = False

    @property
    def doors(self) -> list[FieldDoor]:
        return [one for unit in self.units for one in unit.doors]

    @property
    def bare(self) -> list[FieldDoor]:
        """The area's own doors for which nobody answers."""
        return [] if self.officers else [one for one in self.doors if not one.officers]

    @property
    def bare_count(self) -> int:
        return len(self.bare) + sum(part.bare for part in self.parts)


def doors_with_officers(households: Sequence[Household], on: dt.date) -> list[FieldDoor]:
    """Who answers for each of them alone, the acting one (one query)."""
    duties = HouseholdDuty.objects.open(on).filter(household__in=[one.pk for one in households])
    names: dict[int, list[str]] = defaultdict(list)
    for duty in duties.select_related("staff", "deputy").order_by("kind__order", "pk"):
        name = duty.acting(on).name
        if name not in names[duty.household_id]:
            names[duty.household_id].append(name)
    return [FieldDoor(one, names.get(one.pk, [])) for one in households]


def fields_of(area: Area, on: dt.date) -> Fields:
    """The area's own doors by unit, the areas below, and counts by kind (seven queries, whatever the number)."""
    rows = Household.objects.open().filter(area=area).only(*_SHOWN).in_walking_order()
    households = list(rows[: MOST_DOORS + 1])
    found = Fields(is_cut=len(households) > MOST_DOORS)
    units: dict[tuple[str, str], FieldUnit] = {}
    for door in doors_with_officers(households[:MOST_DOORS], on):
        key = (door.household.building, door.household.unit)
        units.setdefault(key, FieldUnit(*key)).doors.append(door)
    found.units = list(units.values())
    found.kinds = _kinds(area, on)
    found.parts = _parts(area, on)
    above = AreaDuty.objects.open(on).filter(area__path__in=area.ancestor_paths(), area__level__in=NEAR)
    acting = (
        duty.acting(on).name for duty in above.select_related("staff", "deputy").order_by("kind__order", "pk")
    )
    found.officers = list(dict.fromkeys(acting))
    return found


def _kinds(area: Area, on: dt.date) -> list[tuple[str, int, int]]:
    """Duties on single doors by kind: how many officers, how many doors."""
    here: Any = Household.objects.open().within(area).values("pk")
    rows = HouseholdDuty.objects.open(on).filter(household__in=here).order_by("kind__order")
    counted = rows.values_list("kind__name", "kind__order").annotate(
        people=Count("staff", distinct=True), doors=Count("household", distinct=True)
    )
    return [(name, people, doors) for name, _order, people, doors in counted]


def _parts(area: Area, on: dt.date) -> list[FieldPart]:
    """The areas one level down, each with everything below it."""
    parts = {one.path: FieldPart(one) for one in children_of(area)[0]}
    if not parts:
        return []
    length = len(area.path) + area.steplen
    doors = Household.objects.open().within(area).exclude(area=area)
    counted = doors.order_by().values_list("area__path").annotate(number=Count("pk"))
    owned = HouseholdDuty.objects.open(on).filter(household__in=doors.values("pk")).order_by()
    own = dict(owned.values_list("household__area__path").annotate(number=Count("household", distinct=True)))
    held = set(
        AreaDuty.objects.open(on)
        .filter(area__in=Area.objects.within(area).values("pk"), area__level__in=NEAR)
        .values_list("area__path", flat=True)
    )
    for path, number in counted:
        part = parts.get(path[:length])
        if part is None:
            continue
        part.doors += number
        # Where somebody answers for the group or compound, no door of it is without anybody.
        ends = range(area.steplen, len(path) + 1, area.steplen)
        part.own += number if any(path[:end] in held for end in ends) else own.get(path, 0)
    return list(parts.values())


def name_officers(pictures: Sequence[DoorPicture], on: dt.date) -> None:
    """Write on each unit of some pictures who answers for its doors (one query)."""
    stacks = [stack for picture in pictures for stack in picture.stacks]
    households = [one for stack in stacks for one in stack.households]
    doors = {one.household.pk: one for one in doors_with_officers(households, on)} if households else {}
    for stack in stacks:
        stack.officers = officers_words(doors[one.pk] for one in stack.households)
