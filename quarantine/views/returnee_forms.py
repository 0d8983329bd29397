"""Open and change the file of a returnee. Rows are added and removed in the page, with script or without."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import AccessAction, Area, Staff
from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import INVALID, form_page, link, require, staff_of
from households.models import Household, Person, Residency, SurveyMember
from households.rules.answers import SYMPTOMS
from households.services import ConfirmationNeeded, person_save, residency_open
from households.views.access import household_or_404, person_or_404
from quarantine.forms.returnees import SPARE_ROWS, NewPersonForm, ReturneeEntry, ReturneeForm
from quarantine.forms.rows import ContactForm, LegForm, rows_saved, rows_typed
from quarantine.models import PushedCode, Returnee
from quarantine.rules.policy import NO_SYMPTOM
from quarantine.services.policies import terms_now
from quarantine.services.pushed import pushed_answer
from quarantine.services.returnees import StaleReturnee, reasons_propose, returnee_save, same_arrival
from quarantine.starts import Start, came_home, start_of_person, start_of_pushed
from quarantine.views.access import pushed_or_404, returnee_crumbs, returnee_or_404

STALE = 409
FILED, FILING = "已补建返乡档案", "推送核查补建返乡档案"
LIST_FIELDS = ("reasons", "arrival_symptoms")
PARTS = {"legs": "quarantine/_returnee_legs.html", "contacts": "quarantine/_returnee_contacts.html"}


def symptom_names() -> list[str]:
    """The symptoms that the policy in force lists, else those of the survey."""
    terms = terms_now(timezone.now())
    return [name for name in terms.symptoms if name != NO_SYMPTOM] if terms else list(SYMPTOMS)


def _typed(request: HttpRequest) -> dict[str, Any]:
    return {
        key: request.POST.getlist(key) if key in LIST_FIELDS else request.POST[key] for key in request.POST
    }


def _proposed(typed: dict[str, Any]) -> list[str]:
    """The ticks that the answers typed so far call for, beside those set by hand."""
    proposed = reasons_propose(
        origin=str(typed.get("origin", "")),
        native_place=str(typed.get("native_place") or typed.get("registered_place") or ""),
        case_contact=typed.get("case_contact") == "yes",
    )
    return list(dict.fromkeys([*typed.get("reasons", ()), *proposed]))


class EntryPage:
    """The page of one file: its forms from the start, from what was typed, or from what was sent."""

    def __init__(self, request: HttpRequest, start: Start, returnee: Returnee | None = None) -> None:
        self.request, self.start, self.returnee = request, start, returnee
        self.symptoms = symptom_names()

    def _person_form(self, data: Any, initial: dict[str, Any] | None = None) -> NewPersonForm | None:
        if self.start.person is not None:
            return None
        in_household = self.start.household is not None
        staff = staff_of(self.request)
        return NewPersonForm(data, initial=initial, staff=staff, in_household=in_household)

    def fresh(self) -> ReturneeEntry:
        """As the page is opened."""
        if self.returnee is None:
            initial = self.start.initial()
            initial["reasons"] = _proposed(initial)
            legs, contacts, spare = [], [], SPARE_ROWS
        else:
            initial = ReturneeForm.initial_of(self.returnee)
            legs = [LegForm.initial_of(leg) for leg in self.returnee.legs.all()]
            contacts = [ContactForm.initial_of(row) for row in self.returnee.contacts.order_by("pk")]
            spare = 0
        return ReturneeEntry(
            ReturneeForm(initial=initial, symptoms=self.symptoms),
            rows_saved(LegForm, "legs", legs, spare=spare or not legs),
            rows_saved(ContactForm, "contacts", contacts, spare=0),
            self._person_form(None, self.start.new_person() if self.returnee is None else None),
        )

    def sent(self, data: Any) -> ReturneeEntry:
        """As it was sent, to be checked and saved."""
        return ReturneeEntry(
            ReturneeForm(data, symptoms=self.symptoms),
            rows_typed(LegForm, "legs", data),
            rows_typed(ContactForm, "contacts", data),
            self._person_form(data),
        )

    def typed(self) -> ReturneeEntry:
        """As typed so far, with a row more or less, or with the proposed ticks: nothing is saved or checked."""
        data = _typed(self.request)
        add, remove = data.get("add", ""), data.get("remove", "")
        if "propose" in data:
            data["reasons"] = _proposed(data)
        return ReturneeEntry(
            ReturneeForm(initial=data, symptoms=self.symptoms),
            rows_typed(LegForm, "legs", data, is_sent=False, add=add == "legs", remove=remove),
            rows_typed(ContactForm, "contacts", data, is_sent=False, add=add == "contacts", remove=remove),
            self._person_form(None, data),
        )

    def make(self, data: Any, initial: Any = None) -> Any:
        """For form_page: as sent, as typed when 查找 was pressed, or as the page is opened."""
        if initial is not None:
            return self.typed()
        return self.sent(data) if data is not None else self.fresh()

    def show(self, entry: ReturneeEntry, status: int, context: dict[str, Any]) -> HttpResponse:
        """The whole page."""
        own = {"entry": entry, "start": self.start, "returnee": self.returnee}
        return render(self.request, "quarantine/returnee_form.html", {**own, **context}, status=status)

    def fragment(self) -> HttpResponse | None:
        """Just the part of the page that htmx asked for."""
        if not self.request.headers.get("HX-Request"):
            return None
        entry = self.typed()
        asked = self.request.POST.get("add") or self.request.POST.get("remove", "").split("-")[0]
        if "propose" in self.request.POST:
            return render(self.request, "quarantine/_returnee_reasons.html", {"entry": entry})
        return render(self.request, PARTS[asked], {"entry": entry}) if asked in PARTS else None


def _without_saving(request: HttpRequest) -> bool:
    return request.method == "POST" and bool({"add", "remove", "propose"} & set(request.POST))


def _start(request: HttpRequest, uids: dict[str, uuid.UUID]) -> Start:
    """Who and where by what the address names; outside the scope: 404."""
    if "person_uid" in uids:
        person = person_or_404(request, uids["person_uid"])
        answer = None
        if "survey_uid" in uids:
            answers = SurveyMember.objects.select_related("survey")
            answer = get_object_or_404(answers, person=person, survey__uid=uids["survey_uid"])
        return start_of_person(person, answer)
    if "pushed_uid" in uids:
        return start_of_pushed(pushed_or_404(request, uids["pushed_uid"]))
    if "household_uid" in uids:
        return Start(household=household_or_404(request, uids["household_uid"]))
    return Start()


@require_http_methods(["GET", "POST"])
def returnee_create(request: HttpRequest, **uids: uuid.UUID) -> HttpResponse:
    """A file for somebody of the register (prefilled from what he answered), or for somebody new to it."""
    start = _start(request, uids)
    require(request, "quarantine.add_returnee")
    require(request, *(["quarantine.change_pushedperson"] if start.pushed is not None else []))
    if start.person is not None and start.area is None:
        raise PermissionDenied(f"{start.person.name}没有登记现住处，请先在户里登记他的居住，再建返乡档案。")
    if start.person is None and not staff_of(request).has_perm("households.add_person"):
        return _only_registered(request, start)
    _note_prefilled(request, start)
    page = EntryPage(request, start)

    def show(entry: Any, status: int = 200) -> HttpResponse:
        list_crumb = {"title": "返乡人员", "url": link("quarantine:returnee_list")}
        context = {
            "members": _members(start.household) if start.person is None else [],
            "cancel_url": _back(start),
            "crumbs": [list_crumb, {"title": "新建档案", "url": ""}],
            "there": _there(request, start, entry),
        }
        return page.show(entry, status, context)

    def write(entry: Any) -> dict[str, Any]:
        try:
            returnee = _create(entry, start, staff_of(request))
        except ConfirmationNeeded as needed:
            entry.person.caution(needed.cautions)
            raise SubmissionInvalid(show(entry, INVALID)) from needed
        return {"returnee": str(returnee.uid), "open": "open" in request.POST}

    if _without_saving(request):
        return page.fragment() or show(page.typed())
    return form_page(
        request, make=page.make, show=show, write=write, done=lambda result: _saved(request, result)
    )


def _note_prefilled(request: HttpRequest, start: Start) -> None:
    """The form of somebody unknown shows the number of the pushed list in full, to be held against the document."""
    row = start.pushed
    if row is not None and start.person is None and request.method == "GET":
        staff = staff_of(request)
        access_log(
            action=AccessAction.UNMASK, staff=staff, subject=row, area=row.area_id, purpose=FILING, request=request
        )  # fmt: skip


def _saved(request: HttpRequest, result: dict[str, Any]) -> HttpResponse:
    messages.success(request, "返乡档案已建好。")
    if result["open"]:
        return redirect("quarantine:observation_open", returnee_uid=result["returnee"])
    return redirect("quarantine:returnee_detail", result["returnee"])


def _only_registered(request: HttpRequest, start: Start) -> HttpResponse:
    """Whoever may not register people chooses among those who are."""
    if start.household is None:
        raise PermissionDenied("您不能登记新人员。请先找到这个人的档案，再从那里建返乡档案。")
    context = {"start": start, "members": _members(start.household), "cancel_url": _back(start)}
    return render(request, "quarantine/returnee_choose.html", context)


def _members(household: Household | None) -> list[Residency]:
    if household is None:
        return []
    rows = Residency.objects.open().filter(household=household).select_related("person")
    return list(rows.order_by("order", "pk"))


def _back(start: Start) -> str:
    if start.person is not None:
        return link("households:person_detail", start.person.uid)
    if start.household is not None:
        return link("households:household_detail", start.household.uid)
    return link("quarantine:returnee_list")


def _there(request: HttpRequest, start: Start, entry: ReturneeEntry) -> Returnee | None:
    """The file that the person already has for this arrival, when that is what stands in the way."""
    if start.person is None or not entry.main.is_bound or "arrived_on" not in entry.main.errors:
        return None
    try:
        arrived_on = dt.date.fromisoformat(str(entry.main["arrived_on"].value()))
    except ValueError:
        arrived_on = None
    return same_arrival(person=start.person, arrived_on=arrived_on)


@transaction.atomic
def _create(entry: ReturneeEntry, start: Start, by: Staff) -> Returnee:
    """The person and where he stays when he is new, then the file."""
    person: Person | None = start.person
    area: Area | None = start.area
    if person is None:
        assert entry.person is not None
        values = entry.person.cleaned_data
        confirmed = entry.person.confirmed()
        person = person_save(person=None, data=entry.person.person_data(), by=by, confirmed=confirmed).person
        area = area or values["area"]
        residency_open(
            person=person,
            household=start.household,
            area=area,
            address_text=values.get("address_text", ""),
            kind=values["residency_kind"],
            by=by,
            confirmed=confirmed,
        )
    else:
        came_home(start, by)
    saved = returnee_save(
        returnee=None,
        person=person,
        area=area,
        household=start.household,
        data=entry.data(is_new=True),
        by=by,
    )
    if start.pushed is not None:
        pushed_answer(row=start.pushed, code=PushedCode.OMITTED, note=FILED, by=by, returnee=saved)
    return saved


@require_http_methods(["GET", "POST"])
def returnee_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change a file; a stale save shows both values and loses neither."""
    returnee = returnee_or_404(request, uid, "quarantine.change_returnee")
    start = Start(returnee.person, None, returnee.household)
    page = EntryPage(request, start, returnee)

    def show(entry: Any, status: int = 200, **more: Any) -> HttpResponse:
        crumbs = returnee_crumbs(returnee, "修改档案")
        cancel_url = link("quarantine:returnee_detail", uid)
        return page.show(entry, status, {"crumbs": crumbs, "cancel_url": cancel_url, **more})

    def write(entry: Any) -> dict[str, Any]:
        version = entry.main.cleaned_data["version"] or 0
        try:
            returnee_save(
                returnee=returnee, version=version, data=entry.data(is_new=False), by=staff_of(request)
            )
        except StaleReturnee as stale:
            again = request.POST.copy()
            again["version"] = str(stale.current.version)
            shown = show(page.sent(again), STALE, differences=stale.differences, fresh_submission=True)
            raise SubmissionInvalid(shown) from stale
        return {"returnee": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect("quarantine:returnee_detail", result["returnee"])

    if _without_saving(request):
        return page.fragment() or show(page.typed())
    return form_page(request, make=page.make, show=show, write=write, done=done)
