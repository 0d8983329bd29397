"""Demo areas: 淮口街道 with invented village codes, its groups and compounds."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from grassroots.desk.demo.invent import spread
from grassroots.grid.bulk import BulkWriter
from grassroots.grid.models import Area, Level

COUNTY = ("510121000000", "金堂县")
STREET = ("510121006000", "淮口街道")
# Villages with fixed names come first; the others and all codes below the street are invented.
COMMUNITIES = ("城厢社区", "州城社区", "三江社区", "金箱社区", "韩滩社区", "瑞光社区", "新淮社区", "沱江社区")
VILLAGES = (
    "龚家村", "白马村", "黄桷村", "舒家村", "桃花村", "五一村", "高山村", "鲤鱼村", "青龙村", "双河村", "石堰村",
    "柏林村", "红光村", "大田村", "玉皇村", "龙泉村",
)  # fmt: skip
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
STREET_COMPOUNDS = 351
STREET_HOUSEHOLDS = 43_171
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
    villages: list[VillagePlan]
    county_id: int = 0
    street_id: int = 0
    names: dict[int, str] = field(default_factory=dict)


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


def plan_street(rng: random.Random) -> StreetPlan:
    """淮口 at full size: 24 villages and communities, 351 compounds, 43,171 households."""
    labels = [(COMMUNITIES[0], True), *((name, False) for name in VILLAGES[:2])]
    labels += [(name, True) for name in COMMUNITIES[1:]] + [(name, False) for name in VILLAGES[2:]]
    compounds = spread(STREET_COMPOUNDS, len(labels), rng)
    households = spread(STREET_HOUSEHOLDS, STREET_COMPOUNDS, rng)
    villages, used = [], 0
    for (name, is_community), count in zip(labels, compounds, strict=True):
        share, used = households[used : used + count], used + count
        villages.append(plan_village(name, is_community, share, max(2, count * 2 // 3)))
    return StreetPlan(villages)


def plan_one_village() -> StreetPlan:
    """One lively village of 300 households, and two that have not begun."""
    chengxiang = plan_village("城厢社区", True, [72, 60, 48, 44, 40, 36], 4)
    others = [VillagePlan(name, False, [GroupPlan("1组", [])]) for name in VILLAGES[:2]]
    return StreetPlan([chengxiang, *others])


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


def write_areas(plan: StreetPlan) -> None:
    """Write the tree and note every area's key in the plan."""
    tree = _Tree()
    total = sum(compound.households for village in plan.villages for compound in village.compounds)
    plan.county_id, county = tree.add("", Level.COUNTY, COUNTY[1], COUNTY[0], "县", 1, total)
    plan.street_id, street = tree.add(
        county, Level.STREET, STREET[1], STREET[0], "街道", len(plan.villages), total
    )
    for number, village in enumerate(plan.villages, start=1):
        code = f"{STREET[0][:9]}{number:03d}"
        kind = "社区" if village.is_community else "行政村"
        expected = sum(compound.households for compound in village.compounds)
        village.area_id, village.path = tree.add(
            street, Level.VILLAGE, village.name, code, kind, len(village.groups), expected
        )
        for group_number, group in enumerate(village.groups, start=1):
            _write_group(tree, village, group, f"{code}{group_number:03d}")
    tree.writer.close()


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
