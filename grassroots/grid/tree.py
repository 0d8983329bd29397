"""Reading the tree of areas: branches with their counts, names above. A page's cost depends on what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import Count
from django.db.models.functions import Substr

from grassroots.grid.models import Area, AreaDuty
from grassroots.grid.models.areas import path_range
from grassroots.grid.scope import Scope

BRANCH_ROWS = 200


@dataclass
class Node:
    """An area as the tree shows it; `children` is None while it is shut."""

    area: Area
    child_count: int = 0
    duty_count: int = 0
    children: list[Node] | None = None
    has_more: bool = False
    above: str = field(default="")


def open_child_counts(areas: Sequence[Area]) -> dict[int, int]:
    """Number of open areas right below each area (one query for each depth among them)."""
    counts: dict[int, int] = {}
    for depth, group in groupby(sorted(areas, key=lambda area: area.depth), key=lambda area: area.depth):
        by_path = {area.path: area.pk for area in group}
        rows = (
            Area.objects.open()
            .filter(depth=depth + 1, path__gte=min(by_path), path__lt=path_range(max(by_path))[1])
            .annotate(above=Substr("path", 1, depth * Area.steplen))
            .filter(above__in=list(by_path))
            .order_by()
            .values_list("above")
            .annotate(number=Count("pk"))
        )
        counts.update({by_path[path]: number for path, number in rows})
    return counts


def open_duty_counts(areas: Sequence[Area]) -> dict[int, int]:
    """Number of duties in force on each area itself (one query)."""
    rows = AreaDuty.objects.open().filter(area__in=[area.pk for area in areas]).order_by()
    return dict(rows.values_list("area").annotate(number=Count("pk")))


def nodes_of(areas: Sequence[Area]) -> list[Node]:
    """The areas with their counts."""
    children, duties = open_child_counts(areas), open_duty_counts(areas)
    return [Node(area, children.get(area.pk, 0), duties.get(area.pk, 0)) for area in areas]


def children_of(area: Area, after: str = "") -> tuple[list[Area], bool]:
    """Open areas right below, in order, from behind the path `after`; and whether there are more."""
    low, high = path_range(area.path)
    rows: Any = Area.objects.open().filter(depth=area.depth + 1, path__gt=max(low, after), path__lt=high)
    found = list(rows.order_by("path")[: BRANCH_ROWS + 1])
    return found[:BRANCH_ROWS], len(found) > BRANCH_ROWS


def open_tree(scope: Scope, target: Area | None, *, is_shut: bool = False) -> tuple[list[Node], bool]:
    """The scope's roots, opened down to `target`; and whether there are more roots than are shown.

    Without a target the only root is opened, unless `is_shut`.
    """
    roots = list(Area.objects.open().filter(path__in=scope.paths).order_by("path")[: BRANCH_ROWS + 1])
    nodes = nodes_of(roots[:BRANCH_ROWS])
    if target is None and len(nodes) == 1 and not is_shut:
        target = nodes[0].area
    level = nodes
    while target is not None:
        node = next((node for node in level if node.area.holds(target)), None)
        if node is None:
            break
        children, node.has_more = children_of(node.area)
        node.children = level = nodes_of(children)
        if node.area.pk == target.pk:
            break
    return nodes, len(roots) > BRANCH_ROWS


def names_above(areas: Iterable[Area]) -> dict[int, str]:
    """For each area the names above it up to the village, e.g. 城厢社区 1组 (one query)."""
    areas = list(areas)
    wanted = {path for area in areas for path in area.ancestor_paths()[:-1]}
    rows = Area.objects.filter(path__in=wanted, level__gte=2).order_by()
    names = dict(rows.values_list("path", "name")) if wanted else {}
    return {
        area.pk: " ".join(names[path] for path in area.ancestor_paths()[:-1] if path in names)
        for area in areas
    }
