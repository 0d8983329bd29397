"""What a device sent and was not entered: its author sees why, mends it on any device, or puts it aside."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from grassroots.grid.models import AccessAction, DeviceGrant, KeptEntry, KeptState, Staff
from grassroots.grid.offline.grants import grants_revoke
from grassroots.grid.offline.registry import OfflineForm, form_at
from grassroots.grid.submissions import FIELD, KEPT, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import staff_of
from grassroots.grid.views.staff import manageable_or_refused

MOST_SHOWN = 200


@dataclass(frozen=True)
class Shown:
    """An entry as its author reads it."""

    entry: KeptEntry
    label: str
    facts: list[tuple[str, str]]
    reasons: list[str]
    path: str
    fields: list[tuple[str, str]]

    @property
    def title(self) -> str:
        return self.facts[0][1] if self.facts else "记录"


def shown(entry: KeptEntry, reader: Staff) -> Shown:
    """Open what is kept, for the eyes of `reader`."""
    body: dict[str, Any] = json.loads(entry.body or "{}")
    reasons = json.loads(entry.reasons or "[]")
    path, pairs = body.get("path", ""), [(name, value) for name, value in body.get("fields", [])]
    found = form_at(path) if path else None
    if found is None:
        return Shown(entry, "记录", [], reasons, "", [])
    form, match = found
    sent = QueryDict(mutable=True)
    for name, value in pairs:
        sent.appendlist(name, value)
    facts = form.describe(sent, match.kwargs, reader) if form.describe else []
    return Shown(entry, form.label, facts, reasons, path, _to_send(entry, form, body["id"], pairs))


def _to_send(
    entry: KeptEntry, form: OfflineForm, uid: str, pairs: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The hidden fields of the form that opens it: all that was typed, under its own id."""
    left_out = {FIELD, KEPT, "csrfmiddlewaretoken"}
    fields = [pair for pair in pairs if pair[0] not in left_out]
    if form.show_again[0] and entry.state != KeptState.CONFLICT:  # which shows both sides by being sent
        fields.append(form.show_again)
    return [*fields, (FIELD, uid), (KEPT, str(entry.pk))]


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits on this device (drawn by the script), and what the server keeps for me from any device."""
    staff = staff_of(request)
    waiting = KeptEntry.objects.visible_to(staff).waiting().select_related("staff")
    rows = [shown(entry, staff) for entry in waiting.order_by("received_at")[:MOST_SHOWN]]
    grants = DeviceGrant.objects.filter(staff=staff, revoked_at=None, expires_at__gt=timezone.now())
    context = {"kept": rows, "grants": grants.order_by("-issued_at")[:20]}
    return render(request, "offline/queue.html", context)


@require_GET
def kept_state(request: HttpRequest) -> HttpResponse:
    """For the device's queue: what is kept for me, with reasons, for the eyes of whoever is signed in."""
    staff = staff_of(request)
    waiting = KeptEntry.objects.visible_to(staff).waiting().select_related("staff")
    rows = [shown(entry, staff) for entry in waiting.order_by("received_at")[:MOST_SHOWN]]
    found = [
        {"title": row.title, "reasons": row.reasons, "id": str(row.entry.pk), "state": row.entry.state}
        for row in rows
    ]
    return JsonResponse({"kept": found})


@require_safe
def kept_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Why it was not entered, and the way to mend it: the form itself, with everything typed."""
    rows = KeptEntry.objects.visible_to(staff_of(request)).select_related("staff", "grant")
    entry = get_object_or_404(rows, pk=uid)
    row = shown(entry, staff_of(request))
    found = form_at(row.path) if row.path else None
    context = {
        "row": row,
        "entry": entry,
        "opens": bool(found and found[0].show_again[0]),
        "is_conflict": entry.state == KeptState.CONFLICT,
    }
    return render(request, "offline/kept.html", context)


@require_POST
def kept_dismiss(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Its author, or who sees to it in his place, needs it no more: it is put aside, not entered."""
    entry = get_object_or_404(KeptEntry.objects.visible_to(staff_of(request)), pk=uid)

    def write() -> dict[str, Any]:
        rows = KeptEntry.objects.waiting().filter(pk=entry.pk)
        rows.update(settled_at=timezone.now(), body="", reasons="")
        return {"kept": str(entry.pk)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已作废，没有入账。")
        return redirect("offline:queue")

    return submit_once(request, write, done)


@require_POST
def revoke(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A phone is lost: what it sends from now on is kept for checking and not entered."""
    staff = staff_of(request)
    grant = get_object_or_404(DeviceGrant, staff=staff, uid=uid)

    def write() -> dict[str, Any]:
        grants_revoke(staff=staff, uid=grant.uid)
        return {"grant": str(grant.uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已撤销。那台设备以后传来的记录不会直接入账，会退回给您核对。")
        return redirect("offline:queue")

    return submit_once(request, write, done)


@require_POST
def revoke_all(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """All devices of somebody else, as when his phone was stolen and he cannot sign in: what they send is kept."""
    staff = manageable_or_refused(request, uid, "grid.change_staff")

    def write() -> dict[str, Any]:
        return {"revoked": grants_revoke(staff=staff), "staff": str(staff.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        detail = {"offline_devices_revoked": result["revoked"]}
        access_log(
            action=AccessAction.GRANT, staff=staff_of(request), subject=staff, detail=detail, request=request
        )
        messages.success(
            request, f"已撤销{result['revoked']}台设备的离线授权。以后传来的记录会退回给{staff.name}核对。"
        )
        return redirect("grid:staff_detail", staff.uid)

    return submit_once(request, write, done)
