"""Demo areas: county, townships, villages with invented codes, groups, compounds."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass

from grassroots.desk.demo.invent import spread
from grassroots.desk.demo.townships import COUNTY, HUAIKOU, Township
from grassroots.grid.bulk import BulkWriter
from grassroots.grid.models import Area, Level

ESTATES = (
    "翠柏苑",
    "金色家园",
    "滨江花园",
    "书香门第",
    "锦绣苑",
    "阳光小区",
    "和谐家园",
    "丽景苑",
    "怡和苑",
    "东方新城",
)
YARDS = (
    "张家院子",
    "李家大院",
    "黄葛树院子",
    "堰塘湾",
    "新房子",
    "老祠堂",
    "桥头院子",
    "竹林湾",
    "石坝子",
    "油坊院子",
)
OPEN_SINCE = dt.date(2020, 1, 1)


@dataclass
class CompoundPlan:
    """A compound to be made, and how many households live in it."""

    name: str
    is_estate: bool
    households: int
    area_id: int = 0


@dataclass
class GroupPlan:
    name: str
    compounds: list[CompoundPlan]
    area_id: int = 0


@dataclass
class VillagePlan:
    name: str
    is_community: bool
    groups: list[GroupPlan]
    area_id: int = 0
    path: str = ""

    @property
    def compounds(self) -> list[CompoundPlan]:
        return [compound for group in self.groups for compound in group.compounds]


@dataclass
class StreetPlan:
    """A township's areas."""

    township: Township
    villages: list[VillagePlan]
    area_id: int = 0

    @property
    def compounds(self) -> list[CompoundPlan]:
        return [compound for village in self.villages for compound in village.compounds]

    @property
    def households(self) -> int:
        return sum(compound.households for compound in self.compounds)


def _compound_names(is_community: bool, count: int) -> list[str]:
    stems = ESTATES if is_community else YARDS
    names = []
    for index in range(count):
        turn, place = divmod(index, len(stems))
        names.append(
            stems[place] + ("" if turn == 0 else f"{turn + 1}期" if is_community else f"({turn + 1})")
        )
    return names


def plan_village(name: str, is_community: bool, households: list[int], groups: int) -> VillagePlan:
    """A village whose compounds hold the given numbers of households, dealt out over its groups."""
    names = _compound_names(is_community, len(households))
    compounds = [
        CompoundPlan(label, is_community, count) for label, count in zip(names, households, strict=True)
    ]
    dealt = [GroupPlan(f"{number}组", compounds[number - 1 :: groups]) for number in range(1, groups + 1)]
    return VillagePlan(name, is_community, dealt)


def plan_township(township: Township, rng: random.Random) -> StreetPlan:
    """A township at full size: its compounds spread over its villages, its households over the compounds."""
    count = len(township.villages)
    if township.groups is None:
        compounds = spread(township.compounds, count, rng)
        groups = [max(2, number * 2 // 3) for number in compounds]
    else:
        groups = spread(township.groups, count, rng)
        more = township.compounds - township.groups  # every group has one
        compounds = [number + extra for number, extra in zip(groups, _deal(more, count), strict=True)]
    households = spread(township.households, township.compounds, rng)
    villages, used = [], 0
    for (name, is_community), number, own_groups in zip(township.villages, compounds, groups, strict=True):
        share, used = households[used : used + number], used + number
        villages.append(plan_village(name, is_community, share, own_groups))
    return StreetPlan(township, villages)


def _deal(total: int, parts: int) -> list[int]:
    return [total // parts + (part < total % parts) for part in range(parts)]


def plan_one_village() -> StreetPlan:
    """One lively village of 300 households, and two that have not begun."""
    (first, _), *others = HUAIKOU.villages[:3]
    lively = plan_village(first, True, [72, 60, 48, 44, 40, 36], 4)
    return StreetPlan(
        HUAIKOU, [lively, *(VillagePlan(name, False, [GroupPlan("1组", [])]) for name, _ in others)]
    )


class _Tree:
    """Writes nodes with their paths, as treebeard lays them out."""

    def __init__(self) -> None:
        self.writer = BulkWriter(Area)
        self._children: dict[str, int] = {}

    def add(
        self, parent: str, level: Level, name: str, code: str, kind: str, children: int, expected: int
    ) -> tuple[int, str]:
        number = self._children.get(parent, 0) + 1
        self._children[parent] = number
        depth = len(parent) // Area.steplen + 1
        path = Area._get_path(parent, depth, number)
        pk = self.writer.add(
            path=path, depth=depth, numchild=children, level=int(level), name=name, code=code, kind=kind,
            expected_households=expected, valid_from=OPEN_SINCE,
        )  # fmt: skip
        return pk, path


def write_areas(plans: Sequence[StreetPlan]) -> int:
    """Write the tree and note every area's key in the plans; returns the county's."""
    tree = _Tree()
    total = sum(plan.households for plan in plans)
    code, name = COUNTY
    county_id, county = tree.add("", Level.COUNTY, name, code, "县", len(plans), total)
    for plan in plans:
        _write_township(tree, plan, county)
    tree.writer.close()
    return county_id


def _write_township(tree: _Tree, plan: StreetPlan, county: str) -> None:
    township = plan.township
    plan.area_id, street = tree.add(
        county, Level.STREET, township.name, township.code, township.kind, len(plan.villages), plan.households
    )
    for number, village in enumerate(plan.villages, start=1):
        code = f"{township.code[:9]}{number:03d}"
        kind = "社区" if village.is_community else "行政村"
        expected = sum(compound.households for compound in village.compounds)
        village.area_id, village.path = tree.add(
            street, Level.VILLAGE, village.name, code, kind, len(village.groups), expected
        )
        for group_number, group in enumerate(village.groups, start=1):
            _write_group(tree, village, group, f"{code}{group_number:03d}")


def _write_group(tree: _Tree, village: VillagePlan, group: GroupPlan, code: str) -> None:
    kind = "网格" if village.is_community else "村民小组"
    expected = sum(compound.households for compound in group.compounds)
    group.area_id, path = tree.add(
        village.path, Level.GROUP, group.name, code, kind, len(group.compounds), expected
    )
    for number, compound in enumerate(group.compounds, start=1):
        kind = "小区" if compound.is_estate else "散居院落"
        compound.area_id, _path = tree.add(
            path, Level.COMPOUND, compound.name, f"{code}{number:03d}", kind, 0, compound.households
        )
