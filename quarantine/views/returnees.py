"""Files of returnees: the list, one file (专档), a call to a contact, and taking back a mistake."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.models import Person
from quarantine.forms.events import ReasonForm
from quarantine.listing import STATES, dress_returnees, page_by_time, state_q
from quarantine.models import CloseContact, Observation, Outcome, Returnee, ServiceRequest
from quarantine.rules.origins import OriginKind
from quarantine.services.returnees import returnee_void
from quarantine.views.access import returnee_crumbs, returnee_or_404
from quarantine.views.returnee_voided import note_voiding, voided_notice

STALE = 409
SERVICES_SHOWN = 20


@require_GET
def returnee_list(request: HttpRequest) -> HttpResponse:
    """Files of my areas, the latest found first, by state and origin."""
    require(request, "quarantine.view_returnee")
    mine = Returnee.objects.active().visible_to(staff_of(request))
    state, origin = request.GET.get("state", ""), request.GET.get("origin", "")
    state = state if state in dict(STATES) else ""
    origin = origin if origin in OriginKind.values else ""
    tally = mine.filter(origin_kind=origin) if origin else mine
    counts = tally.aggregate(
        all=Count("pk"), **{code: Count("pk", filter=state_q(code)) for code, _label in STATES}
    )
    rows = tally.filter(state_q(state)) if state else tally
    page = page_by_time(
        rows.select_related("person", "household", "area"), "found_at", request.GET.get("after", "")
    )
    dress_returnees(page.rows)
    here = link("quarantine:returnee_list", state=state, origin=origin)
    context = {
        "rows": page.rows,
        "state": state,
        "origin": origin,
        "chips": _chips(state, origin, counts),
        "origins": OriginKind.choices,
        "next_url": link("quarantine:returnee_list", state=state, origin=origin, after=page.next_mark)
        if page.next_mark
        else "",
        "first_url": here if request.GET.get("after") else "",
    }
    return render(request, "quarantine/returnee_list.html", context)


def _chips(state: str, origin: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "title": label,
            "count": counts[code or "all"],
            "url": link("quarantine:returnee_list", state=code, origin=origin),
            "is_on": code == state,
        }
        for code, label in (("", "全部"), *STATES)
    ]


@require_GET
def returnee_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """专档: facts, route, contacts, observations, who answers, services. Opening it is written to the access log."""
    if (gone := voided_notice(request, uid)) is not None:
        return gone
    returnee = returnee_or_404(request, uid, "quarantine.view_returnee")
    staff = staff_of(request)
    access_log(
        action=AccessAction.OPEN, staff=staff, subject=returnee, area=returnee.area_id, request=request
    )
    all_observations = Observation.objects.filter(person=returnee.person_id).order_by("-opened_at", "-pk")
    mine = set(all_observations.visible_to(staff).values_list("pk", flat=True))
    here = all_observations.filter(Q(returnee=returnee) | Q(state="OPEN"))
    observations = list(here.select_related("policy"))
    contacts = list(returnee.contacts.select_related("person").order_by("pk"))
    context = {
        "returnee": returnee,
        "person": returnee.person,
        "crumbs": returnee_crumbs(returnee),
        "place": returnee.area.full_name(" "),
        "legs": list(returnee.legs.all()),
        "contacts": contacts,
        "seen_people": _seen(request, [row.person_id for row in contacts] + [returnee.person_id]),
        "observations": observations,
        "seen_observations": mine,
        "is_observed": any(row.state == "OPEN" for row in observations),
        "was_observed": any(row.outcome != Outcome.VOIDED for row in observations),
        "chain": duties_for(DutyTarget(returnee.area_id, returnee.household_id, returnee.person_id)),
        "services": services_of(returnee.person_id),
        "today": timezone.localdate(),
    }
    return render(request, "quarantine/returnee_detail.html", context)


def _seen(request: HttpRequest, person_ids: list[int | None]) -> set[int]:
    """Of these people, those whose own page may be opened (one query)."""
    people = Person.objects.active().visible_to(staff_of(request))
    return set(people.filter(pk__in=[pk for pk in person_ids if pk]).values_list("pk", flat=True))


def services_of(person_id: int) -> list[ServiceRequest]:
    """What the person has asked for: what is open first, then the latest."""
    rows = ServiceRequest.objects.filter(person=person_id).select_related(
        "assigned_to", "done_by", "recorded_by"
    )
    return sorted(rows.order_by("-requested_at", "-pk")[:SERVICES_SHOWN], key=lambda row: not row.is_open)


@require_http_methods(["GET", "POST"])
def returnee_void_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """作废: the file was a mistake; it stays in the history. Sent again, the answer says that it is void."""
    if (gone := voided_notice(request, uid)) is not None:
        return gone
    returnee = returnee_or_404(request, uid, "quarantine.change_returnee")

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": "作废返乡档案",
            "crumbs": returnee_crumbs(returnee, "作废"),
            "text": "登错了人、重复建档时作废。档案不再统计，在“已作废的档案”里可以找到和恢复。",
            "rows": [("人员", returnee.person.name), ("从何地返回", returnee.origin)],
            "submit": "作废档案",
            "danger": True,
            "cancel_url": link("quarantine:returnee_detail", uid),
        }
        return render(request, "quarantine/confirm.html", context, status=status)

    def make(data: Any) -> ReasonForm:
        return ReasonForm(data, initial={"version": returnee.version}, words="作废原因", length=100)

    def write(form: Any) -> dict[str, Any]:
        values = form.cleaned_data
        try:
            returnee_void(
                returnee=returnee, version=values["version"], reason=values["reason"], by=staff_of(request)
            )
        except StaleVersion as stale:
            form.add_error(None, "刚才有人改过这份档案，请返回核对后再作废。")
            raise SubmissionInvalid(show(form, STALE)) from stale
        note_voiding(request, returnee, "作废返乡档案", values["reason"])
        return {"returnee": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "档案已作废。")
        return redirect("quarantine:returnee_list")

    return form_page(request, make=make, show=show, write=write, done=done)


@require_POST
def contact_dial(request: HttpRequest, uid: uuid.UUID, pk: int) -> HttpResponse:
    """拨打 a close contact: logged, then a page whose link opens the telephone."""
    returnee = returnee_or_404(request, uid, "quarantine.view_returnee")
    contact = get_object_or_404(CloseContact, returnee=returnee, pk=pk)

    def write() -> dict[str, Any]:
        access_log(
            action=AccessAction.DIAL,
            staff=staff_of(request),
            subject=returnee,
            area=returnee.area_id,
            detail={"contact": contact.pk},
            request=request,
        )
        return {"returnee": str(uid)}

    def respond(result: dict[str, Any]) -> HttpResponse:
        context = {
            "contact": contact,
            "crumbs": returnee_crumbs(returnee, "拨打"),
            "back": link("quarantine:returnee_detail", uid),
        }
        return render(request, "quarantine/contact_dial.html", context)

    if not contact.phone:
        messages.warning(request, "没有登记电话。")
        return redirect("quarantine:returnee_detail", uid)
    return submit_once(request, write, respond)
