"""Service requests (代办服务): somebody under observation needs something, somebody brings it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import ServiceKind, ServiceRequest

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from households.models import Person

LONGEST = 200


def _check_text(text: str, field: str, words: str) -> str:
    tidy = " ".join(text.split())
    if not tidy:
        raise ValidationError({field: words})
    if len(tidy) > LONGEST:
        raise ValidationError({field: f"最多 {LONGEST} 个字，现在有 {len(tidy)} 个。"})
    return tidy


@transaction.atomic
def service_request(
    *,
    person: Person,
    area: Area,
    kind: str,
    request: str,
    by: Staff,
    assigned_to: Staff | None = None,
    at: dt.datetime | None = None,
) -> ServiceRequest:
    """Note what somebody needs, and who brings it. Raises ValidationError by field."""
    if kind not in ServiceKind.values:
        raise ValidationError({"kind": "请选择服务类别。"})
    text = _check_text(request, "request", "请写明需要什么，例如：米10斤、降压药一盒。")
    if assigned_to is not None and not assigned_to.is_active:
        raise ValidationError({"assigned_to": f"{assigned_to.name}已停用，不能办理。"})
    mark_dirty([area.pk])
    return ServiceRequest.objects.create(
        person=person,
        area=area,
        kind=kind,
        request=text,
        requested_at=at or timezone.now(),
        recorded_by=by,
        assigned_to=assigned_to,
    )


def _open_one(service: ServiceRequest) -> ServiceRequest:
    row = ServiceRequest.objects.select_for_update(of=("self",)).get(pk=service.pk)
    if row.done_at is not None:
        raise ValidationError("该服务已经办结。")
    return row


@transaction.atomic
def service_assign(*, service: ServiceRequest, assigned_to: Staff | None, by: Staff) -> ServiceRequest:
    """Say who brings it (None: nobody yet). Raises ValidationError when it is done or he has left."""
    row = _open_one(service)
    if assigned_to is not None and not assigned_to.is_active:
        raise ValidationError({"assigned_to": f"{assigned_to.name}已停用，不能办理。"})
    row.assigned_to = assigned_to
    row.save(update_fields=["assigned_to"])
    return row


@transaction.atomic
def service_done(
    *, service: ServiceRequest, note: str, by: Staff, at: dt.datetime | None = None
) -> ServiceRequest:
    """It has been brought; `note` says how it went. Raises ValidationError by field or when it is done already."""
    text = _check_text(note, "done_note", "请写明办理情况，例如：已送到门口，本人签收。")
    row = _open_one(service)
    row.done_at, row.done_by, row.done_note = at or timezone.now(), by, text
    row.save(update_fields=["done_at", "done_by", "done_note"])
    mark_dirty([row.area_id])
    return row
