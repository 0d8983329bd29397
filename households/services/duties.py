"""Services on duties that concern one household (包户) or one person (包人)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.grid.scope import forget_scope
from grassroots.grid.staffing import check_duty, duty_end
from households.models import Household, HouseholdDuty, Person, PersonDuty

if TYPE_CHECKING:
    from grassroots.grid.models import DutyKind

OwnDuty = HouseholdDuty | PersonDuty


def _duty_on(target: Household | Person, values: dict[str, Any]) -> tuple[OwnDuty, Any]:
    """An unsaved duty on the target, and the duties that it has."""
    if isinstance(target, Person):
        return PersonDuty(person=target, **values), PersonDuty.objects.filter(person=target)
    if target.closed_on is not None:
        raise ValidationError("该户已销户，不能再指定责任人。")
    return HouseholdDuty(household=target, **values), HouseholdDuty.objects.filter(household=target)


def duty_assign(
    *,
    target: Household | Person,
    staff: Staff,
    kind: DutyKind,
    deputy: Staff | None = None,
    standin_from: dt.date | None = None,
    standin_to: dt.date | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    by: Staff,
) -> OwnDuty:
    """Assign a duty on one household or person, which opens just that one to the officer.

    Raises ValidationError by field: for one who has left, a duty held already, or dates out of order.
    """
    values: dict[str, Any] = {
        "staff": staff,
        "kind": kind,
        "deputy": deputy,
        "standin_from": standin_from,
        "standin_to": standin_to,
        "valid_from": valid_from or timezone.localdate(),
        "valid_to": valid_to,
    }
    duty, same = _duty_on(target, values)
    if not staff.is_active:
        raise ValidationError({"staff": f"{staff.name}已停用。"})
    with transaction.atomic():
        Staff.objects.select_for_update().get(pk=staff.pk)
        same = same.filter(staff=staff, kind=kind).exclude(valid_to__lt=duty.valid_from)
        if (same if valid_to is None else same.filter(valid_from__lte=valid_to)).exists():
            raise ValidationError({"staff": f"{staff.name}已经是{target}的{kind.name}责任人，不必重复指定。"})
        check_duty(duty)
        duty.save()
    forget_scope(staff)
    return duty


def duty_edit(
    *,
    duty: OwnDuty,
    deputy: Staff | None,
    standin_from: dt.date | None,
    standin_to: dt.date | None,
    valid_to: dt.date | None,
    by: Staff,
) -> OwnDuty:
    """Change deputy and dates; another officer is another duty. Raises ValidationError by field."""
    duty.deputy, duty.standin_from, duty.standin_to, duty.valid_to = (
        deputy,
        standin_from,
        standin_to,
        valid_to,
    )
    check_duty(duty)
    duty.save(update_fields=["deputy", "standin_from", "standin_to", "valid_to"])
    return duty


def own_duty_end(*, duty: OwnDuty, on: dt.date, by: Staff) -> None:
    """End a duty so that it no longer holds on `on`; a duty that never held is removed, its history stays."""
    duty_end(duty=duty, on=on)
