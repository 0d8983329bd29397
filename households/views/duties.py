"""Who answers for one household (包户) or one person (包人): assign, change, end."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.forms.staff import EndForm
from grassroots.grid.models import DutyKind
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.forms.duties import OwnDutyEditForm, OwnDutyForm
from households.models import Household, HouseholdDuty, Person, PersonDuty
from households.services.duties import OwnDuty, duty_assign, duty_edit, own_duty_end
from households.views.access import Crumbs, household_crumbs, household_or_404, person_or_404
from households.views.people import person_crumbs

# The kind of duty that is offered first; any other can be chosen.
USUAL_KIND = {"household": "group", "person": "health"}


def _place(request: HttpRequest, target: Household | Person, title: str) -> tuple[Crumbs, str]:
    """The way to the page, and where it goes back to."""
    if isinstance(target, Household):
        return household_crumbs(request, target, title), link("households:household_detail", target.uid)
    return person_crumbs(request, target, title), link("households:person_detail", target.uid)


def _form_pages(request: HttpRequest, target: Household | Person, title: str, **more: Any) -> tuple[Any, Any]:
    """How a form about a duty is shown, and where it leads when it is done."""
    crumbs, back = _place(request, target, title)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "target": target,
            "crumbs": crumbs,
            "heading": title,
            "cancel_url": back,
            **more,
        }
        return render(request, "households/duty_form.html", context, status=status)

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect(back)

    return show, done


def _assign(request: HttpRequest, target: Household | Person) -> HttpResponse:
    by = staff_of(request)
    usual = DutyKind.objects.filter(
        code=USUAL_KIND["household" if isinstance(target, Household) else "person"]
    )

    def make(data: Any, **options: Any) -> OwnDutyForm:
        initial = {"kind": usual.first()}
        return OwnDutyForm(data, by=by, **{"initial": initial, **options})

    def write(form: Any) -> dict[str, Any]:
        return {"duty": duty_assign(target=target, by=by, **form.cleaned_data).pk}

    show, done = _form_pages(request, target, "指定责任人", submit="保存")
    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def household_duty_create(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """包户: somebody answers for this household."""
    return _assign(request, household_or_404(request, uid, "households.add_householdduty"))


@require_http_methods(["GET", "POST"])
def person_duty_create(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """包人: somebody answers for this person."""
    return _assign(request, person_or_404(request, uid, "households.add_personduty"))


def _duty_or_404(request: HttpRequest, on: str, pk: int) -> tuple[OwnDuty, Household | Person]:
    """A duty whose household or person lies in the scope, with its target; 403 without the right to change it."""
    staff = staff_of(request)
    if on == "household":
        rows = HouseholdDuty.objects.filter(household__in=Household.objects.visible_to(staff).values("pk"))
        duty: Any = get_object_or_404(
            rows.select_related("household__area", "kind", "staff", "deputy"), pk=pk
        )
        require(request, "households.change_householdduty")
        return duty, duty.household
    if on == "person":
        people = PersonDuty.objects.filter(person__in=Person.objects.active().visible_to(staff).values("pk"))
        duty = get_object_or_404(people.select_related("person", "kind", "staff", "deputy"), pk=pk)
        require(request, "households.change_personduty")
        return duty, duty.person
    raise Http404


@require_http_methods(["GET", "POST"])
def duty_edit_page(request: HttpRequest, on: str, pk: int) -> HttpResponse:
    """Change deputy and dates."""
    duty, target = _duty_or_404(request, on, pk)
    by = staff_of(request)
    names = ("standin_from", "standin_to", "valid_to")
    now = {name: getattr(duty, name) for name in names} | {"deputy": duty.deputy}

    def make(data: Any, **options: Any) -> OwnDutyEditForm:
        return OwnDutyEditForm(data, by=by, keeps=duty.deputy_id, **{"initial": now, **options})

    def write(form: Any) -> dict[str, Any]:
        return {"duty": duty_edit(duty=duty, by=by, **form.cleaned_data).pk}

    show, done = _form_pages(request, target, "修改责任人", duty=duty, submit="保存")
    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def duty_end_page(request: HttpRequest, on: str, pk: int) -> HttpResponse:
    """He answers for it no longer."""
    duty, target = _duty_or_404(request, on, pk)

    def write(form: Any) -> dict[str, Any]:
        own_duty_end(duty=duty, on=form.cleaned_data["on"], by=staff_of(request))
        return {"duty": pk}

    show, done = _form_pages(request, target, "结束责任人", duty=duty, submit="确认结束", danger=True)
    return form_page(request, make=lambda data, **o: EndForm(data, **o), show=show, write=write, done=done)
