"""Which household of the register, or which new one, the rows of one household in a sheet are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grassroots.grid.models import Area, Level
from grassroots.ledgers.intake.protocol import ImportContext
from grassroots.ledgers.reading.parsed import original_text
from households.imports.base.plans import HousePlan
from households.imports.places import NewArea, Places, Spot, door_in_columns, plain_village
from households.models import HousingKind
from households.rules.addresses import Door, door_key

if TYPE_CHECKING:
    from households.imports.base.cells import Block
    from households.imports.base.register import KnownHouse, Register

PLACE_KEYS = ("village", "group", "compound", "address")
DOOR_KEYS = ("building", "unit", "floor", "door")
LIMITS = {"building": 20, "unit": 20, "floor": 10, "door": 20}
MEMO_SIZE = 20_000
_SHARE = re.compile(r"(.*?)\s*[(（]\s*([0-9]{1,3})\s*[)）]")
_VILLAGE_ENDS = re.compile(r"社区|村")


@dataclass(slots=True)
class Family:
    """Who a household is told by: its head, its people's names and numbers."""

    head: str | None
    names: Sequence[str]
    digests: Sequence[str]

    def may_be(self, other: Family) -> bool:
        """Whether two descriptions of one door may be one household: no two heads tell them apart, or somebody is in
        both."""
        if not self.head or not other.head or self.head == other.head:
            return True
        return not {*self.names, *self.digests, self.head}.isdisjoint(
            {*other.names, *other.digests, other.head}
        )


class Finder:
    """Places and doors of rows: cells that come again are read once."""

    def __init__(self, context: ImportContext) -> None:
        self.context = context
        self.places = Places(context)
        self._spots: dict[tuple[Any, ...], Spot] = {}
        self._doors: dict[tuple[Any, ...], tuple[Door, str, str]] = {}
        self._within: dict[int, list[int]] = {}
        self._strangers: set[str] | None = None

    def village_of(self, lines: Sequence[str]) -> tuple[str, str]:
        """The village that the lines above a table name, or why its rows are not to be imported here; ('', '') where
        they name none."""
        words = [
            word for line in lines for word in re.split(r"[:：\s,，(（]+", line) if _VILLAGE_ENDS.search(word)
        ]
        mine = {plain_village(area.name): area.name for area in self.places.villages()}
        for word in words:
            if (name := _begins_with(word, mine)) is not None:
                return mine[name], ""
        for word in words:
            if (name := _begins_with(word, dict.fromkeys(self._others(), ""))) is not None:
                return "", f"表头写的是“{word[:20]}”，不在这次导入的区域“{self.context.area.name}”内。"
        return "", ""

    def _others(self) -> set[str]:
        if self._strangers is None:
            rows = Area.objects.open().filter(level=Level.VILLAGE).values_list("name", flat=True)
            self._strangers = set(map(plain_village, rows))
        return self._strangers

    def spot(self, block: Block, place: int, village: str) -> Spot:
        """Where the cells of a row say that it is; `village` is what the sheet's lines say."""
        key = (village, *(block.raw[name][place] if name in block.raw else None for name in PLACE_KEYS))
        found = self._spots.get(key)
        if found is None:
            cells = dict(zip(PLACE_KEYS, map(_text, key[1:]), strict=True))
            cells["village"] = cells["village"] or (
                "" if cells["address"] and self._named(cells["address"]) else village
            )
            found = self.places.find(**cells)
            if len(self._spots) > MEMO_SIZE:
                self._spots.clear()
            self._spots[key] = found
        return found

    def _named(self, address: str) -> bool:
        return self.places.find(address=address).area is not None

    def door(self, block: Block, place: int, spot: Spot) -> tuple[Door, str, str]:
        """The door, its 同门序号, and what is wrong with it."""
        key = tuple(
            block.raw[name][place] if name in block.raw else None for name in (*DOOR_KEYS, "share_no")
        )
        if key[3] is None:
            return spot.door, _share(_text(key[4])), ""
        found = self._doors.get(key)
        if found is None:
            if len(self._doors) > MEMO_SIZE:
                self._doors.clear()
            found = self._doors[key] = _read_door(*map(_text, key))
        return found

    def ids_within(self, area: Area) -> list[int]:
        """An area's id, then those of the areas below it."""
        if area.pk not in self._within:
            self._within[area.pk] = [area.pk, *(pk for pk in self.places.ids_within(area) if pk != area.pk)]
        return self._within[area.pk]


def _begins_with(word: str, names: Mapping[str, str]) -> str | None:
    """The village (by its plain name) with which a text begins, the longest."""
    fitting = [
        name
        for name in names
        if len(name) > 1 and word.startswith(name) and _VILLAGE_ENDS.match(word[len(name) :])
    ]
    return max(fitting, key=len, default=None)


def _text(cell: object) -> str:
    return "" if cell is None else original_text(cell).strip()


def _share(text: str) -> str:
    return "" if text in ("", "1") else text[:4]


def _read_door(building: str, unit: str, floor: str, room: str, share: str) -> tuple[Door, str, str]:
    if found := _SHARE.fullmatch(room):
        room, share = found[1], share or found[2]
    door = door_in_columns(building, unit, floor, room)
    for name, limit in LIMITS.items():
        if len(getattr(door, name)) > limit:
            return Door(), "", f"“{room}”不像门牌(最多{limit}个字)，请核对。"
    return door, _share(share), ""


class Houses:
    """The households of a file by door, each with its plan: a door may have more than one household behind it."""

    def __init__(self, register: Register, finder: Finder) -> None:
        self.register, self.finder = register, finder
        self._behind: dict[tuple[int, str], list[tuple[Family, HousePlan]]] = defaultdict(list)

    def find(
        self, area: Area | NewArea, door: Door, share: str, family: Family, warn: Callable[[str], None]
    ) -> HousePlan:
        """The household that these rows are: one planned before, a registered one, or a new one."""
        key = door_key(door.building, door.unit, door.door)
        area_ids = self.finder.ids_within(area) if isinstance(area, Area) else []
        behind = self._behind[area_ids[0] if area_ids else id(area), key]
        for known, plan in behind:
            if plan.share_no == share if share else known.may_be(family):
                return plan
        registered = self.register.at_door(area_ids, key)
        taken = {id(plan.known) for _family, plan in behind}
        free = [house for house in registered if id(house) not in taken]
        house = next((house for house in free if self._is(house, share, family)), None)
        if house is None and not share and (behind or registered):
            share = self._next_share(
                [plan.share_no for _f, plan in behind] + [one.row.share_no for one in registered]
            )
            other = behind[0][0] if behind else _family_of(registered[0])
            whose = f"“{other.head or other.names[0]}”一户" if other.head or other.names else "另一户"
            warn(f"这扇门已有{whose}，本户按同门第{share}户登记；如原住户已搬走，请先办理迁出。")
        plan = HousePlan(area, door, share, house)
        behind.append((family, plan))
        return plan

    @staticmethod
    def _is(house: KnownHouse, share: str, family: Family) -> bool:
        return house.row.share_no == share if share else _family_of(house).may_be(family)

    @staticmethod
    def _next_share(taken: Sequence[str]) -> str:
        return str(max((int(share) for share in taken if share.isdecimal()), default=1) + 1)


def _family_of(house: KnownHouse) -> Family:
    head = house.head
    people = [person for _home, person in house.residents]
    return Family(
        head[1].name if head else None,
        [one.name for one in people],
        [one.id_digest for one in people if one.id_digest],
    )


def house_values(block: Block, places: Sequence[int], is_vacant: bool) -> dict[str, str]:
    """What the rows say of the household itself: the first that says anything counts."""
    values: dict[str, str] = {}
    for key, name in (("housing", "housing_kind"), ("code", "code"), ("landlord", "landlord")):
        if key in block.read:
            value = block.first(key, places)
            if value is not None:
                values[name] = value
    if is_vacant:
        values["housing_kind"] = HousingKind.VACANT
    return values
