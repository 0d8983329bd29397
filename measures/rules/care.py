"""How often somebody is to be visited, when the next visit is due, and what was handed over. No database."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Days between two visits by kind of support (households.SupportKind), until the office sets its own.
EVERY: Mapping[str, int] = {
    "DESTITUTE": 3,
    "ALONE": 3,
    "DISABLED": 7,
    "LEFT_BEHIND": 7,
    "LOW_INCOME": 14,
    "OTHER": 14,
}
LONGEST = 31
NAME_LENGTH, UNIT_LENGTH, MOST, MOST_LINES = 20, 6, 100_000, 20
_GOOD = re.compile(r"^(?P<name>.*?)[\sx×*]*(?P<quantity>\d+)\s*(?P<unit>[^\d\s]*)$")


@dataclass(frozen=True)
class Good:
    """Something handed over: 大米 2 袋."""

    name: str
    quantity: int
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name}{self.quantity}{self.unit}"


class WrongGoods(ValueError):
    """What was typed does not say what and how many; the message says which part, and what to do."""


def parse_goods(text: str) -> tuple[Good, ...]:
    """大米2袋、口罩 10个 as goods. Raises WrongGoods naming the part that cannot be read."""
    found = []
    for part in re.split(r"[、，,;；\n]+", unicodedata.normalize("NFKC", text)):
        if tidy := " ".join(part.split()):
            found.append(_good(tidy))
    if len(found) > MOST_LINES:
        raise WrongGoods(f"一次最多登记 {MOST_LINES} 样物资，现在有 {len(found)} 样。")
    return tuple(found)


def _good(part: str) -> Good:
    match = _GOOD.match(part)
    if match is None or not match["name"].strip():
        raise WrongGoods(f"“{part}”没有写清是什么、有多少，请写成“大米2袋”。")
    good = Good(match["name"].strip(" :"), int(match["quantity"][:9]), match["unit"])
    if not 1 <= good.quantity <= MOST:
        raise WrongGoods(f"“{part}”的数量应在 1 至 {MOST:,} 之间。")
    if len(good.name) > NAME_LENGTH or len(good.unit) > UNIT_LENGTH:
        raise WrongGoods(f"“{part}”太长，每样分开写，用顿号隔开，如：大米2袋、食用油1桶。")
    return good


def goods_words(goods: Iterable[Good]) -> str:
    """The same as text, as it would be typed."""
    return "、".join(str(good) for good in goods)


def every_of(kinds: Iterable[str], rhythm: Mapping[str, int | None]) -> int | None:
    """Days between two visits of somebody with these kinds of support: the shortest; None for no fixed rhythm."""
    days = [every for kind in kinds if (every := rhythm.get(kind)) is not None]
    return min(days, default=None)


@dataclass(frozen=True)
class Timing:
    """What decides when somebody is due: since when he is on the register, the last visit, what was agreed."""

    every: int | None = None
    since: dt.date | None = None
    last_on: dt.date | None = None
    next_on: dt.date | None = None
    is_daily: bool = False  # under home observation, or left alone

    def due_on(self, on: dt.date) -> dt.date | None:
        """The day from which a visit is due: what was agreed or what the rhythm says, whichever comes first.

        Who is on the daily round is due every day; who was never visited, from the day he was entered. None: not at
        all.
        """
        days = [self.next_on] if self.next_on else []
        if self.every is not None:
            if self.last_on is not None:
                days.append(self.last_on + dt.timedelta(days=self.every))
            elif self.since is not None:
                days.append(self.since)
        if self.is_daily and (self.last_on is None or self.last_on < on):
            days.append(on)
        return min(days, default=None)

    def is_due(self, on: dt.date) -> bool:
        due = self.due_on(on)
        return due is not None and due <= on

    def late(self, on: dt.date) -> int:
        """Days by which the visit is overdue; 0 when it is due today, or not yet."""
        due = self.due_on(on)
        return max(0, (on - due).days) if due is not None else 0
