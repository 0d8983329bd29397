"""What happens to households and residencies when areas move (grassroots/grid/registry.py, AreaHooks)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grassroots.ledgers.rollups import mark_dirty
from households.models import Household, Residency
from households.services.doors import dismissed_move
from households.services.history import rows_update

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


def holds_data(area_ids: Sequence[int]) -> bool:
    """Whether a household or a person was ever counted in one of these areas."""
    return (
        Household.objects.filter(area__in=area_ids).exists()
        or Residency.objects.filter(area__in=area_ids).exists()
    )


def holds_open(area_ids: Sequence[int]) -> bool:
    """Whether open households or people still registered lie in one of these areas."""
    return (
        Household.objects.open().filter(area__in=area_ids).exists()
        or Residency.objects.open().filter(area__in=area_ids).exists()
    )


def succeeded(successors: Mapping[int, int], at: dt.datetime, by: Staff) -> None:
    """Open households and residencies go over to the successor; what is closed stays where it was counted."""
    households = list(Household.objects.open().filter(area__in=successors))
    for household in households:
        household.area_id = successors[household.area_id]
        household.version += 1
    rows_update(households, ["area", "version"], by=by, at=at, reason="区域调整")
    residencies = list(Residency.objects.open().filter(area__in=successors))
    for residency in residencies:
        residency.area_id = successors[residency.area_id]
    rows_update(residencies, ["area"], by=by, at=at, reason="区域调整")
    dismissed_move(successors)
    mark_dirty({*successors.keys(), *successors.values()})
