"""The results of a truth check by village, and where to look first (reads only; docs/truth-check.md)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from grassroots.grid.models import Area, Level, Staff
from grassroots.grid.views.pages import link
from measures.models import CheckItem, CheckOutcome, Rectification, SpotCheck
from measures.rules.quiz import QUESTIONS
from measures.rules.sampling import Interval, wilson
from quarantine.models import Reading, ReadingFlag

WEIGHTS = {"truth": 3.0, "flags": 2.0, "late": 1.0, "overdue": 2.0, "open": 0.5, "never": 0.5}
DAYS = 14
CHECK_DAYS = 60  # how long a check says something about a village


@dataclass
class VillageResult:
    """One village's part of a check; `interval` None where nobody was reached."""

    village: Area
    listed: int = 0
    drawn: int = 0
    matched: int = 0
    mismatched: int = 0
    unreached: int = 0

    @property
    def checked(self) -> int:
        """Those that say something."""
        return self.matched + self.mismatched

    @property
    def waiting(self) -> int:
        return self.drawn - self.checked - self.unreached

    @property
    def interval(self) -> Interval | None:
        """真实率 with its 95% interval."""
        return wilson(self.matched, self.checked)


@dataclass
class Results:
    """A check by village and in all, the mismatches by kind, and the quiz."""

    villages: list[VillageResult]
    total: VillageResult
    mismatches: list[tuple[str, int]] = field(default_factory=list)
    quiz: list[tuple[str, int, int]] = field(default_factory=list)  # question, right, asked


def results_of(check: SpotCheck) -> Results:
    """Three queries, however many were drawn."""
    rows = (
        check.items.order_by()
        .values_list("village")
        .annotate(
            drawn=Count("pk"),
            matched=Count("pk", filter=Q(outcome=CheckOutcome.MATCH)),
            mismatched=Count("pk", filter=Q(outcome=CheckOutcome.MISMATCH)),
            unreached=Count("pk", filter=Q(outcome=CheckOutcome.UNREACHED)),
        )
    )
    by_village: dict[int, tuple[int, ...]] = {pk: tuple(counts) for pk, *counts in rows}
    sizes = {int(key): size for key, size in check.strata.items()}
    areas = Area.objects.in_bulk(sizes)
    villages = [
        VillageResult(areas[pk], size, *by_village.get(pk, ())) for pk, size in sizes.items() if pk in areas
    ]
    villages.sort(key=lambda row: row.village.path)
    total = VillageResult(check.area)
    for row in villages:
        for name in ("listed", "drawn", "matched", "mismatched", "unreached"):
            setattr(total, name, getattr(total, name) + getattr(row, name))
    kinds: Counter[str] = Counter()
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for item in check.items.exclude(outcome="").only("mismatch", "quiz"):
        if item.mismatch:
            kinds[item.get_mismatch_display()] += 1
        asked.update(item.quiz.keys())
        right.update(key for key, is_right in item.quiz.items() if is_right)
    quiz = [(words, right[key], asked[key]) for key, (words, _answer) in QUESTIONS.items() if asked[key]]
    return Results(villages, total, kinds.most_common(), quiz)


@dataclass
class Suspect:
    """A village with the reasons to look there, the weightiest first."""

    village: Area
    reasons: list[tuple[float, str, str]] = field(default_factory=list)  # weight, words, link

    @property
    def weight(self) -> float:
        return sum(weight for weight, _words, _url in self.reasons)

    def add(self, weight: float, words: str, url: str = "") -> None:
        if weight > 0:
            self.reasons.append((weight, words, url))
            self.reasons.sort(key=lambda reason: -reason[0])


def look_first(staff: Staff, on: dt.date) -> list[Suspect]:
    """The villages of the scope, those first that give most reason to look; five queries, however many.

    Reasons: what the frozen checks of CHECK_DAYS found (by the interval's lower end: few calls prove little), hints on
    readings that nobody has cleared, entries made late, rectifications late or open, and not having been checked.
    """
    villages = list(Area.objects.open().visible_to(staff).filter(level=Level.VILLAGE).order_by("path"))
    found = {village.pk: Suspect(village) for village in villages}
    by_path = {village.path: village.pk for village in villages}
    depths = {len(path) for path in by_path}

    def village_of(path: str) -> int | None:
        return next((by_path[path[:depth]] for depth in depths if path[:depth] in by_path), None)

    _weigh_checks(staff, found, on)
    since = on - dt.timedelta(days=DAYS - 1)
    readings: Counter[int] = Counter()
    late: Counter[int] = Counter()
    flags: Counter[int] = Counter()
    rows: Any = Reading.objects.effective().filter(
        visit__date__range=(since, on), visit__area__in=_areas(staff)
    )
    for path, count, lates in (
        rows.order_by()
        .values_list("visit__area__path")
        .annotate(n=Count("pk"), late=Count("pk", filter=Q(is_late=True)))
    ):
        if (pk := village_of(path)) is not None:
            readings[pk] += count
            late[pk] += lates
    hints: Any = ReadingFlag.objects.visible_to(staff).unchecked().filter(until_at__date__gte=since)
    for path, count in hints.order_by().values_list("area__path").annotate(n=Count("pk")):
        if (pk := village_of(path)) is not None:
            flags[pk] += count
    for pk, suspect in found.items():
        if flags[pk]:
            share = flags[pk] / max(readings[pk], 1)
            words = f"近{DAYS}天有 {flags[pk]} 条读数提示没有核实（共 {readings[pk]} 条读数）"
            url = link("quarantine:flag_list", since=since, until=on, state="unchecked")
            suspect.add(WEIGHTS["flags"] * min(share * 10, 1), words, url)
        if late[pk] and readings[pk]:
            words = f"近{DAYS}天 {late[pk]} 条读数是补录的，占 {late[pk] / readings[pk]:.0%}"
            suspect.add(WEIGHTS["late"] * late[pk] / readings[pk], words)
    _weigh_rectifications(staff, found, village_of, on)
    return sorted(found.values(), key=lambda one: (-one.weight, one.village.path))


def _areas(staff: Staff) -> Any:
    return Area.objects.visible_to(staff).order_by().values("pk")


def _weigh_checks(staff: Staff, found: dict[int, Suspect], on: dt.date) -> None:
    checks = SpotCheck.objects.visible_to(staff).filter(
        frozen_at__isnull=False, until__gte=on - dt.timedelta(days=CHECK_DAYS)
    )
    rows = (
        CheckItem.objects.filter(check_of__in=checks.values("pk"), village__in=found)
        .order_by()
        .values_list("village")
        .annotate(
            right=Count("pk", filter=Q(outcome=CheckOutcome.MATCH)),
            wrong=Count("pk", filter=Q(outcome=CheckOutcome.MISMATCH)),
        )
    )
    checked = set()
    for pk, right, wrong in rows:
        interval = wilson(right, right + wrong)
        if interval is None:
            continue
        checked.add(pk)
        if wrong:
            words = f"抽查 {right + wrong} 个，{wrong} 个不一致：真实率 {interval.words}"
            found[pk].add(WEIGHTS["truth"] * (1 - interval.low), words, link("measures:check_list"))
    for pk in found.keys() - checked:
        found[pk].add(WEIGHTS["never"], f"近{CHECK_DAYS}天没有抽查过", link("measures:check_list"))


def _weigh_rectifications(staff: Staff, found: dict[int, Suspect], village_of: Any, on: dt.date) -> None:
    late: Counter[int] = Counter()
    waiting: Counter[int] = Counter()
    rows: Any = Rectification.objects.visible_to(staff).open()
    for path, count, overdue in (
        rows.order_by()
        .values_list("area__path")
        .annotate(n=Count("pk"), late=Count("pk", filter=Q(state="OPEN", due_on__lt=on)))
    ):
        if (pk := village_of(path)) is not None:
            late[pk] += overdue
            waiting[pk] += count - overdue
    url = link("measures:rectification_list")
    for pk in found:
        found[pk].add(WEIGHTS["overdue"] * min(late[pk] / 3, 1), f"{late[pk]} 项整改超期", url)
        found[pk].add(WEIGHTS["open"] * min(waiting[pk] / 5, 1), f"{waiting[pk]} 项整改没有销号", url)
