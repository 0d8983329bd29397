"""A person's file: look, change, unmask, dial. Opening it is logged; numbers are masked until a purpose is given."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import AccessAction
from grassroots.grid.scope import scope_of
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import INVALID, form_page, link, staff_of
from households import hooks
from households.forms.people import PersonForm, UnmaskForm
from households.imports.originals import originals_of
from households.models import Household, Person, PersonDuty, Residency, SurveyMember
from households.services import ConfirmationNeeded, person_save
from households.views.access import Crumbs, household_crumbs, person_or_404
from households.views.gone import gone_notice

ANSWERS_SHOWN = 10
STALE = 409


def homes_of(person: Person) -> list[Residency]:
    """All residencies, where he lives now first, then where he belongs, then the past."""
    rows = Residency.objects.filter(person=person).select_related("household", "household__area", "area")
    return sorted(rows, key=lambda row: (row.ended_on is not None, row.is_away, -row.started_on.toordinal()))


def visible_homes(request: HttpRequest, homes: list[Residency]) -> set[int]:
    """Ids of the residencies whose place may be named to whoever asks (one query)."""
    staff = staff_of(request)
    ids = [row.household_id for row in homes if row.household_id]
    doors = set(Household.objects.visible_to(staff).filter(pk__in=ids).values_list("pk", flat=True))
    scope = scope_of(staff)
    return {
        row.pk
        for row in homes
        if row.household_id in doors or (not row.household_id and scope.holds(row.area))
    }


def person_crumbs(request: HttpRequest, person: Person, *titles: str) -> Crumbs:
    """The way to a person through the household that may be seen, and further titles."""
    homes = homes_of(person)
    return _crumbs(request, person, homes, visible_homes(request, homes), *titles)


def _crumbs(
    request: HttpRequest, person: Person, homes: list[Residency], seen: set[int], *titles: str
) -> Crumbs:
    open_homes = (row.household for row in homes if row.ended_on is None and row.pk in seen)
    home = next((household for household in open_homes if household is not None), None)
    crumbs: Crumbs = [{"title": "住户", "url": link("households:household_list")}]
    if home is not None:
        crumbs = household_crumbs(request, home, "")[:-1]
    crumbs.append(
        {"title": person.name, "url": link("households:person_detail", person.uid) if titles else ""}
    )
    return crumbs + [{"title": title, "url": ""} for title in titles]


@require_GET
def person_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The file of one person. Opening it is written to the access log."""
    if (gone := gone_notice(request, uid)) is not None:
        return gone
    person = person_or_404(request, uid, "households.view_person")
    staff = staff_of(request)
    homes = homes_of(person)
    seen = visible_homes(request, homes)
    now = next((row for row in homes if row.ended_on is None), None)
    area_id = now.area_id if now else None
    access_log(action=AccessAction.OPEN, staff=staff, subject=person, area=area_id, request=request)
    duties = PersonDuty.objects.filter(person=person).exclude(valid_to__lt=timezone.localdate())
    target = DutyTarget(area_id, now.household_id, person.pk) if now and area_id else None
    answers = SurveyMember.objects.filter(person=person).select_related("survey__household", "survey__staff")
    recent = list(answers.order_by("-survey__visited_at", "-pk")[:ANSWERS_SHOWN])
    doors = Household.objects.visible_to(staff).filter(pk__in=[row.survey.household_id for row in recent])
    context: dict[str, Any] = {
        "person": person,
        "crumbs": _crumbs(request, person, homes, seen),
        "homes": homes,
        "visible_homes": seen,
        "supports": list(person.supports.order_by("ended_on", "started_on")),
        "chain": duties_for(target) if target else [],
        "own_duties": list(duties.select_related("kind", "staff", "deputy").order_by("kind__order", "pk")),
        "answers": recent,
        "visible_doors": set(doors.values_list("pk", flat=True)),
        "panels": panels_of(request, person),
        "unmask_form": UnmaskForm() if staff.has_perm("households.unmask_person") else None,
    }
    return render(request, "households/person_detail.html", context)


def panels_of(request: HttpRequest, person: Person) -> list[tuple[str, dict[str, Any]]]:
    """What the apps above have to show about a person (households/hooks.py): templates with their contexts."""
    found = (panel(person, staff_of(request)) for panel in hooks.person_panels)
    return [one for one in found if one is not None]


def last_save(person: Person) -> int | None:
    """Which line of the history is the latest: a page that was opened before it is stale."""
    line: int | None = person.history.order_by("-history_id").values_list("history_id", flat=True).first()
    return line


@require_http_methods(["GET", "POST"])
def person_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change who somebody is. What looks wrong can be confirmed; a stale save shows both values."""
    person = person_or_404(request, uid, "households.change_person")
    by = staff_of(request)

    def make(data: Any, **options: Any) -> PersonForm:
        return PersonForm(data, person=person, seen=last_save(person), **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {
            "form": form,
            "person": person,
            "crumbs": person_crumbs(request, person, "修改"),
            "cancel_url": link("households:person_detail", uid),
            **more,
        }
        return render(request, "households/person_edit.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        current = Person.objects.select_for_update().get(pk=person.pk)
        latest = last_save(current)
        if latest != form.cleaned_data["seen"]:
            query = request.POST.copy()
            query["seen"] = str(latest or "")
            page = show(make(query), STALE, differences=form.differences(current), fresh_submission=True)
            raise SubmissionInvalid(page)
        try:
            person_save(person=current, data=form.person_data(), by=by, confirmed=form.confirmed())
        except ConfirmationNeeded as needed:
            form.caution(needed.cautions)
            raise SubmissionInvalid(show(form, INVALID)) from needed
        return {"person": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect("households:person_detail", result["person"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def person_unmask(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Show ID number and phone in full, once, in the answer to a POST that says what for. Logged before it is shown."""
    person = person_or_404(request, uid, "households.view_person", "households.unmask_person")
    crumbs = person_crumbs(request, person, "查看明文")
    fresh = False

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "person": person, "crumbs": crumbs}
        return render(request, "households/person_unmask.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        nonlocal fresh
        access_log(
            action=AccessAction.UNMASK,
            staff=staff_of(request),
            subject=person,
            area=_home_area(person),
            purpose=form.cleaned_data["purpose"],
            request=request,
        )
        fresh = True
        return {"person": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        if not fresh:
            messages.info(request, "明文只显示一次。还要看，请重新填写用途。")
            return redirect("households:person_detail", result["person"])
        context = {
            "person": person,
            "crumbs": crumbs,
            "purpose": request.POST.get("purpose", ""),
            "originals": originals_of(person, in_full=True),
        }
        return render(request, "households/person_unmasked.html", context)

    return form_page(request, make=lambda data, **o: UnmaskForm(data, **o), show=show, write=write, done=done)


@require_POST
def person_dial(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """拨打: logged, then a page whose link (and script, where there is one) opens the telephone."""
    person = person_or_404(request, uid, "households.view_person")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}) or not back.startswith(
        "/"
    ):
        back = link("households:person_detail", uid)

    def write() -> dict[str, Any]:
        area_id = _home_area(person)
        access_log(
            action=AccessAction.DIAL, staff=staff_of(request), subject=person, area=area_id, request=request
        )
        return {"person": str(uid)}

    def respond(result: dict[str, Any]) -> HttpResponse:
        context = {"person": person, "back": back}
        return render(request, "households/person_dial.html", context)

    if not person.phone:
        messages.warning(request, "没有登记电话。")
        return redirect(back)
    return submit_once(request, write, respond)


def _home_area(person: Person) -> int | None:
    rows = Residency.objects.open().filter(person=person).order_by("is_away", "pk")
    return rows.values_list("area_id", flat=True).first()
