"""解除后随访: laid down by the release on the days that the policy names, done by phone or at the door."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import (
    AlertKind,
    FollowupHow,
    FollowupResult,
    FollowupState,
    Observation,
    ReleaseFollowup,
)
from quarantine.rules.readings import is_fever
from quarantine.rules.release import followup_dates
from quarantine.services.alerts import alert_raise

ILL = {FollowupResult.FEVER: AlertKind.FEVER, FollowupResult.SYMPTOM: AlertKind.SYMPTOM}


def followups_lay_down(row: Observation, *, released_on: dt.date) -> int:
    """A follow-up for every day that the policy names after a release; returns how many there are."""
    terms = row.policy.parsed()
    standing = ReleaseFollowup.objects.filter(observation=row).exclude(state=FollowupState.CANCELLED)
    done = set(standing.values_list("due_on", flat=True))  # after an earlier release that was annulled
    rows = [
        ReleaseFollowup(observation=row, day_number=(due_on - released_on).days, due_on=due_on)
        for due_on in followup_dates(terms, released_on)
        if due_on not in done
    ]
    ReleaseFollowup.objects.bulk_create(rows)
    return len(rows)


def followups_call_off(row: Observation) -> int:
    """The release was a mistake: what has not been done is called off; what was done stays. Returns how many."""
    return ReleaseFollowup.objects.filter(observation=row, state=FollowupState.DUE).update(
        state=FollowupState.CANCELLED
    )  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What somebody told on the phone or at the door; `at` None: just now."""

    how: str
    result: str
    note: str = ""
    temperature: Decimal | None = None
    at: dt.datetime | None = None


def _check(told: Told, row: ReleaseFollowup, known_at: dt.datetime) -> dict[str, str]:
    problems = {}
    if told.how not in FollowupHow.values:
        problems["how"] = "请选择电话还是上门。"
    if told.result not in FollowupResult.values:
        problems["result"] = "请选择随访结果。"
    if told.result == FollowupResult.OTHER and not told.note.strip():
        problems["note"] = "选了“其他情况”，请写明是什么情况。"
    if told.at is not None and told.at > known_at:
        problems["at"] = "随访时间不能晚于现在。"
    released_at = row.observation.closed_at
    if told.at is not None and released_at is not None and told.at < released_at:
        problems["at"] = f"随访时间早于解除时间（{timezone.localtime(released_at):%m-%d %H:%M}）。"
    terms = row.observation.policy.parsed()
    if told.temperature is not None:
        hot = is_fever(told.temperature, terms)
        if hot and told.result in {FollowupResult.WELL, FollowupResult.OTHER}:
            limit = f"{terms.fever_operator.label}{terms.fever_threshold}℃"
            problems["result"] = f"体温{told.temperature}℃已达发热标准（{limit}），结果请选“发热”。"
        if told.result == FollowupResult.UNREACHED:
            problems["temperature"] = "没有联系上，就不会有体温，请核对。"
    return problems


@transaction.atomic
def followup_record(
    *, followup: ReleaseFollowup, told: Told, by: Staff, known_at: dt.datetime | None = None
) -> ReleaseFollowup:
    """Write down a follow-up. Who was not reached stays due, one attempt more; fever or symptoms are alerted at once.

    Raises ValidationError by field: nothing chosen, a fever that is called none, a time before the release, one that
    has been done already.
    """
    known_at = known_at or timezone.now()
    rows = ReleaseFollowup.objects.select_for_update(of=("self",)).select_related(
        "observation__policy", "observation__area"
    )
    row = rows.get(pk=followup.pk)
    if row.state != FollowupState.DUE:
        raise ValidationError(f"这次随访{row.get_state_display()}，不能再登记。")
    if problems := _check(told, row, known_at):
        raise ValidationError({name: [words] for name, words in problems.items()})
    row.note = told.note.strip()
    if told.result == FollowupResult.UNREACHED:
        row.attempts += 1
        row.recorded_at, row.done_by = known_at, by
        row.save(update_fields=["attempts", "note", "recorded_at", "done_by"])
        return row
    row.state, row.how, row.result = FollowupState.DONE, told.how, told.result
    row.temperature, row.done_at, row.recorded_at, row.done_by = (
        told.temperature,
        told.at or known_at,
        known_at,
        by,
    )
    if told.result in ILL:
        kind = ILL[FollowupResult(told.result)]
        row.alert = alert_raise(observation=row.observation, kind=kind, at=known_at)
    row.save()
    return row
