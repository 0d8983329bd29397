"""代办服务: somebody under follow-up needs something, somebody brings it."""

from __future__ import annotations

import uuid
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
from quarantine.forms.services import ServiceAssignForm, ServiceDoneForm, ServiceForm
from quarantine.models import Observation, Returnee, ServiceRequest
from quarantine.services.service_requests import service_assign, service_done, service_request
from quarantine.starts import home_of
from quarantine.views.access import service_or_404

CHANGE = "quarantine.change_servicerequest"
STEPS = ("assign", "done")


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
    return "/"


def _area_of(person: Person) -> Area | None:
    observation = Observation.objects.open().filter(person=person).select_related("area").first()
    if observation is not None:
        return observation.area
    home = home_of(person)
    return home.area if home else None


@require_http_methods(["GET", "POST"])
def service_create(request: HttpRequest, person_uid: uuid.UUID) -> HttpResponse:
    """Note what somebody needs."""
    person = person_or_404(request, person_uid, "quarantine.add_servicerequest")
    area = _area_of(person)
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
        return ServiceForm(data, staff=staff, **options)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def service_update(request: HttpRequest, uid: uuid.UUID, step: str) -> HttpResponse:
    """指派 or 办结."""
    if step not in STEPS:
        raise Http404
    service = service_or_404(request, uid, CHANGE)
    staff = staff_of(request)
    back = file_url(service.person, staff)
    if service.done_at is not None and request.method == "GET":
        messages.info(request, "该服务已经办结。")
        return redirect(back)
    heading = "指派办理人" if step == "assign" else "办结服务"

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": heading,
            "submit": "指派" if step == "assign" else "办结",
            "rows": _rows(service),
            "crumbs": [{"title": service.person.name, "url": back}, {"title": heading, "url": ""}],
            "cancel_url": back,
        }
        return render(request, "quarantine/service_form.html", context, status=status)

    def make(data: Any, **options: Any) -> Any:
        if step == "assign":
            options.setdefault("initial", {"assigned_to": service.assigned_to})
            return ServiceAssignForm(data, staff=staff, **options)
        return ServiceDoneForm(data, **options)

    def write(form: Any) -> dict[str, Any]:
        if step == "assign":
            service_assign(service=service, by=staff, **form.cleaned_data)
        else:
            service_done(service=service, by=staff, note=form.cleaned_data["done_note"])
        return {"service": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已指派。" if step == "assign" else "已办结。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


def _rows(service: ServiceRequest) -> list[tuple[str, Any]]:
    return [
        ("人员", service.person.name),
        ("服务", service.get_kind_display()),
        ("内容", service.request),
        ("办理人", service.assigned_to or "未指派"),
    ]
