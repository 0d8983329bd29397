"""Venues: the register, one venue with what happened there, and the forms of both."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import form_page, link, require, staff_of
from measures.forms.venues import MeasureReasonForm, VenueEventForm, VenueForm
from measures.listing import dress_places, narrowing_of, page_by_place
from measures.models import Family, Venue, VenueAction, VenueState
from measures.services.venues import (
    EDITABLE,
    venue_change,
    venue_event,
    venue_event_void,
    venue_register,
    venue_remove,
)
from measures.views.access import Crumbs, first_area, venue_event_or_404, venue_or_404

LOOK, ADD, CHANGE = "measures.view_venue", "measures.add_venue", "measures.change_venue"
STALE = 409
STATES = (("", "全部"), ("closed", "已关停"), ("unpatrolled", "今日未巡查"), ("open", "营业"))
ACTIONS = {
    "notice": (VenueAction.NOTICE, "登记送达通知"),
    "close": (VenueAction.CLOSED, "登记关停"),
    "patrol": (VenueAction.PATROLLED, "登记巡查"),
    "reopen": (VenueAction.REOPENED, "登记恢复营业"),
}
EVENTS_SHOWN = 100


def crumbs_of(*titles: str, venue: Venue | None = None) -> Crumbs:
    """The register, the venue, and further titles."""
    crumbs = [{"title": "场所管控", "url": link("measures:venue_list")}]
    if venue is not None:
        crumbs.append(
            {"title": venue.name, "url": link("measures:venue_detail", venue.uid) if titles else ""}
        )
    return crumbs + [{"title": title, "url": ""} for title in titles]


def _state_q(state: str, on: dt.date) -> Q:
    if state == "closed":
        return Q(state=VenueState.CLOSED)
    if state == "unpatrolled":
        return Q(state=VenueState.CLOSED) & (Q(patrolled_on=None) | Q(patrolled_on__lt=on))
    return Q(state=VenueState.OPEN) if state == "open" else Q()


@require_GET
def venue_list(request: HttpRequest) -> HttpResponse:
    """The register of my areas by state, village and kind, in the order of the tree."""
    require(request, LOOK)
    staff, today = staff_of(request), timezone.localdate()
    narrowing = narrowing_of(request, staff, [Family.VENUE])
    state = request.GET.get("state", "")
    state = state if state in dict(STATES) else ""
    mine = narrowing.narrowed(Venue.objects.active().visible_to(staff))
    counts = mine.aggregate(**{f"n_{code}": Count("pk", filter=_state_q(code, today)) for code, _ in STATES})
    rows = mine.filter(_state_q(state, today)).select_related("kind", "area")
    page = page_by_place(rows, request.GET.get("after", ""))
    dress_places(page.rows)
    query = {"state": state, **narrowing.query}
    context = {
        "rows": page.rows,
        "narrowing": narrowing,
        "state": state,
        "today": today,
        "chips": [
            {"title": title, "count": counts[f"n_{code}"], "is_on": code == state,
             "url": link("measures:venue_list", **{**query, "state": code})}
            for code, title in STATES
        ],
        "next_url": link("measures:venue_list", **query, after=page.next_mark) if page.next_mark else "",
        "first_url": link("measures:venue_list", **query) if "after" in request.GET else "",
    }  # fmt: skip
    return render(request, "measures/venue_list.html", context)


@require_GET
def venue_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One venue: what is known of it, what happened, and what may be noted."""
    venue = venue_or_404(request, uid, LOOK)
    dress_places([venue])
    events = venue.events.select_related("by", "voided_by")[:EVENTS_SHOWN]
    offered = ["notice", "reopen", "patrol"] if venue.is_closed else ["notice", "patrol", "close"]
    context = {
        "venue": venue,
        "events": events,
        "records": venue.records.standing().select_related("kind")[:EVENTS_SHOWN],
        "actions": [(code, ACTIONS[code][1], ACTIONS[code][0].label) for code in offered],
        "is_patrolled": venue.patrolled_on == timezone.localdate(),
        "crumbs": crumbs_of(venue=venue),
    }
    return render(request, "measures/venue_detail.html", context)


@require_http_methods(["GET", "POST"])
def venue_create(request: HttpRequest) -> HttpResponse:
    """Put a venue on the register."""
    require(request, ADD)
    staff = staff_of(request)

    def make(data: Any, **options: Any) -> VenueForm:
        if data is None and "initial" not in options:
            options["initial"] = {"area": first_area(request, staff)}
        return VenueForm(data, staff=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": "登记场所", "submit": "登记", "crumbs": crumbs_of("登记场所"),
                   "cancel_url": link("measures:venue_list")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"venue": str(venue_register(by=staff, **form.entered()).uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已登记。关停、巡查在下面登记。")
        return redirect("measures:venue_detail", result["venue"])

    return form_page(request, make=make, show=show, write=write, done=done)


def _differences(form: VenueForm, current: Venue) -> list[dict[str, Any]]:
    """What was typed beside what stands there now, where they differ."""
    rows = []
    for name, value in form.entered().items():
        theirs = getattr(current, name)
        if value != theirs:
            is_secret = name == "phone"
            mine, now = ("（新填的号码）", current.masked_phone) if is_secret else (value, theirs)
            rows.append({"label": form.fields[name].label, "mine": mine, "theirs": now})
    return rows


@require_http_methods(["GET", "POST"])
def venue_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change what is known of a venue."""
    venue, staff = venue_or_404(request, uid, CHANGE), staff_of(request)

    def make(data: Any, **options: Any) -> VenueForm:
        if data is None and "initial" not in options:
            known = {name: getattr(venue, name) for name in EDITABLE if name != "phone"}
            options["initial"] = {**known, "version": venue.version}
        return VenueForm(data, staff=staff, venue=venue, **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {"form": form, "heading": "修改场所", "crumbs": crumbs_of("修改", venue=venue),
                   "cancel_url": link("measures:venue_detail", uid), **more}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        version = form.cleaned_data["version"] or 0
        try:
            venue_change(venue=venue, version=version, by=staff, **form.entered())
        except StaleVersion as stale:
            typed = form.data.copy()
            typed["version"] = stale.current.version
            fresh = make(typed)
            fresh.is_valid()
            differences = _differences(fresh, stale.current)
            page = show(fresh, STALE, differences=differences, fresh_submission=True)
            raise SubmissionInvalid(page) from stale
        return {"venue": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect("measures:venue_detail", uid)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def venue_act(request: HttpRequest, uid: uuid.UUID, action: str) -> HttpResponse:
    """Notice served, closed, patrolled, reopened; a patrol that found nothing is one tap."""
    if action not in ACTIONS:
        raise Http404
    venue, staff = venue_or_404(request, uid, CHANGE), staff_of(request)
    kind, heading = ACTIONS[action]
    back = link("measures:venue_detail", uid)

    def make(data: Any, **options: Any) -> VenueEventForm:
        return VenueEventForm(data, is_patrol=kind == VenueAction.PATROLLED, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = [("场所", venue.name), ("类型", venue.kind.name), ("现在", venue.get_state_display())]
        context = {"form": form, "heading": heading, "submit": "登记", "rows": rows, "cancel_url": back,
                   "crumbs": crumbs_of(heading, venue=venue)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        event = venue_event(venue=venue, action=kind, by=staff, **form.cleaned_data)
        return {"event": str(event.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已登记{kind.label}。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def venue_event_annul(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take back an event that was entered by mistake."""
    event, staff = venue_event_or_404(request, uid, CHANGE), staff_of(request)
    venue = event.venue
    rows = [("场所", venue.name), ("事项", event.get_action_display()), ("日期", f"{event.on:%Y-%m-%d}")]

    def write(form: Any) -> dict[str, Any]:
        venue_event_void(event=event, by=staff, reason=form.cleaned_data["reason"])
        return {"event": str(uid)}

    return reason_page(request, "撤销这一条", rows, venue, write)


@require_http_methods(["GET", "POST"])
def venue_take_off(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take a venue off the register."""
    venue, staff = venue_or_404(request, uid, CHANGE), staff_of(request)
    rows = [("场所", venue.name), ("类型", venue.kind.name), ("地址", venue.address)]

    def write(form: Any) -> dict[str, Any]:
        venue_remove(venue=venue, by=staff, reason=form.cleaned_data["reason"])
        return {"venue": str(uid)}

    return reason_page(request, "撤出登记", rows, venue, write)


def reason_page(
    request: HttpRequest, heading: str, rows: list[tuple[str, str]], venue: Venue, write: Any
) -> HttpResponse:
    """A page that asks why, then takes something back."""
    back = link("measures:venue_detail", venue.uid)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": heading, "submit": heading, "rows": rows, "cancel_url": back,
                   "danger": True, "crumbs": crumbs_of(heading, venue=venue)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已{heading.removesuffix('这一条')}。")
        return redirect(back)

    return form_page(request, make=MeasureReasonForm, show=show, write=write, done=done)


@require_POST
def venue_dial(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """拨打 the person in charge: logged, then a page whose link opens the telephone."""
    venue = venue_or_404(request, uid, LOOK)
    back = link("measures:venue_detail", uid)

    def write() -> dict[str, Any]:
        access_log(
            action=AccessAction.DIAL,
            staff=staff_of(request),
            subject=venue,
            area=venue.area_id,
            request=request,
        )
        return {"venue": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        contact = {"name": venue.contact or venue.name, "phone": venue.phone}
        context = {"contact": contact, "crumbs": crumbs_of("拨打", venue=venue), "back": back}
        return render(request, "quarantine/contact_dial.html", context)

    if not venue.phone:
        messages.warning(request, "没有登记电话。")
        return redirect(back)
    return submit_once(request, write, respond)
