"""What makes readings worth a second look: hints, not accusations. Pure; thresholds stand here as data, with sources.

Rightful cases are left out by rule: an import says nothing about whoever measured, and what a clerk types from paper
(补录) is typed quickly because it was measured slowly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise

from django.db.models import TextChoices


class FlagKind(TextChoices):
    IDENTICAL = "IDENTICAL", "一人连日数值相同"
    REPEATED = "REPEATED", "同一数值连续出现"
    BURST = "BURST", "一分钟内录入较多"
    TWO_PLACES = "TWO_PLACES", "一分钟内在两个村"
    FUTURE = "FUTURE", "测量时间晚于录入"


@dataclass(frozen=True)
class FlagRule:
    """One rule: how many, within how many seconds, why, and where it comes from.

    `percent` of a day's readings, where there are at least `of`, say the same as `count` in a row.
    """

    kind: FlagKind
    count: int
    seconds: int
    words: str
    source: str
    of: int = 0
    percent: int = 0


_DOMAIN = "DOMAIN.md §6: identical values, twenty entries in a minute, one officer at two doors at once"
RULES: dict[str, FlagRule] = {
    rule.kind: rule
    for rule in (
        # The number of days is the policy's (`alerts.identical_days`).
        FlagRule(FlagKind.IDENTICAL, 0, 0, "同一人连续几天每次读数都一样", _DOMAIN),
        # The office's number: forehead guns cluster at a few values, but eight people in a row hardly come by chance.
        FlagRule(
            FlagKind.REPEATED,
            8,
            0,
            "同一人员连续测8人数值都一样，或一天测15人以上、七成是同一个数",
            "issue 4: 36.5 again and again",
            of=15,
            percent=70,
        ),
        FlagRule(FlagKind.BURST, 20, 60, "一分钟内录入20条以上", _DOMAIN),
        FlagRule(FlagKind.TWO_PLACES, 2, 60, "一分钟之内在两个村各有一次上门读数", _DOMAIN),
        # Clocks of phones differ by a few minutes.
        FlagRule(FlagKind.FUTURE, 1, 300, "测量时间比录入时间晚5分钟以上", "issue 4: entries in the future"),
    )
}
AT_DOOR, BY_PHONE, FROM_PAPER, IMPORTED = "DOOR", "PHONE", "PAPER", "IMPORT"


@dataclass(frozen=True)
class Entry:
    """A reading as the rules see it. `village` is the path of the village in the tree, '' above it."""

    pk: int
    officer: int
    observation: int
    village: str
    temperature: Decimal
    entered_at: datetime
    measured_at: datetime | None = None
    source: str = AT_DOOR
    is_late: bool = False
    is_by_clerk: bool = False

    @property
    def moment(self) -> datetime:
        """When it was measured; when it was entered where that is not known."""
        return self.measured_at or self.entered_at

    @property
    def shows_pace(self) -> bool:
        """Whether its time says how fast somebody measures: neither imported, nor 补录, nor typed by somebody else."""
        return self.source in {AT_DOOR, BY_PHONE} and not self.is_late and not self.is_by_clerk


Group = list[Entry]


def _by_officer(entries: Iterable[Entry]) -> list[Group]:
    """The entries of each officer, in order of time."""
    ordered = sorted(entries, key=lambda entry: (entry.officer, entry.moment, entry.pk))
    return [list(rows) for _officer, rows in groupby(ordered, key=lambda entry: entry.officer)]


def bursts(entries: Iterable[Entry]) -> list[Group]:
    """For each officer the stretches in which every entry lies in a minute with 20 or more of them."""
    rule = RULES[FlagKind.BURST]
    found = []
    for rows in _by_officer(entry for entry in entries if entry.shows_pace):
        spans: list[tuple[int, int]] = []
        start = 0
        for end, last in enumerate(rows):
            while last.moment - rows[start].moment > timedelta(seconds=rule.seconds):
                start += 1
            if end - start + 1 >= rule.count:
                spans.append((start, end))
        found += _stretches(rows, spans)
    return found


def two_places(entries: Iterable[Entry]) -> list[Group]:
    """For each officer the stretches in which he was at doors of two villages within a minute."""
    rule = RULES[FlagKind.TWO_PLACES]
    found = []
    at_doors = (entry for entry in entries if entry.shows_pace and entry.source == AT_DOOR and entry.village)
    for rows in _by_officer(at_doors):
        spans: list[tuple[int, int]] = []
        for index, (earlier, later) in enumerate(pairwise(rows)):
            is_near = later.moment - earlier.moment <= timedelta(seconds=rule.seconds)
            if is_near and later.village != earlier.village:
                spans.append((index, index + 1))
        found += _stretches(rows, spans)
    return found


def _stretches(rows: Sequence[Entry], spans: Sequence[tuple[int, int]]) -> list[Group]:
    """Spans of entries (first and last index, in order) that share an entry, as groups."""
    merged: list[tuple[int, int]] = []
    for first, last in spans:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return [list(rows[first : last + 1]) for first, last in merged]


def repeated(entries: Iterable[Entry]) -> list[Group]:
    """For each officer and day one value again and again, imports left out: most of the day's people, or 8 in a row."""
    found = []
    for rows in _by_officer(entry for entry in entries if entry.source != IMPORTED):
        for _day, of_day in groupby(rows, key=lambda entry: entry.moment.date()):
            found += _again_and_again(list(of_day))
    return found


def _people(entries: Iterable[Entry]) -> int:
    return len({entry.observation for entry in entries})


def _again_and_again(rows: Group) -> list[Group]:
    rule = RULES[FlagKind.REPEATED]
    value = Counter(entry.temperature for entry in rows).most_common(1)[0][0]
    most = [entry for entry in rows if entry.temperature == value]
    if _people(rows) >= rule.of and _people(most) * 100 >= _people(rows) * rule.percent:
        return [most]
    runs = (list(run) for _value, run in groupby(rows, key=lambda entry: entry.temperature))
    return [run for run in runs if _people(run) >= rule.count]


def in_future(entries: Iterable[Entry]) -> list[Group]:
    """Entries that say they were measured after they were entered, each by itself."""
    slack = timedelta(seconds=RULES[FlagKind.FUTURE].seconds)
    return [
        [entry]
        for entry in entries
        if entry.measured_at is not None and entry.measured_at - entry.entered_at > slack
    ]


def identical(readings: Sequence[tuple[date, Decimal]], *, days: int, slots: int) -> int:
    """How many of the last readings of one person (in order of time) make a run of one value; 0 when it is no run.

    A run covers `days` days one after the other and, with `slots` measurements a day, at most one of them may be
    missing. `days` 0: never.
    """
    if days < 2 or not readings:
        return 0
    value, length, covered = readings[-1][1], 0, [readings[-1][0]]
    for on, temperature in reversed(readings):
        if temperature != value or (covered[-1] - on).days > 1:
            break
        length += 1
        if on != covered[-1]:
            covered.append(on)
    least = max(days, days * slots - 1)
    return length if len(covered) >= days and length >= least else 0
