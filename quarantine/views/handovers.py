"""交接: what my areas are asked to take, and what they have offered to others; answered on the page of each."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.doors import places_of
from quarantine.forms.life import AcceptForm, WhyForm
from quarantine.models import Handover, HandoverState, Observation
from quarantine.services.handovers import (
    handover_accept,
    handover_decline,
    handover_withdraw,
    may_receive,
    may_send,
)
from quarantine.waiting import age_words

PAGE_ROWS = 50
CRUMB = "移交接收"
VIEWS = (("", "等我方接收"), ("out", "我方移出待答复"), ("done", "已办结"))
RELATED = ("observation__person", "observation__policy", "from_area", "to_area", "requested_by", "decided_by")


def _dressed(rows: list[Handover]) -> list[Handover]:
    at = timezone.now()
    places = places_of({area for row in rows for area in (row.from_area, row.to_area)})
    for row in rows:
        row.age = age_words(row.requested_at, row.decided_at or at)  # type: ignore[attr-defined]
        row.is_old = row.decided_at is None and at - row.requested_at > dt.timedelta(days=1)  # type: ignore[attr-defined]
        row.from_name, row.to_name = places[row.from_area_id], places[row.to_area_id]  # type: ignore[attr-defined]
    return rows


@require_GET
def handover_list(request: HttpRequest) -> HttpResponse:
    """Waiting ones by side, the oldest first; settled ones, the latest first (bounded pages)."""
    require(request, "quarantine.view_observation")
    staff = staff_of(request)
    view = request.GET.get("view", "")
    view = view if view in dict(VIEWS) else ""
    waiting = Handover.objects.pending()
    sides = {"": waiting.incoming(staff), "out": waiting.outgoing(staff)}
    if view == "done":
        rows = (
            Handover.objects.visible_to(staff)
            .exclude(state=HandoverState.PENDING)
            .order_by("-decided_at", "-pk")
        )
    else:
        rows = sides[view].order_by("requested_at", "pk")
    found = list(rows.select_related(*RELATED)[: PAGE_ROWS + 1])
    counts = {code: rows.order_by().count() for code, rows in sides.items()}
    context = {
        "rows": _dressed(found[:PAGE_ROWS]),
        "has_more": len(found) > PAGE_ROWS,
        "view": view,
        "crumbs": [{"title": CRUMB, "url": ""}],
        "chips": [
            {
                "title": title,
                "count": counts.get(code),
                "url": link("quarantine:handover_list", view=code),
                "is_on": code == view,
            }
            for code, title in VIEWS
        ],
    }
    return render(request, "quarantine/handover_list.html", context)


def _handover_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Handover:
    rows = Handover.objects.visible_to(staff_of(request)).select_related(*RELATED)
    handover = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return handover


def _crumbs(handover: Handover, *titles: str) -> list[dict[str, str]]:
    person = handover.observation.person.name
    url = link("quarantine:handover_detail", handover.uid) if titles else ""
    crumbs = [{"title": CRUMB, "url": link("quarantine:handover_list")}, {"title": person, "url": url}]
    return crumbs + [{"title": title, "url": ""} for title in titles]


@require_GET
def handover_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One handover as both sides see it: who, where to, since when it waits; no numbers before it is accepted."""
    handover = _handover_or_404(request, uid, "quarantine.view_observation")
    staff = staff_of(request)
    is_pending = handover.state == HandoverState.PENDING
    seen = Observation.objects.visible_to(staff).filter(pk=handover.observation_id).exists()
    context = {
        "handover": _dressed([handover])[0],
        "observation": handover.observation,
        "person": handover.observation.person,
        "day": handover.observation.day_number(),
        "crumbs": _crumbs(handover),
        "may_receive": is_pending and may_receive(staff, handover),
        "may_withdraw": is_pending and may_send(staff, handover),
        "sees_observation": seen,
    }
    return render(request, "quarantine/handover_detail.html", context)


STEPS = {
    "accept": (
        "接收", "从接收的这一刻起由本村测温、负责、统计：对方记转出，本村记转入。", "接收",
        "已接收，测温从现在起由本村负责。",
    ),
    "decline": ("退回", "退回后仍由对方负责；原因对方看得到。", "退回", "已退回。"),
    "withdraw": ("撤回移交", "撤回后仍由本村负责。", "撤回", "已撤回。"),
}  # fmt: skip
WORDS = {"decline": "退回原因", "withdraw": "撤回原因"}


@require_http_methods(["GET", "POST"])
def handover_decide(request: HttpRequest, uid: uuid.UUID, step: str) -> HttpResponse:
    """接收, 退回 by the side that was asked; 撤回 by the side that asked."""
    if step not in STEPS:
        raise Http404
    handover = _handover_or_404(request, uid, "quarantine.change_observation")
    staff = staff_of(request)
    is_mine = may_send(staff, handover) if step == "withdraw" else may_receive(staff, handover)
    if not is_mine:
        raise PermissionDenied("这一步由移交的另一方办理。")
    if request.method == "GET" and handover.state != HandoverState.PENDING:
        messages.warning(request, f"这次移交{handover.get_state_display()}，不能再办理。")
        return redirect("quarantine:handover_detail", uid)

    def make(data: Any, initial: Any = None) -> forms.Form:
        if step != "accept":
            return WhyForm(data, initial=initial, words=WORDS[step])
        first = {"place_note": handover.place_note, **_only_area(handover), **(initial or {})}
        return AcceptForm(data, initial=first, handover=handover, staff=staff)

    def show(form: Any, status: int = 200) -> HttpResponse:
        return render(request, "quarantine/confirm.html", _asked(handover, step, form), status=status)

    def write(form: Any) -> dict[str, Any]:
        if step == "accept":
            handover_accept(handover=handover, by=staff, **form.values())
        else:
            service = handover_decline if step == "decline" else handover_withdraw
            service(handover=handover, by=staff, **form.cleaned_data)
        return {"handover": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, STEPS[step][3])
        return redirect("quarantine:handover_detail", result["handover"])

    return form_page(request, make=make, show=show, write=write, done=done)


def _asked(handover: Handover, step: str, form: forms.Form) -> dict[str, Any]:
    """The page that asks for one step."""
    title, lead, submit, _said = STEPS[step]
    return {
        "form": form,
        "heading": title,
        "text": lead,
        "rows": [
            ("姓名", handover.observation.person.name),
            ("移交", f"{handover.from_area.name} → {handover.to_area.name}"),
            ("原因", handover.reason),
        ],
        "submit": submit,
        "danger": step != "accept",
        "crumbs": _crumbs(handover, title),
        "cancel_url": link("quarantine:handover_detail", handover.uid),
    }


def _only_area(handover: Handover) -> dict[str, Any]:
    """A village without groups is where he goes."""
    return {"area": handover.to_area} if handover.to_area.is_leaf() else {}
