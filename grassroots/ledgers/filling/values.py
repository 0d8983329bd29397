"""Values of a ledger as plain values of a sheet: text, numbers, days; nothing that a workbook cannot hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from grassroots.ledgers.engine.formats import MAX_EXACT, local_naive, plain_text
from grassroots.ledgers.engine.text import clean_text, shorten

FIRST_DAY = dt.date(1900, 3, 1)


def sheet_value(value: object, format_name: str, mask: Callable[[str], str] | None = None) -> object:
    """The value as it goes into a cell: str, int, float, naive day or time, None. Masked values are text."""
    if value is None or value == "":
        return None
    if mask is not None:
        return shorten(clean_text(mask(plain_text(value))))
    if isinstance(value, bool):
        return plain_text(value)
    if isinstance(value, dt.datetime):
        return _moment(local_naive(value), format_name)
    if isinstance(value, dt.date):
        return value if value >= FIRST_DAY else value.isoformat()
    if isinstance(value, dt.time):
        return value
    if isinstance(value, (int, float, Decimal)):
        if abs(float(value)) >= MAX_EXACT:
            return plain_text(value, format_name)
        return int(value) if isinstance(value, int) else float(value)
    return shorten(clean_text(str(value)))


def _moment(at: dt.datetime, format_name: str) -> object:
    if format_name == "time":
        return at.time()
    if at.date() < FIRST_DAY:
        return at.isoformat(" ", "minutes")
    return at if format_name == "datetime" else at.date()
