"""The 统计表: every indicator for an area and the areas below it, counted live (docs/ledgers.md)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Indicator, Late, indicator, indicators

Figures = dict[str, int]


@dataclass
class Counted:
    """Every indicator's counts by area, and the paths by which they are summed up."""

    asof: AsOf
    paths: dict[int, str]
    own: dict[str, dict[int, int]] = field(default_factory=dict)
    moves: dict[str, dict[tuple[int, int], int]] = field(default_factory=dict)

    def total(self, path: str) -> Figures:
        """The figures of the area at `path` with all below it."""
        inside = {pk for pk, own_path in self.paths.items() if own_path.startswith(path)}
        figures = {}
        for item in indicators():
            if item.key in self.moves:
                figures[item.key] = self._crossing(item, inside)
            elif item.key in self.own:
                figures[item.key] = sum(n for pk, n in self.own[item.key].items() if pk in inside)
        return figures

    def _crossing(self, item: Indicator, inside: set[int]) -> int:
        here, there = (1, 0) if item.side == "in" else (0, 1)
        pairs = self.moves[item.key].items()
        return sum(n for pair, n in pairs if pair[here] in inside and pair[there] not in inside)

    def every_total(self) -> dict[int, Figures]:
        """The figures of every area counted, each with all below it; the tree is walked once."""
        ids_by_path = {path: pk for pk, path in self.paths.items()}
        step = Area.steplen
        above = {
            pk: [
                ids_by_path[path[:end]]
                for end in range(step, len(path) + 1, step)
                if path[:end] in ids_by_path
            ]
            for pk, path in self.paths.items()
        }
        totals: dict[int, Figures] = {
            pk: dict.fromkeys((i.key for i in indicators()), 0) for pk in self.paths
        }
        for key, counts in self.own.items():
            for pk, number in counts.items():
                for upper in above.get(pk, ()):
                    totals[upper][key] += number
        for key, pairs in self.moves.items():
            here, there = (1, 0) if indicator(key).side == "in" else (0, 1)
            for pair, number in pairs.items():
                other = set(above.get(pair[there], ()))
                for upper in above.get(pair[here], ()):
                    if upper not in other:
                        totals[upper][key] += number
        return totals


def count_all(root: Area, asof: AsOf, keys: Collection[str] | None = None) -> Counted:
    """Count every indicator, or those of `keys`, for `root` and all areas below it, closed ones included."""
    areas = Area.objects.within(root)
    counted = Counted(asof, dict(areas.order_by().values_list("pk", "path")))
    wanted = areas.order_by()
    for item in indicators():
        if keys is not None and item.key not in keys:
            continue
        if item.moves is not None:
            counted.moves[item.key] = dict(item.moves(wanted, asof))
        elif item.count is not None:
            counted.own[item.key] = dict(item.count(wanted, asof))
    return counted


def row_areas(root: Area, on: dt.date) -> list[Area]:
    """The rows of a 统计表: streets of a county, villages of a street, groups and compounds right below a village.

    An area without anything below it is its own row.
    """
    children = Area.objects.open(on).filter(path__startswith=root.path, depth=root.depth + 1).order_by("path")
    return list(children) or [root]


def statistics(root: Area, asof: AsOf) -> dict[str, Any]:
    """The JSON of `manage.py statistics`: {"area", "name", "on", "totals", "rows": [{"area", "name", …}]}.

    With a cut-off there is "cutoff" ("17:00") as well.
    """
    counted = count_all(root, asof)
    rows = [
        {"area": area.code or str(area.pk), "name": area.name, **counted.total(area.path)}
        for area in row_areas(root, asof.on)
    ]
    return {
        "area": root.code,
        "name": root.name,
        "on": asof.on.isoformat(),
        **({"cutoff": f"{asof.cutoff:%H:%M}"} if asof.cutoff else {}),
        "totals": counted.total(root.path),
        "rows": rows,
    }


YESTERDAY, STOCK, FLOWS_IN, FLOWS_OUT = (
    "under_observation_yesterday",
    "under_observation",
    ("opened", "moved_in"),
    ("released", "transferred", "moved_out"),
)


@dataclass(frozen=True)
class Reconciliation:
    """在管 = 昨日在管 + 新增 + 转入 − 解除 − 转送 − 转出."""

    yesterday: int
    today: int
    flows: Mapping[str, int]

    @property
    def difference(self) -> int:
        """What the stock has more than yesterday's stock and the flows explain; 0 when it reconciles."""
        gained = sum(self.flows[key] for key in FLOWS_IN) - sum(self.flows[key] for key in FLOWS_OUT)
        return self.today - self.yesterday - gained

    def explain(self) -> str:
        """The difference in words; '' when there is none."""
        if not self.difference:
            return ""
        flows = self.flows
        return (
            f"在管{self.today}人，而昨日在管{self.yesterday} + 新增{flows['opened']} + 转入{flows['moved_in']}"
            f" − 解除{flows['released']} − 转送{flows['transferred']} − 转出{flows['moved_out']}"
            f" = {self.today - self.difference}人，相差{self.difference:+d}。"
        )


def reconcile(root: Area, asof: AsOf) -> Reconciliation:
    """Check stock against flows for a day, both as known at the same time."""
    return reconciliation_of(count_keys(root, asof, (YESTERDAY, STOCK, *FLOWS_IN, *FLOWS_OUT)))


def reconciliation_of(figures: Mapping[str, int]) -> Reconciliation:
    """The same from figures that were counted already; what is missing counts as 0."""
    flows = {key: figures.get(key, 0) for key in (*FLOWS_IN, *FLOWS_OUT)}
    return Reconciliation(figures.get(YESTERDAY, 0), figures.get(STOCK, 0), flows)


def count_keys(root: Area, asof: AsOf, keys: Iterable[str]) -> Figures:
    """Count only the indicators of these keys, for an area with all below it."""
    areas = Area.objects.within(root).order_by()
    ids = set(areas.values_list("pk", flat=True))
    figures: Figures = {}
    for key in keys:
        item = indicator(key)
        if item.moves is not None:
            here, there = (1, 0) if item.side == "in" else (0, 1)
            pairs = item.moves(areas, asof).items()
            figures[key] = sum(n for pair, n in pairs if pair[here] in ids and pair[there] not in ids)
        else:
            assert item.count is not None
            figures[key] = sum(item.count(areas, asof).values())
    return figures


def late_entries(
    root: Area, asof: AsOf, since: dt.datetime, *, keys: Collection[str] | None = None
) -> dict[str, list[Late]]:
    """What was recorded after `since` and changes the figures of `asof`, by indicator: that day's 更正.

    For every indicator with a `late` listing: figure as known at asof.known_at = figure as known at `since` + the
    sum of the changes listed. `keys`: only of these figures.
    """
    areas = Area.objects.within(root).order_by()
    found: dict[str, list[Late]] = defaultdict(list)
    for item in indicators():
        if item.late is not None and (keys is None or item.key in keys):
            rows = item.late(areas, asof, since)
            if rows:
                found[item.key] = rows
    return dict(found)
