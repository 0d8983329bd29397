"""Steps of dealing with an alert, each a form: second measurement, transfer and arrival, call, other; one annulled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import Staff
from grassroots.grid.views.pages import form_page, link, require, staff_of
from quarantine.forms.alerts import AnnulForm, ArriveForm, NoteForm, SecondForm, TransferForm
from quarantine.forms.readings import symptom_names
from quarantine.models import ActionKind, Alert, AlertAction, AlertState
from quarantine.services.alert_actions import (
    Measured,
    alert_annul,
    alert_arrive,
    alert_contact,
    alert_measure,
    alert_transfer,
)
from quarantine.views.alerts import alert_context, alert_or_404
from quarantine.views.round import remember_method

CHANGE, RECORD = "quarantine.change_alert", "quarantine.add_reading"
Values = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A step in words: its page, its form, its service."""

    title: str
    lead: str
    form: type[forms.Form]
    write: Callable[[Alert, Values, Staff], Any]
    said: str


def _contact(kind: ActionKind) -> Callable[[Alert, Values, Staff], Any]:
    return lambda alert, values, by: alert_contact(alert=alert, kind=kind, by=by, **values)


STEPS = {
    "phone": Step(
        "电话联系", "记下和谁通了话、现在怎样。", NoteForm, _contact(ActionKind.PHONE), "已记下。"
    ),
    "other": Step(
        "其他处置", "如：上门查看、民警劝导、送药。", NoteForm, _contact(ActionKind.OTHER), "已记下。"
    ),
    "transfer": Step(
        "转送发热门诊", "由专车防护转送，有人陪同，不能让本人自行前往。", TransferForm,
        lambda alert, values, by: alert_transfer(alert=alert, by=by, **values),
        "已记下转送。人住院或不再居家观察的，另在观察档案办理“转送”。",
    ),
}  # fmt: skip


def _facts(alert: Alert) -> list[tuple[str, Any]]:
    return [
        ("人员", alert.observation.person.name),
        ("异常", alert.get_kind_display()),
        ("发生", f"{timezone.localtime(alert.raised_at):%m-%d %H:%M}"),
    ]


def _form_page(
    request: HttpRequest, alert: Alert, step: Step, *, can_be_closed: bool = False
) -> HttpResponse:
    """A step's form in a box, written once; one that is closed already leads back."""
    back = link("quarantine:alert_detail", alert.uid)
    if request.method == "GET" and alert.state == AlertState.CLOSED and not can_be_closed:
        messages.info(request, "该异常事件已经办结。")
        return redirect(back)

    def make(data: Any, **options: Any) -> forms.Form:
        return step.form(data, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": step.title,
            "text": step.lead,
            "rows": _facts(alert),
            "crumbs": [
                {"title": "异常事件", "url": link("quarantine:alert_list")},
                {"title": alert.get_kind_display(), "url": back},
                {"title": step.title},
            ],
            "cancel_url": back,
        }
        return render(request, "quarantine/alert_act.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        step.write(alert, form.values(), staff_of(request))
        return {"alert": str(alert.uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, step.said)
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def alert_act(request: HttpRequest, uid: UUID, step: str) -> HttpResponse:
    """One step: second (复测), transfer, phone or other."""
    alert = alert_or_404(request, uid)
    require(request, CHANGE)
    if step == "second":
        require(request, RECORD)
        return _measure(request, alert)
    if step not in STEPS:
        raise Http404
    return _form_page(request, alert, STEPS[step])


def _measure(request: HttpRequest, alert: Alert) -> HttpResponse:
    """复测: the form stands on the alert's page; here is where it is sent, and shown again with what was wrong."""
    back = link("quarantine:alert_detail", alert.uid)
    terms = alert.observation.policy.parsed()

    def make(data: Any, **options: Any) -> forms.Form:
        return SecondForm(data, terms=terms, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            **alert_context(request, alert, timezone.now()),
            "form": form,
            "symptom_names": symptom_names(terms),
            "checked": request.POST.getlist("symptoms"),
            "typed": request.POST.get("temperature", ""),
            "is_closing": bool(request.POST.get("is_closing")),
            "back_url": back,
            "crumbs": [
                {"title": "异常事件", "url": link("quarantine:alert_list")},
                {"title": alert.get_kind_display(), "url": back},
                {"title": "复测"},
            ],
        }
        return render(request, "quarantine/alert_second.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        sent = form.cleaned_data
        measured = alert_measure(
            alert=alert, temperature=sent["temperature"], symptoms=sent["symptoms"], method=sent["method"],
            is_closing=sent["is_closing"], by=staff_of(request),
        )  # fmt: skip
        return {"tone": (words := _said(measured))[0], "words": words[1]}

    def done(result: dict[str, Any]) -> HttpResponse:
        remember_method(request, request.POST.get("method", ""))
        tell = {"ok": messages.success, "warn": messages.warning}[result["tone"]]
        tell(request, result["words"])
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


def _said(measured: Measured) -> tuple[str, str]:
    """What the measurement means for what is to be done now."""
    reading = measured.reading
    if measured.is_closed:
        return "ok", f"复测{reading.temperature}℃正常，已办结。"
    if reading.is_abnormal:
        return "warn", f"复测{reading.temperature}℃，仍异常：请人留在家中，安排专车转送发热门诊。"
    if reading.is_low:
        return "warn", f"复测{reading.temperature}℃偏低，不能当作正常，请回暖后再测一次。"
    return "ok", f"复测{reading.temperature}℃已记录，可以填写结果办结。"


def _action_or_404(request: HttpRequest, uid: UUID) -> AlertAction:
    rows = AlertAction.objects.visible_to(staff_of(request)).select_related("alert__observation__person")
    action = get_object_or_404(rows, uid=uid)
    require(request, CHANGE)
    return action


@require_http_methods(["GET", "POST"])
def alert_arrive_page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The transfer has arrived."""
    action = _action_or_404(request, uid)
    if action.kind != ActionKind.TRANSFER:
        raise Http404
    lead = f"{action.vehicle}，{action.escort}陪送，送往{action.destination}。"
    step = Step(
        "登记到达", lead, ArriveForm, lambda _alert, values, by: alert_arrive(action=action, by=by, **values),
        "已登记到达。",
    )  # fmt: skip
    return _form_page(request, action.alert, step)


@require_http_methods(["GET", "POST"])
def alert_annul_page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A step was recorded wrongly."""
    action = _action_or_404(request, uid)
    lead = f"“{action.get_kind_display()}”这条记录不会删除，会划去保留。"
    if action.kind == ActionKind.CLOSED:
        lead = "办结会撤销，该异常事件重新待办；原来的结果划去保留。"
    step = Step(
        "更正处置记录", lead, AnnulForm, lambda _alert, values, by: alert_annul(action=action, by=by, **values),
        "已更正，原记录划去保留。",
    )  # fmt: skip
    return _form_page(request, action.alert, step, can_be_closed=action.kind == ActionKind.CLOSED)
