"""Service requests (代办服务): asked → assigned → done → received, or dropped with a reason; each step by a person."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.scope import scope_of
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import (
    Passing,
    ServiceHow,
    ServiceKind,
    ServiceRequest,
    ServiceSource,
    ServiceState,
    ServiceStep,
)

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from households.models import Person

LONGEST = 200
FURTHEST = dt.timedelta(days=31)  # a time limit beyond that was mistyped
DROPPED = (ServiceState.DECLINED, ServiceState.WITHDRAWN)


def _check_text(text: str, field: str, words: str) -> str:
    tidy = " ".join(text.split())
    if not tidy:
        raise ValidationError({field: words})
    if len(tidy) > LONGEST:
        raise ValidationError({field: f"最多 {LONGEST} 个字，现在有 {len(tidy)} 个。"})
    return tidy


def _check_assigned(assigned_to: Staff | None) -> None:
    if assigned_to is not None and not assigned_to.is_active:
        raise ValidationError({"assigned_to": f"{assigned_to.name}已停用，不能办理。"})


def _check_due(due_at: dt.datetime | None, at: dt.datetime) -> None:
    if due_at is not None and due_at <= at:
        raise ValidationError({"due_at": "办理时限应晚于现在。"})
    if due_at is not None and due_at > at + FURTHEST:
        raise ValidationError({"due_at": f"办理时限太远（超过 {FURTHEST.days} 天），请核对日期。"})


def _step(service: ServiceRequest, by: Staff, at: dt.datetime, **values: object) -> None:
    ServiceStep.objects.create(service=service, state=service.state, by=by, at=at, recorded_at=at, **values)
    mark_dirty([service.area_id])


@transaction.atomic
def service_request(
    *,
    person: Person,
    area: Area,
    kind: str,
    request: str,
    by: Staff,
    source: str = ServiceSource.OFFICER,
    assigned_to: Staff | None = None,
    due_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> ServiceRequest:
    """Note what somebody needs, who brings it and by when. Raises ValidationError by field."""
    if kind not in ServiceKind.values:
        raise ValidationError({"kind": "请选择服务类别。"})
    if source not in ServiceSource.values:
        raise ValidationError({"source": "请选择提出方式。"})
    text = _check_text(request, "request", "请写明需要什么，例如：米10斤、降压药一盒。")
    at = at or timezone.now()
    _check_assigned(assigned_to)
    _check_due(due_at, at)
    service = ServiceRequest.objects.create(
        person=person, area=area, kind=kind, request=text, source=source, requested_at=at, recorded_at=at,
        recorded_by=by, due_at=due_at, state=ServiceState.ASKED,
    )  # fmt: skip
    _step(service, by, at, due_at=due_at)
    if assigned_to is not None:
        _assign(service, assigned_to, by, at)
    return service


def _assign(service: ServiceRequest, assigned_to: Staff | None, by: Staff, at: dt.datetime) -> None:
    """He is told by the next tick, unless he took it himself; a new limit or person may be overdue anew."""
    service.assigned_to = assigned_to
    service.assigned_at = at if assigned_to else None
    service.state = ServiceState.ASSIGNED if assigned_to else ServiceState.ASKED
    service.told_at = at if assigned_to == by else None
    service.overdue_told_at = service.escalated_at = None
    service.save(
        update_fields=[
            "area",
            "assigned_to",
            "assigned_at",
            "state",
            "due_at",
            "told_at",
            "overdue_told_at",
            "escalated_at",
        ]
    )
    _step(service, by, at, to=assigned_to, due_at=service.due_at)


def services_follow(*, person: Person, area: Area, by: Staff, at: dt.datetime) -> int:
    """Somebody is followed elsewhere now: what he still waits for goes along. Returns how many requests went.

    Whoever was to bring it and does not answer for the new place gives it back, so that one of there takes it.
    """
    rows = ServiceRequest.objects.open().filter(person=person).exclude(area=area).order_by("pk")
    found = list(rows.select_for_update(of=("self",)).select_related("assigned_to"))
    left = [row.area_id for row in found]
    Passing.objects.bulk_create(
        Passing(service=row, from_area_id=row.area_id, to_area=area, by=by, at=at) for row in found
    )
    for row in found:
        row.area = area
        if row.assigned_to is not None and not scope_of(row.assigned_to).holds(area):
            _assign(row, None, by, at)
        else:
            row.save(update_fields=["area"])
    mark_dirty([*left, area.pk] if left else [])
    return len(found)


def _locked(service: ServiceRequest) -> ServiceRequest:
    return ServiceRequest.objects.select_for_update(of=("self",)).get(pk=service.pk)


def _open_one(service: ServiceRequest) -> ServiceRequest:
    row = _locked(service)
    if row.is_open:
        return row
    if row.state in DROPPED:
        raise ValidationError(f"该服务{row.get_state_display()}，不能再办理；仍需要的请重新登记。")
    raise ValidationError("该服务已经办结。")


@transaction.atomic
def service_assign(
    *,
    service: ServiceRequest,
    assigned_to: Staff | None,
    by: Staff,
    due_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> ServiceRequest:
    """Say who brings it (None: nobody yet), and by when. Raises ValidationError when it is done or he has left."""
    at = at or timezone.now()
    row = _open_one(service)
    _check_assigned(assigned_to)
    _check_due(due_at, at)
    row.due_at = due_at or row.due_at
    _assign(row, assigned_to, by, at)
    return row


@transaction.atomic
def service_done(
    *, service: ServiceRequest, note: str, by: Staff, at: dt.datetime | None = None
) -> ServiceRequest:
    """It has been brought; `note` says how it went. Raises ValidationError by field or when it is done already."""
    text = _check_text(note, "done_note", "请写明办理情况，例如：已送到门口，本人签收。")
    row = _open_one(service)
    at = at or timezone.now()
    row.done_at, row.done_by, row.done_note, row.state = at, by, text, ServiceState.DONE
    row.save(update_fields=["done_at", "done_by", "done_note", "state"])
    _step(row, by, at, note=text)
    return row


@transaction.atomic
def service_received(
    *, service: ServiceRequest, how: str, by: Staff, note: str = "", at: dt.datetime | None = None
) -> ServiceRequest:
    """The resident has confirmed that he received it. Raises ValidationError by field, or before it was done."""
    if how not in ServiceHow.values:
        raise ValidationError({"how": "请选择怎样确认的。"})
    text = " ".join(note.split())
    if len(text) > LONGEST:
        raise ValidationError({"note": f"最多 {LONGEST} 个字，现在有 {len(text)} 个。"})
    row = _locked(service)
    if row.state == ServiceState.RECEIVED:
        raise ValidationError("该服务已经签收。")
    if row.state != ServiceState.DONE:
        raise ValidationError("该服务还没有办结，先登记办理情况，再登记签收。")
    row.state = ServiceState.RECEIVED
    row.save(update_fields=["state"])
    _step(row, by, at or timezone.now(), how=how, note=text)
    return row


@transaction.atomic
def service_drop(
    *, service: ServiceRequest, state: str, reason: str, by: Staff, at: dt.datetime | None = None
) -> ServiceRequest:
    """Declined by the office or withdrawn by the resident, with the reason. Raises ValidationError by field."""
    if state not in DROPPED:
        raise ValidationError({"state": "请选择是不予办理，还是本人撤回。"})
    text = _check_text(reason, "reason", "请写明原因，例如：家属已代为购买。")
    row = _open_one(service)
    at = at or timezone.now()
    row.state, row.dropped_at = ServiceState(state), at
    row.save(update_fields=["state", "dropped_at"])
    _step(row, by, at, note=text)
    return row
