"""Switching policies on and off, and finding the one in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import Policy, PolicyState
from quarantine.rules.policy import PolicyError, PolicyTerms


def policy_in_force(arrived_on: dt.date) -> Policy | None:
    """The policy that applies to an arrival on that date: which applies is decided by the arrival date."""
    return Policy.objects.in_force(arrived_on).first()


def policies_in_force() -> list[tuple[Policy, PolicyTerms]]:
    """All policies that are switched on, parsed, the latest first: for checks over many people in one query."""
    rows = Policy.objects.filter(state=PolicyState.IN_FORCE).order_by("-effective_from", "-version", "-pk")
    return [(policy, policy.parsed()) for policy in rows]


def terms_now(at: dt.datetime) -> PolicyTerms | None:
    """The terms in force on the day of `at`: its slots, threshold and list of symptoms (one query)."""
    policy = policy_in_force(timezone.localdate(at))
    return policy.parsed() if policy else None


def policy_switch_on(
    *,
    template: Policy,
    effective_from: dt.date,
    by: Staff,
    effective_to: dt.date | None = None,
    regions: Sequence[str] | None = None,
    cutoff_on: dt.date | None = None,
    document_no: str | None = None,
    at: dt.datetime | None = None,
) -> Policy:
    """Put a template (or an earlier version) in force as a new version of its own, and return it.

    `regions`, `cutoff_on` and `document_no` take the place of the template's when `regions` is not None: the list of
    regions changes from week to week. Observations keep the version that they were opened under. Raises
    ValidationError by field for dates out of order and for terms that do not hold together.
    """
    if effective_to is not None and effective_to < effective_from:
        raise ValidationError({"effective_to": "截止日期早于开始日期，请核对。"})
    terms = dict(template.terms)
    if regions is not None:
        terms |= {"regions": list(regions), "cutoff_on": cutoff_on.isoformat() if cutoff_on else None}
    with transaction.atomic():
        live = Policy.objects.filter(code=template.code).exclude(state=PolicyState.TEMPLATE)
        latest = live.aggregate(version=Max("version"))["version"] or 0
        policy = Policy(
            code=template.code,
            version=latest + 1,
            name=template.name,
            document_no=template.document_no if document_no is None else document_no.strip(),
            source=template.source,
            state=PolicyState.IN_FORCE,
            effective_from=effective_from,
            effective_to=effective_to,
            terms=terms,
            switched_on_at=at or timezone.now(),
            switched_on_by=by,
        )
        _check_terms(policy)
        policy.save()
    return policy


def _check_terms(policy: Policy) -> None:
    try:
        policy.parsed()
    except PolicyError as wrong:
        fields = {"regions", "cutoff_on", "effective_from", "effective_to"}
        errors: dict[str, list[str]] = {}
        for problem in wrong.problems:
            key = problem.field.split("[")[0]
            errors.setdefault(key if key in fields else NON_FIELD_ERRORS, []).append(problem.message)
        raise ValidationError(errors) from wrong


def policy_withdraw(*, policy: Policy, by: Staff, effective_to: dt.date) -> Policy:
    """Let a policy end on a date (inclusive): later arrivals no longer fall under it; open observations run on.

    A date before its first day takes it back altogether. Raises ValidationError unless it is in force.
    """
    with transaction.atomic():
        row = Policy.objects.select_for_update(of=("self",)).get(pk=policy.pk)
        if row.state != PolicyState.IN_FORCE:
            raise ValidationError("只有执行中的政策可以停用。")
        if row.effective_from and effective_to < row.effective_from:
            row.state = PolicyState.WITHDRAWN
        else:
            row.effective_to = effective_to
        row.save(update_fields=["state", "effective_to"])
    return row
