"""What a truth check draws from: the list by village, and what was reported of what was drawn."""

from __future__ import annotations

import datetime as dt
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from grassroots.grid.models import Area, Level
from grassroots.ledgers.asof import indicators
from grassroots.ledgers.models import AreaRollup
from households.models import Household, Relation, Residency, Survey, SurveyOutcome, SurveyState
from measures.models.checks import CheckSubject
from quarantine.models import Reading, Returnee

Reported = list[list[str]]
Frame = dict[int, list[int]]


@dataclass(frozen=True)
class Drawn:
    """One thing of the list as it was reported."""

    title: str
    reported: Reported
    recorder: int | None = None
    links: Mapping[str, int] = field(default_factory=dict)  # fields of CheckItem, such as household


@dataclass(frozen=True)
class Period:
    """The days of a check, both included."""

    since: dt.date
    until: dt.date

    def instants(self) -> tuple[dt.datetime, dt.datetime]:
        """Where they begin and, exclusively, end."""
        first, behind = self.since, self.until + dt.timedelta(days=1)
        begin, end = (timezone.make_aware(dt.datetime.combine(day, dt.time())) for day in (first, behind))
        return begin, end


def _by_village(area: Area, rows: Iterable[tuple[int, int]]) -> Frame:
    """Pairs of (id, area id) by the village of the area; what lies in none stands under the area itself."""
    places = dict(Area.objects.within(area).order_by().values_list("pk", "path"))
    villages = Area.objects.filter(level=Level.VILLAGE).filter(
        Q(pk__in=Area.objects.within(area).order_by().values("pk")) | Q(path__in=area.ancestor_paths())
    )
    by_path = dict(villages.values_list("path", "pk"))
    depths = {len(path) for path in by_path}
    frame: Frame = defaultdict(list)
    for pk, area_id in rows:
        path = places[area_id]
        found = next((by_path[path[:depth]] for depth in depths if path[:depth] in by_path), area_id)
        frame[found].append(pk)
    return dict(frame)


def _signed(area: Area, period: Period) -> QuerySet[Household]:
    begin, end = period.instants()
    signed: QuerySet[Household] = (
        Household.objects.open()
        .within(area)
        .filter(survey_state=SurveyState.SIGNED, signed_at__gte=begin, signed_at__lt=end)
    )
    return signed


def _households_frame(area: Area, period: Period) -> Frame:
    return _by_village(area, _signed(area, period).order_by().values_list("pk", "area_id"))


def _households_drawn(ids: Sequence[int], _period: Period) -> dict[int, Drawn]:
    """Who lives there, when the letter was signed, how many returned: four queries."""
    homes = Household.objects.in_bulk(ids)
    heads: dict[int, str] = {}
    lives: Counter[int] = Counter()
    living = Residency.objects.actual().filter(household__in=ids).order_by("order", "pk")
    for home_id, name, relation in living.values_list("household_id", "person__name", "relation"):
        assert home_id is not None
        lives[home_id] += 1
        if relation == Relation.HEAD or home_id not in heads:
            heads[home_id] = name
    returned: dict[int | None, int] = dict(
        Returnee.objects.active()
        .filter(household__in=ids)
        .order_by()
        .values_list("household")
        .annotate(n=Count("pk"))
    )
    surveys = Survey.objects.filter(household__in=ids, outcome=SurveyOutcome.SIGNED).order_by(
        "visited_at", "pk"
    )
    recorder = dict(surveys.values_list("household_id", "staff_id"))
    found = {}
    for pk, home in homes.items():
        signed = f"{timezone.localtime(home.signed_at):%Y-%m-%d}" if home.signed_at else ""
        facts = (
            ("户主", heads.get(pk, "")), ("现住人数", f"{lives[pk]}人"), ("签承诺书", signed),
            ("返乡人员", f"{returned.get(pk, 0)}人"),
        )  # fmt: skip
        found[pk] = Drawn(
            home.display, [list(pair) for pair in facts], recorder.get(pk), {"household_id": pk}
        )
    return found


def _readings_frame(area: Area, period: Period) -> Frame:
    rows = Reading.objects.effective().filter(
        visit__area__in=Area.objects.within(area).order_by().values("pk"),
        visit__date__range=(period.since, period.until),
    )
    return _by_village(area, rows.order_by().values_list("pk", "visit__area_id"))


def _readings_drawn(ids: Sequence[int], _period: Period) -> dict[int, Drawn]:
    rows = Reading.objects.select_related("visit__observation__person", "visit__observation__household")
    found = {}
    for row in rows.filter(pk__in=ids):
        observation, at = row.visit.observation, row.measured_at or row.entered_at
        facts = (
            ("体温", f"{row.temperature}℃"), ("测量时间", f"{timezone.localtime(at):%Y-%m-%d %H:%M}"),
            ("方式", row.get_method_display()), ("来源", row.get_source_display()),
        )  # fmt: skip
        home = observation.household
        title = f"{observation.person.name} {home.display if home else ''}".strip()
        links = {"reading_id": row.pk} | ({"household_id": home.pk} if home else {})
        found[row.pk] = Drawn(title, [list(pair) for pair in facts], row.by_id, links)
    return found


def _figure_keys() -> dict[int, tuple[str, str]]:
    """The figures of the 统计表 by a number that stays the same: key and caption."""
    return {zlib.crc32(item.key.encode()): (item.key, item.caption) for item in indicators() if item.in_table}


def _rollups(area: Area, period: Period) -> dict[int, dict[str, Any]]:
    villages = Area.objects.within(area).filter(level=Level.VILLAGE).order_by().values("pk")
    rows = AreaRollup.objects.filter(area__in=villages, on=period.until)
    return dict(rows.order_by().values_list("area_id", "total"))


def _figures_frame(area: Area, period: Period) -> Frame:
    """Every village's figures of the last day; a figure's number holds the village as well."""
    keys = sorted(_figure_keys())
    return {village: [(village << 32) + key for key in keys] for village in _rollups(area, period)}


def _figures_drawn(ids: Sequence[int], period: Period) -> dict[int, Drawn]:
    keys, villages = _figure_keys(), {one >> 32 for one in ids}
    totals = dict(
        AreaRollup.objects.filter(area__in=villages, on=period.until)
        .order_by()
        .values_list("area_id", "total")
    )
    found = {}
    for one in ids:
        key, caption = keys[one & 0xFFFFFFFF]
        number = totals[one >> 32].get(key, 0)
        found[one] = Drawn(caption, [[f"{period.until:%m月%d日}上报", str(number)]])
    return found


_FRAMES: dict[str, Callable[[Area, Period], Frame]] = {
    CheckSubject.HOUSEHOLDS: _households_frame,
    CheckSubject.READINGS: _readings_frame,
    CheckSubject.FIGURES: _figures_frame,
}
_DRAWN: dict[str, Callable[[Sequence[int], Period], dict[int, Drawn]]] = {
    CheckSubject.HOUSEHOLDS: _households_drawn,
    CheckSubject.READINGS: _readings_drawn,
    CheckSubject.FIGURES: _figures_drawn,
}


def frame_of(subject: str, area: Area, period: Period) -> Frame:
    """The list to draw from: ids by village."""
    return _FRAMES[subject](area, period)


def drawn_of(subject: str, ids: Sequence[int], period: Period) -> dict[int, Drawn]:
    """What was reported of what was drawn, by id."""
    return _DRAWN[subject](ids, period)
