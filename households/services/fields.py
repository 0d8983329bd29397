"""责任田: several doors are given to somebody at once, or taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from grassroots.grid.models import Staff
from grassroots.grid.scope import forget_scope
from grassroots.grid.staffing import duty_end
from households.models import Household, HouseholdDuty

if TYPE_CHECKING:
    from grassroots.grid.models import DutyKind


@transaction.atomic
def field_assign(
    *, households: Sequence[Household], staff: Staff, kind: DutyKind, on: dt.date, by: Staff
) -> int:
    """Somebody answers for these doors from a day on; those that are his already are left alone. Returns how many.

    Raises ValidationError for one who has left, and for a door that was closed meanwhile.
    """
    if not staff.is_active:
        raise ValidationError({"staff": f"{staff.name}已停用。"})
    Staff.objects.select_for_update().get(pk=staff.pk)
    keys = [one.pk for one in households]
    closed = Household.objects.filter(pk__in=keys).exclude(closed_on=None).first()
    if closed is not None:
        raise ValidationError({"doors": f"{closed.display}已销户，请去掉后再保存。"})
    held = HouseholdDuty.objects.filter(staff=staff, kind=kind, household__in=keys).exclude(valid_to__lt=on)
    his = set(held.values_list("household_id", flat=True))
    new = [one for one in households if one.pk not in his]
    for household in new:
        HouseholdDuty.objects.create(household=household, staff=staff, kind=kind, valid_from=on)
    forget_scope(staff)
    return len(new)


@transaction.atomic
def field_end(
    *, households: Sequence[Household], staff: Staff, kind: DutyKind, on: dt.date, by: Staff
) -> int:
    """He answers for these doors no longer from a day on; returns for how many he did."""
    keys = [one.pk for one in households]
    held = HouseholdDuty.objects.filter(staff=staff, kind=kind, household__in=keys).exclude(valid_to__lt=on)
    duties = list(held.select_related("staff").order_by("pk"))
    for duty in duties:
        duty_end(duty=duty, on=on)
    return len(duties)
