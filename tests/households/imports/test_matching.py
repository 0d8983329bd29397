"""Whom a row means: ID, then name and phone, then name and address; doubles; what lies outside the importer's scope."""

from __future__ import annotations

from typing import Any

import pytest

from grassroots.ledgers.intake.protocol import ImportContext, Record
from households.imports.matching import ELSEWHERE, Identity, Match, Matcher, identity_of
from households.models import Person
from tests.factories import OfficeCast, aware, make_household, make_office, make_person

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 10:00")


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def record(row: int = 4, **cells: object) -> Record:
    return Record(row, cells, {"name": "姓名", "id_number": "身份证号", "phone": "手机"})


def match(office: OfficeCast, *seen: Identity, staff: Any = None) -> list[Match]:
    context = ImportContext(
        area=office.street, staff=staff or office.ding, at=AT, reference=AT.date()
    )  # fmt: skip
    return Matcher(context).match(seen)


def of(person: Person, **values: object) -> Identity:
    """What a row says that knows name, number and phone of somebody."""
    cells = {"name": person.name, "id_number": person.id_number, "phone": person.phone} | values
    return identity_of(record(**cells))


@pytest.fixture
def person(office: OfficeCast) -> Person:
    return make_person("张三", make_household(office.compound, "501"))


def test_the_number_is_enough_whatever_else_changed(office: OfficeCast, person: Person):
    [found] = match(office, of(person, phone="13912345678"))
    assert (found.person, found.how, found.warnings) == (person, "id", [])
    assert found.home is not None
    assert found.home.area == office.compound


def test_another_name_under_the_number_is_told(office: OfficeCast, person: Person):
    [found] = match(office, of(person, name="张山"))
    assert found.person == person
    assert [key for key, _words in found.warnings] == ["name"]


@pytest.mark.parametrize("damaged", [5.10112198307058e17, "510112198307058000", "5.10121E+17", "51010", ""])
def test_with_a_number_that_excel_destroyed_name_and_phone_tell(
    office: OfficeCast, person: Person, damaged: object
):
    seen = of(person, id_number=damaged)
    assert seen.id_number == ""
    [found] = match(office, seen)
    assert (found.person, found.how) == (person, "phone")
    assert ("id_number" in seen.unread) == (damaged != "")


def test_a_failed_check_digit_is_taken_with_a_warning(office: OfficeCast):
    seen = identity_of(record(name="周艳", id_number="511024196811290831"))
    assert seen.id_number == "511024196811290831"
    assert [key for key, _words in seen.warnings] == ["id_number"]
    assert not seen.unread


def test_without_number_and_phone_name_and_door_tell(office: OfficeCast, person: Person):
    home = person.residencies.get().household
    [found] = match(office, Identity(4, name="张三", household_ids=(home.pk,)))
    assert (found.person, found.how) == (person, "address")


def test_name_and_an_address_that_is_no_door_tell(office: OfficeCast):
    person = make_person("李四")
    person.residencies.create(area=office.other_group, address_text="159号")
    [found] = match(office, Identity(4, name="李四", place=(office.other_group.pk, "159号")))
    assert (found.person, found.how) == (person, "address")


def test_two_numbers_are_two_people_although_name_and_phone_are_the_same(office: OfficeCast, person: Person):
    [found] = match(office, of(person, id_number="510121198005055515"))
    assert found.person is None
    assert [key for key, _words in found.warnings] == ["id_number"]


def test_the_same_phone_under_another_name_is_somebody_else(office: OfficeCast, person: Person):
    [found] = match(office, of(person, id_number="", name="张小三"))
    assert (found.person, found.problem) == (None, "")


def test_a_person_typed_twice_is_one(office: OfficeCast):
    new = {"name": "王五", "id_number": "510121198005055515", "phone": "13912345678"}
    rows = [
        identity_of(record(4, **new)),
        identity_of(record(5, **new)),
        identity_of(record(6, **new | {"id_number": ""})),
        identity_of(record(7, **new | {"id_number": "510121198005055523"})),
    ]
    assert [one.first for one in match(office, *rows)] == [None, 0, 0, None]


def test_who_is_registered_outside_the_scope_is_turned_down_without_a_word_of_where(office: OfficeCast):
    stranger = make_person("赵六", make_household(office.group, "7"))
    [found] = match(office, of(stranger), staff=office.bing)
    assert found.problem == ELSEWHERE
    assert office.group.name not in found.problem
    assert office.village.name not in found.problem
    [seen] = match(office, of(stranger), staff=office.jia)
    assert (seen.person, seen.problem) == (stranger, "")


def test_where_somebody_is_registered_is_told_to_who_may_know(office: OfficeCast, person: Person):
    context = ImportContext(area=office.other_village, staff=office.ding, at=AT, reference=AT.date())
    matcher = Matcher(context)
    [found] = matcher.match([of(person)])
    assert found.home is not None
    assert "翠柏苑" in matcher.where(found.home)


@pytest.mark.parametrize("name", ["", None, "  ", "?"])
def test_a_row_without_a_name_means_nobody(office: OfficeCast, name: object):
    seen = identity_of(record(name=name, id_number="510121198005055515"))
    assert seen.problem


def test_the_number_of_queries_does_not_grow_with_the_rows(
    office: OfficeCast, django_assert_num_queries: Any
):
    home = make_household(office.compound, "501")
    people = [make_person(f"人{number}", home) for number in range(30)]
    rows = [of(one) for one in people] + [Identity(9, name="x", household_ids=(home.pk,))]
    context = ImportContext(area=office.street, staff=office.ding, at=AT, reference=AT.date())
    matcher = Matcher(context)
    with django_assert_num_queries(4):
        assert {one.how for one in matcher.match(rows[:3] + rows[-1:])} == {"id", ""}
    with django_assert_num_queries(4):
        assert len(matcher.match(rows)) == 31
