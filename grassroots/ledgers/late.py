"""更正 of figures that count rows: which of them count now and did not then, an entry for each area and cause."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grassroots.ledgers.asof import AsOf, Late, LateEntries

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grassroots.grid.models import Area

NAMED = 3  # so many people are named, then 等


@dataclass(frozen=True)
class Cause:
    """What changed how a row counts: when it happened, when it was recorded and by whom, and in words."""

    happened_at: dt.datetime
    recorded_at: dt.datetime
    what: str
    by: str = ""


Counting = Mapping[int, int]
"""The rows that a figure counts: the area of each, by key."""

Rows = Callable[["QuerySet[Area]", AsOf], Counting]
CauseOf = Callable[[int, int], Cause]
"""The cause for a row that counts now (1) or no more (-1)."""

Causes = Callable[[Collection[int], AsOf, dt.datetime], CauseOf]
"""Given the rows that have changed, a period as known now, and since when: looks all of them up at once."""


def names_said(names: Iterable[str]) -> str:
    """甲某、乙某、丙某等4人; '' for nobody."""
    found = sorted({name for name in names if name})
    return "、".join(found[:NAMED]) + (f"等{len(found)}人" if len(found) > NAMED else "")


def turns(now: Counting, then: Counting) -> list[tuple[int, int, int]]:
    """(row, area, 1 or -1) for every row that counts now and did not, or the other way round; elsewhere gives both."""
    gone = [(key, area, -1) for key, area in then.items() if now.get(key) != area]
    return sorted(gone + [(key, area, 1) for key, area in now.items() if then.get(key) != area])


def entries_of(changed: Iterable[tuple[int, int, int]], cause_of: CauseOf) -> list[Late]:
    """One entry for all rows of an area that changed the same way for the same reason: imports are long."""
    found: dict[tuple[int, int, str], list[Cause]] = defaultdict(list)
    for key, area_id, sign in changed:
        cause = cause_of(key, sign)
        found[area_id, sign, cause.what].append(cause)
    entries = []
    for (area_id, sign, what), causes in sorted(found.items()):
        last = max(causes, key=lambda cause: cause.recorded_at)
        by = names_said(cause.by for cause in causes)
        entries.append(Late(area_id, sign * len(causes), last.happened_at, last.recorded_at, what, by=by))
    return entries


def late_rows(rows: Rows, causes: Causes) -> LateEntries:
    """The 更正 of a figure whose rows can be asked for as known at any time."""

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        changed = turns(rows(areas, asof), rows(areas, replace(asof, known_at=since)))
        if not changed:
            return []
        return entries_of(changed, causes({key for key, _area, _sign in changed}, asof, since))

    return late
