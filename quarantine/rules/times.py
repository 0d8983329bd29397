"""Times of day as people write them on paper."""

from __future__ import annotations

import re
import unicodedata
from datetime import time

_CLOCK = re.compile(r"(\d{1,2})(?:[:.点时](\d{1,2})?)?分?")
_DIGITS = re.compile(r"(\d{1,2})(\d{2})")


def check_clock(typed: str) -> tuple[time | None, str]:
    """The time of day that was typed, and ''; None and a Chinese sentence when it is none; (None, '') for nothing.

    8:30, 8：30, 0830, 830, 8点30分, 8点 are understood.
    """
    text = "".join(unicodedata.normalize("NFKC", typed).split()).replace("。", ".").replace("半", "30")
    if not text:
        return None, ""
    found = _DIGITS.fullmatch(text) or _CLOCK.fullmatch(text)
    if found is None:
        return None, f"“{typed.strip()[:12]}”不是时间，请写成 8:30 或 0830"
    hour, minute = int(found[1]), int(found[2] or 0)
    if hour > 23 or minute > 59:
        return None, f"“{typed.strip()[:12]}”不是一天里的时间，请对照纸质登记表重填"
    return time(hour, minute), ""
