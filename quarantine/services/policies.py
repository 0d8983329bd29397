"""Switching policies on and off, and finding the one in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import Policy, PolicyState
from quarantine.rules.policy import PolicyError, PolicyTerms
from quarantine.services.recalculations import BATCH, recalculations_propose

BATCHES_A_TICK = 4


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
    """Put a draft in force, or a template (or an earlier version) as a new version of its own, and return it.

    `regions`, `cutoff_on` and `document_no` take the place of the template's when `regions` is not None: the list of
    regions changes from week to week. Observations keep the version that they were opened under; what it would change
    for those that run is proposed (`recalculations.py`): the first of them now, the rest by the tick. Raises
    ValidationError by field for dates out of order and for terms that do not hold together.
    """
    if effective_to is not None and effective_to < effective_from:
        raise ValidationError({"effective_to": "截止日期早于开始日期，请核对。"})
    terms = dict(template.terms)
    if regions is not None:
        terms |= {"regions": list(regions), "cutoff_on": cutoff_on.isoformat() if cutoff_on else None}
    at = at or timezone.now()
    with transaction.atomic():
        policy = _to_switch_on(template)
        policy.document_no = template.document_no if document_no is None else document_no.strip()
        policy.state = PolicyState.IN_FORCE
        policy.effective_from, policy.effective_to = effective_from, effective_to
        policy.terms = terms
        policy.switched_on_at, policy.switched_on_by = at, by
        _check_terms(policy)
        policy.save()
        policy.compared_up_to = recalculations_propose(policy=policy, at=at)
        policy.save(update_fields=["compared_up_to"])
    return policy


def _to_switch_on(source: Policy) -> Policy:
    """A draft itself, since nothing uses it; of anything else a new version."""
    if source.state == PolicyState.DRAFT:
        row = Policy.objects.select_for_update(of=("self",)).get(pk=source.pk)
        if row.state != PolicyState.DRAFT:
            raise ValidationError("这份草稿已经启用了。")
        return row
    return Policy(
        code=source.code, version=_next_version(source.code), name=source.name, source=source.source
    )


def _next_version(code: str) -> int:
    live = Policy.objects.filter(code=code).exclude(state=PolicyState.TEMPLATE)
    return (live.aggregate(version=Max("version"))["version"] or 0) + 1


def policy_save(
    *, base: Policy | None, code: str, name: str, terms: Mapping[str, Any], document_no: str = "", source: str = "",
    effective_from: dt.date | None = None, effective_to: dt.date | None = None,
) -> Policy:  # fmt: skip
    """Keep a policy as a draft, and return it: a draft changes in place, of anything else there is a new version.

    What is or was in force never changes. Settings that the form does not know stay as `base` has them. Raises
    ValidationError for a code that stands already, PolicyError for terms that do not hold together.
    """
    with transaction.atomic():
        if base is None and Policy.objects.filter(code=code).exists():
            raise ValidationError({"code": f"代码“{code}”已有，请打开那一项政策修改，会存成它的新版。"})
        if base is not None and base.state == PolicyState.DRAFT:
            draft = _to_switch_on(base)
        else:
            draft = Policy(code=code, version=_next_version(code), state=PolicyState.DRAFT)
        draft.name, draft.document_no, draft.source = name.strip(), document_no.strip(), source.strip()
        draft.effective_from, draft.effective_to = effective_from, effective_to
        draft.terms = {**(base.terms if base is not None else {}), **terms}
        draft.parsed()
        draft.save()
    return draft


def policy_discard(*, policy: Policy) -> None:
    """Throw a draft away: nothing was ever done by it; its history stays. Raises ValidationError for anything else."""
    with transaction.atomic():
        row = Policy.objects.select_for_update(of=("self",)).get(pk=policy.pk)
        if row.state != PolicyState.DRAFT:
            raise ValidationError("只有没启用过的草稿可以删除。")
        row.delete()


def _not_compared() -> QuerySet[Policy]:
    return Policy.objects.filter(state=PolicyState.IN_FORCE, compared_up_to__isnull=False).order_by("pk")


def remaining_due(at: dt.datetime) -> list[QuerySet[Policy]]:
    """What gives the step below something to do."""
    return [_not_compared()]


def propose_remaining(at: dt.datetime) -> Mapping[str, int]:
    """A step of the tick: go on with the recalculations of versions that were just switched on, some batches a tick."""
    looked_at = 0
    for policy in _not_compared():
        for _ in range(BATCHES_A_TICK):
            with transaction.atomic():
                row = Policy.objects.select_for_update(of=("self",)).get(pk=policy.pk)
                if row.compared_up_to is None:
                    break
                row.compared_up_to = recalculations_propose(policy=row, after=row.compared_up_to, at=at)
                row.save(update_fields=["compared_up_to"])
                looked_at += BATCH
    return {"looked_at": looked_at}


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
