"""Reading the options that the commands of the contract share; messages in the office's words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from django.core.management.base import CommandError
from django.utils import timezone

from grassroots.grid.models import Area


def area_option(code: str) -> Area:
    """The open area of that code; raises CommandError."""
    area: Area | None = Area.objects.filter(code=code, valid_to=None).first()
    if area is None:
        raise CommandError(f"没有代码为“{code}”的区域,请核对区划代码(例如 510121006000)。")
    return area


def date_option(text: str | None) -> dt.date:
    """A date, today when none is given; raises CommandError."""
    if not text:
        return timezone.localdate()
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"日期“{text}”看不懂,请写成 2020-01-29 这样。") from error


def filter_options(given: Sequence[str]) -> dict[str, list[str]]:
    """Filters as typed, KEY=VALUE with several values parted by 、 or a comma; raises CommandError."""
    chosen: dict[str, list[str]] = {}
    for text in given:
        name, sign, values = text.partition("=")
        if not sign or not name.strip():
            raise CommandError(f"筛选“{text}”看不懂,请写成 state=ABSENT 这样。")
        chosen.setdefault(name.strip(), []).extend(re.split(r"[、,,]", values))
    return chosen
