"""Form choices with a real foreign id: what lies outside the scope cannot be named; the same form with an own id can.

Everybody here reaches one village only. Each field of a form that names an area, a member of staff, a visit, a reviewer
stands in the table; one that is missing from it fails the suite.
"""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django import forms
from django.db.models import Model
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty, Posting, Role, Staff
from grassroots.ledgers.models import ImportBatch
from grassroots.notices.models import Channel, Leave
from households.models import Household, HouseholdDuty, Person, PersonDuty, Residency, Survey
from measures.models import (
    CareFile,
    CareVisit,
    Incident,
    Inspection,
    Order,
    Plan,
    Record,
    Shift,
    ShiftPost,
    SpotCheck,
    Venue,
)
from quarantine.models import (
    CloseContact,
    ObservationEvent,
    Paper,
    PushedPerson,
    Reading,
    Returnee,
    ServiceRequest,
    TripLeg,
    Visit,
    VisitState,
)
from tests.factories import make_staff
from tests.households.survey_pages import SurveyPage
from tests.permissions.choice_data import (
    area,
    backfill_data,
    colleague,
    destination,
    event,
    handing_over,
    health_duty,
    incident_data,
    inspection_data,
    line_data,
    missed,
    move_data,
    new_duty,
    order_data,
    own_duty,
    today,
    with_staff,
)
from tests.permissions.test_table import client_of
from tests.permissions.world import Things, World
from tests.quarantine.cases import running

pytestmark = pytest.mark.django_db
Data = dict[str, Any]
FORM_PACKAGES = ("grassroots.grid.forms", "grassroots.ledgers.forms", "grassroots.desk.forms",
                 "grassroots.notices.forms", "households.forms", "quarantine.forms", "measures.forms")  # fmt: skip
# Fields with ids that need no scope, or that a test of their own below sends.
TROUBLE = re.compile(r'class="error-summary".*?</div>', re.S)
ELSEWHERE = {
    "VenueForm.kind": "kinds of venues belong to the whole office",
    "DutyForm.kind": "kinds of duty belong to the whole office",
    "FieldForm.kind": "kinds of duty belong to the whole office",
    "OwnDutyForm.kind": "kinds of duty belong to the whole office",
    "DownloadForm.area": "test_a_foreign_area_is_not_found",
    "AreaDayForm.area": "test_a_foreign_area_is_not_found",
    "EmptyFormForm.area": "test_a_foreign_area_is_neither_searched_nor_downloaded",
    "FillForm.area": "ledgers/filling: test_a_form_is_not_filled_for_a_foreign_area",
    "PeriodForm.area": "test_a_foreign_area_is_not_found",
    "DownloadForm.observation": "test_a_ledger_of_a_foreign_observation_is_empty",
    "AccessLogFilter.staff": "test_the_auditor_of_a_village_learns_nothing_of_others",
    "HistoryFilter.staff": "test_the_auditor_of_a_village_learns_nothing_of_others",
    "ObservationHandoverForm.to_area": "villages belong to the whole office; nobody is seen before it accepts",
    "SightingForm.going_to": "measures/test_sightings: villages of the township by name; nothing of them is seen",
    "AcceptForm.area": "quarantine/test_handovers: test_it_is_put_into_an_area_of_ones_own_in_that_village",
    "CallForm.contact": "households/test_absent: test_a_call_names_a_contact_of_that_household_only",
    "MemberForm.uid": "test_a_card_of_the_survey_cannot_name_somebody_of_another_village",
}


@dataclass(frozen=True)
class Choice:
    """A field, the form in which it is sent, and the rows that change when it is taken."""

    name: str  # form class and field
    role: str
    url: Callable[[World], str]
    value: Callable[[Things], Any]
    model: type[Model]
    data: Callable[[World], Data] = lambda world: {}

    def __str__(self) -> str:
        return self.name

    @property
    def field(self) -> str:
        return self.name.rpartition(".")[2]


def at(name: str, pick: Callable[[World], Any] | None = None) -> Callable[[World], str]:
    return lambda world: reverse(name, args=[pick(world)] if pick else [])


PERSON = {
    "name": "新来的",
    "id_kind": "NONE",
    "stated_age": "40",
    "residency_kind": "TEMPORARY",
    "address_text": "9号",
}
CHOICES = [
    Choice("AreaMoveForm.parent", "admin", at("grid:area_move", lambda w: w.office.compound.pk),
           lambda t: t.area.get_parent().pk, Area),
    Choice("StaffCreateForm.area", "admin", at("grid:staff_create"), area, Staff, lambda w: {"name": "新人"}),
    Choice("PostingForm.area", "admin", at("grid:posting_create", lambda w: w.office.health.uid), area, Posting,
           lambda w: {"valid_from": today()}),
    Choice("DutyForm.staff", "ding", at("grid:duty_create", lambda w: w.office.village.pk), colleague, AreaDuty,
           new_duty),
    Choice("DutyForm.deputy", "ding", at("grid:duty_create", lambda w: w.office.village.pk), colleague, AreaDuty,
           with_staff),
    Choice("DutyEditForm.deputy", "ding", at("grid:duty_edit", lambda w: AreaDuty.objects.get(staff=w.office.jia).pk),
           colleague, AreaDuty),
    Choice("OwnDutyForm.staff", "ding", at("households:household_duty_create", lambda w: w.own.traveller.household.uid),
           colleague, HouseholdDuty, health_duty),
    Choice("FieldForm.staff", "ding", at("households:field_page", lambda w: w.own.area.pk), colleague, HouseholdDuty,
           lambda w: {**health_duty(w), "on": today(), "what": "ASSIGN", "doors": str(w.own.household.uid)}),
    Choice("OwnDutyForm.deputy", "ding", at("households:person_duty_create", lambda w: w.own.person.uid), colleague,
           PersonDuty, with_staff),
    Choice("OwnDutyEditForm.deputy", "ding", lambda w: reverse("households:duty_edit", args=["household", own_duty(w)]),
           colleague, HouseholdDuty),
    Choice("HouseholdCreateForm.area", "jia", at("households:household_create"), area, Household,
           lambda w: {"door_text": "9-9-909", "housing_kind": "OWNED"}),
    Choice("ChannelForm.area", "admin", at("notices:channel_create"), area, Channel,
           lambda w: {"name": "村群", "kind": "WECOM", "per_minute": 20, "address": "http://127.0.0.1:9/?key=a"}),
    Choice("LeaveForm.staff", "ding", at("notices:leave_create"), colleague, Leave,
           lambda w: {"deputy": str(w.office.yi.uid), "from_on": today(), "to_on": today()}),
    Choice("LeaveForm.deputy", "jia", at("notices:leave_create"), colleague, Leave,
           lambda w: {"staff": str(w.office.jia.uid), "from_on": today(), "to_on": today()}),
    Choice("NewPersonForm.area", "jia", at("quarantine:returnee_create"), area, Returnee,
           lambda w: {**PERSON, "origin": "武汉市", "arrived_on": today()}),
    Choice("FollowForm.area", "jia",
           lambda w: reverse("quarantine:contact_follow", args=[w.own.returnee.uid, w.own.contact.pk]), area, Person,
           lambda w: {**PERSON, "who": "new"}),
    Choice("MoveForm.area", "jia", lambda w: event(w.own.observation, "move"), lambda t: destination(t).pk,
           ObservationEvent, move_data),
    Choice("ImportForm.area", "jia", at("ledgers:import_create"), area, ImportBatch,
           lambda w: {"text": "1、张三 1-1-101 3人"}),
    Choice("ServiceForm.assigned_to", "jia", at("quarantine:service_create", lambda w: w.own.person.uid), colleague,
           ServiceRequest, lambda w: {"kind": "SHOPPING", "request": "油", "source": "PHONE"}),
    Choice("ServiceAssignForm.assigned_to", "jia",
           lambda w: reverse("quarantine:service_update", args=[w.own.service.uid, "assign"]), colleague,
           ServiceRequest),
    Choice("BatchForm.area", "jia", at("quarantine:paper_batch"), area, Paper, lambda w: {"kind": "ROUTE"}),
    Choice("BackfillForm.by", "jia", at("quarantine:backfill_record", lambda w: w.own.observation.uid), colleague,
           Reading, backfill_data),
    Choice("PaperLineForm.by", "jia",
           lambda w: reverse("quarantine:paper_entry_record", args=[w.own.sheet.code, w.own.observation.uid]),
           colleague, Reading, line_data),
    Choice("PushedAssignForm.area", "jia", at("quarantine:pushed_assign", lambda w: w.own.pushed_row.uid),
           lambda t: destination(t).pk, PushedPerson, lambda w: {"version": 1, "to": str(w.office.yi.uid)}),
    Choice("PushedAssignForm.to", "jia", at("quarantine:pushed_assign", lambda w: w.own.pushed_row.uid), colleague,
           PushedPerson, lambda w: {"version": 1, "area": w.own.area.pk}),
    Choice("VenueForm.area", "jia", at("measures:venue_create"), area, Venue,
           lambda w: {"kind": w.own.venue.kind_id, "name": "新网吧"}),
    Choice("VenueForm.officer", "jia", at("measures:venue_create"), colleague, Venue,
           lambda w: {"kind": w.own.venue.kind_id, "name": "新网吧", "area": w.own.area.pk}),
    Choice("ShiftForm.area", "jia", at("measures:shift_create"), area, Shift,
           lambda w: {"place": "桥头", "starts_at": f"{today()} 08:00", "ends_at": f"{today()} 16:00"}),
    Choice("ShiftForm.first", "jia", at("measures:shift_create"), colleague, ShiftPost,
           lambda w: {"place": "桥头", "starts_at": f"{today()} 08:00", "ends_at": f"{today()} 16:00",
                      "area": w.own.area.pk}),
    Choice("ShiftPostForm.staff", "jia", at("measures:shift_detail", lambda w: w.own.shift.uid), colleague, ShiftPost),
    Choice("SightingForm.area", "jia", at("measures:sighting_create"), area, PushedPerson,
           lambda w: {"place": "村口", "name": w.foreign.person.name, "id_number": w.foreign.person.id_number}),
    Choice("PlanForm.area", "jia", lambda w: reverse("measures:plan_create", args=["rubbish"]), area, Plan,
           lambda w: {"place": "公厕", "every": 1}),
    Choice("PlanForm.officer", "jia", at("measures:plan_edit", lambda w: w.own.plan.uid), colleague, Plan,
           lambda w: {"place": "公厕", "every": 1, "area": w.own.area.pk, "version": 1}),
    *(
        Choice(f"{form}.{field}", "jia", url, value, Record,
               lambda w: {"area": w.own.area.pk, "on": today(), "quantity": 3, "reason": "数量填错"})
        for form, url in (
            ("RecordForm", lambda w: reverse("measures:record_create", args=["banquet"])),
            ("RecordCorrectForm", at("measures:record_correct", lambda w: w.own.record.uid)),
        )
        for field, value in (("area", area), ("by", colleague), ("venue", lambda t: str(t.venue.uid)))
    ),
    *(
        Choice(f"InspectionForm.{field}", "inspector", at("measures:inspection_create", lambda w: "gathering"), value,
               Inspection, inspection_data)
        for field, value in (("area", area), ("second", colleague), ("third", colleague),
                             ("venue", lambda t: str(t.venue.uid)))
    ),
    *(
        Choice(f"{form}.by", "jia", url, colleague, CareVisit,
               lambda w: {"on": today(), "way": "VISIT", "result": "WELL", "reason": "登记错了"})
        for form, url in (
            ("CareVisitForm", at("measures:care_visit_create", lambda w: w.own.person.uid)),
            ("CareCorrectForm", at("measures:care_visit_correct", lambda w: w.own.care_visit.uid)),
        )
    ),
    Choice("CareFileForm.officer", "jia", at("measures:care_edit", lambda w: w.own.person.uid), colleague,
           CareFile, lambda w: {"health": "高血压", "version": 0}),
    Choice("DrawForm.area", "inspector", at("measures:check_create"), area, SpotCheck,
           lambda w: {"subject": "READINGS", "number": 5, "until": today(),
                      "since": (timezone.localdate() - dt.timedelta(days=9)).isoformat()}),
    Choice("OrderForm.areas", "ding", at("measures:order_create", lambda w: w.office.village.pk), area, Order,
           order_data),
    Choice("IncidentForm.area", "jia", at("measures:incident_create", lambda w: "incident-dispute"), area, Incident,
           incident_data),
    Choice("IncidentForm.door", "jia", at("measures:incident_create", lambda w: "incident-dispute"),
           lambda t: str(t.household.uid), Incident, lambda w: {**incident_data(w), "area": w.own.area.pk}),
    Choice("ExplainForm.visits", "jia", lambda w: event(w.own.observation, "explain"),
           lambda t: str(t.observation.visits.order_by("pk").first().uid), Visit,
           missed),
]  # fmt: skip


def by_role(world: World, role: str) -> Staff:
    """Somebody with the role who reaches 甲's village and no more."""
    roles = {
        "admin": Role.ADMINISTRATOR, "ding": Role.SUPERVISOR, "auditor": Role.AUDITOR, "inspector": Role.INSPECTOR,
    }  # fmt: skip
    return world.office.jia if role == "jia" else make_staff("村里", roles[role], world.office.village)


def rows(model: type[Model]) -> list[Data]:
    return list(model._default_manager.order_by("pk").values())


def post(client: Any, url: str, data: Data) -> HttpResponse:
    return client.post(url, {**data, "submission_id": str(uuid.uuid4())})


def words(response: HttpResponse) -> str:
    """What a page says is wrong."""
    return " ".join(re.sub(r"<[^>]+>", " ", " ".join(TROUBLE.findall(response.content.decode()))).split())


def check(client: Any, url: str, model: type[Model], foreign: Data, own: Data) -> None:
    """The foreign form is refused and writes nothing; the same form with an own id is taken and writes."""
    before = rows(model)
    assert post(client, url, foreign).status_code in {404, 422}
    assert rows(model) == before
    taken = post(client, url, own)
    assert taken.status_code == 302, words(taken)
    assert rows(model) != before


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_a_foreign_id_is_no_choice(world: World, choice: Choice) -> None:
    url, data = choice.url(world), choice.data(world)
    check(
        client_of(by_role(world, choice.role)), url, choice.model,
        {**data, choice.field: choice.value(world.foreign)}, {**data, choice.field: choice.value(world.own)},
    )  # fmt: skip


@pytest.mark.parametrize("field", ["leaver", "successor"])
def test_duties_are_handed_over_among_own_people_only(world: World, field: str) -> None:
    own, yi, far = world.own.colleague, world.office.yi, world.foreign.colleague
    pair = (far, yi) if field == "leaver" else (own, far)
    client, url = client_of(by_role(world, "ding")), reverse("grid:handover")
    check(client, url, AreaDuty, handing_over(world, *pair), handing_over(world, own, yi))


def test_the_reviewer_of_a_release_is_one_of_the_place(world: World) -> None:
    observation = running(world.office, 20)
    observation.visits.update(state=VisitState.DONE)
    far = make_staff("远主管", Role.SUPERVISOR, world.office.other_village)
    url, data = event(observation, "release"), {"version": observation.version}
    check(
        client_of(world.office.health), url, ObservationEvent,
        {**data, "reviewer": str(far.uid)}, {**data, "reviewer": str(world.office.ding.uid)},
    )  # fmt: skip


def test_a_card_of_the_survey_cannot_name_somebody_of_another_village(world: World) -> None:
    page = SurveyPage(client_of(world.office.jia), world.own.household.uid)
    for number in range(len(page.keys)):
        page.fill_card(number, relation="HEAD" if number == 0 else "OTHER_KIN")
    page.fill(outcome="ABSENT")
    own = page.card(0, "uid")
    before, people, homes = rows(Survey), rows(Person), rows(Residency)
    page.fill_card(0, uid=str(world.foreign.person.uid), name="改名")
    assert page.press().status_code in {404, 422}
    assert (rows(Survey), rows(Person), rows(Residency)) == (before, people, homes)
    page.fill_card(0, uid=own, name=world.own.person.name)
    assert page.press().status_code == 302, page.text
    assert rows(Survey) != before


@pytest.mark.parametrize("prefix, model", [("contacts", CloseContact), ("legs", TripLeg)])
def test_a_row_of_another_file_cannot_be_taken_over(world: World, prefix: str, model: type[Model]) -> None:
    for things in (world.own, world.foreign):
        TripLeg.objects.create(returnee=things.returnee, order=1, from_place="武汉", to_place="成都")
    word = "name" if prefix == "contacts" else "to_place"
    mine, theirs = (
        model._default_manager.get(returnee=things.returnee) for things in (world.own, world.foreign)
    )
    url = reverse("quarantine:returnee_edit", args=[world.own.returnee.uid])
    data = {
        "version": world.own.returnee.version,
        "origin": "武汉市",
        "arrived_on": today(),
        f"{prefix}-0-from_place": "武汉",
        f"{prefix}-0-{word}": "改",
    }
    client = client_of(world.office.jia)
    post(client, url, {**data, f"{prefix}-0-pk": theirs.pk})
    theirs.refresh_from_db()
    assert getattr(theirs, word) != "改" and theirs.returnee == world.foreign.returnee
    world.own.returnee.refresh_from_db()
    mine = model._default_manager.get(returnee=world.own.returnee)
    post(
        client,
        url,
        {
            **data,
            "version": world.own.returnee.version,
            f"{prefix}-0-{word}": "又改",
            f"{prefix}-0-pk": mine.pk,
        },
    )
    mine.refresh_from_db()
    assert getattr(mine, word) == "又改"


# --- nothing is missing -----------------------------------------------------------------------------------------
def _form_classes() -> Iterator[type[forms.BaseForm]]:
    for name in FORM_PACKAGES:
        package = importlib.import_module(name)
        inner = [f"{name}.{one.name}" for one in pkgutil.iter_modules(getattr(package, "__path__", []))]
        for module in map(importlib.import_module, [name, *inner]):
            for value in vars(module).values():
                if (
                    isinstance(value, type)
                    and issubclass(value, forms.BaseForm)
                    and value.__module__ == module.__name__
                ):
                    yield value


def test_every_field_that_names_something_stands_in_the_table() -> None:
    kinds = (forms.ModelChoiceField, forms.UUIDField)
    found = {
        f"{form.__name__}.{name}"
        for form in _form_classes()
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, kinds)
    }
    tested = {choice.name for choice in CHOICES} | set(ELSEWHERE)
    tested |= {"HandoverForm.leaver", "HandoverForm.successor", "ReleaseForm.reviewer"}
    assert found - tested == set()
    assert tested - found == set()
