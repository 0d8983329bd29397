"""Where work was at a moment, whatever area it has gone to since (models/passings.py)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from quarantine.models import Passing

if TYPE_CHECKING:
    from grassroots.grid.models import Area


def held_then(rows: QuerySet[Any], of: str, areas: QuerySet[Area], at: dt.datetime) -> QuerySet[Any]:
    """Of these rows (`of`: "pushed" or "service") those that were in the areas at that moment; `held` says in which."""
    later = Passing.objects.filter(at__gt=at)
    first = later.filter(**{of: OuterRef("pk")}).order_by("at", "pk").values("from_area")[:1]
    ids = areas.values("pk")
    near = Q(area__in=ids) | Q(pk__in=later.filter(from_area__in=ids, **{f"{of}__isnull": False}).values(of))
    held = Coalesce(Subquery(first), "area", output_field=BigIntegerField())
    return rows.filter(near).annotate(held=held).filter(held__in=ids)
