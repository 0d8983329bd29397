"""One household: add, look, change, close."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.forms.household import HouseholdCloseForm, HouseholdCreateForm, HouseholdEditForm
from households.models import (
    CommitmentLetter,
    Household,
    HouseholdDuty,
    Residency,
    Survey,
    SurveyPhoto,
    SurveyState,
)
from households.rules.outcomes import NOBODY_MET
from households.services import StaleVersion, household_close, household_open, household_update
from households.views.access import area_crumbs, household_crumbs, household_or_404, open_area_or_404

SURVEYS_SHOWN = 20
PHOTOS_SHOWN = 12
STALE = 409


@require_http_methods(["GET", "POST"])
def household_create(request: HttpRequest) -> HttpResponse:
    """Add a door. `?area=` settles the place; without it, it is looked for among those of the scope."""
    area = open_area_or_404(request, request.GET["area"]) if "area" in request.GET else None
    require(request, "households.add_household")
    by = staff_of(request)

    def make(data: Any, **options: Any) -> HouseholdCreateForm:
        return HouseholdCreateForm(data, staff=by, area=area, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = (
            area_crumbs(request, area)
            if area
            else [{"title": "住户", "url": link("households:household_list")}]
        )
        cancel_url = link("households:household_list", area=area.pk if area else "")
        context = {
            "form": form,
            "area": area,
            "crumbs": [*crumbs, {"title": "加一户", "url": ""}],
            "cancel_url": cancel_url,
        }
        return render(request, "households/household_create.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        try:
            household = household_open(area=form.cleaned_data["area"], **form.values(), by=by)
        except ValidationError as error:
            raise form.in_its_words(error) from error
        return {"household": str(household.uid), "survey": "survey" in request.POST}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已加上这一户。")
        page = "households:survey_create" if result["survey"] else "households:household_detail"
        return redirect(page, result["household"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_GET
def household_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Who lives there, what was found at the door, who answers for it, and the doors before and after."""
    household = household_or_404(request, uid, "households.view_household")
    staff = staff_of(request)
    living = (
        Residency.objects.open().filter(household=household).select_related("person").order_by("order", "pk")
    )
    residencies = list(living.prefetch_related("person__supports"))
    doors_here = Household.objects.open().visible_to(staff).filter(area=household.area_id)
    before = doors_here.before(household).order_by("-walk_key", "-pk").first()
    surveys = surveys_of(household)
    answered = next((one for one in surveys if one.outcome not in NOBODY_MET), None)
    photos = SurveyPhoto.objects.filter(survey__household=household).select_related("person")
    context: dict[str, Any] = {
        "household": household,
        "crumbs": household_crumbs(request, household),
        "here": [row for row in residencies if not row.is_away],
        "away": [row for row in residencies if row.is_away],
        "surveys": surveys,
        "signature": next((one.signature for one in surveys if hasattr(one, "signature")), None),
        "proxy": answered if answered is not None and answered.is_proxy else None,
        "photos": list(photos.order_by("-pk")[:PHOTOS_SHOWN]),
        "letters": list(CommitmentLetter.objects.filter(household=household).order_by("-signed_at")[:5]),
        "chain": duties_for(DutyTarget(household.area_id, household_id=household.pk)),
        "own_duties": own_duties(household),
        "previous": before,
        "next": doors_here.beyond(household).in_walking_order().first(),
        "is_absent": household.survey_state == SurveyState.ABSENT,
    }
    return render(request, "households/household_detail.html", context)


def surveys_of(household: Household) -> list[Survey]:
    """The latest knocks, with who knocked."""
    rows = Survey.objects.filter(household=household).select_related("staff", "letter", "signature")
    rows = rows.defer("signature__strokes")
    return list(rows.order_by("-visited_at", "-pk")[:SURVEYS_SHOWN])


def own_duties(household: Household) -> list[HouseholdDuty]:
    """Duties on just this household, in force or to come."""
    rows = HouseholdDuty.objects.filter(household=household).select_related("kind", "staff", "deputy")
    return list(rows.exclude(valid_to__lt=timezone.localdate()).order_by("kind__order", "pk"))


@require_http_methods(["GET", "POST"])
def household_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change a household's own fields; a stale save shows both values and writes nothing."""
    household = household_or_404(request, uid, "households.change_household")
    by = staff_of(request)

    def make(data: Any, **options: Any) -> HouseholdEditForm:
        return HouseholdEditForm(data, household=household, **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {
            "form": form,
            "household": household,
            "crumbs": household_crumbs(request, household, "修改"),
            "cancel_url": link("households:household_detail", uid),
            **more,
        }
        return render(request, "households/household_edit.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        version = form.cleaned_data["version"]
        try:
            household_update(household=household, version=version, changes=form.values(), by=by)
        except StaleVersion as stale:
            again = make({**request.POST.dict(), "version": stale.current.version})
            page = show(again, STALE, differences=stale.differences, fresh_submission=True)
            raise SubmissionInvalid(page) from stale
        return {"household": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect("households:household_detail", result["household"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def household_close_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """销户, or the people who must be moved out before."""
    household = household_or_404(request, uid, "households.change_household")

    def show(form: Any, status: int = 200) -> HttpResponse:
        living = Residency.objects.open().filter(household=household).select_related("person")
        context = {
            "form": form,
            "household": household,
            "residencies": list(living.order_by("order", "pk")),
            "crumbs": household_crumbs(request, household, "销户"),
            "cancel_url": link("households:household_detail", uid),
        }
        return render(request, "households/household_close.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        household_close(household=household, by=staff_of(request), **form.cleaned_data)
        return {"household": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "该户已销户。")
        return redirect(link("households:household_list", area=household.area_id))

    return form_page(
        request, make=lambda data, **o: HouseholdCloseForm(data, **o), show=show, write=write, done=done
    )
