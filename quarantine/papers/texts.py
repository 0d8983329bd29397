"""Which words of a kind of paper hold in an area: the nearest office's last version, else what ships."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grassroots.grid.models import Area
from quarantine.models import PaperKind, PaperText
from quarantine.rules.papers import SHIPPED, Words


@dataclass(frozen=True)
class Text:
    """Words, and the row that they come from (None: those that ship)."""

    words: Words
    row: PaperText | None = None


def words_of(row: PaperText) -> Words:
    """A version's words."""
    return Words(row.title, row.mark, row.body, row.signs, row.stamp, row.keepers)


def _latest(kind: str, paths: Iterable[str]) -> dict[str, PaperText]:
    """The last version of each area on these paths (one query)."""
    rows = PaperText.objects.filter(kind=kind, area__path__in=set(paths)).select_related("area", "by")
    found: dict[str, PaperText] = {}
    for row in rows.order_by("number"):
        found[row.area.path] = row
    return found


def texts_for(kind: str, areas: Iterable[Area]) -> dict[int, Text]:
    """The words that hold in each area, by its id (one query): the nearest that was not withdrawn."""
    wanted = list(areas)
    latest = _latest(kind, (path for area in wanted for path in area.ancestor_paths()))
    found = {}
    for area in wanted:
        rows = (latest.get(path) for path in reversed(area.ancestor_paths()))
        row = next((row for row in rows if row is not None and not row.is_withdrawn), None)
        found[area.pk] = Text(words_of(row), row) if row else Text(SHIPPED[PaperKind(kind)])
    return found


def text_for(kind: str, area: Area) -> Text:
    """The words that hold in one area."""
    return texts_for(kind, [area])[area.pk]
