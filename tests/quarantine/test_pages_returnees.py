"""Pages of files: happy path with and without script, scope, rights, stale saves, bad input, queries."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from grassroots.grid.models import AccessAction, AccessLog
from households.models import Person, Residency, Survey, SurveyMember
from quarantine.hooks import returnee_check
from quarantine.models import CloseContact, KeyReason, Returnee, ServiceRequest
from tests.factories import OfficeCast, aware, make_household, make_office, make_person
from tests.quarantine.cases import make_observation, make_returnee, queries_of, signed_in, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    cache.clear()
    cast = make_office()
    switch_on(cast.admin)
    return cast


def form(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "submission_id": str(uuid.uuid4()),
        "origin": "武汉市江夏区",
        "left_on": "2020-01-20",
        "arrived_on": "2020-01-21",
        "legs-0-from_place": "武汉",
        "legs-0-to_place": "成都东站",
        "legs-0-departed_at": "2020-01-20T08:10",
    }
    return values | changes


def create_url(person: Person) -> str:
    return reverse("quarantine:returnee_create", kwargs={"person_uid": person.uid})


def test_a_file_is_made_for_a_registered_person_and_leads_to_the_observation(office: OfficeCast) -> None:
    person = make_person("赵一", make_household(office.compound))
    client = signed_in(office.jia)
    assert client.get(create_url(person)).status_code == 200
    answer = client.post(create_url(person), form(open="1"))
    returnee = Returnee.objects.get()
    assert answer.url == reverse("quarantine:observation_open", kwargs={"returnee_uid": returnee.uid})  # type: ignore[attr-defined]
    assert (returnee.area, returnee.origin_kind) == (office.compound, "WUHAN")
    assert returnee.reasons == [KeyReason.WUHAN]
    assert [leg.to_place for leg in returnee.legs.all()] == ["成都东站"]


def test_the_page_is_prefilled_from_the_survey(office: OfficeCast) -> None:
    home = make_household(office.compound)
    person = make_person("钱二", home)
    survey = Survey.objects.create(
        household=home, area=home.area, staff=office.jia, recorded_by=office.jia, outcome="SIGNED"
    )
    member = SurveyMember.objects.create(
        survey=survey, person=person, returned_from="武汉市汉阳区", left_on=dt.date(2020, 1, 20),
        returned_on=dt.date(2020, 1, 22), transport="高铁G1719次", companions="妻子", hubei_contact=True,
    )  # fmt: skip
    url = returnee_check(member)
    assert url is not None
    entry = signed_in(office.jia).get(url).context["entry"]
    shown = entry.main.initial
    assert (shown["origin"], shown["arrived_on"], shown["transport"]) == (
        "武汉市汉阳区", dt.date(2020, 1, 22), "TRAIN",
    )  # fmt: skip
    assert (shown["companions"], shown["hubei_history"], shown["reasons"]) == ("妻子", "yes", ["WUHAN"])


@pytest.mark.parametrize("origin, leads", [("武汉", True), ("重庆", False), ("", False)])
def test_only_answers_within_the_policy_lead_to_a_file(office: OfficeCast, origin: str, leads: bool) -> None:
    home = make_household(office.compound)
    survey = Survey.objects.create(
        household=home, area=home.area, staff=office.jia, recorded_by=office.jia, outcome="SIGNED",
        visited_at=aware("2020-01-25 09:00"),
    )  # fmt: skip
    member = SurveyMember.objects.create(
        survey=survey, person=make_person("", home), returned_from=origin, returned_on=dt.date(2020, 1, 22)
    )
    assert (returnee_check(member) is not None) == leads


def test_a_file_that_exists_is_not_asked_for_again(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    assert returnee.household is not None
    survey = Survey.objects.create(
        household=returnee.household,
        area=returnee.area,
        staff=office.jia,
        recorded_by=office.jia,
        outcome="SIGNED",
    )
    member = SurveyMember.objects.create(
        survey=survey, person=returnee.person, returned_from="武汉", returned_on=returnee.arrived_on
    )
    assert returnee_check(member) is None


def test_somebody_new_is_registered_with_his_address(office: OfficeCast) -> None:
    client = signed_in(office.jia)
    url = reverse("quarantine:returnee_create")
    data = form(
        name="孙三", id_kind="NONE", phone="13912345678", residency_kind="TEMPORARY", area=str(office.compound.pk),
        address_text="3组27号",
    )  # fmt: skip
    assert client.post(url, data).status_code == 302
    person = Person.objects.get(name="孙三")
    home = Residency.objects.get(person=person)
    assert (home.area, home.address_text, home.household) == (office.compound, "3组27号", None)
    assert person.returns.get().area == office.compound


def test_somebody_new_joins_the_household_he_was_found_in(office: OfficeCast) -> None:
    home = make_household(office.compound)
    url = reverse("quarantine:returnee_create", kwargs={"household_uid": home.uid})
    data = form(name="李四", id_kind="NONE", residency_kind="TEMPORARY")
    assert signed_in(office.jia).post(url, data).status_code == 302
    assert Residency.objects.get(person__name="李四").household == home


def test_an_area_outside_the_scope_is_no_choice(office: OfficeCast) -> None:
    data = form(
        name="孙三",
        id_kind="NONE",
        residency_kind="TEMPORARY",
        area=str(office.other_group.pk),
        address_text="x",
    )
    answer = signed_in(office.jia).post(reverse("quarantine:returnee_create"), data)
    assert answer.status_code == 422 and not Person.objects.exists()


def test_who_was_away_is_home_again(office: OfficeCast) -> None:
    person = make_person("周五", make_household(office.compound))
    person.residencies.update(is_away=True, away_where="武汉")
    signed_in(office.jia).post(create_url(person), form())
    assert not person.residencies.get().is_away


def test_bad_input_stands_beside_its_field_and_nothing_typed_is_lost(office: OfficeCast) -> None:
    person = make_person("吴六", make_household(office.compound))
    data = form(
        arrived_on="2020-01-19", arrival_temperature="63.5", note="𬱖·买买提", companions="x" * 201,
        **{"legs-0-to_place": "", "contacts-0-name": "", "contacts-0-phone": "123"},
    )  # fmt: skip
    answer = signed_in(office.jia).post(create_url(person), data)
    entry = answer.context["entry"]
    assert answer.status_code == 422 and not Returnee.objects.exists()
    assert set(entry.main.errors) == {"companions"}  # the length first, the rest once that is settled
    answer = signed_in(office.jia).post(create_url(person), data | {"companions": "妻子"})
    entry = answer.context["entry"]
    assert set(entry.main.errors) == {"arrived_on", "arrival_temperature"}
    assert set(entry.legs[0].errors) == {"to_place"}
    assert set(entry.contacts[0].errors) == {"name", "phone"}
    text = answer.content.decode()
    assert "63.5" in text and "𬱖·买买提" in text and "2020-01-19" in text


@pytest.mark.parametrize(
    "field, value",
    [
        ("left_on", "昨天"),
        ("arrived_on", "9999-99-99"),
        ("transport", "ROCKET"),
        ("origin", "\x00武汉"),
        ("reasons", "XX"),
    ],
)
def test_nasty_values_are_refused_in_words(office: OfficeCast, field: str, value: str) -> None:
    person = make_person("", make_household(office.compound))
    answer = signed_in(office.jia).post(create_url(person), form(**{field: value}))
    assert answer.status_code == 422 and field in answer.context["entry"].main.errors


def test_a_second_file_for_an_arrival_points_to_the_first(office: OfficeCast) -> None:
    first = make_returnee(office)
    answer = signed_in(office.jia).post(create_url(first.person), form())
    assert answer.status_code == 422 and answer.context["there"] == first


def test_sent_twice_there_is_one_file(office: OfficeCast) -> None:
    person = make_person("", make_household(office.compound))
    client, data = signed_in(office.jia), form()
    first, second = client.post(create_url(person), data), client.post(create_url(person), data)
    assert first.status_code == second.status_code == 302 and Returnee.objects.count() == 1


def test_rows_are_added_and_removed_without_script(office: OfficeCast) -> None:
    person = make_person("", make_household(office.compound))
    client = signed_in(office.jia)
    added = client.post(create_url(person), form(add="legs")).context["entry"]
    assert [leg.prefix for leg in added.legs] == ["legs-0", "legs-1"]
    assert added.legs[0].initial["to_place"] == "成都东站" and added.main.initial["origin"] == "武汉市江夏区"
    removed = client.post(create_url(person), form(remove="legs-0")).context["entry"]
    assert removed.legs == [] and not Returnee.objects.exists()


def test_htmx_gets_just_the_rows(office: OfficeCast) -> None:
    person = make_person("", make_household(office.compound))
    answer = signed_in(office.jia).post(
        create_url(person), form(add="contacts"), headers={"HX-Request": "true"}
    )
    text = answer.content.decode()
    assert 'id="contacts"' in text and "contacts-0-name" in text and "<html" not in text


def test_reasons_are_proposed_from_the_origin(office: OfficeCast) -> None:
    person = make_person("", make_household(office.compound))
    data = form(propose="1", origin="泰国", case_contact="yes")
    entry = signed_in(office.jia).post(create_url(person), data).context["entry"]
    assert entry.main.initial["reasons"] == ["OVERSEAS", "CONTACT"]


def test_a_stale_save_shows_both_values_and_loses_neither(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    url = reverse("quarantine:returnee_edit", args=[returnee.uid])
    mine, theirs = form(version="1", stops="重庆北站"), form(version="1", stops="成都东站")
    assert signed_in(office.yi).post(url, theirs).status_code == 302
    client = signed_in(office.jia)
    answer = client.post(url, mine)
    assert answer.status_code == 409
    assert {(one.mine, one.theirs) for one in answer.context["differences"] if one.field == "stops"} == {
        ("重庆北站", "成都东站")
    }
    returnee.refresh_from_db()
    assert returnee.stops == "成都东站"
    again = mine | {"version": "2", "submission_id": str(uuid.uuid4())}
    assert client.post(url, again).status_code == 302


def test_saving_a_file_with_its_contacts_keeps_a_phone_that_is_not_shown(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    contact = CloseContact.objects.create(returnee=returnee, name="郑七", phone="13811112222")
    client = signed_in(office.jia)
    url = reverse("quarantine:returnee_edit", args=[returnee.uid])
    assert "13811112222" not in client.get(url).content.decode()
    rows = {"contacts-0-pk": str(contact.pk), "contacts-0-name": "郑七", "contacts-0-relation": "同事"}
    client.post(url, form(version="1", **rows))
    contact.refresh_from_db()
    assert (contact.phone, contact.relation) == ("13811112222", "同事")


def test_another_files_contact_is_not_taken_over(office: OfficeCast) -> None:
    mine, other = make_returnee(office), make_returnee(office)
    foreign = CloseContact.objects.create(returnee=other, name="王八", phone="13811112222")
    rows = {"contacts-0-pk": str(foreign.pk), "contacts-0-name": "改名"}
    signed_in(office.jia).post(
        reverse("quarantine:returnee_edit", args=[mine.uid]), form(version="1", **rows)
    )
    foreign.refresh_from_db()
    assert (foreign.name, foreign.returnee) == ("王八", other)


def test_opening_a_file_and_calling_a_contact_are_logged(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    contact = CloseContact.objects.create(returnee=returnee, name="郑七", phone="13811112222")
    client = signed_in(office.jia)
    page = client.get(reverse("quarantine:returnee_detail", args=[returnee.uid])).content.decode()
    assert returnee.person.phone not in page and returnee.person.id_number not in page
    dial = reverse("quarantine:contact_dial", args=[returnee.uid, contact.pk])
    assert "tel:13811112222" in client.post(dial, {"submission_id": str(uuid.uuid4())}).content.decode()
    actions = AccessLog.objects.filter(subject_uid=str(returnee.uid)).values_list("action", flat=True)
    assert set(actions) == {AccessAction.OPEN, AccessAction.DIAL}


def test_outside_the_scope_there_is_nothing(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    client = signed_in(office.bing)
    for name in ("returnee_detail", "returnee_edit", "returnee_void"):
        assert client.get(reverse(f"quarantine:{name}", args=[returnee.uid])).status_code == 404
    assert client.get(create_url(returnee.person)).status_code == 404
    opening = reverse("quarantine:observation_open", kwargs={"returnee_uid": returnee.uid})
    assert client.get(opening).status_code == 404
    assert returnee.person.name not in client.get(reverse("quarantine:returnee_list")).content.decode()


def test_inside_the_scope_without_the_right_it_is_refused(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    inspector = signed_in(office.inspector)
    assert inspector.get(reverse("quarantine:returnee_detail", args=[returnee.uid])).status_code == 200
    assert inspector.get(reverse("quarantine:returnee_edit", args=[returnee.uid])).status_code == 403
    assert inspector.post(create_url(returnee.person), form()).status_code == 403
    assert signed_in(office.auditor).get(reverse("quarantine:returnee_list")).status_code == 403


def test_the_list_filters_by_state_and_origin(office: OfficeCast) -> None:
    observed, waiting = (
        make_returnee(office, "观一"),
        make_returnee(office, "候二", origin_kind="OTHER_PROVINCE"),
    )
    make_observation(office, returnee=observed)
    client, url = signed_in(office.jia), reverse("quarantine:returnee_list")
    assert [row.pk for row in client.get(url, {"state": "open"}).context["rows"]] == [observed.pk]
    assert [row.pk for row in client.get(url, {"state": "none"}).context["rows"]] == [waiting.pk]
    assert [row.pk for row in client.get(url, {"origin": "WUHAN"}).context["rows"]] == [observed.pk]
    assert client.get(url, {"state": "'; --", "origin": "x", "after": "nonsense~~9"}).status_code == 200


def test_the_list_goes_on_where_the_page_ended(office: OfficeCast) -> None:
    home = make_household(office.compound)
    for _number in range(120):
        make_returnee(office, household=home)
    client, url, found = signed_in(office.jia), reverse("quarantine:returnee_list"), []
    while url:
        context = client.get(url).context
        found += [row.pk for row in context["rows"]]
        url = context["next_url"]
    assert len(found) == len(set(found)) == 120


def test_the_list_needs_as_many_queries_for_five_as_for_two_hundred(office: OfficeCast) -> None:
    client, url = signed_in(office.jia), reverse("quarantine:returnee_list")
    home = make_household(office.compound)
    for _number in range(5):
        make_returnee(office, household=home)
    few = queries_of(client, url)
    for _number in range(195):
        make_returnee(office, household=home)
    assert queries_of(client, url) == few <= 18


def test_a_services_way_from_request_to_done(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    client = signed_in(office.jia)
    url = reverse("quarantine:service_create", args=[returnee.person.uid])
    client.post(
        url, {"submission_id": str(uuid.uuid4()), "kind": "SHOPPING", "request": "米10斤", "source": "PHONE"}
    )
    service = ServiceRequest.objects.get()
    assign = reverse("quarantine:service_update", args=[service.uid, "assign"])
    client.post(assign, {"submission_id": str(uuid.uuid4()), "assigned_to": str(office.yi.uid)})
    done = reverse("quarantine:service_update", args=[service.uid, "done"])
    signed_in(office.yi).post(done, {"submission_id": str(uuid.uuid4()), "done_note": "已送到门口"})
    service.refresh_from_db()
    assert (service.assigned_to, service.done_by, service.done_note) == (office.yi, office.yi, "已送到门口")
    assert client.get(reverse("quarantine:service_update", args=[service.uid, "burn"])).status_code == 404


def test_a_service_is_not_assigned_to_somebody_outside_the_scope(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    service = ServiceRequest.objects.create(
        person=returnee.person, area=returnee.area, kind="OTHER", request="x", recorded_by=office.jia
    )
    assign = reverse("quarantine:service_update", args=[service.uid, "assign"])
    answer = signed_in(office.jia).post(
        assign, {"submission_id": str(uuid.uuid4()), "assigned_to": str(office.bing.uid)}
    )
    assert answer.status_code == 422


def test_the_persons_page_shows_the_follow_up(office: OfficeCast) -> None:
    observation = make_observation(office)
    url = reverse("households:person_detail", args=[observation.person.uid])
    text = signed_in(office.jia).get(url).content.decode()
    assert reverse("quarantine:observation_detail", args=[observation.uid]) in text
