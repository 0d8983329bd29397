"""Files of returnees: checks by field, duplicates per arrival, route and contacts, stale saves."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from grassroots.grid.areas import area_move
from grassroots.grid.models import Level
from quarantine.models import EventKind, KeyReason, Returnee, ServiceRequest
from quarantine.rules.origins import OriginKind
from quarantine.services.returnees import (
    ContactData,
    LegData,
    ReturneeData,
    StaleReturnee,
    returnee_save,
    returnee_void,
)
from quarantine.services.service_requests import service_assign, service_done, service_request
from tests.factories import OfficeCast, aware, make_area, make_household, make_office, make_person
from tests.quarantine.cases import make_observation, make_returnee, switch_on

pytestmark = pytest.mark.django_db
DATA = ReturneeData(
    origin="武汉市江夏区",
    left_on=dt.date(2020, 1, 20),
    arrived_on=dt.date(2020, 1, 21),
    arrival_temperature="36.6",
)


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def save(office: OfficeCast, **changes: object) -> Returnee:
    person = make_person("赵四", make_household(office.compound))
    home = person.residencies.get().household
    assert home is not None
    return returnee_save(
        returnee=None, person=person, area=home.area, household=home, by=office.jia,
        data=dataclasses.replace(DATA, **changes),  # type: ignore[arg-type]
    )  # fmt: skip


def refused(office: OfficeCast, **changes: object) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        save(office, **changes)
    return caught.value.message_dict


def test_origin_and_reasons_are_worked_out(office: OfficeCast) -> None:
    row = save(office, arrival_temperature="37.3", case_contact=True)
    assert row.origin_kind == OriginKind.WUHAN
    assert row.reasons == [KeyReason.WUHAN, KeyReason.CONTACT, KeyReason.FEVER]


def test_reasons_that_were_ticked_stand(office: OfficeCast) -> None:
    assert save(office, reasons=[KeyReason.OTHER]).reasons == [KeyReason.OTHER]


@pytest.mark.parametrize("value", ["63.5", "3.65", "三十六度", "36.55", "nan"])
def test_a_temperature_that_cannot_be_is_refused_beside_its_field(office: OfficeCast, value: str) -> None:
    assert set(refused(office, arrival_temperature=value)) == {"arrival_temperature"}


def test_arrival_before_departure_is_refused(office: OfficeCast) -> None:
    assert "早于离开日期" in refused(office, arrived_on=dt.date(2020, 1, 19))["arrived_on"][0]


def test_an_arrival_tomorrow_is_refused(office: OfficeCast) -> None:
    assert "晚于今天" in refused(office, arrived_on=dt.date.today() + dt.timedelta(days=2))["arrived_on"][0]


def test_too_long_a_text_is_refused_with_its_length(office: OfficeCast) -> None:
    assert refused(office, origin="武" * 81) == {"origin": ["最多 80 个字，现在有 81 个。"]}


def test_one_file_an_arrival(office: OfficeCast) -> None:
    first = make_returnee(office, "钱五")
    with pytest.raises(ValidationError) as caught:
        returnee_save(returnee=None, person=first.person, area=first.area, by=office.jia, data=DATA)
    assert "已经建过" in caught.value.message_dict["arrived_on"][0]


def test_a_second_arrival_has_a_file_of_its_own(office: OfficeCast) -> None:
    first = make_returnee(office)
    later = dataclasses.replace(DATA, left_on=None, arrived_on=dt.date(2020, 2, 10))
    returnee_save(returnee=None, person=first.person, area=first.area, by=office.jia, data=later)
    assert first.person.returns.count() == 2


def test_rows_of_route_and_contacts_name_their_own_fields(office: OfficeCast) -> None:
    leg = LegData("武汉", "", aware("2020-01-20 10:00"), aware("2020-01-20 09:00"))
    contact = ContactData("", phone="123")
    errors = refused(office, legs=[leg], contacts=[contact])
    assert set(errors) == {"legs-0-to_place", "legs-0-arrived_at", "contacts-0-name", "contacts-0-phone"}


def test_route_and_contacts_are_kept_changed_and_taken_away(office: OfficeCast) -> None:
    rows = [LegData("武汉", "成都东站"), LegData("成都东站", "淮口")]
    row = save(office, legs=rows, contacts=[ContactData("孙六", phone="13900001111")])
    last, contact = row.legs.last(), row.contacts.get()
    assert last is not None
    returnee_save(
        returnee=row, version=1, by=office.jia,
        data=dataclasses.replace(
            DATA,
            legs=[LegData("成都东站", "金堂", pk=last.pk)],
            contacts=[ContactData("孙六", phone=None, pk=contact.pk)],
        ),
    )  # fmt: skip
    assert [(leg.pk, leg.to_place) for leg in row.legs.all()] == [(last.pk, "金堂")]
    assert row.contacts.get().phone == "13900001111"


def test_a_text_that_could_not_be_read_stays_until_its_field_is_filled(office: OfficeCast) -> None:
    row = save(office, left_on=None, unread={"left_on": "腊月二十六", "transport": "和老乡一起"})
    later = dataclasses.replace(DATA, left_on=dt.date(2020, 1, 20))
    again = returnee_save(returnee=row, version=1, by=office.jia, data=later)
    assert again.unread == {"transport": "和老乡一起"}


def test_rare_names_survive(office: OfficeCast) -> None:
    name = "阿卜杜拉·买买提𬱖"
    row = save(office, contacts=[ContactData("阿卜杜拉•买买提𬱖")])
    assert row.contacts.get().name == name


def test_a_stale_save_carries_both_values(office: OfficeCast) -> None:
    row = save(office)
    returnee_save(returnee=row, version=1, by=office.yi, data=dataclasses.replace(DATA, stops="成都东站"))
    with pytest.raises(StaleReturnee) as stale:
        returnee_save(
            returnee=row, version=1, by=office.jia, data=dataclasses.replace(DATA, stops="重庆北站")
        )
    assert [(one.field, one.mine, one.theirs) for one in stale.value.differences] == [
        ("stops", "重庆北站", "成都东站")
    ]
    row.refresh_from_db()
    assert row.stops == "成都东站"


def test_a_file_under_observation_is_not_voided(office: OfficeCast) -> None:
    observation = make_observation(office)
    assert observation.returnee is not None
    with pytest.raises(ValidationError, match="正在进行的观察"):
        returnee_void(returnee=observation.returnee, version=1, reason="重复", by=office.jia)


def test_a_voided_file_makes_room_for_a_right_one(office: OfficeCast) -> None:
    row = save(office)
    returnee_void(returnee=row, version=1, reason="登错人", by=office.jia)
    again = returnee_save(returnee=None, person=row.person, area=row.area, by=office.jia, data=DATA)
    assert again.pk != row.pk


def test_a_service_is_asked_for_assigned_and_done_once(office: OfficeCast) -> None:
    row = save(office)
    service = service_request(
        person=row.person, area=row.area, kind="SHOPPING", request="米10斤", by=office.jia
    )
    service_assign(service=service, assigned_to=office.yi, by=office.jia)
    done = service_done(service=service, note="已送到门口", by=office.yi)
    assert (done.assigned_to, done.done_by) == (office.yi, office.yi)
    with pytest.raises(ValidationError, match="已经办结"):
        service_done(service=service, note="再送一次", by=office.jia)


def test_what_is_open_goes_over_to_the_successor_of_its_area(office: OfficeCast) -> None:
    """By a MOVED event, so that neither area's stock and flows part."""
    observation = make_observation(office)
    service = service_request(
        person=observation.person, area=observation.area, kind="MEDICINE", request="降压药", by=office.jia
    )
    target = make_area(office.other_village, Level.GROUP, "9组")
    new = area_move(area=office.compound, parent=target, by=office.admin)
    observation.refresh_from_db()
    assert observation.area == new and observation.household is not None
    assert observation.household.area == new
    event = observation.events.get(kind=EventKind.MOVED)
    assert (event.from_area, event.to_area, event.reason) == (office.compound, new, "区域调整")
    assert Returnee.objects.get().area == new
    assert ServiceRequest.objects.get(pk=service.pk).area == new
    assert set(observation.visits.filter(state="PLANNED").values_list("area", flat=True)) <= {
        new.pk,
        office.compound.pk,
    }
