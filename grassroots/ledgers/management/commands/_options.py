"""Reading the options that the commands of the contract share; messages in the office's words."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable, Sequence

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from grassroots.grid.models import Area


def area_option(code: str) -> Area:
    """The open area of that code; raises CommandError."""
    area: Area | None = Area.objects.filter(code=code, valid_to=None).first()
    if area is None:
        raise CommandError(f"没有代码为“{code}”的区域，请核对区划代码(例如 510121006000)。")
    return area


def date_option(text: str | None) -> dt.date:
    """A date, today when none is given; raises CommandError."""
    if not text:
        return timezone.localdate()
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"日期“{text}”看不懂，请写成 2020-01-29 这样。") from error


def filter_options(given: Sequence[str]) -> dict[str, list[str]]:
    """Filters as typed, KEY=VALUE with several values parted by 、 or a comma; raises CommandError."""
    chosen: dict[str, list[str]] = {}
    for text in given:
        name, sign, values = text.partition("=")
        if not sign or not name.strip():
            raise CommandError(f"筛选“{text}”看不懂，请写成 state=ABSENT 这样。")
        chosen.setdefault(name.strip(), []).extend(re.split(r"[、,，]", values))
    return chosen


def cutoff_option(text: str | None) -> dt.time | None:
    """A 统计截止时间 such as 17:00; None for the whole day (24:00). Raises CommandError."""
    if not text or text == "24:00":
        return None
    try:
        cutoff = dt.time.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"截止时间“{text}”看不懂，请写成 17:00 这样。") from error
    if cutoff == dt.time() or cutoff.tzinfo is not None:
        raise CommandError("截止时间0时就是前一天的24时，请改选前一天，不写截止时间。")
    return cutoff.replace(second=0, microsecond=0)


class Bar:
    """A progress bar on a terminal; silent where nobody watches."""

    WIDTH = 30

    def __init__(self, out: OutputWrapper) -> None:
        self.out = out

    def of(self, what: str) -> Callable[[int, int | None], None]:
        """What moves the bar of one piece of work: (done, total)."""

        def move(done: int, total: int | None) -> None:
            if not sys.stderr.isatty() or not total:
                return
            filled = self.WIDTH * done // total
            bar = "#" * filled + "." * (self.WIDTH - filled)
            self.out.write(f"\r{what} [{bar}] {done}/{total} 行", ending="\n" if done >= total else "")

        return move
