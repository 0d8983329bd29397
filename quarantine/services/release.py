"""Why somebody is not due for release, from the rows."""

from __future__ import annotations

import datetime as dt

from quarantine.models import Observation, VisitState
from quarantine.rules.clock import term_until
from quarantine.rules.release import release_blockers


def blockers_of(observation: Observation, at: dt.datetime) -> list[str]:
    """What stands in the way of release at that time, in words; an empty list when nothing does (two queries)."""
    terms = observation.policy.parsed()
    missed = observation.visits.filter(state=VisitState.MISSED, explanation="", closes_at__lte=at)
    return release_blockers(
        terms,
        at=at,
        last_on=observation.last_on,
        expires_at=term_until(terms, observation.day_one_on, observation.last_on).expires_at,
        missed_slots=list(missed.order_by("date", "opens_at").values_list("date", "slot")),
        open_alerts=observation.alerts.open().count(),
    )
