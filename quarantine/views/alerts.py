"""Alerts (异常事件): the board of open ones by age, one with all that is needed to deal with it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.duties import duties_for
from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import PAGE_ROWS, link, require, staff_of
from households.doors import places_of
from quarantine.alert_board import (
    BANDS,
    COUNTED_UP_TO,
    age_words,
    band_counts,
    band_of,
    dress_alerts,
    limit_words,
)
from quarantine.alert_file import timeline
from quarantine.forms.alerts import CloseForm
from quarantine.forms.readings import symptom_names
from quarantine.models import (
    Alert,
    AlertKind,
    AlertOutcome,
    AlertState,
    Observation,
    ObservationState,
    Visit,
    VisitState,
)
from quarantine.round import rows_of, visits_to_show
from quarantine.services.alert_actions import alert_acknowledge, alert_close, can_be_measured
from quarantine.services.alert_chain import target_of
from quarantine.services.alerts import RESULT_LONGEST
from quarantine.views.round import method_of
from quarantine.where import where_of

INVALID = 422
VISITS_SHOWN = 6
STATES = (
    ("open", "待办"), ("overdue", "超时"), ("new", "待处置"), ("acknowledged", "已知悉"), ("closed", "已办结"),
)  # fmt: skip
RELATED = (
    "observation__person",
    "observation__household",
    "observation__area",
    "acknowledged_by",
    "closed_by",
)


def _in_state(rows: QuerySet[Alert], state: str, at: dt.datetime) -> QuerySet[Alert]:
    if state == "overdue":
        return rows.overdue(at)  # type: ignore[attr-defined,no-any-return]
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


def _chosen(request: HttpRequest) -> dict[str, Any]:
    """What the query asks for, as far as it is known; anything else counts as not asked."""
    asked = request.GET
    return {
        "state": state if (state := asked.get("state", "open")) in dict(STATES) else "open",
        "kind": kind if (kind := asked.get("kind", "")) in AlertKind.values else "",
        "band": band if (band := asked.get("band", "")) in {one.code for one in BANDS} else "",
    }


@require_GET
def alert_list(request: HttpRequest) -> HttpResponse:
    """The board: open alerts of the scope, the oldest first; or those closed, the latest first."""
    require(request, "quarantine.view_alert")
    staff, at = staff_of(request), timezone.now()
    where, chosen = where_of(request, staff), _chosen(request)
    is_closed = chosen["state"] == "closed"
    mine: QuerySet[Alert] = Alert.objects.visible_to(staff).filter(where.q("observation__area"))
    if chosen["kind"]:
        mine = mine.filter(kind=chosen["kind"])
    counts = band_counts(mine.exclude(state=AlertState.CLOSED), at)
    rows = _in_state(mine, chosen["state"], at)
    if chosen["band"] and not is_closed:
        rows = rows.filter(next(band for band in BANDS if band.code == chosen["band"]).q(at))
    rows = _behind(rows, request.GET.get("after", ""), is_closed=is_closed).select_related(*RELATED)
    order = ("-raised_at", "-pk") if is_closed else ("raised_at", "pk")
    found = list(rows.prefetch_related("escalations").order_by(*order)[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    dress_alerts(shown, at)
    query = {**chosen, **where.query}
    context = {
        "alerts": shown,
        **chosen,
        "states": STATES,
        "kinds": AlertKind.choices,
        "where": where,
        "bands": [(band, counts[band.code]) for band in BANDS],
        "overdue": counts["overdue"],
        "is_capped": sum(counts[band.code] for band in BANDS) >= COUNTED_UP_TO,
        "next_url": link("quarantine:alert_list", **query, after=shown[-1].uid)
        if len(found) > PAGE_ROWS
        else "",
        "first_url": link("quarantine:alert_list", **query) if "after" in request.GET else "",
    }
    return render(request, "quarantine/alert_list.html", context)


def alert_or_404(request: HttpRequest, uid: UUID) -> Alert:
    """An alert of the person's scope."""
    rows = Alert.objects.visible_to(staff_of(request)).select_related(
        *RELATED, "observation__policy", "visit"
    )
    return get_object_or_404(rows, uid=uid)


@require_GET
def alert_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One alert: what was measured, whom to call, what has been done."""
    alert = alert_or_404(request, uid)
    require(request, "quarantine.view_alert")
    access_log(
        action=AccessAction.OPEN,
        staff=staff_of(request),
        subject=alert.observation,
        area=alert.area_id,
        request=request,
    )
    return _page(request, alert)


def alert_context(request: HttpRequest, alert: Alert, at: dt.datetime) -> dict[str, Any]:
    """What the head of an alert's page and its measuring form need."""
    observation, staff = alert.observation, staff_of(request)
    age = (alert.closed_at or at) - alert.raised_at
    tone, words = limit_words(alert, at)
    return {
        "alert": alert,
        "observation": observation,
        "place": places_of([observation.area]).get(observation.area_id, ""),
        "day": observation.day_number(timezone.localdate(at)),
        "age": age_words(age),
        "band": band_of(age),
        "limit_tone": tone,
        "limit": words,
        "terms": observation.policy.parsed(),
        "method": method_of(request),
        "can_act": staff.has_perm("quarantine.change_alert"),
        "is_observed": observation.state == ObservationState.OPEN,
        "can_record": staff.has_perm("quarantine.add_reading"),
        "can_measure": can_be_measured(alert, at),
        "can_dial": staff.has_perm("households.view_person") and bool(observation.person.phone),
    }


def _page(request: HttpRequest, alert: Alert, *, status: int = 200, **extra: Any) -> HttpResponse:
    at = timezone.now()
    observation = alert.observation
    head = alert_context(request, alert, at)
    context = {
        **head,
        "rows": _rows(observation, alert.visit, at),
        "entries": timeline(alert),
        "chain": duties_for(target_of(observation)),
        "symptom_names": symptom_names(head["terms"]),
        "outcomes": AlertOutcome.choices,
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


@require_POST
def alert_update(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take notice of an alert, or close it with a result."""
    alert = alert_or_404(request, uid)
    require(request, "quarantine.change_alert")
    staff = staff_of(request)
    is_closing = request.POST.get("action") == "close"
    form = CloseForm(request.POST)

    def write() -> dict[str, Any]:
        if not is_closing:
            done = alert_acknowledge(alert=alert, by=staff)
            return {"by": str(done.acknowledged_by.uid) if done.acknowledged_by else ""}
        try:
            if not form.is_valid():
                raise ValidationError({name: list(words) for name, words in form.errors.items()})
            alert_close(alert=alert, by=staff, **form.cleaned_data)
        except ValidationError as error:
            fresh = alert_or_404(request, uid)
            page = _page(
                request,
                fresh,
                status=INVALID,
                problem=" ".join(error.messages),
                typed=request.POST.get("result", ""),
                chosen=request.POST.get("outcome", ""),
            )
            raise SubmissionInvalid(page) from error
        return {"by": str(staff.uid)}

    def respond(result: dict[str, Any]) -> HttpResponse:
        if is_closing:
            messages.success(request, "已办结，处置结果已记录。")
        elif result["by"] == str(staff.uid):
            messages.success(request, "已记下由您知悉，请跟进处置后办结。")
        else:
            messages.info(request, "已有同事先知悉，见下方记录。")
        return redirect("quarantine:alert_detail", uid)

    return submit_once(request, write, respond)
