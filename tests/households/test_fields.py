"""责任田: doors are given to somebody at once; who answers for which, counts, and the doors without anybody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import AreaDuty, DutyKind, Role, Staff
from households.fields import fields_of
from households.models import Household, HouseholdDuty
from households.services.fields import field_assign
from tests.factories import OfficeCast, make_household, make_office, make_staff
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.quarantine.cases import queries_of
from tests.texts import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> OfficeCast:
    """翠柏苑 with two units of two doors."""
    office = make_office()
    AreaDuty.objects.all().delete()
    for unit in ("1", "2"):
        for door in ("101", "102"):
            make_household(office.compound, door, unit=unit)
    return office


@pytest.fixture
def head(office: OfficeCast) -> Staff:
    """A head of the building who does not sign in."""
    staff = make_staff("楼栋长", Role.OFFICER, office.village)
    staff.set_unusable_password()
    staff.save()
    return staff


def kind() -> DutyKind:
    return DutyKind.objects.get(code="group")


def today() -> dt.date:
    return timezone.localdate()


def doors(office: OfficeCast, unit: str) -> list[Household]:
    return list(Household.objects.filter(area=office.compound, unit=unit).order_by("door"))


def assign(office: OfficeCast, staff: Staff, households: list[Household]) -> int:
    return field_assign(households=households, staff=staff, kind=kind(), on=today(), by=office.ding)


def test_a_unit_and_a_door_are_given_at_once_and_what_is_his_already_stays(office, head):
    client, url = client_of(office.ding), reverse("households:field_page", args=[office.compound.pk])
    typed = {"what": "ASSIGN", "staff": str(head.uid), "kind": kind().pk, "on": today().isoformat()}
    ticked = ["unit:1/1", str(doors(office, "1")[0].uid), str(doors(office, "2")[0].uid)]
    assert post(client, url, {**typed, "doors": ticked}).status_code == 302
    assert HouseholdDuty.objects.filter(staff=head).count() == 3
    again = client.get(post(client, url, {**typed, "doors": ["unit:1/1"]})["Location"])
    assert "没有变化" in text_of(again) and HouseholdDuty.objects.count() == 3
    page = text_of(client.get(url))
    assert "楼栋长 2户" in page and "1 户没有责任人" in page
    assert post(client, url, {**typed, "what": "END", "doors": ["unit:1/1"]}).status_code == 302
    assert HouseholdDuty.objects.open().count() == 1


def test_doors_without_anybody_are_counted_where_nobody_answers_for_the_whole(office, head):
    assign(office, head, doors(office, "1"))
    here, above = fields_of(office.compound, today()), fields_of(office.village, today())
    assert [one.household.door for one in here.bare] == ["101", "102"] and here.bare_count == 2
    assert above.bare_count == 2 and above.kinds == [(kind().name, 1, 2)]
    AreaDuty.objects.create(area=office.compound, staff=office.jia, kind=kind())
    here, above = fields_of(office.compound, today()), fields_of(office.village, today())
    assert here.officers == ["甲某"] and here.bare == [] and above.bare_count == 0


def test_the_deputy_stands_there_while_he_stands_in(office, head):
    assign(office, head, doors(office, "1"))
    HouseholdDuty.objects.update(deputy=office.yi, standin_from=today())
    assert fields_of(office.compound, today()).units[0].words == "乙某 2户"


def test_the_door_and_the_picture_say_who_answers(office, head):
    (first, _second) = doors(office, "1")
    assign(office, head, [first])
    client = client_of(office.jia)
    assert "楼栋长" in text_of(client.get(reverse("households:household_detail", args=[first.uid])))
    picture = text_of(client.get(reverse("households:picture", args=[office.compound.pk])))
    assert "楼栋长 1户" in picture and reverse("households:field_page", args=[office.compound.pk]) in picture


def test_what_is_missing_is_said_and_the_ticks_stay(office: OfficeCast) -> None:
    client, url = client_of(office.ding), reverse("households:field_page", args=[office.compound.pk])
    typed: dict[str, Any] = {"what": "ASSIGN", "kind": kind().pk, "on": today().isoformat()}
    answer = post(client, url, {**typed, "doors": ["unit:1/2"]})
    assert answer.status_code == 422 and 'value="unit:1/2"' in text_of(answer)
    assert text_of(answer).split('value="unit:1/2"')[1].split(">")[0].count("checked") == 1
    assert "请勾选门牌" in text_of(post(client, url, {**typed, "staff": str(office.jia.uid)}))
    assert not HouseholdDuty.objects.exists()


def test_the_number_of_queries_does_not_grow_with_doors_or_officers(office, head):
    assign(office, head, doors(office, "1"))
    client, url = client_of(office.ding), reverse("households:field_page", args=[office.compound.pk])
    few = queries_of(client, url)
    for number in range(5):
        make_household(office.compound, f"20{number}", unit="3")
    assign(office, office.jia, doors(office, "3"))
    assert queries_of(client, url) == few
