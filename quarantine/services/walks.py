"""Changing the order in which somebody walks his round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from grassroots.grid.models import Staff
from quarantine.models.walks import WalkOrder
from quarantine.rules.walks import DOWN, FIRST, MOVES, UP, arranged, moved, with_missing

if TYPE_CHECKING:
    from quarantine.walks import Stop

MOST_KEPT = 2_000
CHANGED = "名单刚刚有变化，请刷新后再调整。"


@transaction.atomic
def walk_move(*, staff: Staff, stops: Sequence[Stop], visit: int, move: str) -> None:
    """Move one visit of a round a place up or down within its area, or begin the walk with it (从这里开始).

    `stops`: the whole round door by door. Beginning with it also puts its area first; areas before it come last.
    Raises ValidationError when the visit is not in the round any more.
    """
    stop = next((one for one in stops if one.visit == visit), None)
    if stop is None or move not in MOVES:
        raise ValidationError(CHANGED)
    here = list(dict.fromkeys(one.observation for one in stops if one.area == stop.area))
    _keep(staff, stop.area, here, stop.observation, move)
    if move == FIRST:
        area_move(staff=staff, stops=stops, area=stop.area, move=FIRST)


@transaction.atomic
def area_move(*, staff: Staff, stops: Sequence[Stop], area: int, move: str) -> None:
    """Walk a whole area earlier or later, or begin with it. Raises ValidationError when the round has none there."""
    areas = list(dict.fromkeys(one.area for one in stops))
    if area not in areas or move not in MOVES:
        raise ValidationError(CHANGED)
    _keep(staff, None, areas, area, move)


def walk_reset(*, staff: Staff) -> int:
    """Door by door again (恢复按门牌顺序); returns how many orders were given up."""
    count, _each = WalkOrder.objects.filter(staff=staff).delete()
    return count


def _keep(staff: Staff, area: int | None, natural: Sequence[int], one: int, move: str) -> None:
    """Write the new order. Whoever is not in this round keeps his place behind the one whom he stood behind."""
    Staff.objects.select_for_update().get(pk=staff.pk)  # two taps at once follow each other
    row = WalkOrder.objects.filter(staff=staff, area=area).first() or WalkOrder(staff=staff, area_id=area)
    row.stops = with_missing(moved(arranged(natural, row.stops), one, move), row.stops)[:MOST_KEPT]
    row.save()


__all__ = ["DOWN", "FIRST", "UP", "area_move", "walk_move", "walk_reset"]
