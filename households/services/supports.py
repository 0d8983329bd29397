"""Services on support (特困供养、低保、残疾、孤寡、留守): begin and end; several at once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from households.models import Person, Residency, SupportKind, SupportStatus
from households.services.history import rows_create, rows_update

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


def support_add(
    *,
    person: Person,
    kind: str,
    by: Staff,
    started_on: dt.date | None = None,
    note: str = "",
    at: dt.datetime | None = None,
) -> SupportStatus:
    """Note that somebody receives support of a kind. Raises ValidationError by field when he does already."""
    at = at or timezone.now()
    on = started_on or timezone.localdate(at)
    if kind not in SupportKind.values:
        raise ValidationError({"kind": "请选择类别。"})
    if on > timezone.localdate(at):
        raise ValidationError({"started_on": "开始日期不能晚于今天。"})
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        if SupportStatus.objects.filter(person=person, kind=kind, ended_on=None).exists():
            raise ValidationError({"kind": f"已登记为“{SupportKind(kind).label}”，不必重复登记。"})
        support = SupportStatus(person=person, kind=kind, started_on=on, note=note.strip(), recorded_at=at)
        rows_create([support], by=by, at=at)
        _mark(person)
    return support


def support_end(
    *, support: SupportStatus, by: Staff, on: dt.date | None = None, at: dt.datetime | None = None
) -> SupportStatus:
    """End a support on a date. Raises ValidationError by field for one that has ended or a date out of order."""
    at = at or timezone.now()
    on = on or timezone.localdate(at)
    if on > timezone.localdate(at):
        raise ValidationError({"on": "结束日期不能晚于今天。"})
    if on < support.started_on:
        raise ValidationError({"on": f"结束日期不能早于开始日期 {support.started_on:%Y-%m-%d}。"})
    with transaction.atomic():
        support = SupportStatus.objects.select_for_update().get(pk=support.pk)
        if support.ended_on is not None:
            raise ValidationError("这一项已经结束。")
        support.ended_on = on
        rows_update([support], ["ended_on"], by=by, at=at)
        _mark(support.person)
    return support


def _mark(person: Person) -> None:
    areas = Residency.objects.open().filter(person=person).order_by().values_list("area_id", flat=True)
    mark_dirty(set(areas))
