"""重算建议: what a new policy version would make of terms that run; proposed, then applied or left by somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import (
    EventKind,
    Observation,
    ObservationEvent,
    ObservationState,
    Policy,
    PolicyState,
    Recalculation,
    RecalculationKind,
    RecalculationState,
)
from quarantine.rules.clock import MissingStart, Start, StartBasis
from quarantine.rules.life import NewTerm, change_words, recalculate
from quarantine.rules.origins import out_of_scope_reasons
from quarantine.rules.policy import PolicyTerms, ReturnClock
from quarantine.services.events import observation_lock
from quarantine.services.shared_clock import shared_propose
from quarantine.services.terms import term_change, term_of, term_words

BATCH = 500
REASON_LENGTH = 200


@dataclass(frozen=True)
class Outlook:
    """One observation under another policy: its term then, and what that changes, point by point."""

    term: NewTerm
    changes: list[str]


def _known_dates(row: Observation) -> dict[str, dt.date | None] | None:
    """The dates that the count may start from; None where a later event or a transfer has set the start by itself."""
    started_again = any(event.kind == EventKind.RESTARTED for event in row.starts)  # type: ignore[attr-defined]
    if started_again or row.continues_id is not None:
        return None
    known: dict[str, dt.date | None] = {"controlled_on": timezone.localdate(row.opened_at)}
    if row.returnee is not None:
        for name in ("last_contact_on", "left_on", "arrived_on"):
            known[name] = getattr(row.returnee, name)
    else:
        names = {"LAST_CONTACT": "last_contact_on", "LEFT_REGION": "left_on", "ARRIVED": "arrived_on"}
        known[names.get(row.start_basis, "controlled_on")] = row.basis_on
    return known


def _is_home_phase(row: Observation) -> bool:
    opening = next((event for event in row.starts if event.kind == EventKind.OPENED), None)  # type: ignore[attr-defined]
    return opening is not None and opening.detail.get("clock") == ReturnClock.PHASE


def takes_in(
    policy: Policy, terms: PolicyTerms, row: Observation, *, ahead: Sequence[PolicyTerms] = ()
) -> bool:
    """Whether a policy is for this observation: by its own dates of force, and by regions and cut-off.

    `ahead` are those in force that come before it; one of them that takes him in keeps him. A close contact who came
    from nowhere falls under a policy by the day that is counted from; further versions of one's own policy take in
    whom it has; one that ends the measure takes in everybody.
    """
    if not terms.is_measure_on:
        return True
    returnee = row.returnee
    arrived_on = (returnee.arrived_on if returnee else None) or row.basis_on

    def is_for_him(one: PolicyTerms) -> bool:
        if returnee is None or not one.is_effective(arrived_on):
            return one.is_effective(arrived_on)
        native = returnee.native_place or returnee.registered_place
        return not out_of_scope_reasons(one, returnee.origin, native, arrived_on)

    if any(is_for_him(one) for one in ahead):
        return False
    return terms.is_effective(arrived_on) and (policy.code == row.policy.code or is_for_him(terms))


def policies_ahead(policy: Policy) -> list[PolicyTerms]:
    """What is in force and decides before this version does (one query)."""
    order = ("-effective_from", "-version", "-pk")
    rows = list(Policy.objects.filter(state=PolicyState.IN_FORCE).order_by(*order))
    keys = [row.pk for row in rows]
    return [row.parsed() for row in rows[: keys.index(policy.pk)]] if policy.pk in keys else []


def outlook_of(
    row: Observation, *, policy: Policy, terms: PolicyTerms, today: dt.date, ahead: Sequence[PolicyTerms] = ()
) -> Outlook | None:
    """What the policy would make of a running term; None where it is not for it, or changes nothing."""
    if row.policy_id == policy.pk or not takes_in(policy, terms, row, ahead=ahead):
        return None
    old = row.policy.parsed()
    before = term_of(row)
    try:
        after = recalculate(
            old, terms, start=before.start, last_on=before.last_on, known=_known_dates(row),
            is_home_phase=_is_home_phase(row),
        )  # fmt: skip
    except MissingStart:
        return None
    changes = change_words(old, terms, before, after, today.year)
    return Outlook(after, changes) if changes else None


def with_starts(rows: Iterable[Observation]) -> list[Observation]:
    """The observations with the events that set their start and still stand, as `starts` (one query)."""
    found = list(rows)
    events = ObservationEvent.objects.effective(timezone.now()).filter(
        observation__in=[row.pk for row in found], kind__in=(EventKind.OPENED, EventKind.RESTARTED)
    )
    by_observation: dict[int, list[ObservationEvent]] = {}
    for event in events:
        by_observation.setdefault(event.observation_id, []).append(event)
    for row in found:
        row.starts = by_observation.get(row.pk, [])  # type: ignore[attr-defined]
    return found


def _open_rows() -> QuerySet[Observation]:
    return Observation.objects.open().select_related("policy", "returnee", "area").order_by("pk")


@transaction.atomic
def recalculations_propose(
    *, policy: Policy, after: int = 0, at: dt.datetime, limit: int = BATCH
) -> int | None:
    """Propose, for the next `limit` open observations beyond the one with id `after`, what `policy` changes.

    Returns the id up to which they have been looked at, None when there are no more. A proposal of an older version
    that still waits gives way to this one.
    """
    rows = with_starts(_open_rows().filter(pk__gt=after)[:limit])
    terms, today, ahead = policy.parsed(), timezone.localdate(at), policies_ahead(policy)
    found = []
    for row in rows:
        outlook = outlook_of(row, policy=policy, terms=terms, today=today, ahead=ahead)
        if outlook is not None:
            found.append(_proposal(row, policy, terms, outlook, at))
    replaced = Recalculation.objects.pending().filter(
        observation__in=[one.observation_id for one in found], kind=RecalculationKind.POLICY
    )
    replaced.update(state=RecalculationState.EXPIRED, decided_at=at, note="有更新的政策，以新的建议为准")
    Recalculation.objects.bulk_create(found)
    return rows[-1].pk if len(rows) == limit else None


def _proposal(
    row: Observation, policy: Policy, terms: PolicyTerms, outlook: Outlook, at: dt.datetime
) -> Recalculation:
    year = timezone.localdate(at).year
    measured = terms if terms.is_measure_on else row.policy.parsed()
    document = f"（{policy.document_no}）" if policy.document_no else ""
    return Recalculation(
        observation=row, kind=RecalculationKind.POLICY, policy=policy, seen_version=row.version,
        start_basis=outlook.term.start.basis, basis_on=outlook.term.start.basis_on,
        day_one_on=outlook.term.start.day_one_on, last_on=outlook.term.last_on, old_last_on=row.last_on,
        old_words=term_words(row, row.policy.parsed(), term=term_of(row), year=year),
        new_words=term_words(row, measured, term=outlook.term, year=year),
        reason=f"“{policy.name}”第{policy.version}版{document}：{'；'.join(outlook.changes)}"[:REASON_LENGTH],
        proposed_at=at,
    )  # fmt: skip


# --- deciding ---------------------------------------------------------------------------------------------------
def stale_words(one: Recalculation, row: Observation) -> str:
    """Why a proposal no longer holds, in words; '' while it does."""
    if row.state != ObservationState.OPEN:
        return "观察已经结束。"
    if row.version != one.seen_version:
        last = row.events.filter(recorded_at__gte=one.proposed_at).order_by("-recorded_at", "-pk").first()
        what = (
            f"（{timezone.localtime(last.recorded_at):%m-%d %H:%M} {last.get_kind_display()}）"
            if last
            else ""
        )
        return f"建议提出后该观察又有变动{what}，请按现在的情况重新推算。"
    if one.kind == RecalculationKind.HOUSEHOLD and one.cause_id is not None:
        effective = ObservationEvent.objects.effective(timezone.now()).filter(pk=one.cause_id)
        return "" if effective.exists() else "同住人的那次登记已被更正，这条建议不再成立。"
    if one.policy.state != PolicyState.IN_FORCE:
        return f"“{one.policy.name}”第{one.policy.version}版已经停用，这条建议不再成立。"
    return ""


def _locked(recalculation: Recalculation) -> Recalculation:
    rows = Recalculation.objects.select_for_update(of=("self",)).select_related("policy", "observation")
    one = rows.get(pk=recalculation.pk)
    if one.state != RecalculationState.PENDING:
        by = f"，由{one.decided_by.name}办理" if one.decided_by else ""
        raise ValidationError(f"这条建议{one.get_state_display()}{by}。")
    return one


@transaction.atomic
def recalculation_apply(
    *, recalculation: Recalculation, by: Staff, reason: str = "", at: dt.datetime | None = None
) -> ObservationEvent:
    """Carry out a proposal by an event with its reason. Raises ValidationError, in words, where it no longer holds."""
    at = at or timezone.now()
    one = _locked(recalculation)
    current = Observation.objects.select_related("policy").get(pk=one.observation_id)
    if why := stale_words(one, current):
        raise ValidationError(f"{current.person.name}：{why}")
    row = observation_lock(current, one.seen_version)
    new = NewTerm(Start(StartBasis(one.start_basis), one.basis_on, one.day_one_on), one.last_on)
    words = "；".join(filter(None, (one.reason, reason.strip())))[:REASON_LENGTH]
    is_policy = one.kind == RecalculationKind.POLICY
    again = one.day_one_on != row.day_one_on
    kind = EventKind.RECALCULATED if is_policy else EventKind.RESTARTED if again else EventKind.EXTENDED
    policy = one.policy if is_policy and one.policy.parsed().is_measure_on else None
    event = term_change(
        row, new, kind=kind, at=at, known_at=at, by=by, reason=words, policy=policy,
        detail={"days": (one.last_on - row.last_on).days, "recalculation": str(one.uid)},
    )  # fmt: skip
    one.state, one.decided_by, one.decided_at, one.event = RecalculationState.APPLIED, by, at, event
    one.save(update_fields=["state", "decided_by", "decided_at", "event"])
    return event


@transaction.atomic
def recalculation_dismiss(
    *, recalculation: Recalculation, reason: str, by: Staff, at: dt.datetime | None = None
) -> Recalculation:
    """Leave the observation as it is. Raises ValidationError without a reason, or once it has been decided."""
    if not reason.strip():
        raise ValidationError({"reason": "请写明为什么不执行。"})
    one = _locked(recalculation)
    one.state, one.decided_by, one.decided_at = RecalculationState.DISMISSED, by, at or timezone.now()
    one.note = reason.strip()
    one.save(update_fields=["state", "decided_by", "decided_at", "note"])
    return one


@transaction.atomic
def recalculation_renew(
    *, recalculation: Recalculation, by: Staff, at: dt.datetime | None = None
) -> Recalculation | None:
    """Work a stale proposal out again from how the observation stands; None where nothing is left to propose."""
    at = at or timezone.now()
    one = _locked(recalculation)
    one.state, one.decided_by, one.decided_at = RecalculationState.EXPIRED, by, at
    one.note = "已按现在的情况重新推算"
    one.save(update_fields=["state", "decided_by", "decided_at", "note"])
    rows = with_starts(_open_rows().select_related("person").filter(pk=one.observation_id))
    return _renewed(one, rows[0], at) if rows else None


def _renewed(one: Recalculation, row: Observation, at: dt.datetime) -> Recalculation | None:
    if one.kind == RecalculationKind.HOUSEHOLD:
        standing = ObservationEvent.objects.effective(at)
        cause = standing.filter(pk=one.cause_id).first() if one.cause_id else None
        if cause is None:
            return None
        exposed = Observation.objects.select_related("person").get(pk=cause.observation_id)
        return shared_propose(row, exposed=exposed, cause=cause, at=at)
    terms = one.policy.parsed()
    is_in_force = one.policy.state == PolicyState.IN_FORCE
    outlook = (
        outlook_of(row, policy=one.policy, terms=terms, today=timezone.localdate(at)) if is_in_force else None
    )
    if outlook is None:
        return None
    fresh = _proposal(row, one.policy, terms, outlook, at)
    fresh.save()
    return fresh
