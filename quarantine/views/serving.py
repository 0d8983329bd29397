"""Services at work: the board by age, the daily round with one tap, and who is left without a carer."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.models import Staff
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import link, require, staff_of
from households.models import Household, Person
from households.views.access import person_or_404
from quarantine.models import ServiceHow, ServiceKind, ServiceRequest, ServiceSource, ServiceState
from quarantine.services.service_requests import (
    LONGEST,
    service_assign,
    service_done,
    service_received,
    service_request,
)
from quarantine.serving import neglected, neglected_reason, round_of, server_for, stops_of
from quarantine.views.access import service_or_404
from quarantine.views.services import CHANGE, area_of
from quarantine.where import where_of

LOOK = "quarantine.view_servicerequest"
ROWS = 50
VIEWS = (("", "待办"), ("overdue", "已超时"), ("done", "待签收"), ("closed", "已了结"))
CARE_WITHIN = dt.timedelta(hours=4)
# One tap: what it says.
TAPS = {
    "take": "我来办",
    "door": "已送到门口",
    "hand": "已当面交付",
    "phone": "电话确认收到",
    "seen": "当面确认收到",
}
HOW = {"phone": ServiceHow.PHONE, "seen": ServiceHow.SEEN}


def _in_view(rows: QuerySet[ServiceRequest], view: str, at: dt.datetime) -> Any:
    if view == "overdue":
        return rows.overdue(at)  # type: ignore[attr-defined]
    if view == "done":
        return rows.filter(state=ServiceState.DONE)
    if view == "closed":
        return rows.filter(state__in=[ServiceState.RECEIVED, ServiceState.DECLINED, ServiceState.WITHDRAWN])
    return rows.open()  # type: ignore[attr-defined]


def _page(rows: Any, view: str, mark: str) -> tuple[list[ServiceRequest], str]:
    """What waits longest first (closed ones: the latest first), from behind `mark` ('<ISO time>~<id>')."""
    name = "due_at" if view == "overdue" else "requested_at"
    moment, _sep, pk = mark.rpartition("~")
    side = "lt" if view == "closed" else "gt"
    try:
        at, last = dt.datetime.fromisoformat(moment), int(pk)
    except ValueError:
        at, last = None, 0
    if at is not None and at.tzinfo is not None:
        rows = rows.filter(Q(**{f"{name}__{side}": at}) | Q(**{name: at, f"pk__{side}": last}))
    order = (f"-{name}", "-pk") if view == "closed" else (name, "pk")
    found = list(rows.select_related("person", "area", "assigned_to").order_by(*order)[: ROWS + 1])
    end = found[ROWS - 1] if len(found) > ROWS else None
    return found[:ROWS], f"{getattr(end, name).isoformat()}~{end.pk}" if end else ""


@require_GET
def service_list(request: HttpRequest) -> HttpResponse:
    """Requests of my areas: what is to be done, what is overdue and for how long, what waits for the receipt."""
    require(request, LOOK)
    at = timezone.now()
    where = where_of(request, staff_of(request))
    mine = ServiceRequest.objects.visible_to(staff_of(request)).filter(where.q())
    view = request.GET.get("view", "")
    view = view if view in dict(VIEWS) else ""
    found, mark = _page(_in_view(mine, view, at), view, request.GET.get("after", ""))
    open_q = Q(state__in=[ServiceState.ASKED, ServiceState.ASSIGNED])
    unsettled = mine.filter(state__in=[ServiceState.ASKED, ServiceState.ASSIGNED, ServiceState.DONE])
    counts = unsettled.aggregate(
        open=Count("pk", filter=open_q),
        overdue=Count("pk", filter=open_q & Q(due_at__lt=at)),
        done=Count("pk", filter=Q(state=ServiceState.DONE)),
    )
    numbers = {"": counts["open"], "overdue": counts["overdue"], "done": counts["done"]}
    stops = {stop.service.pk: stop for stop in stops_of(found, at)}
    context = {
        "stops": [stops[service.pk] for service in found],
        "view": view,
        "where": where,
        "chips": [
            {
                "title": title,
                "count": numbers.get(code),
                "url": link("quarantine:service_list", view=code, **where.query),
                "is_on": code == view,
            }
            for code, title in VIEWS
        ],
        "next_url": link("quarantine:service_list", view=view, **where.query, after=mark) if mark else "",
    }
    return render(request, "quarantine/service_list.html", context)


@require_GET
def service_round(request: HttpRequest) -> HttpResponse:
    """What I have to bring today, door by door."""
    require(request, LOOK)
    at = timezone.now()
    found = round_of(staff_of(request), at)
    people = {stop.service.person_id for stop in (*found.mine, *found.free, *found.brought)}
    mine = Person.objects.active().visible_to(staff_of(request)).filter(pk__in=people)
    context = {
        "reachable": set(mine.values_list("pk", flat=True)),
        "round": found,
        "sections": [
            ("mine", "要办的", found.mine),
            ("free", "还没有人办（您是服务人员）", found.free),
            ("brought", "已办，等本人签收", found.brought),
        ],
        "may": staff_of(request).has_perm(CHANGE),
        "overdue": sum(stop.is_overdue for stop in found.mine),
    }
    return render(request, "quarantine/service_round.html", context)


@require_POST
def service_tap(request: HttpRequest, uid: uuid.UUID, tap: str) -> HttpResponse:
    """One tap of the round: taken, brought, or confirmed."""
    if tap not in TAPS:
        raise Http404
    service = service_or_404(request, uid, CHANGE)
    staff = staff_of(request)

    def write() -> dict[str, Any]:
        try:
            _tap(service, tap, staff)
        except ValidationError as error:
            for words in error.messages:
                messages.error(request, words)
            raise SubmissionInvalid(redirect(link("quarantine:service_round"))) from error
        return {"service": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"{service.get_kind_display()}：{TAPS[tap]}。")
        return redirect(link("quarantine:service_round"))

    return submit_once(request, write, respond)


def _tap(service: ServiceRequest, tap: str, staff: Staff) -> None:
    if tap == "take":
        service_assign(service=service, assigned_to=staff, by=staff)
    elif tap in HOW:
        service_received(service=service, how=HOW[tap], by=staff)
    else:
        service_done(service=service, note=TAPS[tap], by=staff)


# --- left alone -------------------------------------------------------------------------------------------
@require_GET
def left_alone_list(request: HttpRequest) -> HttpResponse:
    """Who needs care and has nobody at home to give it, because the carers are isolated."""
    require(request, LOOK, "households.view_person")
    staff, at = staff_of(request), timezone.now()
    after = None
    if sent := request.GET.get("after", ""):
        try:
            after = Household.objects.visible_to(staff).select_related("area").filter(uid=sent).first()
        except ValidationError:
            after = None
    page = neglected(staff, at, after)
    context = {
        "rows": page.rows,
        "is_first": after is None,
        "next_url": link("quarantine:left_alone", after=page.next_uid) if page.next_uid else "",
        "may_ask": staff.has_perm("quarantine.add_servicerequest"),
    }
    return render(request, "quarantine/left_alone.html", context)


def _household_of(person: Person, staff: Staff) -> Household:
    rows = Household.objects.open().visible_to(staff)
    return get_object_or_404(
        rows, residencies__person=person, residencies__ended_on=None, residencies__is_away=False
    )


@require_POST
def left_alone_ask(request: HttpRequest, person_uid: uuid.UUID) -> HttpResponse:
    """One step: a request that somebody looks after him, given to his service person."""
    person = person_or_404(request, person_uid, "quarantine.add_servicerequest")
    staff, at = staff_of(request), timezone.now()
    house, area = _household_of(person, staff), area_of(person)
    if area is None:
        raise PermissionDenied(f"{person.name}没有登记现住处，不能登记服务需求。")

    def refuse(words: str) -> SubmissionInvalid:
        messages.warning(request, words)
        return SubmissionInvalid(redirect(link("quarantine:left_alone")))

    def write() -> dict[str, Any]:
        reason = neglected_reason(person, house, at)
        if reason is None:
            raise refuse(f"{person.name}家里已有人照料，不用登记。")
        if ServiceRequest.objects.open().filter(person=person, kind=ServiceKind.OTHER).exists():
            raise refuse(f"{person.name}已有待办的服务，请在服务列表里办理。")
        server = server_for(person, area.pk)
        service = service_request(
            person=person, area=area, kind=ServiceKind.OTHER, source=ServiceSource.OFFICER, by=staff, at=at,
            request=f"无人照料，请上门查看饮食、用药和安全：{reason.words}"[:LONGEST], assigned_to=server,
            due_at=at + CARE_WITHIN,
        )  # fmt: skip
        return {"service": str(service.uid), "is_given": server is not None}

    def respond(result: dict[str, Any]) -> HttpResponse:
        words = "已交给服务人员办理" if result["is_given"] else "已登记，还没有办理人，请指派"
        messages.success(request, f"{words}，时限4小时。")
        return redirect(link("quarantine:left_alone"))

    return submit_once(request, write, respond)
