"""What happens to venues, plans and records when areas move (grassroots/grid/registry.py, AreaHooks)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grassroots.grid.registry import AreaHooks
from grassroots.ledgers.rollups import mark_dirty
from households.services.history import rows_update
from measures.models import (
    CareVisit,
    CheckItem,
    Counting,
    Incident,
    Inspection,
    Order,
    OrderReceipt,
    Plan,
    Record,
    Rectification,
    Shift,
    Venue,
)

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


def holds_data(area_ids: Sequence[int]) -> bool:
    """Whether anything of ours was ever counted in one of these areas."""
    return (
        Venue.objects.filter(area__in=area_ids).exists()
        or Record.objects.filter(area__in=area_ids).exists()
        or Plan.objects.filter(area__in=area_ids).exists()
        or Shift.objects.filter(area__in=area_ids).exists()
        or Inspection.objects.filter(area__in=area_ids).exists()
        or Rectification.objects.filter(area__in=area_ids).exists()
        or CheckItem.objects.filter(village__in=area_ids).exists()
        or CareVisit.objects.filter(area__in=area_ids).exists()
        or Order.objects.filter(area__in=area_ids).exists()
        or OrderReceipt.objects.filter(area__in=area_ids).exists()
        or Incident.objects.filter(area__in=area_ids).exists()
    )


def holds_open(area_ids: Sequence[int]) -> bool:
    """Whether a venue is on the register there, a plan runs, something is to be put right: somebody sees to it."""
    return (
        Venue.objects.active().filter(area__in=area_ids).exists()
        or Plan.objects.open().filter(area__in=area_ids).exists()
        or Rectification.objects.open().filter(area__in=area_ids).exists()
        or OrderReceipt.objects.waiting().filter(area__in=area_ids).exists()
        or Incident.objects.open().filter(area__in=area_ids).exists()
    )


def succeeded(successors: Mapping[int, int], at: dt.datetime, by: Staff) -> None:
    """What is open, and what says how a stock stands, goes over to the successor; what was done stays where it was."""
    venues = list(Venue.objects.active().filter(area__in=successors))
    for venue in venues:
        venue.area_id = successors[venue.area_id]
        venue.version += 1
    rows_update(venues, ["area", "version"], by=by, at=at, reason="区域调整")
    plans = list(Plan.objects.open().filter(area__in=successors))
    for plan in plans:
        plan.area_id = successors[plan.area_id]
        plan.version += 1
    rows_update(plans, ["area", "version"], by=by, at=at, reason="区域调整")
    for old, new in successors.items():
        Shift.objects.standing().filter(area=old, ends_at__gt=at).update(area=new)
        Rectification.objects.open().filter(area=old).update(area=new)
        waiting = OrderReceipt.objects.waiting().filter(area=old)
        there = OrderReceipt.objects.filter(area=new).values("order")
        OrderReceipt.objects.filter(pk__in=waiting.exclude(order__in=there).values("pk")).update(area=new)
        Incident.objects.open().filter(area=old).update(area=new)
        Record.objects.filter(area=old, kind__counting=Counting.STOCK).update(area=new)
    mark_dirty({*successors.keys(), *successors.values()})


HOOKS = AreaHooks(holds_data=holds_data, succeeded=succeeded, holds_open=holds_open)
