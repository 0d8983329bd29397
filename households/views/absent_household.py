"""One absent household: what was tried, whom to call, where it is, when to go again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import INVALID, add_errors, link, require, staff_of
from households.absent import absent_rows
from households.forms.absent import AwayForm, CallForm, ContactForm, KnockForm, NextForm
from households.models import AbsentCall, AbsentContact, DoorSlip, Household, LongAbsence
from households.services.absent import (
    absence_end,
    absence_open,
    call_record,
    contact_add,
    contact_remove,
    knock_record,
    next_set,
)
from households.views.access import household_crumbs, household_or_404

LOOK, CHANGE = "households.view_household", "households.add_survey"
CALLS_SHOWN, SLIPS_SHOWN = 20, 10
STALE = "有人刚刚保存过这一户，下面是现在的情况；您填的还在，核对后再保存一次。"
SAID = {
    "knock": "已记下这次上门。", "call": "已记下电话。", "contact": "已加上联系人。", "away": "已登记长期外出。",
    "back": "已结束长期外出，今天再去看看。", "next": "已定好日期。",
}  # fmt: skip


def _page_url(household: Household) -> str:
    return link("households:absent_household", household.uid)


@require_http_methods(["GET", "POST"])
def absent_household(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The page of one household of the queue, with a form for each thing that can be done about it (`what`)."""
    household = household_or_404(request, uid, LOOK)
    if request.method != "POST":
        return _page(request, household)
    require(request, CHANGE)
    what = request.POST.get("what", "")
    if what not in SAID:
        raise BadRequest("不知道要办的是哪一件，请返回重新打开这一户。")
    form = None if what == "back" else _form(what, household, request.POST)

    def write() -> dict[str, Any]:
        if form is not None and not form.is_valid():
            raise SubmissionInvalid(_page(request, household, {what: form}, INVALID))
        try:
            _WRITES[what](request, household, form.cleaned_data if form else {})
        except StaleVersion as stale:
            messages.warning(request, STALE)
            current = Household.objects.select_related("area").get(pk=household.pk)
            again = _form(what, current, {**request.POST.dict(), "version": current.version})
            page = _page(request, current, {what: again}, 409)
            raise SubmissionInvalid(page) from stale
        except ValidationError as error:
            if form is None:
                messages.error(request, " ".join(error.messages))
                raise SubmissionInvalid(redirect(_page_url(household))) from error
            add_errors(form, error)
            raise SubmissionInvalid(_page(request, household, {what: form}, INVALID)) from error
        return {"household": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, SAID[what])
        return redirect(_page_url(household))

    return submit_once(request, write, respond)


def _form(what: str, household: Household, data: Any = None) -> forms.Form:
    if what == "call":
        contacts = list(AbsentContact.objects.standing().filter(household=household).order_by("pk"))
        return CallForm(data, prefix=None, contacts=contacts, auto_id="call-%s")
    makers: dict[str, type[forms.Form]] = {
        "knock": KnockForm, "contact": ContactForm, "away": AwayForm, "next": NextForm,
    }  # fmt: skip
    initial: dict[str, Any] = {"version": household.version} if what == "knock" else {}
    if what == "next":
        initial = {"next_on": household.next_visit_on}
    return makers[what](data, initial=initial, auto_id=f"{what}-%s")


def _page(
    request: HttpRequest, household: Household, bound: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    bound = bound or {}
    row = absent_rows([household])[0]
    row.contacts = list(AbsentContact.objects.standing().filter(household=household).order_by("pk"))
    calls = AbsentCall.objects.filter(household=household).select_related("by", "contact")
    slips = DoorSlip.objects.filter(household=household).select_related("area", "printed_by")
    ended = LongAbsence.objects.filter(household=household).exclude(ended_at=None)
    may_change = staff_of(request).has_perm(CHANGE)
    is_queued = row.household.survey_state in ("ABSENT", "VACANT") and household.closed_on is None
    context = {
        "household": household,
        "row": row,
        "today": timezone.localdate(),
        "calls": list(calls.order_by("-called_at", "-pk")[:CALLS_SHOWN]),
        "slips": list(slips.order_by("-printed_at", "-pk")[:SLIPS_SHOWN]),
        "ended": list(ended.select_related("ended_by").order_by("-ended_at")[:3]),
        "forms": {what: bound.get(what) or _form(what, household) for what in SAID if what != "back"},
        "open": next(iter(bound), ""),
        "is_queued": is_queued,
        "may_change": may_change and is_queued,
        "may_keep": may_change,
        "crumbs": household_crumbs(request, household, "无人户跟进"),
    }
    return render(request, "households/absent_household.html", context, status=status)


def _knock(request: HttpRequest, household: Household, data: dict[str, Any]) -> None:
    knock_record(household=household, by=staff_of(request), **data)


def _call(request: HttpRequest, household: Household, data: dict[str, Any]) -> None:
    call_record(household=household, by=staff_of(request), **data)


def _contact(request: HttpRequest, household: Household, data: dict[str, Any]) -> None:
    contact_add(household=household, by=staff_of(request), **data)


def _away(request: HttpRequest, household: Household, data: dict[str, Any]) -> None:
    absence_open(household=household, by=staff_of(request), **data)


def _back(request: HttpRequest, household: Household, _data: dict[str, Any]) -> None:
    if not absence_end(household=household, by=staff_of(request)):
        raise ValidationError("这一户没有登记长期外出，可能已经有人结束了。")


def _next(request: HttpRequest, household: Household, data: dict[str, Any]) -> None:
    next_set(household=household, on=data["next_on"], by=staff_of(request))


_WRITES: dict[str, Callable[[HttpRequest, Household, dict[str, Any]], None]] = {
    "knock": _knock, "call": _call, "contact": _contact, "away": _away, "back": _back, "next": _next,
}  # fmt: skip


# --- whom else to call ------------------------------------------------------------------------------------
def _contact_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> AbsentContact:
    rows: Any = AbsentContact.objects.standing().visible_to(staff_of(request)).select_related("household")
    contact: AbsentContact = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return contact


@require_POST
def absent_contact_dial(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """拨打: logged, then a page whose link opens the telephone."""
    contact = _contact_or_404(request, uid, LOOK)

    def write() -> dict[str, Any]:
        access_log(
            action=AccessAction.DIAL, staff=staff_of(request), subject=contact, area=contact.household.area_id,
            request=request,
        )  # fmt: skip
        return {"contact": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        context = {"contact": contact, "back": _page_url(contact.household)}
        return render(request, "households/absent_dial.html", context)

    return submit_once(request, write, respond)


@require_POST
def absent_contact_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take a number off; calls keep it."""
    contact = _contact_or_404(request, uid, LOOK, CHANGE)

    def write() -> dict[str, Any]:
        contact_remove(contact=contact, by=staff_of(request))
        return {"contact": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已去掉这个联系人。")
        return redirect(_page_url(contact.household))

    return submit_once(request, write, respond)
