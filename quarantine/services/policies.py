"""Switching policies on and off, and finding the one in force."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import Policy, PolicyState
from quarantine.rules.policy import PolicyTerms


def policy_in_force(arrived_on: dt.date) -> Policy | None:
    """The policy that applies to an arrival on that date: which applies is decided by the arrival date."""
    return Policy.objects.in_force(arrived_on).first()


def policies_in_force() -> list[tuple[Policy, PolicyTerms]]:
    """All policies that are switched on, parsed, the latest first: for checks over many people in one query."""
    rows = Policy.objects.filter(state=PolicyState.IN_FORCE).order_by("-effective_from", "-version", "-pk")
    return [(policy, policy.parsed()) for policy in rows]


def policy_switch_on(
    *,
    template: Policy,
    effective_from: dt.date,
    by: Staff,
    effective_to: dt.date | None = None,
    at: dt.datetime | None = None,
) -> Policy:
    """Put a template in force as a new version of its own, and return it.

    Observations keep the version that they were opened under. Raises ValidationError for dates out of order.
    """
    if effective_to is not None and effective_to < effective_from:
        raise ValidationError({"effective_to": "截止日期早于开始日期,请核对。"})
    with transaction.atomic():
        live = Policy.objects.filter(code=template.code).exclude(state=PolicyState.TEMPLATE)
        latest = live.aggregate(version=Max("version"))["version"] or 0
        return Policy.objects.create(
            code=template.code,
            version=latest + 1,
            name=template.name,
            document_no=template.document_no,
            source=template.source,
            state=PolicyState.IN_FORCE,
            effective_from=effective_from,
            effective_to=effective_to,
            terms=template.terms,
            switched_on_at=at or timezone.now(),
            switched_on_by=by,
        )


def policy_withdraw(*, policy: Policy, by: Staff, effective_to: dt.date) -> Policy:
    """Let a policy end on a date (inclusive): later arrivals no longer fall under it; open observations run on."""
    if policy.state != PolicyState.IN_FORCE:
        raise ValidationError("只有执行中的政策可以停用。")
    if policy.effective_from and effective_to < policy.effective_from:
        policy.state = PolicyState.WITHDRAWN
        policy.save(update_fields=["state"])
        return policy
    policy.effective_to = effective_to
    policy.save(update_fields=["effective_to"])
    return policy
