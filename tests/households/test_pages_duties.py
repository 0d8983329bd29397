"""Residencies, support, and who answers for one household or one person."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from grassroots.grid.models import DutyKind
from households.models import Household, HouseholdDuty, Person, PersonDuty, Residency
from tests.factories import OfficeCast, make_household, make_person
from tests.households.door_pages import office, send, signed_in
from tests.texts import text_of

__all__ = ["office"]


@pytest.fixture
def household(office: OfficeCast) -> Household:
    return make_household(office.compound, door="101")


@pytest.fixture
def person(household: Household) -> Person:
    person = make_person("张建国", household)
    Residency.objects.filter(person=person).update(started_on=dt.date(2020, 1, 1))
    return person


def today() -> str:
    return f"{timezone.localdate():%Y-%m-%d}"


def page_of(person: Person, verb: str) -> str:
    return f"/households/people/{person.uid}/{verb}/"


# --- moving, going away, coming back ---------------------------------------------------------------------


def test_moving_out_ends_the_residency_and_leads_to_the_list(office: OfficeCast, person: Person):
    residency = person.residencies.get()
    url = page_of(person, f"residencies/{residency.pk}/end")
    response = send(signed_in(office.jia), url, on=today(), reason="搬到官仓")
    assert response["Location"] == "/households/"
    residency.refresh_from_db()
    assert residency.ended_on == timezone.localdate()


def test_moving_out_in_the_future_is_refused_beside_the_date(office: OfficeCast, person: Person):
    residency = person.residencies.get()
    response = send(
        signed_in(office.jia),
        page_of(person, f"residencies/{residency.pk}/end"),
        on=f"{dt.date.today() + dt.timedelta(days=400)}",
    )
    assert response.status_code == 422 and "不能晚于今天" in text_of(response)
    residency.refresh_from_db()
    assert residency.ended_on is None


def test_going_away_and_coming_back(office: OfficeCast, person: Person):
    client, residency = signed_in(office.jia), person.residencies.get()
    away = page_of(person, f"residencies/{residency.pk}/away")
    assert send(client, away, away_where="").status_code == 422
    assert send(client, away, away_where="广东东莞", away_until="2030-02-01").status_code == 302
    residency.refresh_from_db()
    assert residency.is_away and residency.away_where == "广东东莞"
    assert send(client, page_of(person, f"residencies/{residency.pk}/return")).status_code == 302
    residency.refresh_from_db()
    assert not residency.is_away and residency.away_where == ""


def test_coming_back_from_another_household_asks_first(office: OfficeCast, person: Person):
    client, residency = signed_in(office.jia), person.residencies.get()
    Residency.objects.filter(pk=residency.pk).update(is_away=True)
    other = make_household(office.compound, door="202")
    Residency.objects.create(person=person, household=other, area=other.area, started_on=dt.date(2020, 1, 2))
    url = page_of(person, f"residencies/{residency.pk}/return")
    response = send(client, url)
    assert response.status_code == 422 and "202" in text_of(response)
    assert send(client, url, moves_in="on").status_code == 302
    residency.refresh_from_db()
    assert not residency.is_away
    assert Residency.objects.actual().get(person=person) == residency


# --- support ---------------------------------------------------------------------------------------------


def test_support_is_added_once_and_ended(office: OfficeCast, person: Person):
    client, url = signed_in(office.jia), page_of(person, "supports/create")
    assert send(client, url, kind="LOW_INCOME", started_on="2020-01-05").status_code == 302
    assert send(client, url, kind="DISABLED", started_on="2020-01-05").status_code == 302
    again = send(client, url, kind="LOW_INCOME", started_on="2020-01-06")
    assert again.status_code == 422 and "不必重复登记" in text_of(again)
    support = person.supports.get(kind="LOW_INCOME")
    end = page_of(person, f"supports/{support.pk}/end")
    assert send(client, end, on="2020-01-01").status_code == 422
    assert send(client, end, on="2020-01-29").status_code == 302
    support.refresh_from_db()
    assert support.ended_on == dt.date(2020, 1, 29)
    assert person.supports.filter(ended_on=None).count() == 1


# --- duties ----------------------------------------------------------------------------------------------


def kind(code: str = "group") -> int:
    return DutyKind.objects.get(code=code).pk


def test_a_supervisor_assigns_a_household_and_it_opens_just_that_one(
    office: OfficeCast, household: Household
):
    other = make_household(office.compound, door="102")
    client, bing = signed_in(office.ding), signed_in(office.bing)
    assert bing.get(f"/households/{household.uid}/").status_code == 404
    url = f"/households/{household.uid}/duties/create/"
    response = send(client, url, kind=kind(), staff=office.bing.uid, valid_from=today())
    assert response.status_code == 302 and HouseholdDuty.objects.get().staff == office.bing
    assert bing.get(f"/households/{household.uid}/").status_code == 200
    assert bing.get(f"/households/{other.uid}/").status_code == 404
    assert "丙某" in text_of(client.get(f"/households/{household.uid}/"))


def test_a_person_is_assigned_with_a_deputy(office: OfficeCast, person: Person):
    values = {
        "kind": kind("health"),
        "staff": office.health.uid,
        "deputy": office.yi.uid,
        "valid_from": today(),
    }
    url = page_of(person, "duties/create")
    assert send(signed_in(office.ding), url, **values, standin_from=today()).status_code == 302
    duty = PersonDuty.objects.get()
    assert (duty.staff, duty.deputy, duty.acting_today) == (office.health, office.yi, office.yi)


def test_the_same_duty_twice_is_refused_in_words(office: OfficeCast, household: Household):
    client, url = signed_in(office.ding), f"/households/{household.uid}/duties/create/"
    values = {"kind": kind(), "staff": office.yi.uid, "valid_from": today()}
    send(client, url, **values)
    response = send(client, url, **values)
    assert response.status_code == 422 and "不必重复指定" in text_of(response)
    assert HouseholdDuty.objects.count() == 1


def test_only_staff_of_the_scope_can_be_chosen(office: OfficeCast, household: Household):
    office.ding.postings.update(area=office.village)
    office.ding.areaduty_set.all().delete()
    client, url = signed_in(office.ding), f"/households/{household.uid}/duties/create/"
    assert "丙某" not in text_of(client.get(url)) and "乙某" in text_of(client.get(url))
    for field in ({"staff": office.bing.uid}, {"staff": office.yi.uid, "deputy": office.bing.uid}):
        response = send(client, url, kind=kind(), valid_from=today(), **field)
        assert response.status_code == 422 and not HouseholdDuty.objects.exists()


def test_looking_for_staff_writes_nothing_and_keeps_what_was_typed(office: OfficeCast, household: Household):
    url = f"/households/{household.uid}/duties/create/"
    values = {"kind": kind("health"), "staff_q": "卫某", "valid_from": "2020-01-20", "find": "staff"}
    page = text_of(send(signed_in(office.ding), url, **values))
    assert "卫某" in page and "2020-01-20" in page and not HouseholdDuty.objects.exists()


def test_a_duty_is_changed_and_ended(office: OfficeCast, household: Household):
    duty = HouseholdDuty.objects.create(
        household=household, staff=office.yi, kind_id=kind(), valid_from=dt.date(2020, 1, 1)
    )
    client = signed_in(office.ding)
    edit, end = (f"/households/duties/household/{duty.pk}/{verb}/" for verb in ("edit", "end"))
    assert client.get(edit).status_code == client.get(end).status_code == 200
    assert send(client, edit, deputy=office.jia.uid, valid_to="2019-01-01").status_code == 422
    assert send(client, edit, deputy=office.jia.uid, valid_to="2030-01-01").status_code == 302
    duty.refresh_from_db()
    assert (duty.deputy, duty.valid_to) == (office.jia, dt.date(2030, 1, 1))
    assert send(client, end, on="2020-01-29").status_code == 302
    duty.refresh_from_db()
    assert duty.valid_to == dt.date(2020, 1, 28)


def test_a_deputy_from_elsewhere_stays_when_somebody_here_edits(office: OfficeCast, household: Household):
    duty = HouseholdDuty.objects.create(
        household=household,
        staff=office.yi,
        deputy=office.bing,
        kind_id=kind(),
        valid_from=dt.date(2020, 1, 1),
    )
    office.ding.postings.update(area=office.village)
    office.ding.areaduty_set.all().delete()
    url = f"/households/duties/household/{duty.pk}/edit/"
    assert send(signed_in(office.ding), url, deputy=office.bing.uid, valid_to="2030-01-01").status_code == 302
    duty.refresh_from_db()
    assert duty.deputy == office.bing


def test_duties_of_foreign_targets_are_404_and_need_the_right(office: OfficeCast, household: Household):
    foreign = make_household(office.other_group, door="34", building="", unit="")
    stranger = make_person("远某", foreign)
    at = {"staff": office.bing, "kind_id": kind(), "valid_from": dt.date(2020, 1, 1)}
    one, two = (
        HouseholdDuty.objects.create(household=foreign, **at),
        PersonDuty.objects.create(person=stranger, **at),
    )
    mine = HouseholdDuty.objects.create(household=household, **at)
    office.ding.postings.update(area=office.village)
    office.ding.areaduty_set.all().delete()
    client = signed_in(office.ding)
    for on, duty in (("household", one), ("person", two)):
        for verb in ("edit", "end"):
            url = f"/households/duties/{on}/{duty.pk}/{verb}/"
            assert client.get(url).status_code == 404
            assert send(client, url, on="2020-01-29").status_code == 404
    assert client.get(f"/households/duties/area/{mine.pk}/end/").status_code == 404
    assert signed_in(office.jia).get(f"/households/duties/household/{mine.pk}/end/").status_code == 403
    assert signed_in(office.jia).get(f"/households/{household.uid}/duties/create/").status_code == 403
