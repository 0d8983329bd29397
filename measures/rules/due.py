"""When something that is done every so many days is due, and whether it was done."""

from __future__ import annotations

import datetime as dt
import enum


class Due(enum.Enum):
    """How a thing stands on a day."""

    DONE = "今日已做"
    UNDONE = "今日未做"
    LATER = "未到期"


def due_from(last_on: dt.date | None, every: int, since: dt.date | None = None) -> dt.date | None:
    """The day from which it is due again: `every` days after it was done last, else from `since` (None: at once)."""
    return last_on + dt.timedelta(days=every) if last_on else since


def stands(last_on: dt.date | None, every: int, on: dt.date) -> Due:
    """Whether it was done on the day, is due and was not, or is not due yet."""
    if last_on == on:
        return Due.DONE
    if last_on is not None and last_on + dt.timedelta(days=every) > on:
        return Due.LATER
    return Due.UNDONE


def late_days(last_on: dt.date | None, every: int, on: dt.date) -> int | None:
    """By how many days it is late: 0 on the day on which it is due; None when it was never done."""
    return max(0, (on - last_on).days - every) if last_on else None
