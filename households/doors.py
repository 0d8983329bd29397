"""Reading the doors of an area: branches with their figures, buildings, and doors by unit and floor.

Nothing here counts over a township: figures of areas above the village come from rollups (docs/ledgers.md).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils import timezone

from grassroots.grid.models import Area, Level
from grassroots.grid.scope import scope_of
from grassroots.grid.tree import children_of
from grassroots.ledgers.models import AreaRollup
from households.models import Followup, Household, Relation, Residency, SurveyState
from households.rules.addresses import floor_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models.household import HouseholdQuerySet

DOORS_PER_PAGE = 120
ROWS_PER_PAGE = 50
FEW_DOORS = 36  # a compound with no more doors shows them at once, without asking for the building
MY_HOUSEHOLDS = 50
# What the tiles and filters say, in the office's words.
STATE_WORDS: dict[str, str] = {
    SurveyState.UNVISITED: "未访",
    SurveyState.SIGNED: "已签",
    SurveyState.ABSENT: "无人",
    SurveyState.REFUSED: "拒绝",
    SurveyState.BY_PHONE: "电话",
    SurveyState.VACANT: "空置",
    Followup.RETURNEE: "有返乡",
    Followup.OBSERVED: "观察中",
}


@dataclass
class Figures:
    """Doors by state; `as_of` is set when they come from a rollup and not from counting."""

    states: Counter[str] = field(default_factory=Counter)
    as_of: dt.datetime | None = None

    @property
    def doors(self) -> int:
        return sum(self.states.values())

    @property
    def signed(self) -> int:
        return self.states[SurveyState.SIGNED]

    @property
    def vacant(self) -> int:
        return self.states[SurveyState.VACANT]

    @property
    def to_sign(self) -> int:
        """Doors that count for the completion: without the vacant ones (DESIGN.md)."""
        return self.doors - self.states[SurveyState.VACANT]

    @property
    def left(self) -> int:
        """Doors at which nobody has knocked yet."""
        return self.states[SurveyState.UNVISITED]


@dataclass
class Branch:
    """An area below the one that is shown; `figures` is None where none are known yet."""

    area: Area
    figures: Figures | None = None


@dataclass
class Building:
    name: str
    figures: Figures


@dataclass
class Unit:
    """Doors of one unit of one building by floor, in walking order."""

    building: str
    unit: str
    floors: list[tuple[str, list[Household]]]

    @property
    def title(self) -> str:
        parts = [f"{self.building}栋" if self.building else "", f"{self.unit}单元" if self.unit else ""]
        return " ".join(part for part in parts if part)


def is_counted_live(area: Area) -> bool:
    """Whether an area is small enough for its doors to be counted or filtered on a page: a village and below."""
    return area.level >= Level.VILLAGE


def branches_of(area: Area) -> tuple[list[Branch], Figures | None, bool]:
    """Areas right below with their figures, the figures of the area itself, and whether more areas follow."""
    children, has_more = children_of(area)
    if not is_counted_live(area):
        known = rolled_up([area, *children])
        return [Branch(child, known.get(child.pk)) for child in children], known.get(area.pk), has_more
    paths = dict(Area.objects.within(area).order_by().values_list("pk", "path"))
    total, by_child = Figures(), {child.path: Figures() for child in children}
    end = len(area.path) + Area.steplen
    for row in Household.objects.within(area).tally("area_id"):
        total.states[row["survey_state"]] += row["n"]
        if (child := by_child.get(paths[row["area_id"]][:end])) is not None:
            child.states[row["survey_state"]] += row["n"]
    return [Branch(child, by_child[child.path]) for child in children], total, has_more


def own_figures(area: Area) -> Figures:
    """The doors that hang on the area itself, by state (one query)."""
    found = Figures()
    for row in Household.objects.filter(area=area).tally():
        found.states[row["survey_state"]] += row["n"]
    return found


def roots_of(staff: Staff) -> list[Branch]:
    """The areas at the top of the person's scope with their figures as rolled up (three queries)."""
    roots = [area for area in scope_of(staff).roots() if area.is_open]
    known = rolled_up(roots)
    return [Branch(area, known.get(area.pk)) for area in roots]


def followups_of(households: HouseholdQuerySet) -> dict[str, int]:
    """Doors with returnees and under observation, among those of one village at most (one query)."""
    rows = households.open().exclude(followup_state=Followup.NONE).order_by()
    return dict(rows.values_list("followup_state").annotate(n=Count("pk")))


def rolled_up(areas: Sequence[Area]) -> dict[int, Figures]:
    """The latest figures of today or yesterday that the tick has worked out (one query)."""
    since = timezone.localdate() - dt.timedelta(days=1)
    rows = AreaRollup.objects.filter(area__in=[area.pk for area in areas], on__gte=since).order_by("on")
    found: dict[int, Figures] = {}
    for row in rows:
        doors, signed = row.total.get("households", 0), row.total.get("signed_households", 0)
        vacant, absent = row.total.get("vacant_households", 0), row.total.get("absent_households", 0)
        rest = max(row.total.get("surveyed_households", 0) - signed - vacant - absent, 0)
        states: Counter[str] = Counter()
        states.update({SurveyState.SIGNED: signed, SurveyState.VACANT: vacant, SurveyState.ABSENT: absent})
        states["OTHER"] = rest  # refused or told by phone: the rollup does not tell them apart
        states[SurveyState.UNVISITED] = max(doors - signed - vacant - absent - rest, 0)
        found[row.area_id] = Figures(states, row.computed_at)
    return found


def buildings_of(area: Area) -> list[Building]:
    """The buildings of one compound in walking order, '' for doors without one (one query)."""
    figures: dict[str, Figures] = defaultdict(Figures)
    rows = Household.objects.filter(area=area).tally("building")
    for row in rows:
        figures[row["building"]].states[row["survey_state"]] += row["n"]
    return [Building(name, figures[name]) for name in sorted(figures, key=_natural)]


def _natural(name: str) -> tuple[int, int, str]:
    digits = "".join(char for char in name if char.isdecimal())[:18]
    return (0 if name else -1, int(digits) if digits else 10**9, name)


def by_unit(households: Iterable[Household]) -> list[Unit]:
    """Group doors that come in walking order."""
    units = []
    for (building, unit), doors in groupby(households, key=lambda door: (door.building, door.unit)):
        floors = [
            (floor, list(group))
            for floor, group in groupby(doors, key=lambda door: door.floor or floor_of(door.door))
        ]
        units.append(Unit(building, unit, floors))
    return units


def heads_of(households: Sequence[Household]) -> Mapping[int, Residency]:
    """The head of each household, or the first one registered there (one query)."""
    heads: dict[int, Residency] = {}
    rows = Residency.objects.open().filter(household__in=[household.pk for household in households])
    for row in rows.select_related("person").order_by("order", "pk"):
        if row.relation == Relation.HEAD or row.household_id not in heads:
            heads[row.household_id or 0] = row
    return heads


def mine_alone(staff: Staff) -> list[Household]:
    """Households that the person answers for one by one (包户), at most MY_HOUSEHOLDS."""
    held = scope_of(staff).own.get("household")
    if not held:
        return []
    rows = Household.objects.open().filter(pk__in=held).select_related("area")
    return list(rows.in_walking_order()[:MY_HOUSEHOLDS])


def places_of(areas: Iterable[Area]) -> dict[int, str]:
    """The name of each area with those above it from the village on, e.g. 城厢社区 1组 翠柏苑 (one query)."""
    areas = list(areas)
    wanted = {path for area in areas for path in area.ancestor_paths()}
    named = Area.objects.filter(path__in=sorted(wanted), level__gte=Level.VILLAGE).order_by()
    names = dict(named.values_list("path", "name")) if wanted else {}
    return {
        area.pk: " ".join(names[path] for path in area.ancestor_paths() if path in names) for area in areas
    }
