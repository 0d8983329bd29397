"""补录: everyone who was under observation in a slot, measured or not, planned or not (reads only)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from grassroots.grid.models import AreaDuty, Role, Staff
from households.models import HouseholdDuty, PersonDuty
from quarantine.measuring import MeasuringDuties
from quarantine.models import Observation, Outcome, Visit, VisitState
from quarantine.round import RoundRow, SlotTab, rows_of, visits_to_show

MEASURERS_SHOWN = 300


def observed_in(tab: SlotTab, duties: MeasuringDuties, *, is_all: bool) -> QuerySet[Observation]:
    """Observations that ran in that slot, mine or all of my scope, in walking order.

    From the day that the count started or follow-up began, whichever is earlier (a paper sheet may begin before the
    file did), to the last day or to when it was closed.
    """
    next_day = timezone.make_aware(dt.datetime.combine(tab.date + dt.timedelta(days=1), dt.time()))
    begun = Q(basis_on__lte=tab.date) | Q(opened_at__lt=next_day)
    rows = Observation.objects.visible_to(duties.staff).filter(begun, last_on__gte=tab.date)
    rows = rows.filter(Q(closed_at=None) | Q(closed_at__gt=tab.opens_at)).exclude(outcome=Outcome.VOIDED)
    if not is_all and not duties.is_empty:
        rows = rows.filter(duties.covers())
    related = rows.select_related("person", "household", "area", "policy")
    return related.order_by("area__path", "walk_key", "pk")


def walked_after(last: Observation) -> Q:
    """What comes after an observation in walking order (keyset of the pages)."""
    same_area = Q(walk_key__gt=last.walk_key) | Q(walk_key=last.walk_key, pk__gt=last.pk)
    return Q(area__path__gt=last.area.path) | Q(area__path=last.area.path) & same_area


def measured_in(tab: SlotTab) -> Q:
    """Observations with a reading in that slot."""
    done = Visit.objects.filter(
        observation=OuterRef("pk"), date=tab.date, slot=tab.slot, state=VisitState.DONE
    )
    return Q(Exists(done))


def backfill_rows(observations: list[Observation], tab: SlotTab, at: dt.datetime) -> list[RoundRow]:
    """A row for each; where no visit was planned one that does not exist yet stands in. Cancelled ones are left out."""
    found = visits_to_show(
        Visit.objects.filter(date=tab.date, slot=tab.slot, observation__in=[row.pk for row in observations])
    )
    visits = {visit.observation_id: visit for visit in found}
    lines = []
    for observation in observations:
        visit = visits.get(observation.pk) or Visit(
            observation=observation,
            area_id=observation.area_id,
            date=tab.date,
            slot=tab.slot,
            opens_at=tab.opens_at,
            closes_at=tab.closes_at,
            is_planned=False,
        )
        if not visit.is_called_off:
            lines.append(visit)
    return rows_of(lines, at)


def measurers(viewer: Staff) -> QuerySet[Staff]:
    """Who may have measured: those of the scope with a measuring duty, its deputies, health workers, and the viewer."""
    who = Q(pk=viewer.pk) | Q(groups__name=Role.HEALTH_WORKER)
    for model in (AreaDuty, HouseholdDuty, PersonDuty):
        duties = model.objects.open().filter(kind__is_measuring=True)
        who |= Q(pk__in=duties.values("staff_id")) | Q(pk__in=duties.values("deputy_id"))
    rows = Staff.objects.active().visible_to(viewer).filter(who).distinct().order_by("name", "pk")
    return rows[:MEASURERS_SHOWN]
