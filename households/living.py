"""Who lived where and received which support at the end of a period, as far as was known."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import OuterRef, Q, QuerySet

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf
from households.models import Residency


def living_then(asof: AsOf) -> QuerySet[Residency]:
    """Residencies that held at the end of the period, as far as was known, without those who are away."""
    rows = Residency.objects.filter(asof.dated("started_on", "recorded_at"), is_away=False)
    return rows.exclude(asof.dated("ended_on", "end_recorded_at"))


def actual_residents(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Residency]:
    """Those who actually lived there at the end of the period, as far as was known."""
    return living_then(asof).filter(area__in=areas.values("pk"))


def supports_of(rows: Any, kinds: Collection[str], asof: AsOf) -> Any:
    """Of these support rows (or lines of their history) those of the person of an outer query that held then."""
    held = rows.filter(asof.dated("started_on", "recorded_at"), person=OuterRef("person"), kind__in=kinds)
    return held.filter(Q(ended_on=None) | Q(ended_on__gt=asof.on))
