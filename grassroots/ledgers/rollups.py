"""Rollups: services mark an area dirty, the tick recomputes it, pages say "截至 HH:MM" (docs/ledgers.md)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, indicators
from grassroots.ledgers.models import AreaRollup, DirtyArea
from grassroots.ledgers.statistics import Counted, Figures, count_all, count_keys

KEEP_DAYS = 15
BATCH = 500
#: So many dirty areas side by side are recounted with all of their parent: counting an area costs some forty queries,
#: however small it is.
MANY = 8


def mark_dirty(area_ids: Iterable[int]) -> None:
    """Note that rows of these areas have changed; one statement, safe to repeat."""
    rows = [DirtyArea(area_id=area_id) for area_id in sorted(set(area_ids))]
    if rows:
        DirtyArea.objects.bulk_create(rows, ignore_conflicts=True)


def rollups_due(at: dt.datetime) -> list[QuerySet[Any]] | None:
    """What gives the step below something to do, see `_is_outdated`; every ten minutes it looks for itself."""
    if not timezone.localtime(at).minute % 10:
        return None
    on = timezone.localdate(at)
    roots = AreaRollup.objects.filter(on=on, area__depth=1)
    made = Subquery(roots.order_by("computed_at").values("computed_at")[:1])
    newest = Subquery(AreaRollup.objects.filter(on=on).order_by("-area_id").values("area_id")[:1])
    return [
        DirtyArea.objects.order_by("pk"),
        Area.objects.filter(depth=1).exclude(rollups__on=on).order_by("path"),
        Area.objects.filter(pk__gt=newest).exclude(rollups__on=on).order_by("pk"),
        Area.history.filter(history_date__gt=made, history_date__lte=at).order_by("history_date"),
        roots.exclude(total__has_keys=[item.key for item in indicators()]).order_by("area_id"),
    ]


def refresh_rollups(at: dt.datetime) -> Mapping[str, int]:
    """Recompute the figures of today for every dirty area and what lies above it.

    The first call of a day computes every area, and so does the first one after the tree has changed. Dirty marks are
    taken away in the transaction that writes the figures: a change that comes in meanwhile marks its area again.
    """
    on = timezone.localdate(at)
    asof = AsOf.day(on, at)
    roots = list(Area.objects.filter(depth=1).order_by("path"))
    done = swept = 0
    for root in roots:
        if _is_outdated(root, asof):
            done += _refresh_all(root, asof)
            swept += _sweep(on - dt.timedelta(days=KEEP_DAYS))
        else:
            done += _refresh_dirty(root, asof)
    return {"areas": done, "swept": swept}


def _sweep(before: dt.date) -> int:
    """Remove the figures of days that are over. Only as a day begins: it reads the table whole."""
    swept, _ = AreaRollup.objects.filter(on__lt=before).delete()
    return swept


def _is_outdated(root: Area, asof: AsOf) -> bool:
    """Whether the figures of `root` are of another day, of another version with other indicators, or of another tree.

    The tree: areas were added, moved or closed since.
    """
    last = rollup_of(root, asof.on)
    if last is None or not {item.key for item in indicators()} <= set(last.total):
        return True
    if _has_new_areas(root, asof):
        return True
    changes = Area.history.filter(history_date__gt=last.computed_at, history_date__lte=asof.known_at)
    return bool(changes.exists())


def _has_new_areas(root: Area, asof: AsOf) -> bool:
    """Whether areas have no figures of the day yet.

    Areas get ascending keys: the newest are looked at every time, all of them every ten minutes, for one that was
    written before another and committed after it.
    """
    areas = Area.objects.within(root)
    if timezone.localtime(asof.known_at).minute % 10:
        counted = AreaRollup.objects.filter(on=asof.on).order_by("-area_id").values_list("area_id", flat=True)
        areas = areas.filter(pk__gt=counted.first() or 0)
    return bool(areas.exclude(rollups__on=asof.on).exists())


def _lock_dirty(root: Area) -> list[DirtyArea]:
    marks = DirtyArea.objects.filter(area__in=Area.objects.within(root).order_by().values("pk")).order_by(
        "pk"
    )
    if connection.vendor == "postgresql":
        marks = marks.select_for_update(skip_locked=True)
    return list(marks)


def _write(rows: list[AreaRollup]) -> None:
    AreaRollup.objects.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, unique_fields=["area", "on"],
        update_fields=["own", "total", "computed_at"],
    )  # fmt: skip


def _rollup(area_id: int, counted: Counted, total: Figures) -> AreaRollup:
    own = {key: counts[area_id] for key, counts in counted.own.items() if counts.get(area_id)}
    return AreaRollup(
        area_id=area_id, on=counted.asof.on, own=own, total=total, computed_at=counted.asof.known_at
    )


def _refresh_all(root: Area, asof: AsOf) -> int:
    with transaction.atomic():
        marks = _lock_dirty(root)
        counted = count_all(root, asof)
        totals = counted.every_total()
        _write([_rollup(area_id, counted, totals[area_id]) for area_id in counted.paths])
        DirtyArea.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    return len(counted.paths)


def _refresh_dirty(root: Area, asof: AsOf) -> int:
    """Recount the dirty areas' villages and the sums above them (a village is small, a township is not)."""
    with transaction.atomic():
        marks = _lock_dirty(root)
        if not marks:
            return 0
        tops = _tops(marks)
        counted = [count_all(top, asof) for top in tops]
        rows = [_rollup(pk, part, total) for part in counted for pk, total in part.every_total().items()]
        _write(rows)
        above = _refresh_above(tops, asof)
        DirtyArea.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    return len(rows) + above


def _tops(marks: list[DirtyArea]) -> list[Area]:
    """The villages (or, higher up, the areas themselves) in which the dirty areas lie, none inside another.

    Where MANY of one township are dirty (a slot has closed), it is the township; where many of these are, the county.
    """
    step = Area.steplen
    areas = Area.objects.filter(pk__in=[mark.area_id for mark in marks])
    paths = {area.path[: 3 * step] for area in areas}
    for depth in (3, 2):
        side_by_side = Counter(path[: (depth - 1) * step] for path in paths if len(path) == depth * step)
        paths |= {parent for parent, number in side_by_side.items() if number >= MANY}
    outermost = {
        path for path in paths if not any(other != path and path.startswith(other) for other in paths)
    }
    return list(Area.objects.filter(path__in=outermost).order_by("path"))


def _refresh_above(tops: list[Area], asof: AsOf) -> int:
    """Sum up again what lies above recounted areas, from the figures of the areas below, level by level."""
    paths = {path for top in tops for path in top.ancestor_paths()[:-1]}
    rows = []
    for area in Area.objects.filter(path__in=paths).order_by("-depth"):
        children = AreaRollup.objects.filter(
            area__path__startswith=area.path, area__depth=area.depth + 1, on=asof.on
        )
        mine = AreaRollup.objects.filter(area=area, on=asof.on).first()
        own = mine.own if mine else {}
        total: Figures = {}
        for figures in [own, *children.values_list("total", flat=True)]:
            for key, number in figures.items():
                total[key] = total.get(key, 0) + number
        total |= _crossing_figures(area, asof)
        row = AreaRollup(area=area, on=asof.on, own=own, total=total, computed_at=asof.known_at)
        _write([row])
        rows.append(row)
    return len(rows)


def _crossing_figures(area: Area, asof: AsOf) -> Figures:
    """Moves do not add up from below: one between two villages of a street does not cross the street's border."""
    return count_keys(area, asof, [item.key for item in indicators() if item.moves is not None])


def rollup_of(area: Area, on: dt.date) -> AreaRollup | None:
    """The latest figures of an area on a day, None before the first tick of the day."""
    return AreaRollup.objects.filter(area=area, on=on).first()


def rollups_of(areas: Iterable[Area], on: dt.date) -> dict[int, AreaRollup]:
    """The latest figures of several areas on a day by area id, in one query."""
    return {row.area_id: row for row in AreaRollup.objects.filter(area__in=list(areas), on=on)}
