"""突发情况: the list, one incident with who must know and what was said, reporting one, and answering it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import Staff
from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import form_page, link, require, staff_of
from measures.forms.incidents import FinalForm, FollowForm, IncidentForm, InstructForm, ResultForm
from measures.listing import dress_places
from measures.models import Family, Incident, IncidentState, Kind
from measures.order_board import dress_incidents
from measures.services.incidents import (
    incident_close,
    incident_follow,
    incident_instruct,
    incident_read,
    incident_report,
    is_addressee,
)
from measures.views.access import Crumbs, first_area
from quarantine.listing import page_by_time
from quarantine.where import where_of

LOOK, REPORT = "measures.view_incident", "measures.add_incident"
STATES = (("open", "处理中"), ("unread", "我没看过的"), ("closed", "已办结"), ("all", "全部"))


def _final(*, incident: Incident, words: str, by: Staff) -> Any:
    return incident_follow(incident=incident, words=words, by=by, is_final=True)


#: Heading, form, service, whether only those who must know may do it, what is said afterwards.
ACTIONS: dict[str, tuple[str, Any, Any, bool, str]] = {
    "follow": ("续报", FollowForm, incident_follow, False, "已续报。"),
    "final": ("终报", FinalForm, _final, False, "已终报，等上级办结。"),
    "instruct": ("批示", InstructForm, incident_instruct, True, "批示已告知上报人。"),
    "close": ("办结", ResultForm, incident_close, True, "已办结。"),
}


def crumbs_of(*titles: str, row: Incident | None = None) -> Crumbs:
    """上传下达, the incident, and further titles."""
    crumbs = [
        {"title": "上传下达", "url": link("measures:order_list")},
        {"title": "突发情况", "url": link("measures:incident_list") if titles or row else ""},
    ]
    if row is not None:
        url = link("measures:incident_detail", row.uid) if titles else ""
        crumbs.append({"title": row.kind.name, "url": url})
    return crumbs + [{"title": title, "url": ""} for title in titles]


def incident_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Incident:
    """An incident of the person's areas, or one that he must know of."""
    related = ("kind", "area", "household", "reported_by", "closed_by")
    rows = Incident.objects.visible_to(staff_of(request)).select_related(*related)
    row: Incident = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return row


@require_GET
def incident_list(request: HttpRequest) -> HttpResponse:
    """Those that the person sees by state, the latest first."""
    require(request, LOOK)
    staff = staff_of(request)
    state = state if (state := request.GET.get("state", "open")) in dict(STATES) else "open"
    where = where_of(request, staff)
    mine = Incident.objects.visible_to(staff).filter(where.q())
    unread = Q(pk__in=Incident.objects.unread_by(staff).values("pk"))
    asked = {
        "open": Q(state=IncidentState.OPEN),
        "unread": unread,
        "closed": Q(state=IncidentState.CLOSED),
        "all": Q(),
    }
    counts = mine.aggregate(**{f"n_{code}": Count("pk", filter=where) for code, where in asked.items()})
    rows = mine.filter(asked[state]).select_related("kind", "area", "reported_by")
    page = page_by_time(rows, "reported_at", request.GET.get("after", ""))
    dress_places(page.rows)
    dress_incidents(page.rows, staff)
    name = "measures:incident_list"
    context = {
        "rows": page.rows,
        "state": state,
        "where": where,
        "kinds": Kind.objects.open().of(Family.INCIDENT) if staff.has_perm(REPORT) else [],
        "chips": [
            {"title": title, "count": counts[f"n_{code}"], "is_on": code == state,
             "url": link(name, state=code, **where.query)}
            for code, title in STATES
        ],
        "next_url": link(name, state=state, **where.query, after=page.next_mark) if page.next_mark else "",
        "crumbs": crumbs_of(),
    }  # fmt: skip
    return render(request, "measures/incident_list.html", context)


@require_http_methods(["GET", "POST"])
def incident_create(request: HttpRequest, code: str) -> HttpResponse:
    """Report something upward (初报)."""
    require(request, REPORT)
    kind = get_object_or_404(Kind.objects.open().of(Family.INCIDENT), code=code)
    staff, heading = staff_of(request), f"上报{kind.name}"

    def make(data: Any, **options: Any) -> IncidentForm:
        if data is None and "initial" not in options:
            options["initial"] = {"area": first_area(request, staff)}
        return IncidentForm(data, kind=kind, staff=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": heading, "submit": "上报", "crumbs": crumbs_of(heading),
                   "cancel_url": link("measures:order_list")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"incident": str(incident_report(data=form.entered(), by=staff).uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已上报，应知道的人已同时收到。有新情况请续报。")
        return redirect("measures:incident_detail", result["incident"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_GET
def incident_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What happened, who must know and has read it, and everything that was said."""
    row, staff = incident_or_404(request, uid, LOOK), staff_of(request)
    dress_places([row])
    readers = list(row.readers.select_related("staff"))
    own = next((one for one in readers if one.staff_id == staff.pk), None)
    actions: list[str] = []
    if row.state == IncidentState.OPEN:
        actions = ["final", "follow"] if staff.has_perm(REPORT) else []
        actions += ["close", "instruct"] if own else []
    context = {
        "row": row,
        "readers": readers,
        "steps": row.steps.select_related("by"),
        "may_read": own is not None and own.read_at is None,
        "actions": [(code, ACTIONS[code][0]) for code in actions],
        "crumbs": crumbs_of(row=row),
    }
    return render(request, "measures/incident_detail.html", context)


def _addressee_or_403(request: HttpRequest, row: Incident) -> None:
    if not is_addressee(row, staff_of(request)):
        raise PermissionDenied("这件事没有报给您，不能由您办理。")


@require_POST
def incident_mark(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """已阅: one tap of somebody who must know."""
    row, staff = incident_or_404(request, uid, LOOK), staff_of(request)
    _addressee_or_403(request, row)

    def write() -> dict[str, Any]:
        return {"read": incident_read(incident=row, by=staff)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已阅。要怎样处置，请批示。")
        return redirect("measures:incident_detail", uid)

    return submit_once(request, write, respond)


@require_http_methods(["GET", "POST"])
def incident_act(request: HttpRequest, uid: uuid.UUID, action: str) -> HttpResponse:
    """A follow-up, the last report, an instruction, the end."""
    if action not in ACTIONS:
        raise Http404
    heading, form_class, service, for_readers, said = ACTIONS[action]
    row, staff = incident_or_404(request, uid, LOOK if for_readers else REPORT), staff_of(request)
    if for_readers:
        _addressee_or_403(request, row)
    back = link("measures:incident_detail", uid)

    def make(data: Any, **options: Any) -> Any:
        return form_class(data, incident=row, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = [("突发情况", f"{row.get_severity_display()} · {row.kind.name}"), ("发生了什么", row.what)]
        context = {"form": form, "heading": heading, "submit": heading, "rows": rows, "cancel_url": back,
                   "crumbs": crumbs_of(heading, row=row)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        service(incident=row, by=staff, **form.cleaned_data)
        return {"incident": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, said)
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)
