"""Alerts (异常事件): the open ones by age, one with all that is needed to deal with it, and its two steps."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import PAGE_ROWS, link, require, staff_of
from households.doors import places_of
from quarantine.models import Alert, AlertKind, AlertState, Observation, Visit, VisitState
from quarantine.round import rows_of, visits_to_show
from quarantine.services.alert_actions import alert_acknowledge, alert_close
from quarantine.services.alerts import RESULT_LONGEST

INVALID = 422
VISITS_SHOWN = 6
STATES = (("open", "待办"), ("new", "待处置"), ("acknowledged", "已知悉"), ("closed", "已办结"))
RELATED = (
    "observation__person",
    "observation__household",
    "observation__area",
    "acknowledged_by",
    "closed_by",
)


def age_words(age: dt.timedelta) -> str:
    """How long it has been open: 刚刚, 25分钟, 3小时, 2天."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes}分钟"
    return f"{minutes // 60}小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)}天"


def _in_state(rows: QuerySet[Alert], state: str) -> QuerySet[Alert]:
    wanted = {"new": AlertState.OPEN, "acknowledged": AlertState.ACKNOWLEDGED, "closed": AlertState.CLOSED}
    return rows.filter(state=wanted[state]) if state in wanted else rows.exclude(state=AlertState.CLOSED)


def _behind(rows: QuerySet[Alert], mark: str, *, is_closed: bool) -> QuerySet[Alert]:
    """What follows the alert named by `mark` in the list's order; a broken mark counts as none."""
    try:
        last = Alert.objects.filter(uid=mark).first() if mark else None
    except ValidationError:
        last = None
    if last is None:
        return rows
    if is_closed:
        return rows.filter(Q(raised_at__lt=last.raised_at) | Q(raised_at=last.raised_at, pk__lt=last.pk))
    return rows.filter(Q(raised_at__gt=last.raised_at) | Q(raised_at=last.raised_at, pk__gt=last.pk))


@require_GET
def alert_list(request: HttpRequest) -> HttpResponse:
    """Open alerts of the scope, the oldest first; or those closed, the latest first."""
    require(request, "quarantine.view_alert")
    state = request.GET.get("state", "open")
    state = state if state in dict(STATES) else "open"
    kind = request.GET.get("kind", "")
    is_closed = state == "closed"
    rows = _in_state(Alert.objects.visible_to(staff_of(request)), state)
    if kind in AlertKind.values:
        rows = rows.filter(kind=kind)
    rows = _behind(rows, request.GET.get("after", ""), is_closed=is_closed).select_related(*RELATED)
    order = ("-raised_at", "-pk") if is_closed else ("raised_at", "pk")
    found = list(rows.order_by(*order)[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    now = timezone.now()
    places = places_of({alert.observation.area for alert in shown})
    for alert in shown:
        alert.age = age_words((alert.closed_at or now) - alert.raised_at)  # type: ignore[attr-defined]
        alert.place = places.get(alert.observation.area_id, "")  # type: ignore[attr-defined]
    context = {
        "alerts": shown,
        "state": state,
        "states": STATES,
        "kind": kind,
        "kinds": AlertKind.choices,
        "next_url": link("quarantine:alert_list", state=state, kind=kind, after=shown[-1].uid)
        if len(found) > PAGE_ROWS
        else "",
        "first_url": link("quarantine:alert_list", state=state, kind=kind) if "after" in request.GET else "",
    }
    return render(request, "quarantine/alert_list.html", context)


def _alert_or_404(request: HttpRequest, uid: UUID) -> Alert:
    rows = Alert.objects.visible_to(staff_of(request)).select_related(
        *RELATED, "observation__policy", "visit"
    )
    return get_object_or_404(rows, uid=uid)


@require_GET
def alert_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One alert: what was measured, whom to call, what has been done."""
    alert = _alert_or_404(request, uid)
    require(request, "quarantine.view_alert")
    access_log(
        action=AccessAction.OPEN,
        staff=staff_of(request),
        subject=alert.observation,
        area=alert.area_id,
        request=request,
    )
    return _page(request, alert)


def _page(request: HttpRequest, alert: Alert, *, status: int = 200, **extra: Any) -> HttpResponse:
    now = timezone.now()
    observation = alert.observation
    target = DutyTarget(observation.area_id, observation.household_id, observation.person_id)
    staff = staff_of(request)
    rows = _rows(observation, alert.visit, now)
    context = {
        "alert": alert,
        "observation": observation,
        "place": places_of([observation.area]).get(observation.area_id, ""),
        "day": observation.day_number(timezone.localdate(now)),
        "age": age_words((alert.closed_at or now) - alert.raised_at),
        "rows": rows,
        "due": next((row for row in rows if row.visit.opens_at <= now < row.visit.closes_at), None),
        "chain": duties_for(target),
        "can_act": staff.has_perm("quarantine.change_alert"),
        "can_record": staff.has_perm("quarantine.add_reading"),
        "can_dial": staff.has_perm("households.view_person") and bool(observation.person.phone),
        "result_longest": RESULT_LONGEST,
        "crumbs": [
            {"title": "异常事件", "url": link("quarantine:alert_list")},
            {"title": alert.get_kind_display()},
        ],
    }
    return render(request, "quarantine/alert_detail.html", {**context, **extra}, status=status)


def _rows(observation: Observation, visit: Visit | None, now: dt.datetime) -> list[Any]:
    """The visit of the alert and those around it, the latest first, with their readings."""
    begun = Q(opens_at__lte=now) | Q(pk=visit.pk if visit else None)
    near = observation.visits.filter(begun).exclude(state=VisitState.CANCELLED)
    if visit is not None:
        near = near.filter(opens_at__gte=visit.opens_at - dt.timedelta(days=1))
    ids = list(near.order_by("-opens_at").values_list("pk", flat=True)[:VISITS_SHOWN])
    if visit is not None and visit.pk not in ids:
        ids[-1:] = [visit.pk]
    visits = sorted(
        visits_to_show(Visit.objects.filter(pk__in=ids)), key=lambda one: one.opens_at, reverse=True
    )
    return rows_of(visits, now)


class ResultForm(forms.Form):
    """What came of it."""

    result = forms.CharField(
        label="处置结果",
        max_length=RESULT_LONGEST,
        error_messages={"required": "请填写处置结果,例如:复测36.8℃,无症状,继续观察。"},
    )


@require_POST
def alert_update(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take notice of an alert, or close it with a result."""
    alert = _alert_or_404(request, uid)
    require(request, "quarantine.change_alert")
    staff = staff_of(request)
    is_closing = request.POST.get("action") == "close"
    form = ResultForm(request.POST)

    def write() -> dict[str, Any]:
        if not is_closing:
            done = alert_acknowledge(alert=alert, by=staff)
            return {"by": str(done.acknowledged_by.uid) if done.acknowledged_by else ""}
        try:
            if not form.is_valid():
                raise ValidationError({"result": form.errors["result"]})
            alert_close(alert=alert, result=form.cleaned_data["result"], by=staff)
        except ValidationError as error:
            fresh = _alert_or_404(request, uid)
            page = _page(
                request,
                fresh,
                status=INVALID,
                problem=" ".join(error.messages),
                typed=request.POST.get("result", ""),
            )
            raise SubmissionInvalid(page) from error
        return {"by": str(staff.uid)}

    def respond(result: dict[str, Any]) -> HttpResponse:
        if is_closing:
            messages.success(request, "已办结,处置结果已记录。")
        elif result["by"] == str(staff.uid):
            messages.success(request, "已记下由您知悉,请跟进处置后办结。")
        else:
            messages.info(request, "已有同事先知悉,见下方记录。")
        return redirect("quarantine:alert_detail", uid)

    return submit_once(request, write, respond)
