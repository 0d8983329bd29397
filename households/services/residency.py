"""Services on residencies: move in, move out, go away, come back. Nobody lives in two places at a time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from households.models import Household, Person, Residency


def residency_open(
    *,
    person: Person,
    by: Staff,
    household: Household | None = None,
    area: Area | None = None,
    address_text: str = "",
    kind: str = "REGISTERED",
    relation: str = "OTHER",
    order: int | None = None,
    is_away: bool = False,
    away_where: str = "",
    away_until: dt.date | None = None,
    started_on: dt.date | None = None,
    confirmed: frozenset[str] = frozenset(),
    at: dt.datetime | None = None,
) -> Residency:
    """Register somebody in a household, or at an address of an area that is none.

    Somebody who lives elsewhere in the register needs 'moves-in' in `confirmed`, else ConfirmationNeeded; then the
    other residency ends, or is turned away where it is his 户籍 and this one is not. Raises ValidationError by field.
    """
    raise NotImplementedError


def residency_end(
    *,
    residency: Residency,
    by: Staff,
    on: dt.date | None = None,
    reason: str = "",
    at: dt.datetime | None = None,
) -> Residency:
    """End a residency (moved out). Raises ValidationError for a date before it began or in the future."""
    raise NotImplementedError


def residency_set_away(
    *,
    residency: Residency,
    is_away: bool,
    by: Staff,
    away_where: str = "",
    away_until: dt.date | None = None,
    confirmed: frozenset[str] = frozenset(),
    at: dt.datetime | None = None,
) -> Residency:
    """Note that somebody is away (外出未归) or back. Coming back from another household asks as residency_open does."""
    raise NotImplementedError
