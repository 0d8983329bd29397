"""Rounds of absent doors (白天/晚间): pure functions, no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

DAY, EVENING = "day", "evening"
ROUNDS = {DAY: "白天", EVENING: "晚间"}
# Evening rounds are at 18–21 h (DOMAIN.md §6).
EVENING_FROM = 18


def round_of(at: dt.datetime) -> str:
    """The round that a time of the office's day falls into: evening from 18:00."""
    return EVENING if at.hour >= EVENING_FROM else DAY


def round_wanted(tries: Iterable[dt.datetime]) -> str:
    """The round in which nobody has tried yet; "" before the first try, and when both were tried: then call."""
    found = {round_of(at) for at in tries}
    if len(found) != 1:
        return ""
    return EVENING if DAY in found else DAY
