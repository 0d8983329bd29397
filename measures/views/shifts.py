"""劝导点值守: who stands where and when, who is missing; one tap when somebody has come."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import form_page, link, require, staff_of
from measures.forms.shifts import ShiftForm, ShiftPostForm
from measures.listing import dress_places
from measures.models import Shift
from measures.services.shifts import (
    shift_arrive,
    shift_cancel,
    shift_lay,
    shift_put,
    shift_repeat,
    shift_take_off,
)
from measures.views.access import Crumbs, first_area

LOOK, ADD, CHANGE = "measures.view_shift", "measures.add_shift", "measures.change_shift"
SHOWN = 100
NEXT_DAYS = 2


def _crumbs(*titles: str) -> Crumbs:
    first = {"title": "劝导点值守", "url": link("measures:shift_list")}
    return [first, *({"title": title, "url": ""} for title in titles)]


def shift_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Shift:
    """A shift of the person's areas, or on which he stands."""
    rows = Shift.objects.visible_to(staff_of(request)).select_related("area", "recorded_by")
    shift: Shift = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return shift


def _day(request: HttpRequest) -> dt.date:
    """The day asked for, today otherwise; only days that a plan of shifts can have."""
    today = timezone.localdate()
    try:
        asked = dt.date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return today
    return asked if abs((asked - today).days) <= 366 else today


@require_GET
def shift_list(request: HttpRequest) -> HttpResponse:
    """Shifts of a day in my areas, who has come and who is missing (a constant number of queries)."""
    require(request, LOOK)
    at, on, today = timezone.now(), _day(request), timezone.localdate()
    rows: Any = Shift.objects.standing().visible_to(staff_of(request)).on(on).select_related("area")
    shifts = list(rows.prefetch_related("posts__staff").order_by("starts_at", "area__path", "pk")[:SHOWN])
    dress_places(shifts)
    missing = 0
    for shift in shifts:
        shift.people = [(post, post.is_missing(at)) for post in shift.posts.all()]
        shift.missing = sum(is_missing for _post, is_missing in shift.people)
        shift.runs = shift.is_running(at)
        missing += shift.missing
    days = [today + dt.timedelta(days=ahead) for ahead in range(-1, NEXT_DAYS + 1)]
    context = {
        "shifts": shifts,
        "missing": missing,
        "on": on,
        "days": [
            {"day": day, "url": link("measures:shift_list", on=day), "is_on": day == on} for day in days
        ],
        "is_cut": len(shifts) == SHOWN,
        "crumbs": [{"title": "劝导点", "url": link("measures:checkpoints")}, {"title": "值守", "url": ""}],
    }
    return render(request, "measures/shift_list.html", context)


@require_http_methods(["GET", "POST"])
def shift_create(request: HttpRequest) -> HttpResponse:
    """Lay down a shift."""
    require(request, ADD)
    staff = staff_of(request)

    def make(data: Any, **options: Any) -> ShiftForm:
        if data is None and "initial" not in options:
            options["initial"] = {"area": first_area(request, staff)}
        return ShiftForm(data, by=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": "排班", "submit": "保存", "crumbs": _crumbs("排班"),
                   "cancel_url": link("measures:shift_list")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"shift": str(shift_lay(by=staff, **form.entered()).uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已排班。")
        return redirect("measures:shift_detail", result["shift"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def shift_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One shift: who stands there, with a form to add somebody."""
    shift = shift_or_404(request, uid, LOOK)
    staff, at = staff_of(request), timezone.now()
    if request.method == "POST":
        require(request, CHANGE)

    def show(form: Any, status: int = 200) -> HttpResponse:
        dress_places([shift])
        posts = [
            (post, post.is_missing(at)) for post in shift.posts.select_related("staff", "arrival_by", "shift")
        ]
        may_change = staff.has_perm(CHANGE) and scope_of(staff).holds(shift.area)
        context = {"shift": shift, "posts": posts, "form": form, "may_change": may_change,
                   "runs": shift.is_running(at), "crumbs": _crumbs(shift.place)}  # fmt: skip
        return render(request, "measures/shift_detail.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        _hold(staff, shift)
        shift_put(shift=shift, staff=form.cleaned_data["staff"])
        return {"shift": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已加入班次。")
        return redirect("measures:shift_detail", uid)

    def make(data: Any, **options: Any) -> ShiftPostForm:
        return ShiftPostForm(data, by=staff, **options)

    return form_page(request, make=make, show=show, write=write, done=done)


def _hold(staff: Staff, shift: Shift) -> None:
    """Who merely stands on a shift of another area does not change it."""
    if not scope_of(staff).holds(shift.area):
        raise PermissionDenied("这个班次由所在区域的人员安排。")


def _arrive(shift: Shift, who: Staff, by: Staff) -> str:
    if who != by:
        _hold(by, shift)
    shift_arrive(shift=shift, staff=who, by=by)
    return f"{who.name}已到岗。"


def _take_off(shift: Shift, who: Staff, by: Staff) -> str:
    _hold(by, shift)
    shift_take_off(shift=shift, staff=who)
    return f"{who.name}已撤下。"


def _repeat(shift: Shift, _who: Staff, by: Staff) -> str:
    _hold(by, shift)
    again = shift_repeat(shift=shift, by=by)
    return f"已照样排到 {timezone.localtime(again.starts_at):%-m月%-d日 %H:%M}。"


def _cancel(shift: Shift, _who: Staff, by: Staff) -> str:
    _hold(by, shift)
    shift_cancel(shift=shift)
    return "班次已取消。"


TAPS: dict[str, Callable[[Shift, Staff, Staff], str]] = {
    "arrive": _arrive, "off": _take_off, "repeat": _repeat, "cancel": _cancel,
}  # fmt: skip


@require_POST
def shift_tap(request: HttpRequest, uid: uuid.UUID, tap: str) -> HttpResponse:
    """到岗, 撤下, 明天照样, 取消: one tap each. Anybody may note that he himself has come."""
    if tap not in TAPS:
        raise Http404
    shift, staff = shift_or_404(request, uid, LOOK), staff_of(request)
    who = _named(shift, request.POST.get("staff", ""), staff)
    if tap != "arrive" or who != staff:
        require(request, CHANGE)

    def write() -> dict[str, Any]:
        try:
            return {"words": TAPS[tap](shift, who, staff)}
        except ValidationError as error:
            return {"refused": " ".join(error.messages)}

    def respond(result: dict[str, Any]) -> HttpResponse:
        if refused := result.get("refused"):
            messages.warning(request, refused)
        else:
            messages.success(request, result.get("words", "已登记。"))
        return redirect("measures:shift_detail", uid)

    return submit_once(request, write, respond)


def _named(shift: Shift, uid: str, staff: Staff) -> Staff:
    """Somebody who stands on the shift, by uid as sent; nobody named: oneself."""
    if not uid:
        return staff
    try:
        wanted = uuid.UUID(uid)
    except ValueError:
        raise Http404 from None
    post = get_object_or_404(shift.posts.select_related("staff"), staff__uid=wanted)
    found: Staff = post.staff
    return found
