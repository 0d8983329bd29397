"""领导看板: how the villages of a leader stand, what needs him now, and how it went in fourteen days (reads only)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from grassroots.grid.models import Area, Staff
from grassroots.grid.scope import Scope, scope_of
from grassroots.grid.views.pages import link
from grassroots.ledgers.live import (
    KEPT_PAGE,
    LiveBoard,
    LiveFigure,
    LiveRow,
    LiveSource,
    live_board,
    live_sources,
)
from grassroots.ledgers.table import share_text
from households.coverage import Answering, answering_for

MOST_ROWS = 80
MOST_SENTENCES = 5
NAMED = 3  # so many areas a sentence names
OWN = "本级"


@dataclass(frozen=True)
class Cell:
    """A number, where it leads, and how it looks."""

    figure: LiveFigure
    number: int | None
    url: str = ""
    text: str = ""

    @property
    def tone(self) -> str:
        return self.figure.tone if self.number else ""

    @property
    def shown(self) -> str:
        """12,345; — where nothing is known yet."""
        return self.text or ("—" if self.number is None else f"{self.number:,}")


@dataclass(frozen=True)
class Line:
    """One area of the table."""

    name: str
    url: str
    groups: list[tuple[str, list[Cell]]]
    answering: Answering | None = None
    is_total: bool = False

    @property
    def cells(self) -> list[Cell]:
        return [cell for _group, cells in self.groups for cell in cells]


@dataclass(frozen=True)
class Sentence:
    """What needs the leader now, and the rows behind it."""

    words: str
    url: str
    tone: str


@dataclass
class Screen:
    """What the page shows."""

    lines: list[Line] = field(default_factory=list)
    total: Line | None = None
    heads: list[tuple[str, int]] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    kept_at: dt.datetime | None = None
    is_kept: bool = False
    slot: str = ""
    has_more: bool = False


def tops_of(staff: Staff, area: Area | None) -> list[Area]:
    """The areas that the page sums up: the one asked for, or those at the top of the person's scope (one query)."""
    if area is not None:
        return [area]
    scope: Scope = scope_of(staff)
    return [root for root in scope.roots() if root.is_open]


def _children(area: Area) -> QuerySet[Area]:
    below: QuerySet[Area] = Area.objects.open().within(area).filter(depth=area.depth + 1).order_by("path")
    return below


def _rows(tops: Sequence[Area]) -> tuple[list[LiveRow], bool]:
    """The lines: the areas right below a single top, else the tops themselves; whether there are more (one query)."""
    if len(tops) != 1:
        return [LiveRow(area) for area in tops[:MOST_ROWS]], len(tops) > MOST_ROWS
    below = list(_children(tops[0])[: MOST_ROWS + 1])
    if not below:
        return [LiveRow(tops[0])], False
    return [*(LiveRow(area) for area in below[:MOST_ROWS]), LiveRow(tops[0], is_own=True)], len(
        below
    ) > MOST_ROWS


def screen_of(staff: Staff, area: Area | None, at: dt.datetime) -> Screen:
    """The table and what stands above it; the number of queries is the same for one area and for a hundred."""
    tops = tops_of(staff, area)
    rows, has_more = _rows(tops)
    if not tops:
        return Screen()
    sources = [source for source in live_sources() if staff.has_perm(source.permission)]
    board = live_board(tops, rows, at, sources=sources)
    kept = [row for row in board.rows if not row.is_own or any(row.numbers.values())]
    answering = answering_for([row.area for row in kept if row.area is not None])
    slot = board.seen.get("slot")
    return Screen(
        lines=[_line(board, row, answering) for row in kept],
        total=_line(board, board.total, {}, is_total=True),
        heads=_heads(board),
        sentences=_sentences(board, kept),
        kept_at=board.kept_at,
        is_kept=bool(board.kept),
        slot=slot.words if slot else "",
        has_more=has_more,
    )


def _heads(board: LiveBoard) -> list[tuple[str, int]]:
    """The upper header: groups and how many columns each has."""
    found: list[tuple[str, int]] = []
    for name, cells in _groups(board, board.total):
        found.append((name, len(cells)))
    return found


def _groups(board: LiveBoard, row: LiveRow) -> list[tuple[str, list[Cell]]]:
    found: list[tuple[str, list[Cell]]] = []
    for source, figure in board.columns:
        if not figure.is_shown:
            continue
        if not found or found[-1][0] != source.group:
            found.append((source.group, []))
        found[-1][1].append(_cell(board, source, figure, row))
        if figure.key == "signed":
            found[-1][1].append(_completion(board, row))
    return found


def _cell(board: LiveBoard, source: LiveSource, figure: LiveFigure, row: LiveRow) -> Cell:
    number = row.numbers.get(figure.key, 0)
    return Cell(figure, number, board.url(source, figure, row) if number else "")


COMPLETION = LiveFigure("completion", "完成率", KEPT_PAGE)


def _completion(board: LiveBoard, row: LiveRow) -> Cell:
    """已签 ÷ (户数 − 空置), as in the 统计表, to which it leads."""
    doors, vacant, signed = (row.numbers.get(key) for key in ("households", "vacant", "signed"))
    whole = (doors or 0) - (vacant or 0)
    share = (signed or 0) / whole if whole > 0 else None
    url = ""
    if share is not None and not row.is_own and row.area is not None:
        url = link(KEPT_PAGE, area=row.area.pk)
    return Cell(COMPLETION, None, url, share_text(share))


def _line(board: LiveBoard, row: LiveRow, answering: dict[int, Answering], *, is_total: bool = False) -> Line:
    if is_total:
        return Line("合计", "", _groups(board, row), is_total=True)
    assert row.area is not None
    if row.is_own:
        return Line(f"{row.area.name}{OWN}", "", _groups(board, row))
    is_leaf = not row.area.numchild
    url = "" if is_leaf else link("desk:leaders", area=row.area.pk)
    return Line(row.area.name, url, _groups(board, row), answering.get(row.area.pk))


def _sentences(board: LiveBoard, rows: Sequence[LiveRow]) -> list[Sentence]:
    """The heaviest alarms first, each with where: the areas that have most of it."""
    alarms = sorted(
        ((source, figure) for source, figure in board.columns if figure.alarm), key=lambda one: -one[1].weight
    )
    found = []
    for source, figure in alarms:
        number = board.total.numbers.get(figure.key)
        if not number:
            continue
        there = sorted(
            (row for row in rows if row.numbers.get(figure.key)),
            key=lambda row: -(row.numbers[figure.key] or 0),
        )
        row = there[0] if len(there) == 1 else board.total
        words = f"{_named(there)}{number:,} {figure.alarm}"
        found.append(Sentence(words, board.url(source, figure, row), figure.tone or "warn"))
    return found[:MOST_SENTENCES]


def _named(rows: Sequence[LiveRow]) -> str:
    """翠柏社区 / 翠柏社区、石佛村 / 翠柏社区、石佛村、十方村等 7 处."""
    names = [f"{row.area.name}{OWN if row.is_own else ''}" for row in rows[:NAMED] if row.area is not None]
    more = f"等 {len(rows)} 处" if len(rows) > NAMED else ""
    return f"{'、'.join(names)}{more} " if names else ""
