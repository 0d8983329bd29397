"""Leave: for its days somebody stands in for all duties of the person; afterwards the former B角 is there again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.models import AbstractDuty, AreaDuty, Staff
from grassroots.grid.scope import forget_scope
from grassroots.grid.staffing import open_duties
from grassroots.notices.models import Leave
from grassroots.notices.reminders import notice_send

FIELDS = ["deputy", "standin_from", "standin_to"]


def _models() -> dict[str, Any]:
    models: list[Any] = [AreaDuty, *(source.model for source in registry.duty_models.values())]
    return {model._meta.label: model for model in models}


def _check(staff: Staff, deputy: Staff, from_on: dt.date, to_on: dt.date, today: dt.date) -> None:
    errors: dict[str, str] = {}
    if to_on < from_on:
        errors["to_on"] = "结束日期不能早于开始日期。"
    elif to_on < today:
        errors["to_on"] = "结束日期已经过去，不必再登记。"
    if deputy.pk == staff.pk:
        errors["deputy"] = "代岗人不能是请假人自己。"
    elif not deputy.is_active:
        errors["deputy"] = f"{deputy.name}已停用，不能代岗。"
    elif Leave.objects.open().filter(staff=deputy, from_on__lte=to_on, to_on__gte=from_on).exists():
        errors["deputy"] = f"{deputy.name}在这几天也请假，请另选代岗人。"
    if Leave.objects.open().filter(staff=staff, from_on__lte=to_on, to_on__gte=from_on).exists():
        errors["from_on"] = f"{staff.name}在这几天已经登记过请假，请先取消原来的。"
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def leave_enter(
    *, staff: Staff, deputy: Staff, from_on: dt.date, to_on: dt.date, by: Staff, reason: str = "",
    at: dt.datetime | None = None,
) -> Leave:  # fmt: skip
    """Enter a leave from day to day (both included): the deputy stands in for every duty of those days.

    Digests, calls and scope follow at once. Raises ValidationError by field.
    """
    at = at or timezone.now()
    list(Staff.objects.filter(pk__in=(staff.pk, deputy.pk)).order_by("pk").select_for_update())
    _check(staff, deputy, from_on, to_on, timezone.localdate(at))
    leave = Leave(staff=staff, deputy=deputy, from_on=from_on, to_on=to_on, entered_by=by, created_at=at)
    leave.reason = reason.strip()
    for duty in open_duties(staff, from_on):
        if duty.valid_from > to_on:
            continue
        days = [day.isoformat() if day else None for day in (duty.standin_from, duty.standin_to)]
        leave.before.append([duty._meta.label, duty.pk, duty.deputy_id, *days])
        duty.deputy, duty.standin_from, duty.standin_to = deputy, from_on, to_on
        duty.save(update_fields=FIELDS)
    leave.save()
    forget_scope(deputy)
    _tell(leave, at)
    return leave


def _tell(leave: Leave, at: dt.datetime) -> None:
    notice_send(
        recipients=[leave.deputy], subject=f"leave:{leave.uid}", kind="leave", due_at=at, at=at,
        title=f"请您代岗：{leave.from_on:%m月%d日}至{leave.to_on:%m月%d日}",
        body=f"共{len(leave.before)}项包保。期间的测温提醒和异常提醒发给您。",
        url=reverse("notices:leave_list"), needs_answer=True,
    )  # fmt: skip


@transaction.atomic
def leave_end(*, leave: Leave, at: dt.datetime | None = None) -> bool:
    """The leave is over or called off: duties that nobody has changed since get their former B角 back.

    False when it had ended before.
    """
    at = at or timezone.now()
    if not Leave.objects.open().filter(pk=leave.pk).update(ended_at=at):
        return False
    models = _models()
    for label, pk, deputy, begin, end in leave.before:
        duty: AbstractDuty | None = models[label].objects.select_for_update().filter(pk=pk).first()
        if duty is None or (duty.deputy_id, duty.standin_from) != (leave.deputy_id, leave.from_on):
            continue
        duty.deputy_id = deputy
        duty.standin_from, duty.standin_to = (dt.date.fromisoformat(d) if d else None for d in (begin, end))
        duty.save(update_fields=FIELDS)
    forget_scope(leave.deputy)
    return True


def stand_ins(staff: Iterable[Staff], on: dt.date) -> dict[int, Staff]:
    """Who stands in for each of these who is on leave that day, by his id; who is there is left out (one query).

    Duties know it by themselves; this is for what was given to somebody by name.
    """
    rows = Leave.objects.on(on).filter(staff__in=[one.pk for one in staff], deputy__is_active=True)
    return {leave.staff_id: leave.deputy for leave in rows.select_related("deputy")}


def away_for(deputy: Staff, on: dt.date) -> list[int]:
    """For whom somebody stands in that day, by id (one query)."""
    return list(Leave.objects.on(on).filter(deputy=deputy).values_list("staff_id", flat=True))


def leaves_due(at: dt.datetime) -> list[QuerySet[Leave]]:
    """What gives the step below something to do."""
    return [Leave.objects.over(timezone.localdate(at)).order_by("to_on")]


def end_leaves(at: dt.datetime) -> Mapping[str, int]:
    """A step of the tick: leaves whose last day has passed."""
    over = Leave.objects.over(timezone.localdate(at)).select_related("deputy")
    return {"ended": sum(leave_end(leave=leave, at=at) for leave in list(over[:200]))}
