"""How areas stand at this moment (领导看板, layers of 一张图): figures, each with the page of the rows behind it.

Apps register sources in their live.py. A figure that is an indicator too is counted by it (docs/leaders.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.utils import timezone

from grassroots.grid.models import Area, Level
from grassroots.grid.models.areas import path_range
from grassroots.grid.views.pages import link
from grassroots.ledgers.asof import AsOf, indicator
from grassroots.ledgers.models import AreaRollup
from grassroots.ledgers.rollups import rollups_of

KEPT_PAGE = "ledgers:statistics"


@dataclass(frozen=True)
class LiveFigure:
    """A number of an area: its page with the query that shows just these rows, and what it means when it is not 0."""

    key: str
    caption: str
    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    unit: str = "人"
    tone: str = ""
    """How it looks when it is not 0: "warn", "danger", "" plain."""
    said: str = ""
    """Its caption where no group stands above it."""
    alarm: str = ""
    """What a leader is told when it is not 0, behind the number: 件异常事件超时未处置."""
    weight: int = 0
    """The heavier alarms are told first."""
    layer: str = ""
    """Its name as a layer of 一张图; none without."""
    kept: str = ""
    """The indicator whose rollup stands for it above the source's `live_from`, where counting would read too much."""
    is_shown: bool = True
    """Whether the board has a column of it."""


@dataclass(frozen=True)
class Seen:
    """What a source found: by figure the numbers of each area's own rows; the query of the moment, and words on it."""

    counts: Mapping[str, Mapping[int, int]]
    query: Mapping[str, str] = field(default_factory=dict)
    words: str = ""


Look = Callable[["QuerySet[Area]", dt.datetime], Seen]


@dataclass(frozen=True)
class LiveSource:
    """Figures that are counted together, for whoever has the permission that their pages ask for."""

    code: str
    group: str
    order: int
    permission: str
    figures: tuple[LiveFigure, ...]
    look: Look
    live_from: Level = Level.COUNTY
    """The highest level at which it may be counted; above, figures are rollups (`kept`)."""

    def is_live(self, areas: Iterable[Area]) -> bool:
        """Whether it may be counted for all of these areas."""
        return all(area.level >= self.live_from for area in areas)


_sources: dict[str, LiveSource] = {}


def register_live(source: LiveSource) -> None:
    """Add figures; apps call this in their live.py."""
    _sources[source.code] = source


def live_sources() -> list[LiveSource]:
    """All sources in their order."""
    return sorted(_sources.values(), key=lambda source: (source.order, source.code))


def now(at: dt.datetime) -> AsOf:
    """The day up to this moment, as known now: what indicators count the present by."""
    return AsOf(AsOf.day(timezone.localdate(at)).start, at, at)


def by_indicators(**keys: str) -> Look:
    """Count figures by the indicators of these keys."""

    def look(areas: QuerySet[Area], at: dt.datetime) -> Seen:
        asof = now(at)
        found = {}
        for key, name in keys.items():
            count = indicator(name).count
            assert count is not None
            found[key] = count(areas, asof)
        return Seen(found)

    return look


def inside(areas: Sequence[Area]) -> QuerySet[Area]:
    """These areas and everything below them, as a condition that others may ask further."""
    ranges = [path_range(area.path) for area in areas]
    where = reduce(or_, (Q(path__gte=low, path__lt=high) for low, high in ranges), Q(pk__in=[]))
    return Area.objects.filter(where).order_by()  # type: ignore[no-any-return]


@dataclass
class LiveRow:
    """A line of the board: an area with all below it, what hangs on the area itself (`is_own`), or all (no area)."""

    area: Area | None
    is_own: bool = False
    numbers: dict[str, int | None] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        if self.area is None:
            return {}
        return {"area": str(self.area.pk), **({"own": "1"} if self.is_own else {})}

    def holds(self, area_id: int, path: str) -> bool:
        """Whether rows of that area count here."""
        if self.area is None:
            return True
        return area_id == self.area.pk if self.is_own else path.startswith(self.area.path)


@dataclass
class LiveBoard:
    """Figures by line, the sum, and where each number leads."""

    columns: list[tuple[LiveSource, LiveFigure]]
    rows: list[LiveRow]
    total: LiveRow
    seen: Mapping[str, Seen]
    kept: frozenset[str] = frozenset()
    """The sources whose figures were kept and not counted now, and as of when."""
    kept_at: dt.datetime | None = None

    def url(self, source: LiveSource, figure: LiveFigure, row: LiveRow) -> str:
        """The page with the rows behind a number."""
        if source.code in self.kept and (row.area is None or not source.is_live([row.area])):
            return link(KEPT_PAGE, area=row.area.pk) if row.area is not None else ""
        query = {**figure.query, **self.seen[source.code].query, **row.query}
        return link(figure.page, **query)


def live_board(
    tops: Sequence[Area], rows: Sequence[LiveRow], at: dt.datetime, *, sources: Iterable[LiveSource]
) -> LiveBoard:
    """Count everything below `tops` by line. The number of queries is that of the sources, however many areas."""
    chosen = list(sources)
    areas = inside(tops)
    paths = dict(areas.values_list("pk", "path"))
    total = LiveRow(tops[0] if len(tops) == 1 else None)
    lines = [*rows, total]
    seen: dict[str, Seen] = {}
    for source in chosen:
        if not source.is_live(tops):
            seen[source.code] = Seen({})
            continue
        seen[source.code] = source.look(areas, at)
        for figure in source.figures:
            _spread(lines, figure.key, seen[source.code].counts.get(figure.key, {}), paths)
    columns = [(source, figure) for source in chosen for figure in source.figures]
    kept = frozenset(source.code for source in chosen if not source.is_live(tops))
    board = LiveBoard(columns, list(rows), total, seen, kept)
    if kept:
        _fill_kept(board, tops, at)
    return board


def _spread(lines: Sequence[LiveRow], key: str, counts: Mapping[int, int], paths: Mapping[int, str]) -> None:
    for line in lines:
        line.numbers[key] = sum(n for pk, n in counts.items() if pk in paths and line.holds(pk, paths[pk]))


def _fill_kept(board: LiveBoard, tops: Sequence[Area], at: dt.datetime) -> None:
    """Numbers out of the rollups of today (one query); None where the tick has not counted yet."""
    wanted = [*tops, *(row.area for row in board.rows if row.area is not None)]
    known = rollups_of(wanted, timezone.localdate(at))
    figures = [figure for source, figure in board.columns if source.code in board.kept]
    for row in [*board.rows, board.total]:
        parts = [known.get(area.pk) for area in ([row.area] if row.area is not None else tops)]
        for figure in figures:
            row.numbers[figure.key] = _kept(parts, figure.kept, is_own=row.is_own)
    board.kept_at = min((row.computed_at for row in known.values()), default=None)


def _kept(parts: Sequence[AreaRollup | None], key: str, *, is_own: bool) -> int | None:
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    return sum(int((part.own if is_own else part.total).get(key, 0)) for part in found)
