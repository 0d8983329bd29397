"""一栋一图: the doors of one compound or group as they stand in the building, with those that may be missing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from grassroots.grid.models import Area
from households.doors import Building, Figures, buildings_of
from households.models import DismissedDoor, Followup, Household, SurveyState
from households.rules.addresses import door_display, floor_of
from households.rules.missing import MissingDoor, missing_flats, missing_houses

MOST_DOORS = 480  # a compound with more doors shows one building at a time
MOST_READ = 6000  # doors of one area that are looked through for missing ones
PHONE_COLUMNS = 4
MOST_COLUMNS = 8  # numbers on a floor that keep a column of their own
LEGEND = (*SurveyState.values, Followup.RETURNEE, Followup.OBSERVED)
_SHOWN = (
    "uid", "area_id", "building", "unit", "floor", "door", "share_no", "display", "survey_state", "followup_state",
)  # fmt: skip


@dataclass(frozen=True)
class Possible:
    """A door that may be missing, with its place."""

    building: str
    unit: str
    missing: MissingDoor

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.building, self.unit, self.missing.door)

    @property
    def display(self) -> str:
        return door_display(self.building, self.unit, self.missing.door)

    @property
    def value(self) -> str:
        """By what a form, and the place on its page, name it."""
        return "/".join(self.key)


Tile = Household | Possible


@dataclass
class Floor:
    """One row of cells, each with the tiles of one number: none, one, or the households behind one door."""

    name: str
    cells: list[list[Tile]] = field(default_factory=list)


@dataclass
class Stack:
    """One unit of one building, the highest floor on top; or the houses of a group in one run."""

    building: str
    unit: str
    floors: list[Floor]
    anchor: str = ""
    officers: str = ""
    """Who answers for its doors alone (王某 12户); filled in by households/fields.py."""

    @property
    def title(self) -> str:
        parts = [f"{self.building}栋" if self.building else "", f"{self.unit}单元" if self.unit else ""]
        return " ".join(part for part in parts if part)

    @property
    def households(self) -> list[Household]:
        """Those behind its doors."""
        cells = (cell for floor in self.floors for cell in floor.cells)
        return [tile for cell in cells for tile in cell if isinstance(tile, Household)]

    @property
    def width(self) -> str:
        """How much room it takes on a desk: '' up to four doors a floor, "wide", or "full"."""
        most = max((len(floor.cells) for floor in self.floors), default=0)
        return "" if most <= PHONE_COLUMNS else "wide" if most <= 2 * PHONE_COLUMNS else "full"


@dataclass
class DoorPicture:
    """The picture of an area's own doors, or of one building of it."""

    buildings: list[Building]
    stacks: list[Stack]
    possible: list[Possible]
    counts: list[tuple[str, int]]  # the legend: state or follow-up, doors

    @property
    def is_choosing(self) -> bool:
        """Whether the building has to be chosen first."""
        return not self.stacks and len(self.buildings) > 1

    def possible_in(self, building: str) -> int:
        return sum(one.building == building for one in self.possible)


def door_picture(area: Area, building: str | None = None) -> DoorPicture:
    """Read it: four queries at most, whatever the number of doors."""
    buildings = buildings_of(area)
    possible = possible_doors(area)
    if building is not None:
        possible = [one for one in possible if one.building == building]
    doors = sum(one.figures.doors for one in buildings)
    if building is None and doors > MOST_DOORS and len(buildings) > 1:
        return DoorPicture(buildings, [], possible, _legend_of(buildings))
    rows = Household.objects.open().filter(area=area)
    rows = rows if building is None else rows.filter(building=building)
    households = list(rows.only(*_SHOWN).in_walking_order()[:MOST_READ])
    return DoorPicture(buildings, stacks_of(households, possible), possible, _legend(households))


def possible_doors(area: Area) -> list[Possible]:
    """What the numbers of the area's own doors make one expect, without what was dismissed (two queries)."""
    return possible_in([area.pk]).get(area.pk, [])


def possible_in(areas: Sequence[int]) -> dict[int, list[Possible]]:
    """The same for several areas at once; {} where there are more doors than MOST_READ: a part has no pattern."""
    rows = Household.objects.filter(area__in=areas).in_walking_order()
    read = list(rows.values_list("area_id", "building", "unit", "door", "closed_on")[: MOST_READ + 1])
    if len(read) > MOST_READ:
        return {}
    doors: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    known: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    for area, building, unit, door, closed_on in read:
        (doors if closed_on is None else known)[area, building, unit].append(door)
    gone = DismissedDoor.objects.standing().filter(area__in=areas)
    for area, building, unit, door in gone.values_list("area_id", "building", "unit", "door"):
        known[area, building, unit].append(door)
    found: dict[int, list[Possible]] = defaultdict(list)
    for (area, building, unit), here in doors.items():
        rule = missing_flats if building or unit else missing_houses
        missing = rule(here, known[area, building, unit])
        found[area] += [Possible(building, unit, one) for one in missing]
    return found


def group_pictures(areas: Sequence[Area]) -> dict[int, DoorPicture]:
    """组 × 门牌号: the houses of several groups, by area; {} where there are buildings or too many doors.

    Three queries, whatever the number of groups.
    """
    rows = Household.objects.open().filter(area__in=[area.pk for area in areas])
    households = list(rows.only(*_SHOWN).in_walking_order()[: MOST_DOORS + 1])
    if len(households) > MOST_DOORS or any(one.building or one.unit for one in households):
        return {}
    possible = possible_in([area.pk for area in areas])
    by_area: dict[int, list[Household]] = defaultdict(list)
    for household in households:
        by_area[household.area_id].append(household)
    return {
        area: DoorPicture([], stacks_of(here, possible.get(area, [])), possible.get(area, []), _legend(here))
        for area, here in by_area.items()
    }


def sum_of(pictures: Iterable[DoorPicture]) -> DoorPicture:
    """The legend of several pictures together."""
    counts: Counter[str] = Counter()
    possible = []
    for one in pictures:
        counts.update(dict(one.counts))
        possible += one.possible
    return DoorPicture([], [], possible, [(code, counts[code]) for code in LEGEND])


def stacks_of(households: Sequence[Household], possible: Iterable[Possible]) -> list[Stack]:
    """Households in walking order, and possible doors, as units of floors."""
    places: dict[tuple[str, str], dict[str, list[Tile]]] = {}
    for household in households:
        floors = places.setdefault((household.building, household.unit), {})
        floors.setdefault(_floor_of(household), []).append(household)
    for one in possible:
        floors = places.setdefault((one.building, one.unit), {})
        floors.setdefault(one.missing.floor, []).append(one)
    stacks = []
    for order, ((building, unit), floors) in enumerate(places.items(), start=1):
        slots = _slots(tile for tiles in floors.values() for tile in tiles)
        ordered = sorted(floors, key=_level, reverse=True)
        rows = [Floor(name, _cells(floors[name], slots)) for name in ordered]
        stacks.append(Stack(building, unit, rows, f"unit-{order}"))
    return stacks


def _floor_of(household: Household) -> str:
    if not household.building and not household.unit:
        return ""
    floor = household.floor or floor_of(household.door)
    return str(int(floor)) if floor.isascii() and floor.isdecimal() else floor


def _door(tile: Tile) -> str:
    return tile.missing.door if isinstance(tile, Possible) else tile.door


def _number(tile: Tile) -> tuple[int, str, str]:
    found = re.match(r"[0-9]{1,12}", _door(tile))
    share = "" if isinstance(tile, Possible) else tile.share_no
    return (int(found[0]) if found else 10**12, _door(tile), share)


def _slots(tiles: Iterable[Tile]) -> list[int]:
    """The numbers on a floor (501 → 1) that make the columns of a unit; none where its doors are not so numbered."""
    slots = set()
    for tile in tiles:
        if not re.fullmatch(r"0?[0-9]{3,4}", _door(tile)) or not _floor_at(tile):
            return []
        slots.add(int(_door(tile)) % 100)
    return sorted(slots) if len(slots) <= MOST_COLUMNS else []


def _floor_at(tile: Tile) -> str:
    """The floor of a tile, '' at a house."""
    return tile.missing.floor if isinstance(tile, Possible) else _floor_of(tile)


def _cells(tiles: list[Tile], slots: Sequence[int]) -> list[list[Tile]]:
    """Tiles by number; with `slots` a number that the floor lacks leaves its place empty, so that columns stay."""
    tiles = sorted(tiles, key=_number)
    if not slots:
        return [[tile] for tile in tiles]
    return [[tile for tile in tiles if int(_door(tile)) % 100 == slot] for slot in slots]


def _level(name: str) -> int:
    digits = "".join(char for char in name if char.isascii() and char.isdecimal())[:6]
    below = -1 if name[:1] in {"-", "负", "B"} or name.startswith("地下") else 1
    return below * int(digits) if digits else -(10**6)


def _legend(households: Iterable[Household]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for household in households:
        counts[household.survey_state] += 1
        if household.followup_state:
            counts[household.followup_state] += 1
    return [(code, counts[code]) for code in LEGEND]


def _legend_of(buildings: Iterable[Building]) -> list[tuple[str, int]]:
    total = Figures()
    for building in buildings:
        total.states.update(building.figures.states)
    return [(code, total.states[code]) for code in SurveyState.values]
