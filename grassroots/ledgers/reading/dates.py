"""Dates as clerks write them: 1月21日, 2020.1.21, 1/21, 43851, 20200121, 2020年1月21日15时30分."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from grassroots.ledgers.reading.parsed import NOTHING, Parsed, original_text, tidy

#: Serial numbers that are taken for dates: 1990 to 2079. Smaller ones are counts, years and ages.
FIRST_SERIAL, LAST_SERIAL = 32_874, 65_745
EPOCH, EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
#: A date without a year may lie this many days after the sheet's own: the end of a term that is still running.
AHEAD_DAYS = 45
OLDEST_YEAR, LAST_YEAR = 1900, 2100

_SEPARATOR = r"\s*[-./年月,、。:]\s*"
_YEAR_FIRST = re.compile(rf"(\d{{4}}|\d{{2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{1,2}})\s*[日号]?")
_DAY_LAST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})")
_MONTH_DAY = re.compile(r"(\d{1,2})\s*[-./月。、]\s*(\d{1,2})\s*[日号]?")
_PACKED = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_WEEKDAY = re.compile(r"[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?")
_CLOCK = re.compile(
    r"(上午|下午|晚上|晚|早上|早|中午|凌晨|AM|PM)?\s*(\d{1,2})\s*(?:[:：时点]\s*(?:(\d{1,2})|(半))?\s*分?)"
    r"(?:[:：]?\s*(\d{1,2})(?:\.\d+)?\s*秒?)?\s*(AM|PM)?(?:Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_HALF_DAY = re.compile(r"(上午|下午|晚上|早上|中午|凌晨|左右|前后|许|约)")
_ABOUT, _BETWEEN = "".join("左右许前后"), "".join(" T,，")
_UNFINISHED = re.compile(r"\d{4}\s*年?(\s*\d{1,2}\s*月)?")


def parse_date(
    value: object, *, reference: dt.date | None, ahead_days: int = AHEAD_DAYS, is_1904: bool = False
) -> Parsed[dt.date]:
    """A day. Without a year it is taken from `reference`, so that it is at most `ahead_days` after it.

    `is_1904`: serial numbers count from 1904 (Grid.is_1904). Words, impossible days (2月30日), years without a
    day, and days without a year where there is no reference are problems; / and 无 are nothing.
    """
    original = original_text(value)
    if isinstance(value, dt.datetime):
        return _checked(value.date(), original)
    if isinstance(value, dt.date):
        return _checked(value, original)
    if isinstance(value, (bool, dt.time)):
        return Parsed(None, f"“{original}”不是日期。", original)
    if isinstance(value, (int, float)):
        serial = _from_serial(float(value), is_1904)
        if serial:
            return Parsed(serial, "", original)
    if isinstance(value, float) and re.fullmatch(r"1?[0-9]\.[123]", repr(value)):
        month, tens = repr(value).split(".")
        problem = (
            f"“{original}”可能是{month}月{tens}日，也可能是{month}月{tens}0日（Excel去掉了末尾的0），请核对。"
        )
        return Parsed(None, problem, original)
    return _from_text(_plain(value), original, reference, ahead_days, is_1904)


def parse_datetime(
    value: object, *, reference: dt.date | None, ahead_days: int = AHEAD_DAYS, is_1904: bool = False
) -> Parsed[dt.datetime]:
    """A day with its time (naive, as on the office's clock); a day alone is midnight. A time alone is a problem."""
    original = original_text(value)
    if isinstance(value, dt.datetime):
        day = _checked(value.date(), original)
        return (
            Parsed(value.replace(tzinfo=None), "", original)
            if day.value
            else Parsed(None, day.problem, original)
        )
    text = _plain(value)
    clock = dt.time()
    if isinstance(value, float) and not value.is_integer() and _from_serial(value, is_1904):
        seconds = round((value % 1) * 86400)
        minutes, seconds = divmod(min(seconds, 86399), 60)
        clock = dt.time(minutes // 60, minutes % 60, seconds)
    elif isinstance(value, str) and (found := _last_clock(text)):
        clock = _clock(found) or clock
    day = parse_date(value, reference=reference, ahead_days=ahead_days, is_1904=is_1904)
    if day.value is None:
        return Parsed(None, day.problem, original)
    return Parsed(dt.datetime.combine(day.value, clock), "", original)


def full_dates(text: str) -> list[dt.date]:
    """All days with a year that stand in a text: 填报日期:2020年1月29日."""
    plain = unicodedata.normalize("NFKC", text)
    found = []
    for match in re.finditer(
        rf"(?<!\d)((?:19|20)\d{{2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{1,2}})(?!\d)", plain
    ):
        if day := _day(int(match[1]), int(match[2]), int(match[3])):
            found.append(day)
    return found


def year_in(text: str) -> int | None:
    """The year that a text names: 2020年春节返乡人员."""
    match = re.search(r"(?<!\d)((?:19|20)\d{2})\s*年", unicodedata.normalize("NFKC", text))
    return int(match[1]) if match else None


def month_days(text: str) -> list[tuple[int, int]]:
    """(month, day) of days without a year in a text: 1月28日."""
    plain = unicodedata.normalize("NFKC", text)
    pairs = re.findall(r"(?<![\d年])(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]", plain)
    return [(int(month), int(day)) for month, day in pairs if _day(2020, int(month), int(day))]


def nearest_year(month: int, day: int, reference: dt.date, ahead_days: int = AHEAD_DAYS) -> dt.date | None:
    """The last such day that is at most `ahead_days` after the reference; None where there is none (30 February)."""
    latest = reference + dt.timedelta(days=ahead_days)
    for year in range(latest.year, latest.year - 9, -1):
        found = _day(year, month, day)
        if found and found <= latest:
            return found
    return None


def _plain(value: object) -> str:
    text = unicodedata.normalize("NFKC", tidy(value))
    text = re.sub(r"(?<=^\d{8})\.0$|(?<=^\d{5})\.0$", "", text)
    return _WEEKDAY.sub("", text).strip()


def _from_text(
    text: str, original: str, reference: dt.date | None, ahead_days: int, is_1904: bool
) -> Parsed[dt.date]:
    if text in NOTHING:
        return Parsed(None, "", original)
    for candidate in dict.fromkeys((text, _without_clock(text))):
        if match := _PACKED.fullmatch(candidate):
            return _made(int(match[1]), int(match[2]), int(match[3]), original)
        if match := _YEAR_FIRST.fullmatch(candidate):
            return _made(_century(match[1]), int(match[2]), int(match[3]), original)
        if match := _DAY_LAST.fullmatch(candidate):
            return _made(int(match[3]), int(match[1]), int(match[2]), original)
        if match := _MONTH_DAY.fullmatch(candidate):
            return _without_year(int(match[1]), int(match[2]), original, reference, ahead_days)
        if re.fullmatch(r"\d{5}(\.\d+)?", candidate) and (day := _from_serial(float(candidate), is_1904)):
            return Parsed(day, "", original)
    if _UNFINISHED.fullmatch(text):
        return Parsed(None, f"日期“{original}”不完整，请写到日。", original)
    return Parsed(None, f"“{original}”不是日期，请写成 2020-01-21 这样。", original)


def _without_year(
    month: int, day: int, original: str, reference: dt.date | None, ahead_days: int
) -> Parsed[dt.date]:
    if _day(2020, month, day) is None:
        return Parsed(None, f"没有“{original}”这一天，请核对。", original)
    if reference is None:
        return Parsed(None, f"日期“{original}”没有年份，请写成 2020-01-21 这样。", original)
    found = nearest_year(month, day, reference, ahead_days)
    return Parsed(found, "" if found else f"没有“{original}”这一天，请核对。", original)


def _made(year: int, month: int, day: int, original: str) -> Parsed[dt.date]:
    found = _day(year, month, day)
    if found is None:
        return Parsed(None, f"没有“{original}”这一天，请核对。", original)
    return _checked(found, original)


def _checked(day: dt.date, original: str) -> Parsed[dt.date]:
    if OLDEST_YEAR <= day.year < LAST_YEAR:
        return Parsed(day, "", original)
    return Parsed(None, f"日期“{original}”的年份不对，请核对。", original)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _century(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _from_serial(serial: float, is_1904: bool) -> dt.date | None:
    shift = 1462 if is_1904 else 0
    if not FIRST_SERIAL - shift <= serial <= LAST_SERIAL - shift:
        return None
    return (EPOCH_1904 if is_1904 else EPOCH) + dt.timedelta(days=int(serial))


def _last_clock(text: str) -> re.Match[str] | None:
    """The clock at the end of a text that is more than a date."""
    found = [
        match for match in _CLOCK.finditer(text) if match.end() == len(text.rstrip(_ABOUT)) and match.start()
    ]
    return found[-1] if found else None


def _without_clock(text: str) -> str:
    bare = text.rstrip(_ABOUT)
    match = _last_clock(text)
    if match:
        bare = bare[: match.start()]
    return _HALF_DAY.sub("", bare).strip(_BETWEEN)


def _clock(match: re.Match[str]) -> dt.time | None:
    half, hour = (match[1] or match[6] or "").upper(), int(match[2])
    minute = 30 if match[4] else int(match[3] or 0)
    if half in {"下午", "晚上", "晚", "PM"} and hour < 12:
        hour += 12
    try:
        return dt.time(hour % 24 if hour == 24 else hour, minute, int(match[5] or 0))
    except ValueError:
        return None
