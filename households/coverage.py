"""一张图: areas sized by their households and coloured by how far the letters are, with who answers for each.

Above the village the figures come from rollups; a village and what lies below is counted when the page is opened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Area, Level, Staff
from grassroots.grid.models.areas import path_range
from households.doors import Figures, is_counted_live, rolled_up
from households.layers import Laid
from households.models import Household
from households.rules.treemap import Rect, squarify

MOST_AREAS = 600
WIDE = (1008, 480)  # about what a desk has beside the navigation, in CSS pixels
PHONE_WIDTH = 332
LETTER, DIGIT = 15, 9  # how wide a Chinese character and a digit of a name are
SHARE = 10  # a digit of the percentage, which is larger
LINE, BASE = 22, 16  # the height of a line, and where its letters stand
# From how many per cent a tile has which look, and what the legend says.
BANDS = ((100, "full", "全部签完"), (80, "high", "80% 以上"), (50, "half", "50%–79%"), (0, "low", "不到 50%"))


@dataclass
class Answering:
    """Who answers on the level nearest to the area; `is_gap`: nobody does, although somebody should."""

    words: list[str] = field(default_factory=list)
    is_gap: bool = False
    officers: list[Staff] = field(default_factory=list)


@dataclass
class Patch:
    """An area in the picture."""

    area: Area
    name: str
    figures: Figures
    answering: Answering = field(default_factory=Answering)
    number: int | None = None
    """What the layer shows of it; None: completion."""
    number_url: str = ""
    number_band: str = ""

    @property
    def share(self) -> int | None:
        """Letters signed of those due, in whole per cent rounded down: 100 is only what is complete."""
        if not self.figures.to_sign:
            return None
        return min(100 * self.figures.signed // self.figures.to_sign, 100)

    @property
    def share_text(self) -> str:
        return "—" if self.share is None else f"{self.share}%"

    @property
    def label(self) -> str:
        """What is written in its tile."""
        return self.share_text if self.number is None else f"{self.number}"

    @property
    def band(self) -> str:
        if self.number is not None:
            return self.number_band
        if self.share is None:
            return "none"
        return next(code for least, code, _words in BANDS if self.share >= least)


@dataclass(frozen=True)
class Line:
    """Words in a tile: `kind` is name, share or count; `y` is their base line."""

    kind: str
    words: str
    y: float


@dataclass(frozen=True)
class Tile:
    """A patch at its place, with the words that it has room for."""

    patch: Patch
    rect: Rect
    lines: list[Line]

    @property
    def middle(self) -> float:
        return self.rect.x + self.rect.width / 2


@dataclass
class Coverage:
    """What the page shows: patches with doors, areas without any, and as of when."""

    patches: list[Patch] = field(default_factory=list)
    empty: list[Area] = field(default_factory=list)
    as_of: dt.datetime | None = None
    laid: Laid | None = None

    def put(self, laid: Laid) -> None:
        """Show a layer instead of completion."""
        self.laid = laid
        for patch in self.patches:
            patch.number, patch.number_url = laid.numbers[patch.area.pk], laid.urls[patch.area.pk]
            patch.number_band = laid.band(patch.number)

    @property
    def legend(self) -> list[tuple[str, str, int]]:
        """Look, words and number of areas."""
        if self.laid is not None:
            return [(code, words, self._in_band(code)) for _least, code, words in self.laid.bands]
        counts = [(code, words, self._in_band(code)) for _least, code, words in BANDS]
        return [*counts, ("none", "只有空置户", self._in_band("none"))]

    def _in_band(self, code: str) -> int:
        return sum(patch.band == code for patch in self.patches)

    @property
    def frames(self) -> list[tuple[str, int, int, list[Tile]]]:
        """The picture for a desk, and the one for a phone, which grows with the number of areas."""
        height = min(240 + 20 * len(self.patches), 1200)
        frames = (("wide", *WIDE), ("tall", PHONE_WIDTH, height))
        return [
            (code, width, height, tiles_of(self.patches, width, height)) for code, width, height in frames
        ]


def coverage_of(area: Area) -> Coverage:
    """The picture of an area: its children from rollups, or, from the village on, all areas with doors.

    Empty where nothing lies below: then the doors are the picture.
    """
    if area.level >= Level.COMPOUND:
        return Coverage()
    found = _counted(area) if is_counted_live(area) else _rolled(_children(area))
    is_alone = all(patch.area.pk == area.pk for patch in found.patches) and not found.empty
    return Coverage() if is_alone else _with_officers(found)


def coverage_of_roots(roots: Sequence[Area]) -> Coverage:
    """The picture of several areas that do not lie in each other."""
    return _with_officers(_rolled(roots))


def tiles_of(patches: Sequence[Patch], width: int, height: int) -> list[Tile]:
    """Where each patch lies in a frame."""
    rects = squarify([patch.figures.doors for patch in patches], width, height)
    return [_tile(patch, rect) for patch, rect in zip(patches, rects, strict=True)]


def _tile(patch: Patch, rect: Rect) -> Tile:
    rect = Rect(round(rect.x, 1), round(rect.y, 1), round(rect.width, 1), round(rect.height, 1))
    room = rect.width - 8
    words: list[tuple[str, str]] = []
    if rect.height >= LINE and rect.width >= SHARE * len(patch.label) + 4:
        words.append(("share", patch.label))
    if words and rect.height >= 2 * LINE and room >= 2 * LETTER:
        words.insert(0, ("name", _short(patch, room)))
    if words and rect.height >= 3 * LINE and rect.width >= 64:
        words.append(("count", f"{patch.figures.doors} 户"))
    top = rect.y + (rect.height - LINE * len(words)) / 2 + BASE
    lines = [Line(kind, text, top + LINE * order) for order, (kind, text) in enumerate(words)]
    return Tile(patch, rect, lines)


def _width(text: str) -> int:
    return sum(DIGIT if char.isascii() else LETTER for char in text)


def _short(patch: Patch, room: float) -> str:
    """The name in so much room: in full, or its own part, or the beginning of that."""
    own = patch.area.name
    if _width(patch.name) <= room:
        return patch.name
    if _width(own) <= room:
        return own
    while own and _width(own) + LETTER > room:
        own = own[:-1]
    return f"{own}…"


def _children(area: Area) -> list[Area]:
    low, high = path_range(area.path)
    rows = Area.objects.open().filter(depth=area.depth + 1, path__gt=low, path__lt=high)
    return list(rows.order_by("path")[:MOST_AREAS])


def _rolled(areas: Sequence[Area]) -> Coverage:
    """Figures as the tick has worked them out (one query); the oldest of them says as of when."""
    known = rolled_up(areas)
    found = Coverage()
    for area in areas:
        figures = known.get(area.pk)
        if figures is not None and figures.doors:
            found.patches.append(Patch(area, area.name, figures))
        else:
            found.empty.append(area)
    times = [patch.figures.as_of for patch in found.patches if patch.figures.as_of]
    found.as_of = min(times, default=None)
    return found


def _counted(area: Area) -> Coverage:
    """The areas within a village that doors hang on, counted now (two queries)."""
    areas = list(Area.objects.open().within(area).order_by("path"))
    figures: dict[int, Figures] = {}
    for row in Household.objects.within(area).tally("area_id"):
        figures.setdefault(row["area_id"], Figures()).states[row["survey_state"]] += row["n"]
    names = {one.path: one.name for one in areas}
    parents = {one.path[: -Area.steplen] for one in areas}
    found = Coverage(as_of=timezone.now())
    for one in areas:
        if one.pk in figures:
            found.patches.append(Patch(one, _name(one, area, names), figures[one.pk]))
        elif one.path not in parents and one.pk != area.pk:
            found.empty.append(one)
    return found


def _name(one: Area, top: Area, names: Mapping[str, str]) -> str:
    """The name below the area shown, e.g. 1组 翠柏苑."""
    above = [path for path in one.ancestor_paths() if len(path) > len(top.path)]
    return " ".join(names[path] for path in above if path in names) or one.name


def answering_for(areas: Sequence[Area]) -> dict[int, Answering]:
    """Who answers for each area (a constant number of queries)."""
    targets = {area.pk: DutyTarget(area.pk) for area in areas}
    if not targets:
        return {}
    chains = duties_for_many(list(targets.values()), paths={area.pk: area.path for area in areas})
    return {area.pk: _answering(chains[targets[area.pk]], area.level) for area in areas}


def _with_officers(found: Coverage) -> Coverage:
    answering = answering_for([patch.area for patch in found.patches])
    for patch in found.patches:
        patch.answering = answering[patch.area.pk]
    return found


def _answering(chain: Chain, level: int) -> Answering:
    links = [link for link in chain if link.kind.level <= level]
    nearest = max((link.kind.level for link in links), default=0)
    is_gap = any(link.is_gap for link in links if link.kind.level == nearest)
    held = [link for link in links if link.duties]
    shown = max((link.kind.level for link in held), default=0)
    words = [
        f"{link.kind.officer_title} {'、'.join(officer.name for officer in link.officers)}"
        for link in held
        if link.kind.level == shown
    ]
    officers = [officer for link in held if link.kind.level == shown for officer in link.officers]
    return Answering(words, is_gap, officers)
