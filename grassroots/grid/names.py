"""Names of many areas at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from grassroots.grid.models import Area, Level
from grassroots.grid.models.areas import path_range


def full_names(areas: Iterable[Area], separator: str = "") -> dict[int, str]:
    """Each area's name with the names above it up to the village, e.g. 城厢社区翠柏苑, by area id, in one query.

    Groups are left out where a compound stands below them: people say 城厢社区翠柏苑, not 城厢社区1组翠柏苑.
    """
    wanted = {area.pk: area for area in areas}
    paths = {path for area in wanted.values() for path in area.ancestor_paths()}
    above = {
        row.path: row for row in Area.objects.filter(path__in=paths, level__gte=Level.VILLAGE).order_by()
    }
    names = {}
    for pk, area in wanted.items():
        line = [above[path] for path in area.ancestor_paths() if path in above]
        if area.level == Level.COMPOUND:
            line = [row for row in line if row.level != Level.GROUP]
        names[pk] = separator.join(row.name for row in line) or area.name
    return names


@dataclass(frozen=True)
class PlaceNames:
    """Where an area lies, as ledgers print it: village, group, compound; '' for levels that it does not have."""

    street: str = ""
    village: str = ""
    group: str = ""
    compound: str = ""

    @property
    def short(self) -> str:
        """Group or compound, whichever people say: 翠柏苑, 2组."""
        return self.compound or self.group or self.village


_LEVEL_FIELDS = {
    Level.STREET: "street",
    Level.VILLAGE: "village",
    Level.GROUP: "group",
    Level.COMPOUND: "compound",
}


def place_names(root: Area) -> dict[int, PlaceNames]:
    """The names of every area at or below `root` by level, by area id, in one query (closed areas included)."""
    low, high = path_range(root.path)
    above = root.ancestor_paths()
    rows = Area.objects.filter(Q(path__in=above) | Q(path__gte=low, path__lt=high)).order_by("path")
    line: dict[str, Area] = {}
    names: dict[int, PlaceNames] = {}
    for area in rows:
        line[area.path] = area
        levels = {
            _LEVEL_FIELDS[Level(line[path].level)]: line[path].name
            for path in area.ancestor_paths()
            if path in line and line[path].level in _LEVEL_FIELDS
        }
        names[area.pk] = PlaceNames(**levels)
    return names
