"""Which rows of a sheet are one household, wherever they stand: cells merged down, repeated, or left blank below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from grassroots.ledgers.intake.records import SheetRows
from households.imports.base.doors import Family
from households.imports.base.words import RELATIONS, by_word, plain
from households.models import Relation
from households.rules.addresses import Door

if TYPE_CHECKING:
    from grassroots.grid.models import Area
    from households.imports.base.plans import HousePlan, MemberPlan
    from households.imports.places import NewArea, Spot

PLACE = ("village", "group", "compound")
OWN = ("address", "building", "unit", "door", "share_no", "head", "code")
_HEADS = frozenset(word for word, value in by_word(RELATIONS).items() if value == Relation.HEAD)


def households_of(sheet: SheetRows) -> list[list[int]]:
    """Places of the rows in the sheet, by household, in the order in which households first appear.

    Rows with the same cells for place, door, head and number are one household, also far apart. A row that says
    nothing of all that belongs to the one above it, unless it names another village, group or compound, or another
    head of household.
    """
    place, own = _getter(sheet, PLACE), _getter(sheet, OWN)
    relation = sheet.columns.get("relation")
    households: list[list[int]] = []
    known: dict[Any, list[int]] = {}
    current: list[int] | None = None
    key: Any = None
    has_head = False
    for index, (_row, cells) in enumerate(sheet.rows):
        here = own(cells)
        if not any(here):  # '' and None; 0 is no door either
            is_head = relation is not None and _is_head(cells[relation])
            if current is not None and not (is_head and has_head) and _is_same_place(place(cells), key[0]):
                current.append(index)
                has_head = has_head or is_head
                continue
            key = (place(cells), index)  # people without a door: each by himself
        else:
            key = (place(cells), here)
        found = known.get(key)
        if found is None:
            found = known[key] = []
            households.append(found)
        found.append(index)
        has_head = (found is current and has_head) or (relation is not None and _is_head(cells[relation]))
        current = found
    return households


def chunks(households: Sequence[list[int]], size: int) -> Iterator[list[list[int]]]:
    """Households of together about `size` rows."""
    chunk: list[list[int]] = []
    count = 0
    for rows in households:
        chunk.append(rows)
        count += len(rows)
        if count >= size:
            yield chunk
            chunk, count = [], 0
    if chunk:
        yield chunk


def _getter(sheet: SheetRows, keys: Sequence[str]) -> Any:
    """What takes these cells out of a row, as a tuple."""
    columns = [sheet.columns[key] for key in keys if key in sheet.columns]
    if not columns:
        return lambda cells: ()
    if len(columns) == 1:
        return lambda cells: (cells[columns[0]],)
    return itemgetter(*columns)


def _is_same_place(place: Sequence[object], above: Sequence[object]) -> bool:
    return not any(place) or place == above


def _is_head(cell: object) -> bool:
    return isinstance(cell, str) and plain(cell) in _HEADS


class Group:
    """The rows of one household in a chunk: where it is, who is in it, what is said of the knock."""

    __slots__ = ("area", "door", "family", "head", "house", "members", "places", "share", "spot", "words")

    def __init__(self, places: range, spot: Spot) -> None:
        self.places, self.spot = places, spot
        self.area: Area | NewArea | None = spot.area
        self.door, self.share, self.words = Door(), "", ""
        self.members: dict[int, MemberPlan] = {}
        self.house: HousePlan | None = None
        self.head: str | None = None
        self.family = Family(None, (), ())
