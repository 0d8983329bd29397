"""Values as cells: number formats, the kind of cell that a value makes, and the same value as plain text.

A value that does not suit its column keeps its original text: 不在家 in a column of temperatures, 1月下旬
in a column of dates. A number that Excel would round (over 15 digits) becomes text.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")

NUMBER_FORMATS: dict[str, str] = {
    "text": "@", "serial": "0", "int": "0", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm",
    "short-date": "mm-dd", "time": "hh:mm", "temp": "0.0", "percent": "0.0%", "decimal": "0.00",
}  # fmt: skip
TEXT_FORMAT = "@"

#: Excel takes 1900 for a leap year: its day numbers are right from 1 March 1900 only.
_EPOCH = dt.datetime.combine(dt.date(1899, 12, 30), dt.time())
_FIRST_RIGHT_DAY = 61
_ORDINAL_OF_DAY_0 = _EPOCH.toordinal()
MAX_EXACT = 10**15

Cell = tuple[bool, str]  # (is a number, its characters)


def day_number(day: dt.date) -> int:
    """Excel's number of a day."""
    return day.toordinal() - _ORDINAL_OF_DAY_0


def local_naive(at: dt.datetime) -> dt.datetime:
    """The wall-clock time in Asia/Shanghai; a naive datetime is taken for one already."""
    return at.astimezone(LOCAL).replace(tzinfo=None) if at.tzinfo else at


def encode(value: object, format_name: str) -> Cell | None:
    """The cell that a value makes in a column of that format; None for an empty one.

    Percentages are given as fractions (0.985 shows as 98.5%), temperatures in ℃, aware datetimes are
    shown in Asia/Shanghai.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return False, str(value)
    return _ENCODERS[format_name](value) or (False, plain_text(value, format_name))


def _encode_text(value: object) -> Cell | None:
    return None


def _encode_number(value: object) -> Cell | None:
    if isinstance(value, (bool, int)) and abs(value) < MAX_EXACT:
        return True, str(int(value))
    if isinstance(value, Decimal) and value.is_finite():
        digits = value.normalize().as_tuple().digits
        return (True, f"{value:f}") if len(digits) <= 15 and abs(value) < MAX_EXACT else None
    if isinstance(value, float) and math.isfinite(value):
        return True, repr(value)
    return None


def _encode_date(value: object) -> Cell | None:
    if isinstance(value, dt.datetime):
        value = local_naive(value).date()
    if isinstance(value, dt.date) and day_number(value) >= _FIRST_RIGHT_DAY:
        return True, str(day_number(value))
    return None


def _encode_datetime(value: object) -> Cell | None:
    if not isinstance(value, dt.datetime):
        return _encode_date(value)
    days = (local_naive(value) - _EPOCH) / dt.timedelta(days=1)
    return (True, repr(days)) if days >= _FIRST_RIGHT_DAY else None


def _encode_time(value: object) -> Cell | None:
    if isinstance(value, dt.datetime):
        value = local_naive(value).time()
    if not isinstance(value, dt.time):
        return None
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return True, repr(seconds / 86_400)


_ENCODERS: dict[str, Callable[[object], Cell | None]] = {
    "text": _encode_text, "serial": _encode_number, "int": _encode_number, "date": _encode_date,
    "short-date": _encode_date, "datetime": _encode_datetime, "time": _encode_time, "temp": _encode_number,
    "percent": _encode_number, "decimal": _encode_number,
}  # fmt: skip


def plain_text(value: object, format_name: str = "text") -> str:
    """The value as the office would read it in a cell: 2020-01-29, 98.5%, 36.5, 是; "" for None."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return _datetime_text(local_naive(value), format_name)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    if isinstance(value, (int, float, Decimal)):
        return _number_text(value, format_name)
    return str(value)


def _datetime_text(at: dt.datetime, format_name: str) -> str:
    if format_name == "date":
        return at.date().isoformat()
    return at.strftime("%H:%M") if format_name == "time" else f"{at.date().isoformat()} {at:%H:%M}"


def _number_text(value: int | float | Decimal, format_name: str) -> str:
    if not math.isfinite(value):
        return str(value)
    if format_name == "percent":
        return f"{value * 100:.1f}%"
    if format_name == "temp":
        return f"{value:.1f}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
