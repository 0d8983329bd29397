"""Services on households: open, change, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from households.models import Household


def household_open(
    *,
    area: Area,
    door: str,
    building: str = "",
    unit: str = "",
    floor: str = "",
    share_no: str = "",
    housing_kind: str = "OWNED",
    code: str = "",
    landlord: str = "",
    note: str = "",
    by: Staff,
    at: dt.datetime | None = None,
) -> Household:
    """Open a household at a door; building, unit and door are normalised.

    Raises ValidationError by field, in Chinese: when the door is taken it says so and points to 同门序号.
    """
    raise NotImplementedError


def household_update(
    *,
    household: Household,
    version: int,
    changes: Mapping[str, Any],
    by: Staff,
    at: dt.datetime | None = None,
) -> Household:
    """Change fields of a household as of `version`.

    `changes`: any of building, unit, floor, door, share_no, housing_kind, code, landlord, note, next_visit_on.
    Raises StaleVersion with both values, and ValidationError by field.
    """
    raise NotImplementedError


def household_close(
    *, household: Household, by: Staff, on: dt.date, reason: str, at: dt.datetime | None = None
) -> Household:
    """Close a household (销户) with a reason, kept in its history.

    Raises ValidationError while somebody is registered in it, without a reason, or for a date out of order.
    """
    raise NotImplementedError
