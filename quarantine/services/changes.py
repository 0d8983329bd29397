"""缩短 and 重新起算: a running term gets another end, or begins again."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import EventKind, Observation
from quarantine.rules.life import NewTerm, RestartCause, restart, shorten
from quarantine.services.events import check_time, observation_lock
from quarantine.services.shared_clock import household_propose
from quarantine.services.terms import term_change, term_of


@transaction.atomic
def observation_shorten(
    *, observation: Observation, version: int, last_on: dt.date, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """缩短: an earlier last day; what was planned beyond it is called off. Release still takes two people.

    Raises ValidationError by field, StaleVersion.
    """
    known_at = known_at or timezone.now()
    at = at or known_at
    if not reason.strip():
        raise ValidationError({"reason": "请写明缩短的原因。"})
    row = observation_lock(observation, version)
    check_time(row, at, known_at)
    try:
        new_last_on = shorten(
            day_one_on=row.day_one_on, last_on=row.last_on, new_last_on=last_on,
            decided_on=timezone.localdate(known_at),
        )  # fmt: skip
    except ValueError as refused:
        raise ValidationError({"last_on": f"{refused}。"}) from refused
    days = (row.last_on - new_last_on).days
    new = NewTerm(term_of(row).start, new_last_on)
    term_change(
        row,
        new,
        kind=EventKind.SHORTENED,
        at=at,
        known_at=known_at,
        by=by,
        reason=reason,
        detail={"days": days},
    )
    return row


@transaction.atomic
def observation_restart(
    *, observation: Observation, version: int, cause: str, basis_on: dt.date, reason: str, by: Staff,
    at: dt.datetime | None = None, known_at: dt.datetime | None = None,
) -> Observation:  # fmt: skip
    """重新起算 after leaving home without leave or a new exposure: the whole term again from `basis_on`.

    Raises ValidationError by field, StaleVersion.
    """
    known_at = known_at or timezone.now()
    at = at or known_at
    if not reason.strip():
        raise ValidationError({"reason": "请写明重新起算的原因。"})
    if cause not in RestartCause.values:
        raise ValidationError({"cause": "请选择为什么重新起算。"})
    if basis_on > timezone.localdate(known_at):
        raise ValidationError({"basis_on": "起算日期不能晚于今天。"})
    row = observation_lock(observation, version)
    check_time(row, at, known_at)
    try:
        new = restart(
            row.policy.parsed(), cause=RestartCause(cause), basis_on=basis_on, old_basis_on=row.basis_on,
            old_last_on=row.last_on,
        )  # fmt: skip
    except ValueError as refused:
        raise ValidationError({"basis_on": f"{refused}。"}) from refused
    event = term_change(
        row,
        new,
        kind=EventKind.RESTARTED,
        at=at,
        known_at=known_at,
        by=by,
        reason=reason,
        detail={"cause": cause},
    )
    household_propose(row=row, event=event, at=known_at)
    return row
