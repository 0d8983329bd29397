"""Saving people, and where they live."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from grassroots.grid.crypto import digest
from households.models import Person, Relation, Residency, ResidencyKind
from households.rules.identity import make_resident_id
from households.services import (
    ConfirmationNeeded,
    PersonData,
    person_save,
    person_void,
    residency_end,
    residency_open,
    residency_set_away,
)
from tests.factories import OfficeCast, make_household, make_office, make_person

pytestmark = pytest.mark.django_db
BIRTH = dt.date(1985, 3, 4)
NUMBER = make_resident_id("510121", BIRTH, 7)


@pytest.fixture
def cast() -> OfficeCast:
    return make_office()


def test_it_fills_birth_date_and_sex_in_from_the_number(cast: OfficeCast) -> None:
    person = person_save(person=None, data=PersonData("张三", id_number=NUMBER), by=cast.jia).person
    assert (person.birth_date, person.sex) == (BIRTH, "M")
    assert person.id_digest == digest(NUMBER, "id")
    assert person.id_last4_digest == digest(NUMBER[-4:], "id-last4")


def test_number_and_phone_lie_encrypted_in_the_table_and_its_history(cast: OfficeCast) -> None:
    person = person_save(
        person=None, data=PersonData("张三", id_number=NUMBER, phone="138 0000 1234"), by=cast.jia
    ).person
    person_save(person=person, data=PersonData("张三", id_number=None, phone="13911112222"), by=cast.jia)
    stored = ""
    with connection.cursor() as cursor:
        for table in ("households_person", "households_historicalperson"):
            cursor.execute(f"SELECT id_number, phone FROM {table}")
            stored += str(cursor.fetchall())
    assert not any(secret in stored for secret in (NUMBER, "13800001234", "13911112222"))
    assert Person.objects.get(pk=person.pk).phone == "13911112222"
    assert person.history.count() == 2


@pytest.mark.parametrize(
    ("typed", "name", "initials"),
    [
        ("\ufeff 张\u200b三 ", "张三", "zs"),
        ("𬱖頔", "𬱖頔", None),
        ("阿卜杜・热合曼", "阿卜杜·热合曼", None),
        ("买" * 50, "买" * 50, "m" * 50),
    ],
)
def test_names_survive_as_they_are_written(
    cast: OfficeCast, typed: str, name: str, initials: str | None
) -> None:
    person = person_save(person=None, data=PersonData(typed), by=cast.jia).person
    person.refresh_from_db()
    assert person.name == name
    if initials:
        assert person.name_initials == initials


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (PersonData("买" * 51), "name"),
        (PersonData("\ufeff\u200b"), "name"),
        (PersonData("张三", birth_date=timezone.localdate() + dt.timedelta(days=1)), "birth_date"),
        (PersonData("张三", birth_date=dt.date(1880, 1, 1)), "birth_date"),
        (PersonData("张三", stated_age=250), "stated_age"),
        (PersonData("张三", id_number="51012119850304"), "id_number"),
        (PersonData("张三", id_number="5.10121E+17"), "id_number"),
        (PersonData("张三", id_kind="NONE", id_number=NUMBER), "id_kind"),
        (PersonData("张三", id_kind="LIBRARY_CARD"), "id_kind"),
        (PersonData("张三", phone="1380000"), "phone"),
        (PersonData("张三", work_unit="厂" * 81), "work_unit"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(cast: OfficeCast, data: PersonData, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        person_save(person=None, data=data, by=cast.jia)
    assert set(refused.value.message_dict) == {field}
    assert not Person.objects.exists()


def test_a_wrong_check_digit_needs_a_reason_and_then_stands(cast: OfficeCast) -> None:
    wrong = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
    with pytest.raises(ConfirmationNeeded) as asked:
        person_save(person=None, data=PersonData("张三", id_number=wrong), by=cast.jia)
    assert [(one.code, one.field, one.by_reason) for one in asked.value.cautions] == [
        ("id-check", "id_check_reason", True)
    ]
    data = PersonData("张三", id_number=wrong, id_check_reason="证件所印如此")
    person = person_save(person=None, data=data, by=cast.jia).person
    assert (person.id_number, person.id_check_reason) == (wrong, "证件所印如此")


def test_sex_and_birth_that_contradict_the_number_are_asked_about_once(cast: OfficeCast) -> None:
    data = PersonData("张三", id_number=NUMBER, sex="F", birth_date=dt.date(1985, 3, 5))
    with pytest.raises(ConfirmationNeeded) as asked:
        person_save(person=None, data=data, by=cast.jia)
    codes = frozenset(one.code for one in asked.value.cautions)
    assert codes == {"id-birth", "id-sex"}
    saved = person_save(person=None, data=data, by=cast.jia, confirmed=codes)
    assert (saved.person.sex, saved.person.birth_date) == ("F", dt.date(1985, 3, 5))
    later = PersonData("张三丰", sex="F", birth_date=dt.date(1985, 3, 5), id_number=None, phone=None)
    assert person_save(person=saved.person, data=later, by=cast.jia).warnings == []


def test_a_number_that_somebody_carries_is_refused_with_his_place_for_those_who_may_see_it(
    cast: OfficeCast,
) -> None:
    household = make_household(cast.compound, door="101")
    make_person("李四", household, id_number=NUMBER, id_digest=digest(NUMBER, "id"))
    with pytest.raises(ValidationError) as refused:
        person_save(person=None, data=PersonData("张三", id_number=NUMBER), by=cast.jia)
    message = refused.value.message_dict["id_number"][0]
    assert all(word in message for word in ("李四", "翠柏苑", "1栋1单元101"))


def test_outside_the_scope_the_refusal_tells_neither_name_nor_place(cast: OfficeCast) -> None:
    household = make_household(cast.compound, door="101")
    make_person("李四", household, id_number=NUMBER, id_digest=digest(NUMBER, "id"))
    with pytest.raises(ValidationError) as refused:
        person_save(person=None, data=PersonData("张三", id_number=NUMBER), by=cast.bing)
    message = refused.value.message_dict["id_number"][0]
    assert "不在您的辖区" in message
    assert not any(word in message for word in ("李四", "翠柏苑", "101"))


def test_two_people_may_share_a_number_for_a_reason(cast: OfficeCast) -> None:
    make_person("李四", id_number=NUMBER, id_digest=digest(NUMBER, "id"))
    data = PersonData("张三", id_number=NUMBER, id_shared_reason="派出所核实为重号")
    person = person_save(person=None, data=data, by=cast.jia).person
    assert person.id_shared_reason == "派出所核实为重号"
    assert Person.objects.filter(id_digest=digest(NUMBER, "id")).count() == 2


def test_somebody_typed_anew_under_his_own_number_can_be_recognised(cast: OfficeCast) -> None:
    known = make_person("李四", id_number=NUMBER, id_digest=digest(NUMBER, "id"), phone="13800009999")
    data = PersonData("李四", id_number=NUMBER, phone=None)
    with pytest.raises(ValidationError, match="同一人"):
        person_save(person=None, data=data, by=cast.jia, confirmed=frozenset({"id-birth", "id-sex"}))
    confirmed = frozenset({"same-person", "id-birth", "id-sex"})
    saved = person_save(person=None, data=data, by=cast.jia, confirmed=confirmed)
    assert saved.person.pk == known.pk
    assert saved.person.phone == "13800009999"


def test_a_stated_age_keeps_the_day_on_which_it_was_stated(cast: OfficeCast) -> None:
    person = person_save(person=None, data=PersonData("张三", stated_age=60), by=cast.jia).person
    assert (person.stated_age, person.stated_age_on) == (60, timezone.localdate())
    assert person.age(timezone.localdate() + dt.timedelta(days=800)) == 62


def test_an_old_fifteen_digit_number_is_stored_with_eighteen(cast: OfficeCast) -> None:
    person = person_save(
        person=None, data=PersonData("张三", id_number="510121 850304 007"), by=cast.jia
    ).person
    assert person.id_number == NUMBER


def test_no_document_clears_the_number(cast: OfficeCast) -> None:
    person = make_person("张三")
    person_save(
        person=person, data=PersonData("张三", id_kind="NONE", id_number=None, phone=None), by=cast.jia
    )
    person.refresh_from_db()
    assert (person.id_number, person.id_digest, person.phone != "") == ("", "", True)


def test_moving_in_from_another_household_asks_and_then_ends_the_other_residency(cast: OfficeCast) -> None:
    old, new = make_household(cast.compound, door="101"), make_household(cast.compound, door="201")
    person = make_person("张三", old)
    with pytest.raises(ConfirmationNeeded) as asked:
        residency_open(person=person, household=new, by=cast.jia)
    assert "1栋1单元101" in asked.value.cautions[0].message
    residency_open(person=person, household=new, by=cast.jia, confirmed=frozenset({"moves-in"}))
    assert Residency.objects.actual().get(person=person).household == new
    left = Residency.objects.get(person=person, household=old)
    assert left.ended_on == timezone.localdate()
    assert left.history.first().history_user == cast.jia
    old.refresh_from_db()
    assert old.version == 2


def test_who_keeps_his_hukou_at_the_old_door_is_turned_away_there(cast: OfficeCast) -> None:
    old, new = make_household(cast.compound, door="101"), make_household(cast.compound, door="201")
    person = make_person("张三", old)
    residency_open(
        person=person,
        household=new,
        kind=ResidencyKind.PERMANENT,
        by=cast.jia,
        confirmed=frozenset({"moves-in"}),
    )
    left = Residency.objects.get(person=person, household=old)
    assert (left.ended_on, left.is_away, left.away_where) == (None, True, "1栋1单元201")


def test_somebody_from_beyond_the_scope_is_asked_about_without_his_place(cast: OfficeCast) -> None:
    old, new = make_household(cast.other_group, door="77"), make_household(cast.compound, door="201")
    person = make_person("张三", old)
    with pytest.raises(ConfirmationNeeded) as asked:
        residency_open(person=person, household=new, by=cast.jia)
    assert "77" not in asked.value.cautions[0].message


def test_a_household_has_one_head(cast: OfficeCast) -> None:
    household = make_household(cast.compound)
    make_person("张三", household, relation=Relation.HEAD)
    with pytest.raises(ValidationError) as refused:
        residency_open(person=make_person("李四"), household=household, relation=Relation.HEAD, by=cast.jia)
    assert set(refused.value.message_dict) == {"relation"}


def test_who_comes_back_from_another_household_leaves_it(cast: OfficeCast) -> None:
    home, other = make_household(cast.compound, door="101"), make_household(cast.compound, door="201")
    person = make_person("张三", home)
    away = residency_set_away(
        residency=Residency.objects.get(person=person), is_away=True, away_where="武汉", by=cast.jia
    )
    residency_open(person=person, household=other, kind=ResidencyKind.TEMPORARY, by=cast.jia)
    with pytest.raises(ConfirmationNeeded):
        residency_set_away(residency=away, is_away=False, by=cast.jia)
    away.refresh_from_db()
    residency_set_away(residency=away, is_away=False, by=cast.jia, confirmed=frozenset({"moves-in"}))
    assert Residency.objects.actual().get(person=person).household == home


def test_a_residency_does_not_end_before_it_began_or_tomorrow(cast: OfficeCast) -> None:
    person = make_person("张三", make_household(cast.compound))
    residency = Residency.objects.get(person=person)
    for days in (-1, 1):
        with pytest.raises(ValidationError) as refused:
            residency_end(residency=residency, on=timezone.localdate() + dt.timedelta(days=days), by=cast.jia)
        assert set(refused.value.message_dict) == {"ended_on"}


def test_somebody_entered_by_mistake_never_lived_there_and_frees_his_number(cast: OfficeCast) -> None:
    person = make_person("张三", make_household(cast.compound))
    number = person.id_number
    person_void(person=person, reason="重复登记", by=cast.jia)
    residency = Residency.objects.get(person=person)
    assert residency.ended_on == residency.started_on
    data = PersonData("张三", id_number=number)
    assert person_save(person=None, data=data, by=cast.jia).person.pk != person.pk
