"""Opening an observation: the policy and the term explained before anything is done."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import Area
from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.views.pages import INVALID, form_page, link, staff_of
from households.models import Household, Person
from households.views.access import person_or_404
from quarantine.forms.opening import DATES, OpeningForm
from quarantine.models import Observation, Returnee
from quarantine.rules.clock import check_dates
from quarantine.services.observations import observation_open
from quarantine.services.plans import (
    Preview,
    StartDates,
    observation_preview,
    policy_choose,
    policy_choose_for_contact,
)
from quarantine.starts import home_of, initial_of_contact
from quarantine.views.access import returnee_crumbs, returnee_or_404


class Case:
    """Whose observation is to be opened: a returnee's, or that of a close contact who came from nowhere."""

    def __init__(self, request: HttpRequest, uids: dict[str, uuid.UUID]) -> None:
        self.returnee: Returnee | None = None
        self.household: Household | None
        self.area: Area | None
        if "returnee_uid" in uids:
            self.returnee = returnee_or_404(request, uids["returnee_uid"], "quarantine.add_observation")
            self.person: Person = self.returnee.person
            self.household, self.area = self.returnee.household, self.returnee.area
            self.back = link("quarantine:returnee_detail", self.returnee.uid)
        else:
            self.person = person_or_404(request, uids["person_uid"], "quarantine.add_observation")
            home = home_of(self.person)
            self.household, self.area = (home.household, home.area) if home else (None, None)
            self.back = link("households:person_detail", self.person.uid)

    def initial(self) -> dict[str, Any]:
        """The file's own dates."""
        if self.returnee is None:
            return initial_of_contact(self.person)
        return {name: getattr(self.returnee, name) for name in DATES}

    def preview(self, dates: StartDates, at: dt.datetime) -> Preview:
        """What these dates would lay down."""
        if self.returnee is None:
            choice = policy_choose_for_contact(on=dates.last_contact_on or timezone.localdate(at))
        else:
            native = self.returnee.native_place or self.returnee.registered_place
            choice = policy_choose(
                origin=self.returnee.origin, native_place=native, arrived_on=dates.arrived_on
            )
        return observation_preview(dates=dates, choice=choice, at=at)

    def crumbs(self) -> list[dict[str, str]]:
        """The way here."""
        if self.returnee is not None:
            return returnee_crumbs(self.returnee, "开始观察")
        return [{"title": self.person.name, "url": self.back}, {"title": "开始观察", "url": ""}]


def _moment(form: OpeningForm) -> dt.datetime:
    """When control begins as typed, never after now: until then nothing is due."""
    now = timezone.now()
    typed = form.cleaned_data.get("at") if form.is_bound and hasattr(form, "cleaned_data") else None
    return min(typed or now, now)


def _problems(form: OpeningForm, case: Case) -> bool:
    """Put what cannot be right about the dates beside them; whether there was anything."""
    dates = form.dates()
    found = check_dates(
        today=timezone.localdate(),
        left_on=dates.left_on,
        arrived_on=dates.arrived_on,
        last_contact_on=dates.last_contact_on,
        birth_date=case.person.birth_date,
    )
    for problem in found:
        if problem.field in form.fields:
            form.add_error(problem.field, problem.message)
    return bool(found)


@require_http_methods(["GET", "POST"])
def observation_open_page(request: HttpRequest, **uids: uuid.UUID) -> HttpResponse:
    """The policy in force, the term in words, how many visits, who answers; then 开始观察."""
    case = Case(request, uids)
    if case.area is None:
        raise PermissionDenied(f"{case.person.name}没有登记现住处，请先在户里登记他的居住。")
    if request.method == "GET" and Observation.objects.open().filter(person=case.person).exists():
        return _standing(request, case)

    def show(form: Any, status: int = 200) -> HttpResponse:
        return _page(request, case, form, status)

    if request.method == "POST" and "preview" in request.POST:
        form = OpeningForm(request.POST)
        _problems(form, case)
        return show(form)

    def make(data: Any, initial: Any = None) -> OpeningForm:
        return OpeningForm(data, initial=initial or case.initial())

    def write(form: Any) -> dict[str, Any]:
        preview = case.preview(form.dates(), _moment(form))
        if not _problems(form, case):
            form.check(preview.cautions)
        if form.errors or preview.plan is None:
            if preview.plan is None:
                form.add_error(None, preview.problem)
            raise SubmissionInvalid(show(form, INVALID))
        return {"observation": str(_open(request, case, form, preview).uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已开始观察，每天的测温已排好。")
        return redirect("quarantine:observation_detail", result["observation"])

    return form_page(request, make=make, show=show, write=write, done=done)


def _standing(request: HttpRequest, case: Case) -> HttpResponse:
    """He is under observation already: on to it, as far as it may be seen."""
    messages.info(request, f"{case.person.name}已在居家观察中。")
    mine = Observation.objects.open().visible_to(staff_of(request)).filter(person=case.person).first()
    return redirect(link("quarantine:observation_detail", mine.uid) if mine else case.back)


def _page(request: HttpRequest, case: Case, form: OpeningForm, status: int) -> HttpResponse:
    """The whole page, or just the preview for htmx."""
    assert case.area is not None
    preview = case.preview(form.dates(), _moment(form))
    form.caution(preview.cautions)
    context: dict[str, Any] = {"form": form, "case": case, "preview": preview}
    if request.headers.get("HX-Request"):
        return render(request, "quarantine/_observation_preview.html", context)
    target = DutyTarget(case.area.pk, case.household.pk if case.household else None, case.person.pk)
    context |= {"chain": duties_for(target), "place": case.area.full_name(" "), "crumbs": case.crumbs()}
    return render(request, "quarantine/observation_open.html", context, status=status)


def _open(request: HttpRequest, case: Case, form: OpeningForm, preview: Preview) -> Observation:
    assert preview.plan is not None and case.area is not None
    values = form.cleaned_data
    return observation_open(
        person=case.person,
        area=case.area,
        household=case.household,
        returnee=case.returnee,
        dates=form.dates(),
        policy=preview.plan.policy,
        place=values["place"],
        place_note=values["place_note"],
        reason=values["reason"],
        by=staff_of(request),
        at=values["at"],
    )
