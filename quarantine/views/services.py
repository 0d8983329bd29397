"""代办服务: somebody under follow-up needs something; who brings it, by when, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import Area, Staff
from grassroots.grid.views.pages import form_page, link, staff_of
from households.models import Person
from households.views.access import person_or_404
from quarantine.forms.services import (
    ServiceAssignForm,
    ServiceDoneForm,
    ServiceDropForm,
    ServiceForm,
    ServiceReceivedForm,
)
from quarantine.models import Observation, Returnee, ServiceRequest, ServiceState
from quarantine.services.service_requests import (
    service_assign,
    service_done,
    service_drop,
    service_received,
    service_request,
)
from quarantine.serving import server_for
from quarantine.starts import home_of
from quarantine.views.access import service_or_404

CHANGE = "quarantine.change_servicerequest"


def file_url(person: Person, staff: Staff) -> str:
    """Where the person's services are shown: his observation, his file, or his own page, as far as it may be seen."""
    observation = (
        Observation.objects.visible_to(staff).filter(person=person).order_by("-state", "-pk").first()
    )
    if observation is not None:
        return link("quarantine:observation_detail", observation.uid)
    returnee = Returnee.objects.active().visible_to(staff).filter(person=person).order_by("-pk").first()
    if returnee is not None:
        return link("quarantine:returnee_detail", returnee.uid)
    if Person.objects.active().visible_to(staff).filter(pk=person.pk).exists():
        return link("households:person_detail", person.uid)
    return link("quarantine:service_round")


def area_of(person: Person) -> Area | None:
    """Where somebody is to be served: where he is under observation, else where he lives."""
    observation = Observation.objects.open().filter(person=person).select_related("area").first()
    if observation is not None:
        return observation.area
    home = home_of(person)
    return home.area if home else None


@require_http_methods(["GET", "POST"])
def service_create(request: HttpRequest, person_uid: uuid.UUID) -> HttpResponse:
    """Note what somebody needs; his named service person is suggested."""
    person = person_or_404(request, person_uid, "quarantine.add_servicerequest")
    area = area_of(person)
    if area is None:
        raise PermissionDenied(f"{person.name}没有登记现住处，不能登记服务需求。")
    staff = staff_of(request)
    back = file_url(person, staff)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": "登记服务需求",
            "submit": "登记",
            "rows": [("人员", person.name), ("地点", area.full_name(" "))],
            "crumbs": [{"title": person.name, "url": back}, {"title": "登记服务需求", "url": ""}],
            "cancel_url": back,
        }
        return render(request, "quarantine/service_form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        service = service_request(person=person, area=area, by=staff, **form.cleaned_data)
        return {"service": str(service.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已登记。")
        return redirect(back)

    def make(data: Any, **options: Any) -> ServiceForm:
        if data is None and "initial" not in options:
            options["initial"] = {"assigned_to": _suggested(person, area, staff)}
        return ServiceForm(data, staff=staff, **options)

    return form_page(request, make=make, show=show, write=write, done=done)


def _suggested(person: Person, area: Area, staff: Staff) -> Staff | None:
    """The person's service person, where whoever types may name him."""
    server = server_for(person, area.pk)
    if server is None:
        return None
    return server if Staff.objects.active().visible_to(staff).filter(pk=server.pk).exists() else None


@dataclass(frozen=True)
class Step:
    """One step of a request as a page: from which states, what its form and button are, what it writes."""

    heading: str
    submit: str
    done: str
    states: tuple[ServiceState, ...]
    write: Callable[[ServiceRequest, Any, Staff], Any]


def _assign(service: ServiceRequest, form: Any, by: Staff) -> None:
    service_assign(service=service, by=by, **form.cleaned_data)


def _done(service: ServiceRequest, form: Any, by: Staff) -> None:
    service_done(service=service, by=by, note=form.cleaned_data["done_note"])


def _received(service: ServiceRequest, form: Any, by: Staff) -> None:
    service_received(service=service, by=by, **form.cleaned_data)


def _drop(service: ServiceRequest, form: Any, by: Staff) -> None:
    service_drop(service=service, by=by, **form.cleaned_data)


_OPEN = (ServiceState.ASKED, ServiceState.ASSIGNED)
STEPS = {
    "assign": Step("指派办理人", "指派", "已指派。", _OPEN, _assign),
    "done": Step("办结服务", "办结", "已办结。", _OPEN, _done),
    "received": Step("本人签收", "登记签收", "已登记签收。", (ServiceState.DONE,), _received),
    "drop": Step("不办或撤回", "确定", "已登记。", _OPEN, _drop),
}


def _form_of(step: str, service: ServiceRequest, staff: Staff, data: Any, options: dict[str, Any]) -> Any:
    if step == "assign":
        options.setdefault("initial", {"assigned_to": service.assigned_to})
        return ServiceAssignForm(data, staff=staff, **options)
    forms = {"done": ServiceDoneForm, "received": ServiceReceivedForm, "drop": ServiceDropForm}
    return forms[step](data, **options)


def _why_not(service: ServiceRequest, kind: Step) -> str:
    if service.state in kind.states:
        return ""
    if service.done_at is None:
        words = service.get_state_display()
        return "该服务还没有办结。" if service.is_open else f"该服务{words}。"
    return "该服务已经办结。" if service.state == ServiceState.DONE else "该服务已经签收。"


@require_http_methods(["GET", "POST"])
def service_update(request: HttpRequest, uid: uuid.UUID, step: str) -> HttpResponse:
    """指派, 办结, 签收, or not done after all."""
    if step not in STEPS:
        raise Http404
    service = service_or_404(request, uid, CHANGE)
    staff, kind = staff_of(request), STEPS[step]
    back = file_url(service.person, staff)
    if request.method == "GET" and (why := _why_not(service, kind)):
        messages.info(request, why)
        return redirect(back)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": kind.heading,
            "submit": kind.submit,
            "rows": _rows(service),
            "crumbs": [{"title": service.person.name, "url": back}, {"title": kind.heading, "url": ""}],
            "cancel_url": back,
        }
        return render(request, "quarantine/service_form.html", context, status=status)

    def make(data: Any, **options: Any) -> Any:
        return _form_of(step, service, staff, data, options)

    def write(form: Any) -> dict[str, Any]:
        kind.write(service, form, staff)
        return {"service": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, kind.done)
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


def _rows(service: ServiceRequest) -> list[tuple[str, Any]]:
    return [
        ("人员", service.person.name),
        ("服务", service.get_kind_display()),
        ("内容", service.request),
        ("办理人", service.assigned_to or "未指派"),
    ]
