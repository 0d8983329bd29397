"""What ledgers share: the day that they are asked for, and the doors of their area."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import LedgerContext
from households.indicators import open_households
from households.ledgers.narrowing import narrowed
from households.models import Household

YES_NO = {True: "是", False: "否", None: ""}


def asof_of(context: LedgerContext) -> AsOf:
    """The day that a ledger is asked for, as known when it is made."""
    return AsOf.day(context.on, context.as_of)


def ledger_households(context: LedgerContext) -> QuerySet[Household]:
    """Doors of the area that the requester may see, open on the day, that the filters may want."""
    areas, asof = Area.objects.within(cast(Area, context.area)).order_by(), asof_of(context)
    doors: Any = open_households(areas, asof)
    doors = doors.visible_to(cast(Staff, context.staff))
    return narrowed(cast("QuerySet[Household]", doors), context, asof)
