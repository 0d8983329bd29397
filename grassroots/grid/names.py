"""Names of many areas at once."""

from __future__ import annotations

from collections.abc import Iterable

from grassroots.grid.models import Area, Level


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
