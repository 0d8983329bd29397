"""What every change of a running term does: the columns, the event with both sides in its detail, the visits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from grassroots.grid.models import Staff
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import EventKind, Observation, ObservationEvent, Policy, Visit, VisitState
from quarantine.rules.clock import Start, StartBasis, term_until
from quarantine.rules.life import NewTerm
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.slots import slot_window
from quarantine.rules.words import explain_term
from quarantine.services.events import event_add, visits_lay_down


def term_of(row: Observation) -> NewTerm:
    """The term as it stands."""
    return NewTerm(Start(StartBasis(row.start_basis), row.basis_on, row.day_one_on), row.last_on)


WORDS_LENGTH = 200


def term_words(row: Observation, terms: PolicyTerms, *, term: NewTerm, year: int) -> str:
    """A term in the sentence of the file."""
    origin = row.returnee.origin if row.returnee else ""
    span = term_until(terms, term.start.day_one_on, term.last_on)
    return explain_term(terms, term.start, span, reference_year=year, origin_text=origin)[:WORDS_LENGTH]


def _written(row: Observation) -> dict[str, Any]:
    return {
        "policy": row.policy_id,
        "start_basis": row.start_basis,
        "basis_on": row.basis_on.isoformat(),
        "day_one_on": row.day_one_on.isoformat(),
        "last_on": row.last_on.isoformat(),
    }


def term_restore(row: Observation, before: dict[str, Any]) -> None:
    """Set the columns of the term to what an event's detail says stood before it; the row is not saved."""
    row.policy_id = before["policy"]
    row.start_basis = before["start_basis"]
    row.basis_on = dt.date.fromisoformat(before["basis_on"])
    row.day_one_on = dt.date.fromisoformat(before["day_one_on"])
    row.last_on = dt.date.fromisoformat(before["last_on"])


TERM_FIELDS = ("policy", "start_basis", "basis_on", "day_one_on", "last_on", "version")


def term_change(
    row: Observation, new: NewTerm, *, kind: EventKind, at: dt.datetime, known_at: dt.datetime, by: Staff, reason: str,
    policy: Policy | None = None, detail: dict[str, Any] | None = None,
) -> ObservationEvent:  # fmt: skip
    """Write a term into a row that is locked, with its event; visits follow. Flows and stock stay as they are."""
    before = _written(row)
    row.start_basis, row.basis_on = new.start.basis, new.start.basis_on
    row.day_one_on, row.last_on = new.start.day_one_on, new.last_on
    row.policy = policy or row.policy
    row.save(update_fields=TERM_FIELDS)
    after = _written(row)
    event = event_add(
        observation=row, kind=kind, at=at, known_at=known_at, by=by, reason=reason, to_area=row.area,
        detail={
            "from": before["last_on"], "to": after["last_on"], "before": before, "after": after, **(detail or {}),
        },
    )  # fmt: skip
    visits_fit(row, row.policy.parsed(), by=by, known_at=known_at)
    mark_dirty([row.area_id])
    return event


def visits_fit(row: Observation, terms: PolicyTerms, *, by: Staff, known_at: dt.datetime) -> None:
    """Visits follow a changed term: none beyond the last day, those to come in the policy's slots, none lacking.

    What has closed by then was due when it closed, and stays what it was.
    """
    cancelled = {"state": VisitState.CANCELLED, "state_at": known_at, "state_recorded_at": known_at}
    waiting = row.visits.filter(state=VisitState.PLANNED)
    waiting.filter(closes_at__gt=known_at, date__gt=row.last_on).update(**cancelled, state_by=by)
    to_come = list(waiting.filter(opens_at__gt=known_at))
    codes = {slot.code for slot in terms.slots}
    off = [visit.pk for visit in to_come if visit.slot not in codes]
    row.visits.filter(pk__in=off).update(**cancelled, state_by=by)
    shifted = []
    for visit in to_come:
        if visit.slot not in codes:
            continue
        window = slot_window(terms, visit.date, visit.slot)
        if (visit.opens_at, visit.closes_at) != (window.opens_at, window.closes_at):
            visit.opens_at, visit.closes_at = window.opens_at, window.closes_at
            shifted.append(visit)
    Visit.objects.bulk_update(shifted, ["opens_at", "closes_at"])
    visits_lay_down(observation=row, terms=terms, from_at=known_at)
