"""Where somebody lives and what support he receives: moving out, going away, coming back, 特困供养 and the like."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.views.pages import INVALID, form_page, link, require, staff_of
from households.forms.people import (
    ResidencyAwayForm,
    ResidencyEndForm,
    ResidencyReturnForm,
    SupportEndForm,
    SupportForm,
)
from households.models import Household, Person, Residency, SupportStatus
from households.services import ConfirmationNeeded, residency_end, residency_set_away
from households.services.supports import support_add, support_end
from households.views.access import person_or_404
from households.views.people import person_crumbs

CHANGE = "households.change_person"


def _residency_or_404(request: HttpRequest, person: Person, pk: int) -> Residency:
    """An open residency of the person at a place that lies in the scope."""
    staff = staff_of(request)
    homes = Q(household__in=Household.objects.visible_to(staff).order_by().values("pk"))
    in_scope = Q(pk__in=Residency.objects.visible_to(staff).order_by().values("pk"))
    rows = (
        Residency.objects.open().filter(homes | in_scope, person=person).select_related("household", "area")
    )
    return get_object_or_404(rows, pk=pk)


def _page(request: HttpRequest, person: Person, title: str, **more: Any) -> Any:
    """A page with one short form about somebody."""

    def show(form: Any, status: int = 200, **extra: Any) -> HttpResponse:
        context = {
            "form": form,
            "person": person,
            "heading": title,
            "crumbs": person_crumbs(request, person, title),
            "cancel_url": link("households:person_detail", person.uid),
            **more,
            **extra,
        }
        return render(request, "households/person_form.html", context, status=status)

    return show


def _done(request: HttpRequest, person: Person, words: str) -> Any:
    """Back to the person while he can still be seen, else to the list."""

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, words)
        if Person.objects.visible_to(staff_of(request)).filter(pk=person.pk).exists():
            return redirect("households:person_detail", person.uid)
        return redirect("households:household_list")

    return done


def _where(residency: Residency) -> str:
    return f"{residency.area.full_name(' ')} {residency.household or residency.address_text}".strip()


@require_http_methods(["GET", "POST"])
def residency_end_page(request: HttpRequest, uid: uuid.UUID, pk: int) -> HttpResponse:
    """迁出: he no longer belongs to the household."""
    person = person_or_404(request, uid)
    residency = _residency_or_404(request, person, pk)
    require(request, CHANGE)
    show = _page(
        request, person, "迁出", facts=[("从哪里", _where(residency))], submit="确认迁出", danger=True
    )

    def write(form: Any) -> dict[str, Any]:
        residency_end(residency=residency, by=staff_of(request), **form.cleaned_data)
        return {"person": str(uid)}

    done = _done(request, person, "已登记迁出。")
    return form_page(
        request, make=lambda data, **o: ResidencyEndForm(data, **o), show=show, write=write, done=done
    )


@require_http_methods(["GET", "POST"])
def residency_away(request: HttpRequest, uid: uuid.UUID, pk: int) -> HttpResponse:
    """外出未归: he belongs to the household and is elsewhere."""
    person = person_or_404(request, uid)
    residency = _residency_or_404(request, person, pk)
    require(request, CHANGE)
    show = _page(request, person, "外出未归", facts=[("登记在", _where(residency))], submit="保存")

    def write(form: Any) -> dict[str, Any]:
        residency_set_away(residency=residency, is_away=True, by=staff_of(request), **form.cleaned_data)
        return {"person": str(uid)}

    initial = {"away_where": residency.away_where, "away_until": residency.away_until}

    def make(data: Any, **options: Any) -> ResidencyAwayForm:
        return ResidencyAwayForm(data, **{"initial": initial, **options})

    return form_page(request, make=make, show=show, write=write, done=_done(request, person, "已登记外出。"))


@require_http_methods(["GET", "POST"])
def residency_return(request: HttpRequest, uid: uuid.UUID, pk: int) -> HttpResponse:
    """已返回: he lives there again; asks once more when he is registered as living elsewhere."""
    person = person_or_404(request, uid)
    residency = _residency_or_404(request, person, pk)
    require(request, CHANGE)
    if not residency.is_away:
        raise Http404
    facts = [("回到", _where(residency)), ("外出地", residency.away_where)]
    show = _page(request, person, "已返回", facts=facts, submit="确认已返回")

    def write(form: Any) -> dict[str, Any]:
        confirmed = frozenset({"moves-in"} if form.cleaned_data["moves_in"] else ())
        try:
            residency_set_away(residency=residency, is_away=False, by=staff_of(request), confirmed=confirmed)
        except ConfirmationNeeded as needed:
            form.ask([caution.message for caution in needed.cautions])
            raise SubmissionInvalid(show(form, INVALID)) from needed
        return {"person": str(uid)}

    done = _done(request, person, "已登记返回。")
    return form_page(
        request, make=lambda data, **o: ResidencyReturnForm(data, **o), show=show, write=write, done=done
    )


@require_http_methods(["GET", "POST"])
def support_create(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Note that somebody receives support."""
    person = person_or_404(request, uid, CHANGE)
    show = _page(request, person, "登记困难群体", submit="保存", tiles="kind")

    def write(form: Any) -> dict[str, Any]:
        support_add(person=person, by=staff_of(request), **form.cleaned_data)
        return {"person": str(uid)}

    done = _done(request, person, "已登记。")
    return form_page(
        request, make=lambda data, **o: SupportForm(data, **o), show=show, write=write, done=done
    )


@require_http_methods(["GET", "POST"])
def support_end_page(request: HttpRequest, uid: uuid.UUID, pk: int) -> HttpResponse:
    """End a support."""
    person = person_or_404(request, uid)
    support = get_object_or_404(SupportStatus, pk=pk, person=person)
    require(request, CHANGE)
    facts = [("类别", support.get_kind_display()), ("开始", f"{support.started_on:%Y-%m-%d}")]
    show = _page(request, person, "结束困难群体登记", facts=facts, submit="确认结束", danger=True)

    def write(form: Any) -> dict[str, Any]:
        support_end(support=support, by=staff_of(request), **form.cleaned_data)
        return {"person": str(uid)}

    done = _done(request, person, "已结束。")
    return form_page(
        request, make=lambda data, **o: SupportEndForm(data, **o), show=show, write=write, done=done
    )
