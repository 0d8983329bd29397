"""谁也没人负责: areas for which nobody answers, as a query."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Substr
from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty, AreaQuerySet, DutyKind, Level, Staff


def areas_without_officer(kind: DutyKind, staff: Staff, on: dt.date | None = None) -> AreaQuerySet:
    """Open areas of the person's scope where nobody holds a duty of this kind, neither there nor above; in order.

    Looked at are the areas of the kind's level, and those above it (down from the village) that have nothing below:
    a villagers' group without compounds needs its 组长 too.
    """
    on = on or timezone.localdate()
    wanted = Q(level=kind.level) | Q(level__lt=kind.level, level__gte=Level.VILLAGE, numchild=0)
    there_or_above = Q()
    for depth in range(1, len(Level) + 1):
        there_or_above |= Q(area__path=Substr(OuterRef("path"), 1, depth * Area.steplen))
    held = AreaDuty.objects.open(on).filter(there_or_above, kind=kind)
    areas: AreaQuerySet = Area.objects.open().visible_to(staff).filter(wanted)
    return areas.filter(~Exists(held)).order_by("path")
