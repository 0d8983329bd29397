"""Writing plans: laid down, changed, ended."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.versions import check_version
from grassroots.ledgers.rollups import mark_dirty
from measures.models import Kind, Plan
from measures.services.texts import number_errors

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff

EDITABLE = ("area", "place", "every", "officer", "note")


def _fill(plan: Plan, given: dict[str, Any]) -> None:
    """Raises ValidationError by field."""
    for name, value in given.items():
        if name not in EDITABLE:
            raise TypeError(f"{name} of a plan is not entered")
        setattr(plan, name, " ".join(value.split()) if isinstance(value, str) else value)
    errors = number_errors({"place": plan.place, "note": plan.note})
    if not plan.place:
        errors["place"] = "请写明在哪里，例如：小区大门、电梯间、楼道扶手。"
    if not 1 <= plan.every <= 31:
        errors["every"] = "几天一次填 1 至 31。"
    if not plan.area.is_open:
        errors["area"] = f"“{plan.area.name}”已停用，请选择现在的区域。"
    same = Plan.objects.open().filter(kind=plan.kind, area=plan.area, place=plan.place).exclude(pk=plan.pk)
    if not errors and same.exists():
        errors["place"] = f"{plan.area.name}的“{plan.place}”已有{plan.kind.name}计划。"
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def plan_lay(
    *, kind: Kind, area: Area, place: str, every: int, by: Staff, at: dt.datetime | None = None, **more: Any
) -> Plan:
    """Lay down that something is done at a place every so many days, from today on. `more`: officer, note.

    Raises ValidationError by field, also where the place has such a plan already.
    """
    at = at or timezone.now()
    plan = Plan(kind=kind, recorded_by=by, recorded_at=at, started_on=timezone.localdate(at))
    _fill(plan, {"area": area, "place": place, "every": every, **more})
    plan._history_user = by  # type: ignore[attr-defined]
    plan.save()
    mark_dirty([area.pk])
    return plan


def _locked(plan: Plan) -> Plan:
    row = Plan.objects.select_for_update(of=("self",)).select_related("kind", "area").get(pk=plan.pk)
    if row.ended_on is not None:
        raise ValidationError("这个计划已经结束。")
    return row


def _save(row: Plan, by: Staff, *fields: str) -> None:
    row.version += 1
    row._history_user = by  # type: ignore[attr-defined]
    row.save(update_fields=[*fields, "version"])


@transaction.atomic
def plan_change(*, plan: Plan, version: int, by: Staff, **given: Any) -> Plan:
    """Change a plan. Raises ValidationError by field, StaleVersion when somebody was faster."""
    row = _locked(plan)
    check_version(row, version)
    area_id = row.area_id
    _fill(row, given)
    _save(row, by, *given)
    mark_dirty({area_id, row.area_id})
    return row


@transaction.atomic
def plan_end(*, plan: Plan, by: Staff, at: dt.datetime | None = None) -> Plan:
    """From today on it is not due any more. Raises ValidationError when it has ended already."""
    row = _locked(plan)
    row.ended_on = timezone.localdate(at)
    _save(row, by, "ended_on")
    mark_dirty([row.area_id])
    return row
