"""What happens to returnees, observations and services when areas move (grassroots/grid/registry.py, AreaHooks)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db.models import Q

from grassroots.grid.models import Area
from grassroots.grid.registry import AreaHooks
from grassroots.ledgers.rollups import mark_dirty
from households.services.history import rows_update
from quarantine.models import (
    Handover,
    Observation,
    ObservationStay,
    Paper,
    PaperText,
    Passing,
    PushedList,
    PushedPerson,
    Returnee,
    ServiceRequest,
)
from quarantine.services.handovers import handovers_succeed
from quarantine.services.observations import observation_move_locked

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

REASON = "区域调整"


def holds_data(area_ids: Sequence[int]) -> bool:
    """Whether anything of ours was ever counted in one of these areas."""
    return (
        Returnee.objects.filter(area__in=area_ids).exists()
        or ObservationStay.objects.filter(area__in=area_ids).exists()
        or ServiceRequest.objects.filter(area__in=area_ids).exists()
        or PushedPerson.objects.filter(area__in=area_ids).exists()
        or PushedList.objects.filter(area__in=area_ids).exists()
        or Passing.objects.filter(Q(from_area__in=area_ids) | Q(to_area__in=area_ids)).exists()
        or PaperText.objects.filter(area__in=area_ids).exists()
        or Paper.objects.filter(about__in=area_ids).exists()
        or Handover.objects.filter(to_area__in=area_ids).exists()
    )


def holds_open(area_ids: Sequence[int]) -> bool:
    """Whether somebody is under observation there, waits for a service, is to be checked, or to be taken over."""
    return (
        Observation.objects.open().filter(area__in=area_ids).exists()
        or ServiceRequest.objects.open().filter(area__in=area_ids).exists()
        or PushedPerson.objects.open().filter(area__in=area_ids).exists()
        or Handover.objects.pending().filter(to_area__in=area_ids).exists()
    )


def succeeded(successors: Mapping[int, int], at: dt.datetime, by: Staff) -> None:
    """Files, open observations, services and pushed rows go over to the successor; what is closed stays where it was.

    An observation goes by a MOVED event, so that the stock of either area agrees with what flowed in and out.
    """
    returnees = list(Returnee.objects.active().filter(area__in=successors))
    for returnee in returnees:
        returnee.area_id = successors[returnee.area_id]
        returnee.version += 1
    rows_update(returnees, ["area", "version"], by=by, at=at, reason=REASON)
    areas = {area.pk: area for area in Area.objects.filter(pk__in=successors.values())}
    rows = (
        Observation.objects.open().filter(area__in=successors).select_for_update(of=("self",)).order_by("pk")
    )
    for row in rows.select_related("area"):
        row.version += 1
        observation_move_locked(
            row,
            area=areas[successors[row.area_id]],
            household=row.household,
            reason=REASON,
            by=by,
            at=at,
            known_at=at,
            place_note=None,
        )
    for old, new in successors.items():
        ServiceRequest.objects.open().filter(area=old).update(area=new)
        PushedPerson.objects.open().filter(area=old).update(area=new)
        PushedList.objects.filter(area=old).update(area=new)
    handovers_succeed(successors)
    mark_dirty({*successors.keys(), *successors.values()})


HOOKS = AreaHooks(holds_data=holds_data, succeeded=succeeded, holds_open=holds_open)
