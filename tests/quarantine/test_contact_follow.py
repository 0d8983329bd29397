"""跟踪密接: who is only a name becomes somebody of the register once, tied to whoever named him, and is observed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from households.models import Person
from quarantine.models import CloseContact, Observation, Returnee
from quarantine.services.observations import StartDates, observation_open
from quarantine.services.returnees import ContactData, ReturneeData, returnee_save
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.quarantine.cases import make_returnee, sent, signed_in, switch_on

pytestmark = pytest.mark.django_db
MET = dt.date(2020, 1, 22)


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def named(returnee: Returnee, name: str = "黎四", phone: str = "13911112222") -> CloseContact:
    return returnee.contacts.create(name=name, relation="堂兄", phone=phone, where="3组27号", contact_on=MET)


def follow_url(contact: CloseContact) -> str:
    return reverse("quarantine:contact_follow", args=[contact.returnee.uid, contact.pk])


def opening(person: Person) -> str:
    return reverse("quarantine:observation_open", kwargs={"person_uid": person.uid})


def registered(household: object, name: str = "黎四", phone: str = "13911112222") -> Person:
    from grassroots.grid.crypto import digest

    return make_person(name, household, phone=phone, phone_digest=digest(phone, "phone"))  # type: ignore[arg-type]


NEW = {"who": "new", "name": "黎四", "id_kind": "NONE", "residency_kind": "TEMPORARY", "sex": "M"}


def test_somebody_new_is_registered_with_the_contacts_phone_and_his_observation_proposed(
    office: OfficeCast,
) -> None:
    contact = named(make_returnee(office))
    client = signed_in(office.jia)
    values = sent(**NEW, area=office.group.pk, address_text="3组27号")
    answer = client.post(follow_url(contact), values)
    person = Person.objects.get(name="黎四")
    assert (answer.status_code, answer.url) == (302, opening(person))
    contact.refresh_from_db()
    assert contact.person == person and person.phone == "13911112222"
    form = client.get(answer.url).context["form"]
    assert form.initial["last_contact_on"] == MET
    assert client.post(follow_url(contact), values).url == opening(person)  # sent twice
    assert Person.objects.filter(name="黎四").count() == 1


def test_somebody_of_the_same_home_needs_no_address(office: OfficeCast) -> None:
    contact = named(make_returnee(office))
    signed_in(office.jia).post(follow_url(contact), sent(**NEW, same_home="on"))
    assert Person.objects.get(name="黎四").residencies.get().household == contact.returnee.household


def test_without_an_address_nothing_is_saved_and_nothing_typed_is_lost(office: OfficeCast) -> None:
    contact = named(make_returnee(office))
    answer = signed_in(office.jia).post(follow_url(contact), sent(**NEW, work_unit="锦江面馆"))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "请选择现住区域。" in text and "请填写现住址。" in text and "锦江面馆" in text
    assert not Person.objects.filter(name="黎四").exists()


def test_whoever_has_the_same_name_and_phone_is_proposed_first_and_not_registered_again(
    office: OfficeCast,
) -> None:
    contact = named(make_returnee(office))
    person = registered(make_household(office.compound))
    client = signed_in(office.jia)
    form = client.get(follow_url(contact)).context["form"]
    assert form.initial["who"] == str(person.uid)
    answer = client.post(follow_url(contact), sent(who=str(person.uid)))
    assert answer.url == opening(person)
    contact.refresh_from_db()
    assert contact.person == person and Person.objects.filter(name="黎四").count() == 1


def test_whoever_carries_the_id_number_is_recognised_and_stays_where_he_lives(office: OfficeCast) -> None:
    contact = named(make_returnee(office), phone="")
    person = registered(make_household(office.compound))
    values = {**NEW, "id_kind": "RESIDENT_ID", "id_number": person.id_number, "area": office.group.pk}
    values |= {"address_text": "3组27号", "sex": ""}  # his number tells his sex
    client = signed_in(office.jia)
    asked = client.post(follow_url(contact), sent(**values))
    assert asked.status_code == 422 and "是同一人" in asked.content.decode()
    answer = client.post(follow_url(contact), sent(**values, confirmed="same-person"))
    assert answer.url == opening(person)
    assert Person.objects.filter(name="黎四").count() == 1 and person.residencies.count() == 1


def test_whoever_lives_elsewhere_is_tied_and_left_to_those_there(office: OfficeCast) -> None:
    contact = named(make_returnee(office))
    person = registered(make_household(office.other_group))
    client = signed_in(office.jia)
    page = client.get(follow_url(contact))
    assert [code for code, _words in page.context["form"].fields["who"].choices] == ["elsewhere", "new"]
    assert str(person.uid) not in page.content.decode()
    assert client.post(follow_url(contact), sent(who=str(person.uid))).status_code == 422
    answer = client.post(follow_url(contact), sent(who="elsewhere"))
    assert answer.url == reverse("quarantine:person_file", args=[contact.returnee.person.uid])
    contact.refresh_from_db()
    assert contact.person == person


def test_whoever_is_followed_already_is_shown_on_both_files(office: OfficeCast) -> None:
    contact = named(make_returnee(office))
    person = registered(make_household(office.compound))
    CloseContact.objects.filter(pk=contact.pk).update(person=person)
    observation_open(
        person=person, area=office.compound, dates=StartDates(last_contact_on=dt.date.today()), by=office.jia
    )
    client = signed_in(office.jia)
    answer = client.get(follow_url(contact))
    theirs, mine = (
        reverse("quarantine:person_file", args=[one.uid]) for one in (contact.returnee.person, person)
    )
    assert answer.url == mine
    assert theirs in client.get(mine).content.decode() and mine in client.get(theirs).content.decode()
    assert Observation.objects.count() == 1


def test_who_may_not_register_people_is_told_whom_to_ask(office: OfficeCast) -> None:
    contact = named(make_returnee(office))
    answer = signed_in(office.health).get(follow_url(contact))
    assert answer.status_code == 403 and "请报给村干部登记" in answer.content.decode()


def test_a_choice_made_by_hand_survives_a_change_of_the_file(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    contact = named(returnee, phone="")
    person = make_person("黎四", make_household(office.compound))
    CloseContact.objects.filter(pk=contact.pk).update(person=person)

    def save(name: str) -> CloseContact:
        row = ContactData(name=name, pk=contact.pk, phone="13911113333")
        returnee_save(returnee=returnee, data=ReturneeData(origin="武汉", contacts=[row]), by=office.jia)
        return CloseContact.objects.get(pk=contact.pk)

    assert save("黎四").person == person
    assert save("别人").person is None
