"""Those who live in share the clock where the policy says so: a later exposure of one is proposed for the others."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from quarantine.models import EventKind, Observation, ObservationEvent, Recalculation, RecalculationKind
from quarantine.rules.clock import StartBasis
from quarantine.rules.life import NewTerm, start_from
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.words import day_words
from quarantine.services.pending import recalculation_lapse
from quarantine.services.terms import term_of, term_words

REASON_LENGTH = 200
# What may give somebody a later last day, and so those who live with him.
LATER = frozenset({EventKind.OPENED, EventKind.EXTENDED, EventKind.RESTARTED, EventKind.RECALCULATED})
TOGETHER = frozenset({EventKind.OPENED, EventKind.MOVED})


def household_propose(*, row: Observation, event: ObservationEvent, at: dt.datetime) -> int:
    """Propose to those who live in with somebody that they share his clock, where their policy says so.

    A later last day of his is proposed as theirs; if he was taken to a hospital, that day is their last contact. Who
    comes to live in is proposed the latest last day of those who are there. Returns how many proposals were made.
    """
    if row.household_id is None or event.kind not in {*LATER, *TOGETHER, EventKind.TRANSFERRED}:
        return 0
    rows = Observation.objects.open().filter(household=row.household_id).exclude(pk=row.pk)
    others = list(rows.select_related("policy", "returnee", "person").order_by("pk"))
    proposed = sum(shared_propose(other, exposed=row, cause=event, at=at) is not None for other in others)
    if event.kind in TOGETHER and others:
        latest = max(others, key=lambda other: other.last_on)
        cause = latest.events.effective(at).filter(kind__in=LATER).order_by("-recorded_at", "-pk").first()
        if cause is not None:
            proposed += shared_propose(row, exposed=latest, cause=cause, at=at) is not None
    return proposed


def shared_propose(
    row: Observation, *, exposed: Observation, cause: ObservationEvent, at: dt.datetime
) -> Recalculation | None:
    """Propose to `row` what follows from `cause`, an event of `exposed` who lives with him; None when nothing does."""
    terms = row.policy.parsed()
    term = _shared_term(row, terms, exposed, cause) if terms.shares_clock else None
    if term is None or term.last_on <= row.last_on:
        return None
    recalculation_lapse(row, by=None, at=at, why="有更新的建议", kind=RecalculationKind.HOUSEHOLD)
    year = timezone.localdate(at).year
    return Recalculation.objects.create(
        observation=row, kind=RecalculationKind.HOUSEHOLD, policy=row.policy, cause=cause, seen_version=row.version,
        start_basis=term.start.basis, basis_on=term.start.basis_on, day_one_on=term.start.day_one_on,
        last_on=term.last_on, old_last_on=row.last_on, old_words=term_words(row, terms, term=term_of(row), year=year),
        new_words=term_words(row, terms, term=term, year=year), reason=_why(exposed, cause, year)[:REASON_LENGTH],
        proposed_at=at,
    )  # fmt: skip


def _shared_term(
    row: Observation, terms: PolicyTerms, exposed: Observation, cause: ObservationEvent
) -> NewTerm | None:
    if cause.kind != EventKind.TRANSFERRED:
        return NewTerm(term_of(row).start, exposed.last_on)
    if not terms.restart.on_new_exposure:
        return None
    start = start_from(terms, StartBasis.LAST_CONTACT, timezone.localdate(cause.happened_at))
    return NewTerm(start, start.day_one_on + dt.timedelta(days=max(terms.total_days, 1) - 1))


def _why(exposed: Observation, cause: ObservationEvent, year: int) -> str:
    on = day_words(timezone.localdate(cause.happened_at), year)
    what = f"同住人{exposed.person.name}{on}{cause.get_kind_display()}"
    if cause.kind == EventKind.TRANSFERRED:
        return f"{what}，当天算作末次接触，重新起算"
    return f"{what}，观察到{day_words(exposed.last_on, year)}，同住人期满日一致"
