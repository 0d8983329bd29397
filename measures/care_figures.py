"""Figures of care: visits, people overdue, what was handed over, problems still open; a sentence of the brief."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Indicator, Late, day_began, register_indicator
from grassroots.ledgers.paragraphs import Figures, Paragraph, register_paragraph
from households.living import actual_residents
from measures.care import standings, visits_then
from measures.figures import by_area, happened
from measures.models import CareVisit, ReliefGood

GROUP = "走访关爱"


def _visits(areas: QuerySet[Area], asof: AsOf, *, cumulative: bool) -> QuerySet[CareVisit]:
    """Visits of the period (or ever up to its end) at which somebody was met, as far as was known."""
    rows: QuerySet[CareVisit] = CareVisit.objects.standing(asof.known_at).met()
    return rows.filter(happened(asof, cumulative=cumulative), area__in=areas.values("pk"))


def _late_visits(
    areas: QuerySet[Area], asof: AsOf, since: dt.datetime, *, cumulative: bool
) -> list[tuple[CareVisit, int]]:
    """Visits entered (1) or made void (-1) after `since`."""
    rows = CareVisit.objects.met().filter(happened(asof, cumulative=cumulative), area__in=areas.values("pk"))
    rows = rows.select_related("recorded_by", "voided_by")
    added = rows.filter(recorded_at__gt=since).filter(Q(voided_at=None) | Q(voided_at__gt=asof.known_at))
    gone = rows.filter(recorded_at__lte=since, voided_at__gt=since, voided_at__lte=asof.known_at)
    return [(row, 1) for row in added] + [(row, -1) for row in gone]


def _told(row: CareVisit, sign: int, number: int, what: str) -> Late:
    words, at = ("补登", row.recorded_at) if sign > 0 else ("更正或作废", row.voided_at or row.recorded_at)
    who = row.recorded_by if sign > 0 else row.voided_by
    by = who.name if who else ""
    return Late(row.area_id, sign * number, day_began(row.on), at, f"{words}{what}", row, by=by, rows=1)


def _visits_figure(key: str, caption: str, order: int, *, cumulative: bool) -> Indicator:
    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        return by_area(_visits(areas, asof, cumulative=cumulative))

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        found = _late_visits(areas, asof, since, cumulative=cumulative)
        return [_told(row, sign, 1, "走访") for row, sign in found]

    return Indicator(key, caption, count, late=late, group=GROUP, order=order)


def _goods_figure(key: str, caption: str, order: int, *, cumulative: bool, in_table: bool) -> Indicator:
    """How many pieces were handed over, whatever they were."""

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        visits = _visits(areas, asof, cumulative=cumulative)
        rows = ReliefGood.objects.filter(visit__in=visits.values("pk")).order_by()
        return dict(rows.values_list("visit__area_id").annotate(n=Sum("quantity")))

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        found = _late_visits(areas, asof, since, cumulative=cumulative)
        rows = ReliefGood.objects.filter(visit__in=[row.pk for row, _sign in found]).order_by()
        sums: dict[int, int] = dict(rows.values_list("visit").annotate(n=Sum("quantity")))
        return [_told(row, sign, sums[row.pk], "发放物资") for row, sign in found if row.pk in sums]

    return Indicator(key, caption, count, late=late, group=GROUP, order=order, in_table=in_table)


def _overdue(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    """People whose visit was due before the day and had not been made by its end."""
    return Counter(row.area_id for row in standings(actual_residents(areas, asof), asof) if row.late)


def _problems(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    """People whose last visit left a problem open."""
    later: Any = visits_then(asof).filter(
        Q(on__gt=OuterRef("on")) | Q(on=OuterRef("on"), pk__gt=OuterRef("pk")), person=OuterRef("person")
    )
    rows = visits_then(asof).filter(~Exists(later), is_open=True, area__in=areas.values("pk"))
    return by_area(rows)


for _indicator in (
    _visits_figure("care_visits_today", "今日走访", 58, cumulative=False),
    _visits_figure("care_visits", "累计走访", 59, cumulative=True),
    Indicator("care_overdue", "逾期未走访", _overdue, group=GROUP, order=60),
    _goods_figure("relief_goods", "累计发放物资", 61, cumulative=True, in_table=True),
    _goods_figure("relief_goods_today", "今日发放物资", 160, cumulative=False, in_table=False),
    Indicator("care_problems", "待解决困难", _problems, group=GROUP, order=161, in_table=False),
):
    register_indicator(_indicator)


def _care(figures: Figures) -> str:
    return (
        f"特殊困难群体今日{figures.new('care_visits_today', '人次', '走访')}，累计走访{figures['care_visits']}人次；"
        f"今日{figures.new('relief_goods_today', '件', '发放物资')}，累计发放{figures['relief_goods']}件；"
        f"逾期未走访{figures['care_overdue']}人，待解决困难{figures['care_problems']}人。"
    )


register_paragraph(Paragraph("care", "measures", _care, topic="关爱", order=40))
