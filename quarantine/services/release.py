"""Why somebody is not due for release, from the rows; and who may confirm that he is."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from grassroots.grid.models import AreaDuty, Posting, Staff
from quarantine.models import Observation, RecalculationKind, VisitState
from quarantine.rules.clock import term_until
from quarantine.rules.release import release_blockers

RELEASE = "release_observation"


def blockers_of(observation: Observation, at: dt.datetime) -> list[str]:
    """What stands in the way of release at that time, in words; an empty list when nothing does (four queries)."""
    terms = observation.policy.parsed()
    missed = observation.visits.filter(state=VisitState.MISSED, explanation="", closes_at__lte=at)
    waiting = set(observation.recalculations.pending().values_list("kind", flat=True))
    handover = observation.handovers.pending().select_related("to_area").first()
    return release_blockers(
        terms,
        at=at,
        last_on=observation.last_on,
        expires_at=term_until(terms, observation.day_one_on, observation.last_on).expires_at,
        missed_slots=list(missed.order_by("date", "opens_at").values_list("date", "slot")),
        open_alerts=observation.alerts.open().count(),
        is_extension_pending=RecalculationKind.HOUSEHOLD in waiting,
        is_recalculation_pending=RecalculationKind.POLICY in waiting,
        handed_over_to=handover.to_area.name if handover else "",
        day_one_on=observation.day_one_on,
    )


def reviewers_of(observation: Observation, but: Staff | None = None) -> QuerySet[Staff]:
    """Active staff with an account who may release observations and whose area holds this one; without `but`."""
    above = observation.area.ancestor_paths()
    posted = Posting.objects.open().filter(area__path__in=above).values("staff_id")
    on_duty = AreaDuty.objects.open().filter(area__path__in=above).values("staff_id")
    held = Staff.objects.filter(groups__permissions__codename=RELEASE).values("pk")
    found: QuerySet[Staff] = Staff.objects.active().filter(Q(pk__in=posted) | Q(pk__in=on_duty), pk__in=held)
    found = found.exclude(pk=but.pk) if but else found
    return found.order_by("name", "pk")
