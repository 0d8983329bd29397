"""Figures of the areas themselves: villages, groups, compounds."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet

from grassroots.grid.models import Area, Level
from grassroots.ledgers.asof import AsOf, Count, Indicator, register_indicator


def _areas_of(level: Level) -> Count:
    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        here = Area.objects.open(asof.on).filter(pk__in=areas.values("pk"), level=level).order_by()
        return dict.fromkeys(here.values_list("pk", flat=True), 1)

    return count


register_indicator(Indicator("villages", "村(社区)数", _areas_of(Level.VILLAGE), order=1, in_table=False))
register_indicator(Indicator("groups", "组数", _areas_of(Level.GROUP), order=2))
register_indicator(Indicator("compounds", "小区院落数", _areas_of(Level.COMPOUND), order=3, in_table=False))
