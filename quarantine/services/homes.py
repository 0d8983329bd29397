"""Somebody observed elsewhere than at home lives there for the time being: those who answer there must see him."""

from __future__ import annotations

import datetime as dt

from grassroots.grid.models import Area, Staff
from households.models import Household, Person, ResidencyKind
from households.services import residency_open, residency_set_away
from households.services.residency import MOVES_IN

MOVES = frozenset({MOVES_IN})


def live_at(
    *, person: Person, area: Area, household: Household | None, address: str, by: Staff, at: dt.datetime
) -> None:
    """Let the register say that the person now lives in a household, or at an address of an area that is none.

    Nothing changes where it says so already; a home he was away from has him back; elsewhere he is 外出 or moved out
    as `residency_open` decides.
    """
    here = person.residencies.open().filter(area=area, household=household).order_by("is_away", "pk").first()
    if here is None:
        residency_open(
            person=person,
            by=by,
            household=household,
            area=None if household else area,
            address_text="" if household else address.strip() or area.name,
            kind=ResidencyKind.TEMPORARY,
            confirmed=MOVES,
            at=at,
        )
    elif here.is_away:
        residency_set_away(residency=here, is_away=False, by=by, confirmed=MOVES, at=at)
