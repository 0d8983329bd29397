"""What households says in the daily brief: paragraphs 一, 二 and 宣传, and the figures that only they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from grassroots.grid.models import Area, Level
from grassroots.ledgers.asof import AsOf, Indicator, register_indicator
from grassroots.ledgers.paragraphs import Figures, Paragraph, register_paragraph
from grassroots.ledgers.privacy import register_name_finder
from households.indicators import door_figure, is_signed, known_surveys, open_households, signed
from households.late import late_leaflets, left_at_doors
from households.models import CommitmentLetter, Household, Person, Residency, SurveyOutcome


def _signed_today(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Household]:
    """Doors whose first letter is of the period."""
    earlier = CommitmentLetter.objects.filter(
        household=OuterRef("pk"), signed_at__lte=asof.start, recorded_at__lte=asof.known_at
    )
    return signed(areas, asof).exclude(Exists(earlier))


def _absent_followed_up(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Household]:
    """无人户 of the period before that were knocked on again in this one."""
    before = known_surveys(asof).filter(visited_at__lte=asof.start).order_by("-visited_at", "-pk")
    today = known_surveys(asof).filter(visited_at__gt=asof.start)
    rows = open_households(areas, asof).filter(Exists(today), ~is_signed(asof.before()))
    return rows.annotate(stood=Subquery(before.values("outcome")[:1])).filter(stood=SurveyOutcome.ABSENT)


def _leaflets_figure(key: str, caption: str, order: int, *, today: bool = False) -> Indicator:
    """Leaflets left at doors, where they were left."""

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        rows = left_at_doors(areas, asof, today=today).order_by()
        return dict(rows.values_list("area").annotate(n=Sum("leaflets")))

    return Indicator(key, caption, count, late=late_leaflets(today=today), order=order, in_table=False)


for _indicator in (
    door_figure("signed_today", "今日新签承诺书", 18, _signed_today, in_table=False),
    door_figure("absent_followed_up", "今日跟进无人户", 19, _absent_followed_up, in_table=False),
    _leaflets_figure("leaflets_today", "今日发放宣传单", 80, today=True),
    _leaflets_figure("leaflets", "累计发放宣传单", 81),
):
    register_indicator(_indicator)


def _basics(figures: Figures) -> str:
    parts = [f"{figures['groups']}个组（网格）", f"{figures['compounds']}个小区（院落）"]
    if figures.level < Level.VILLAGE:
        parts.insert(0, f"{figures['villages']}个村（社区）")
    return f"辖{'、'.join(parts)}，登记在册{figures['households']}户、{figures['residents']}人。"


def _survey(figures: Figures) -> str:
    return (
        f"今日入户{figures['surveyed_today']}户，累计入户{figures['surveyed_households']}户。"
        f"今日{figures.new('signed_today', '份', '新签承诺书')}，累计签订承诺书{figures['signed_households']}户，"
        f"空置户{figures['vacant_households']}户，完成率{figures.share('completion')}（按已签承诺书计）。\n"
        f"无人户今日跟进{figures['absent_followed_up']}户，尚有{figures['absent_households']}户待跟进。"
    )


def _leaflets_said(figures: Figures) -> str:
    return f"今日{figures.new('leaflets_today', '份', '发放宣传单')}，累计{figures['leaflets']}份。"


for _paragraph in (
    Paragraph("basics", "basics", _basics),
    Paragraph("survey", "survey", _survey),
    Paragraph("leaflets", "measures", _leaflets_said, topic="宣传"),
):
    register_paragraph(_paragraph)


def residents_named(area: Area, words: Iterable[str]) -> set[str]:
    """Which of these words are names of people who are registered in the area (one query)."""
    here = Residency.objects.open().filter(
        person=OuterRef("pk"), area__in=Area.objects.within(area).order_by().values("pk")
    )
    people = Person.objects.active().filter(name__in=list(words)).filter(Exists(here))
    return set(people.values_list("name", flat=True).distinct())


register_name_finder(residents_named)
