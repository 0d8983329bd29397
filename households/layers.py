"""Layers of 一张图: what else than completion colours and labels the areas (figures of grassroots/ledgers/live.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from grassroots.grid.models import Area, Staff
from grassroots.grid.views.pages import link
from grassroots.ledgers.live import LiveFigure, LiveSource, Seen, inside, live_sources

Bands = tuple[tuple[int, str, str], ...]
FEW: Bands = ((6, "n3", "6 以上"), (3, "n2", "3–5"), (1, "n1", "1–2"), (0, "n0", "没有"))


def bands_of(most: int) -> Bands:
    """From how many on a tile has which look, and what the legend says; `most`: of the fullest tile, in whose thirds
    larger numbers are parted.
    """
    if most < 10:
        return FEW
    low, high = -(-most // 3), -(-2 * most // 3)
    return (
        (high + 1, "n3", f"{high + 1:,} 以上"), (low + 1, "n2", f"{low + 1:,}–{high:,}"), (1, "n1", f"1–{low:,}"),
        (0, "n0", "没有"),
    )  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """A figure as a layer."""

    source: LiveSource
    figure: LiveFigure

    @property
    def code(self) -> str:
        return self.figure.key

    @property
    def title(self) -> str:
        return self.figure.layer

    @property
    def unit(self) -> str:
        return self.figure.unit


@dataclass
class Laid:
    """A layer over the areas of a picture: each one's number, all together, and what lies in none of them."""

    layer: Layer
    seen: Seen
    numbers: dict[int, int] = field(default_factory=dict)
    urls: dict[int, str] = field(default_factory=dict)
    total: int = 0
    total_url: str = ""

    @property
    def bands(self) -> Bands:
        return bands_of(max(self.numbers.values(), default=0))

    def band(self, number: int) -> str:
        """The look of a tile with so many."""
        return next(code for least, code, _words in self.bands if number >= least)

    @property
    def rest(self) -> int:
        """What belongs to no area drawn: to the area itself, or to one without doors."""
        return self.total - sum(self.numbers.values())


def layers_of(staff: Staff) -> list[Layer]:
    """The layers that somebody may see."""
    return [
        Layer(source, figure)
        for source in live_sources()
        if staff.has_perm(source.permission)
        for figure in source.figures
        if figure.layer
    ]


def lay(layer: Layer, tops: Sequence[Area], drawn: Sequence[Area], at: dt.datetime) -> Laid:
    """Count a layer below `tops` (a constant number of queries) and give each area drawn what lies in it.

    An area below which others are drawn keeps what hangs on itself.
    """
    areas = inside(tops)
    paths = dict(areas.values_list("pk", "path"))
    seen = layer.source.look(areas, at)
    counts = seen.counts.get(layer.code, {})
    found = Laid(layer, seen, total=sum(n for pk, n in counts.items() if pk in paths))
    found.total_url = _url(layer, seen, tops[0] if len(tops) == 1 else None)
    parents = {path for one in drawn for path in one.ancestor_paths()[:-1]}
    leaves = {one.path: one for one in drawn if one.path not in parents}
    for one in drawn:
        found.numbers[one.pk] = 0 if one.path in leaves else counts.get(one.pk, 0)
        found.urls[one.pk] = _url(layer, seen, one, is_own=one.path not in leaves)
    step = Area.steplen
    for pk, number in counts.items():
        path = paths.get(pk, "")
        ends = range(step, len(path) + 1, step)
        leaf = next((leaves[path[:end]] for end in ends if path[:end] in leaves), None)
        if leaf is not None:
            found.numbers[leaf.pk] += number
    return found


def _url(layer: Layer, seen: Seen, area: Area | None, *, is_own: bool = False) -> str:
    where = {} if area is None else {"area": area.pk, "own": "1" if is_own else ""}
    return link(layer.figure.page, **{**layer.figure.query, **seen.query, **where})
