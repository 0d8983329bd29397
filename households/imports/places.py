"""Where a row of a sheet is: village, group, compound and door in columns or in one text, held against the tree.

What lies outside the import's area is turned down, in words that tell nothing about it. A group or compound that the
tree does not have inside a village that it has is proposed as new, and made when the import is written.

    places = Places(context)                            # one query
    spot = places.find(village="龚家村", address="龚家村2组159号")
    if spot.problem: planned.reject(record.problem(spot.column, spot.problem))
    planned.proposals += spot.proposals
    area = places.area_of(spot, context)                # in `apply`: the area, made if it is new
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import cast

from django.core.exceptions import ValidationError
from django.db.models import Q

from grassroots.grid.area_lists import NewChild, areas_add
from grassroots.grid.models import Area, Level
from grassroots.grid.models.areas import path_range
from grassroots.ledgers.intake.protocol import ImportContext, PlanStale
from households.models import Household
from households.rules.addresses import Door, door_key, floor_of, normalise_address_text, parse_door
from households.services.household import place_part

# What a village, street or county may be called besides its name; the longest first.
_TAILS = re.compile(r"(?:社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|村居|社区|村)$")
_STREET_TAILS = re.compile(r"(?:街道办事处|人民政府|办事处|街道办|街道|镇|乡|街办)$")
_COUNTY = re.compile(r"^(?:中国)?(?:四川省?)?(?:成都市?)?(?:金堂县)?")
_GROUP = re.compile(r"^(?:第)?([0-9]{1,3})组")
_GROUP_ONLY = re.compile(r"(?:第)?([0-9]{1,3})组?")
_VILLAGE_AND_GROUP = re.compile(r"(.{2,}?)([0-9]{1,3}组)")
_SPLIT = re.compile(r"^[-,，、;；/()（）\s]+")
KEYS_AT_ONCE = 400
NO_VILLAGE = "没有写明村(社区)。"


@dataclass(eq=False, slots=True)
class NewArea:
    """A group or compound to be made; one object for all rows that name it."""

    level: Level
    name: str
    parent: Area | NewArea
    area: Area | None = None

    @property
    def words(self) -> str:
        """What is proposed: 新建小区“翠柏苑”(城厢社区)."""
        what = "组(网格)" if self.level == Level.GROUP else "小区(院落)"
        return f"新建{what}“{self.name}”({self.parent.name})"


@dataclass(slots=True)
class Spot:
    """Where a row is. `problem` says why it is nowhere, `column` which part of the place is to blame
    (village, group, compound, address)."""

    area: Area | NewArea | None = None
    door: Door = field(default_factory=Door)
    rest: str = ""
    """What of an address is no place and no door."""
    problem: str = ""
    column: str = ""
    warning: str = ""

    @property
    def proposals(self) -> list[str]:
        """What is made with it, from the top down."""
        found: list[str] = []
        at = self.area
        while isinstance(at, NewArea):
            found.append(at.words)
            at = at.parent
        return found[::-1]

    @property
    def known_area(self) -> Area | None:
        """The area where it is one of the tree, or has been made."""
        return self.area.area if isinstance(self.area, NewArea) else self.area

    @property
    def door_key(self) -> str:
        """By which a household is found; '' without a door."""
        return door_key(self.door.building, self.door.unit, self.door.door) if self.door.door else ""


def plain_village(name: str) -> str:
    """龚家村村民委员会, 龚家村 and 龚家 are one village."""
    tidy = normalise_address_text(name)
    return _TAILS.sub("", tidy) or tidy


def plain_area(name: str) -> str:
    """A group or compound as it is compared: 第二村民小组 and 2社 are 2组."""
    tidy = normalise_address_text(name)
    if found := _GROUP_ONLY.fullmatch(tidy):
        return f"{int(found[1])}组"
    return tidy


def door_in_columns(building: str, unit: str, floor: str, room: str) -> Door:
    """The door that its parts in columns of their own name; 房号 may hold them all (3-2-501)."""
    read = parse_door(room)
    parts = {
        "building": place_part("building", building) or read.building,
        "unit": place_part("unit", unit) or read.unit,
        "floor": place_part("floor", floor) or read.floor,
        "door": read.door or place_part("door", room),
    }
    if not parts["floor"] and (parts["building"] or parts["unit"]):
        parts["floor"] = floor_of(parts["door"])
    return Door(**parts)


class Places:
    """The tree below (and above) the area of an import, read once."""

    def __init__(self, context: ImportContext) -> None:
        self.root = context.area
        self.staff = context.staff
        low, high = path_range(self.root.path)
        q = Q(path__in=self.root.ancestor_paths()) | Q(path__gte=low, path__lt=high)
        rows = list(Area.objects.open().filter(q))
        self._by_path = {area.path: area for area in rows}
        self._villages: dict[str, list[Area]] = defaultdict(list)
        self._below: dict[str, list[Area]] = defaultdict(list)  # groups and compounds by their village's path
        self._new: dict[tuple[str | int, str], NewArea] = {}
        for area in rows:
            self._enter(area)
        self._above = [area for area in rows if area.level < Level.VILLAGE]

    def _enter(self, area: Area) -> None:
        if area.level == Level.VILLAGE:
            self._villages[plain_village(area.name)].append(area)
        elif area.level > Level.VILLAGE and (village := self.village_of(area)) is not None:
            self._below[village.path].append(area)

    def village_of(self, area: Area) -> Area | None:
        """The village in which an area lies; None for one above the villages."""
        above = (self._by_path.get(path) for path in area.ancestor_paths())
        return next((one for one in above if one is not None and one.level == Level.VILLAGE), None)

    def villages(self) -> list[Area]:
        """The villages inside the import's area, and the one that it lies in."""
        return [area for same in self._villages.values() for area in same]

    def ids_within(self, area: Area) -> list[int]:
        """The ids of an area of the import and of those below it."""
        return [one.pk for one in self._by_path.values() if one.path.startswith(area.path)]

    # -- finding

    def find(
        self, *, street: str = "", village: str = "", group: str = "", compound: str = "", address: str = "",
        building: str = "", unit: str = "", floor: str = "", room: str = "",
    ) -> Spot:  # fmt: skip
        """The place that these cells name (as text, '' for none); those of a column come before the address's."""
        spot = Spot()
        if street.strip() and not self._is_own_street(street):
            return self._outside("street")
        if found := _VILLAGE_AND_GROUP.fullmatch(normalise_address_text(village)):
            village, group = found[1], group.strip() or found[2]
        home = self._village(village, normalise_address_text(address), spot)
        if home is None:
            return spot
        text = self._after_village(address, home, spot, is_column=bool(village.strip()))
        named_group, text = self._group_in(text)
        group = plain_area(group) if group.strip() else named_group
        where = self._group(home, group)
        if where is None:
            return self._outside("group")
        where, text = self._compound(home, where, compound, text, spot)
        if where is None or not self._is_inside(where):
            return self._outside("compound" if compound.strip() else "address")
        spot.area = where
        self._door(spot, text, building, unit, floor, room)
        return spot

    def _outside(self, column: str) -> Spot:
        return Spot(problem=f"不在这次导入的区域“{self.root.name}”内。", column=column)

    def _is_own_street(self, street: str) -> bool:
        """Whether a street that a row names is the import's own, or one below it."""
        name = _STREET_TAILS.sub("", normalise_address_text(street))
        streets = [area for area in self._by_path.values() if area.level == Level.STREET]
        own = {_STREET_TAILS.sub("", normalise_address_text(area.name)) for area in streets}
        return not own or any(name.endswith(one) for one in own)

    def _group(self, home: Area, name: str) -> Area | NewArea | None:
        """The group of that name, else the import's own area or the village; None for one outside the import."""
        if self.root.level <= Level.VILLAGE:
            return self._level(home, Level.GROUP, name, home, name) if name else home
        own = (self._by_path[path] for path in self.root.ancestor_paths() if path in self._by_path)
        groups = [plain_area(area.name) for area in own if area.level == Level.GROUP]
        return None if name and groups and name not in groups else self.root

    def _village(self, column: str, text: str, spot: Spot) -> Area | None:
        """The village that a column names, else the one that the address begins with, else the import's own."""
        if column.strip():
            found = self._villages.get(plain_village(self._without_street(column)), [])
            if len(found) == 1:
                return found[0]
            spot.column = "village"
            spot.problem = self._unknown(column) if not found else f"有不止一个“{column.strip()}”，请写全名。"
            return None
        named = self._named_at(self._without_street(text))
        own = self.village_of(self.root)
        if named is not None or own is not None:
            return named or own
        if (home := self._of_compound(self._without_street(text))) is not None:
            return home
        spot.column = "address" if text else "village"
        stranger = re.match(r"[^0-9]{1,8}?(?:社区|村(?!民))", self._without_street(text))
        spot.problem = self._unknown(stranger[0]) if stranger else NO_VILLAGE
        return None

    def _of_compound(self, text: str) -> Area | None:
        """The village of the compound that the text begins with, where only one village has one of that name."""
        homes = {
            path
            for path, below in self._below.items()
            for area in below
            if area.level == Level.COMPOUND and text.startswith(plain_area(area.name))
        }
        return self._by_path[homes.pop()] if len(homes) == 1 else None

    def _unknown(self, name: str) -> str:
        return f"“{self.root.name}”里没有“{name.strip()}”；写错了请更正，不在辖区的请交由所在村(社区)登记。"

    def _named_at(self, text: str) -> Area | None:
        """The village whose name (or its name without 村, 社区) the text begins with."""
        best: Area | None = None
        for plain, areas in self._villages.items():
            if len(plain) >= 2 and len(areas) == 1 and text.startswith(plain):
                rest = text[len(plain) :]
                is_whole = not rest or _TAILS.match(rest[:2]) or re.match(r"村|社区|居委会|[0-9]", rest)
                if is_whole and (best is None or len(plain) > len(plain_village(best.name))):
                    best = areas[0]
        return best

    def _without_street(self, text: str) -> str:
        """The text without province, city, county and street before the village."""
        tidy = normalise_address_text(text)
        rest = _COUNTY.sub("", tidy) or tidy
        for area in self._above:
            plain = _STREET_TAILS.sub("", normalise_address_text(area.name))
            if area.level == Level.STREET and rest.startswith(plain):
                rest = _STREET_TAILS_HEAD.sub("", rest[len(plain) :])
        return _SPLIT.sub("", rest) or tidy

    def _after_village(self, address: str, home: Area, spot: Spot, *, is_column: bool) -> str:
        """The address behind the village's name; a warning where it names another village than the column."""
        rest = self._without_street(address)
        named = self._named_at(rest)
        if named is not None and named.pk != home.pk and is_column:
            spot.warning = f"村(社区)一栏是“{home.name}”，住址却写着“{named.name}”，按“{home.name}”登记。"
        if named is not None:
            rest = rest[len(plain_village(named.name)) :]
            rest = _TAILS_HEAD.sub("", rest)
        return _SPLIT.sub("", rest)

    def _group_in(self, text: str) -> tuple[str, str]:
        found = _GROUP.match(text)
        if not found:
            return "", text
        return f"{int(found[1])}组", _SPLIT.sub("", text[found.end() :])

    def _level(
        self, home: Area, level: Level, name: str, parent: Area | NewArea, shown: str
    ) -> Area | NewArea:
        """The group or compound of that name in a village, or the one to be made below `parent`."""
        below = [area for area in self._below[home.path] if area.level == level]
        same = [area for area in below if plain_area(area.name) == name]
        beneath = [area for area in same if isinstance(parent, Area) and area.path.startswith(parent.path)]
        if beneath:
            return beneath[0]
        if level == Level.COMPOUND and len(same) == 1:
            return same[0]
        key = (parent.pk if isinstance(parent, Area) else id(parent), name)
        if key not in self._new:
            self._new[key] = NewArea(level, shown, parent)
        return self._new[key]

    def _compound(
        self, home: Area, where: Area | NewArea, column: str, text: str, spot: Spot
    ) -> tuple[Area | NewArea | None, str]:
        """The compound that a column names, or that the address begins with; as it was where none is named, None for
        one outside the import."""
        if column.strip():
            name = plain_area(column)
            if self.root.level == Level.COMPOUND:
                is_own = plain_area(self.root.name) == name
                return self.root if is_own else None, text.removeprefix(name)
            found = self._level(home, Level.COMPOUND, name, where, " ".join(column.split()))
            if isinstance(found, Area) and isinstance(where, Area) and not where.holds(found):
                spot.warning = f"“{found.name}”登记在别的组，按已登记的位置处理。"
            return found, _SPLIT.sub("", text.removeprefix(name))
        named = [
            area for area in self._below[home.path]
            if area.level == Level.COMPOUND and text.startswith(plain_area(area.name))
            and (isinstance(where, NewArea) or where.holds(area))
        ]  # fmt: skip
        if not named:
            return where, text
        best = max(named, key=lambda area: len(plain_area(area.name)))
        return best, _SPLIT.sub("", text[len(plain_area(best.name)) :])

    def _door(self, spot: Spot, text: str, building: str, unit: str, floor: str, room: str) -> None:
        if room.strip():
            spot.door = door_in_columns(building, unit, floor, room)
        elif text:
            spot.door = replace(parse_door(text), group="")
            spot.rest = "" if spot.door.door else text

    def _is_inside(self, where: Area | NewArea) -> bool:
        while isinstance(where, NewArea):
            where = where.parent
        return self.root.holds(where)

    # -- writing

    def area_of(self, spot: Spot, context: ImportContext) -> Area:
        """The area of a spot, made (and noted) if it is new. Raises PlanStale where somebody was faster."""
        assert spot.area is not None
        return area_made(spot.area, context)


def area_made(where: Area | NewArea, context: ImportContext) -> Area:
    """The area, made (and noted) with those above it if it is new. Raises PlanStale where somebody was faster."""
    areas_made([where], context)
    return where if isinstance(where, Area) else cast(Area, where.area)


def areas_made(places: Iterable[Area | NewArea], context: ImportContext) -> None:
    """Make (and note) the areas among these that are new, and those above them, some queries a level. Raises PlanStale
    where somebody was faster."""
    wanted: dict[int, list[NewArea]] = defaultdict(list)  # by how many new ones stand above
    for place in dict.fromkeys(places):
        line = []
        while isinstance(place, NewArea) and place.area is None:
            line.append(place)
            place = place.parent
        for above, new in enumerate(reversed(line)):
            if new not in wanted[above]:
                wanted[above].append(new)
    for _above, news in sorted(wanted.items()):
        parents = [
            one.parent if isinstance(one.parent, Area) else cast(Area, one.parent.area) for one in news
        ]
        children = [
            NewChild(parent, one.level, one.name, "" if one.level == Level.GROUP else "小区")
            for one, parent in zip(news, parents, strict=True)
        ]
        try:
            made = areas_add(children=children)
        except ValidationError as taken:
            raise PlanStale from taken
        for one, area in zip(news, made, strict=True):
            one.area = area
            context.note_created(area)


_STREET_TAILS_HEAD = re.compile(r"^(?:街道办事处|人民政府|办事处|街道办|街道|镇|乡|街办)")
_TAILS_HEAD = re.compile(r"^(?:社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|社区|村)")


class Doors:
    """Households behind the doors of many spots, some queries for all of them."""

    def __init__(self, root: Area) -> None:
        self.root = root
        self._found: dict[str, list[tuple[str, Household]]] = defaultdict(list)
        self._asked: set[str] = set()

    def ask(self, spots: Iterable[Spot]) -> None:
        """Read the households behind these doors (one query for some hundred keys)."""
        keys = sorted({spot.door_key for spot in spots if spot.door_key} - self._asked)
        self._asked |= set(keys)
        low, high = path_range(self.root.path)
        for at in range(0, len(keys), KEYS_AT_ONCE):
            rows = Household.objects.open().filter(door_key__in=keys[at : at + KEYS_AT_ONCE])
            inside = rows.filter(area__path__gte=low, area__path__lt=high).select_related("area")
            for row in inside.order_by("pk"):
                self._found[row.door_key].append((row.area.path, row))

    def at(self, spot: Spot) -> list[Household]:
        """The households at a spot that was asked for: in its area itself, else anywhere below it."""
        area = spot.known_area
        if area is None or not spot.door_key:
            return []
        rows = self._found.get(spot.door_key, [])
        here = [row for path, row in rows if path == area.path]
        return here or [row for path, row in rows if path.startswith(area.path)]
