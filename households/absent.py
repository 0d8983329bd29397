"""The queue of absent households: which views it has, what a row shows, where they lie (reads only)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from grassroots.grid.models import Area, Level
from households.doors import heads_of, places_of
from households.models import (
    AbsentCall,
    AbsentContact,
    Household,
    LongAbsence,
    Residency,
    Survey,
    SurveyOutcome,
    SurveyState,
)
from households.rules.rounds import DAY, EVENING, EVENING_FROM, ROUNDS, round_of, round_wanted

VIEWS = {
    "": "全部", "absent": "无人", "due": "今天该去和过期", "overdue": "过期", "away": "长期外出", "empty": "空置",
}  # fmt: skip
VANISHED = (SurveyOutcome.ABSENT, SurveyOutcome.VACANT)


def long_away(rows: QuerySet[Household]) -> QuerySet[Household]:
    """Of these doors, those of households that are away for long."""
    open_absence = LongAbsence.objects.open().filter(household=OuterRef("pk"))
    return rows.filter(Exists(open_absence), survey_state=SurveyState.ABSENT)


def in_view(rows: Any, view: str, today: dt.date) -> Any:
    """The doors of the queue that one of VIEWS shows."""
    if view == "absent":
        return rows.absent()
    if view == "due":
        return rows.due(today)
    if view == "overdue":
        return rows.queued().filter(next_visit_on__lt=today)
    if view == "away":
        return long_away(rows.queued())
    return rows.empty() if view == "empty" else rows.queued()


def lacking_round(rows: QuerySet[Household], which: str) -> QuerySet[Household]:
    """无人户 at which nobody has tried in that round (day or evening) yet."""
    tries = Survey.objects.filter(household=OuterRef("pk"), outcome=SurveyOutcome.ABSENT)
    in_evening = Q(visited_at__hour__gte=EVENING_FROM)
    tried = tries.filter(in_evening if which == EVENING else ~in_evening)
    return rows.filter(~Exists(tried), survey_state=SurveyState.ABSENT)


@dataclass(frozen=True)
class Figures:
    """What the page says on top, of the doors that somebody sees."""

    queued: int = 0
    due: int = 0
    overdue: int = 0
    undated_empty: int = 0


def figures_of(rows: Any, today: dt.date) -> Figures:
    """One query. Letters are no part of it: a signed household is never queued."""
    undated = Q(next_visit_on=None)
    due = Q(next_visit_on__lte=today) | undated & Q(survey_state=SurveyState.ABSENT)
    found = rows.queued().order_by().aggregate(
        queued=Count("pk"), due=Count("pk", filter=due), overdue=Count("pk", filter=Q(next_visit_on__lt=today)),
        undated_empty=Count("pk", filter=undated & Q(survey_state=SurveyState.VACANT)),
    )  # fmt: skip
    return Figures(**found)


@dataclass(frozen=True)
class Place:
    """An area with doors of the queue: a village, or from the village on a group or compound."""

    area: Area
    name: str
    count: int


def places_with(rows: QuerySet[Household], top: Area | None) -> list[Place]:
    """Where these doors lie, as the tree goes (three queries): villages, or within one village its areas with doors."""
    counts: Counter[int] = Counter()
    for area_id, number in rows.order_by().values_list("area_id").annotate(n=Count("pk")):
        counts[area_id] += number
    areas = list(Area.objects.filter(pk__in=counts))
    if top is None or top.level < Level.VILLAGE:
        paths = {path for area in areas for path in area.ancestor_paths()}
        villages = {one.path: one for one in Area.objects.filter(path__in=paths, level=Level.VILLAGE)}
        found: Counter[str] = Counter()
        for area in areas:
            village = next((path for path in area.ancestor_paths() if path in villages), "")
            found[village] += counts[area.pk]
        if len(villages) > 1:
            return [Place(villages[p], villages[p].name, found[p]) for p in sorted(villages)]
    names = places_of(areas)
    ordered = sorted(areas, key=lambda area: area.path)
    return [Place(area, names[area.pk], counts[area.pk]) for area in ordered]


@dataclass
class Try:
    """One knock in vain, or one that found the flat empty."""

    at: dt.datetime
    by: str
    outcome: str
    slip_left: bool
    note: str
    number: int

    @property
    def round_name(self) -> str:
        return ROUNDS[round_of(timezone.localtime(self.at))]


@dataclass
class AbsentRow:
    """One household of the queue as list and page show it."""

    household: Household
    place: str = ""
    head: Residency | None = None
    tries: list[Try] = field(default_factory=list)  # the latest first
    away: LongAbsence | None = None
    last_call: AbsentCall | None = None
    contacts: list[AbsentContact] = field(default_factory=list)  # read by the page of one household only

    @property
    def is_empty(self) -> bool:
        return self.household.survey_state == SurveyState.VACANT

    @property
    def kind(self) -> str:
        """无人, 长期外出 or 空置."""
        if self.is_empty:
            return "空置"
        return "长期外出" if self.away else "无人"

    @property
    def days(self) -> int:
        return sum(round_of(timezone.localtime(one.at)) == DAY for one in self._vain)

    @property
    def evenings(self) -> int:
        return len(self._vain) - self.days

    @property
    def _vain(self) -> list[Try]:
        return [one for one in self.tries if one.outcome == SurveyOutcome.ABSENT]

    @property
    def wanted(self) -> str:
        """晚间 when only daytime was tried, the other way round, or nothing."""
        if self.is_empty or self.away:
            return ""
        return ROUNDS.get(round_wanted(timezone.localtime(one.at) for one in self._vain), "")

    @property
    def is_tried_out(self) -> bool:
        """Both rounds were tried: a call is the next thing to do."""
        return bool(self.days and self.evenings and not self.is_empty and not self.away)


def absent_rows(households: Sequence[Household]) -> list[AbsentRow]:
    """A row for each, in their order, by five queries however many there are."""
    ids = [row.pk for row in households]
    heads, places = heads_of(households), places_of({row.area for row in households})
    tries = _tries(ids)
    away = {row.household_id: row for row in LongAbsence.objects.open().filter(household__in=ids)}
    calls = AbsentCall.objects.filter(household__in=ids).select_related("by", "contact")
    last = {call.household_id: call for call in calls.order_by("called_at", "pk")}
    return [
        AbsentRow(
            household=row, place=places[row.area_id], head=heads.get(row.pk), tries=tries[row.pk],
            away=away.get(row.pk), last_call=last.get(row.pk),
        )
        for row in households
    ]  # fmt: skip


def _tries(ids: Iterable[int]) -> dict[int, list[Try]]:
    found: dict[int, list[Try]] = defaultdict(list)
    rows = Survey.objects.filter(household__in=list(ids), outcome__in=VANISHED).order_by("-visited_at", "-pk")
    for one in rows.select_related("staff"):
        found[one.household_id].append(
            Try(one.visited_at, one.staff.name, one.outcome, one.slip_left, one.note, one.absent_try)
        )
    return found
