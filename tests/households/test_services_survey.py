"""One knock on one door: what it writes, what it refuses, and where it leaves the household."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from grassroots.ledgers.models import DirtyArea
from households import hooks
from households.models import CommitmentLetter, Household, Person, Relation, Residency, Survey, SurveyMember
from households.rules.identity import make_resident_id
from households.services import (
    MemberData,
    PersonData,
    StaleVersion,
    SurveyData,
    SurveyRefused,
    household_update,
    survey_record,
)
from households.services.walking import next_door
from tests.factories import OfficeCast, aware, make_household, make_office, make_person

pytestmark = pytest.mark.django_db
NOW = aware("2020-01-29 15:00")


@pytest.fixture(autouse=True)
def _afternoon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast() -> OfficeCast:
    return make_office()


@pytest.fixture
def household(cast: OfficeCast) -> Household:
    return make_household(cast.compound, door="101")


def knock(door: Household, cast: OfficeCast, outcome: str = "SIGNED", **fields: Any) -> Survey:
    """One knock by 甲 at 15:00 of 2020-01-29, unless told otherwise."""
    at = fields.pop("at", NOW)
    data = SurveyData(outcome=outcome, **{"visited_at": at, **fields})
    household = Household.objects.select_related("area").get(pk=door.pk)
    return survey_record(household=household, version=household.version, data=data, by=cast.jia, at=at).survey


def member_of(person: Person, **fields: Any) -> MemberData:
    """A registered member as the form sends him back when nothing was changed."""
    residency = Residency.objects.open().get(person=person)
    data = PersonData(
        person.name,
        sex=person.sex,
        birth_date=person.birth_date,
        id_kind=person.id_kind,
        id_number=None,
        phone=None,
    )
    values = {
        "relation": residency.relation,
        "kind": residency.kind,
        "data": data,
        "person_uid": str(person.uid),
    }
    return MemberData(key=f"m{person.pk}", **{**values, **fields})


def newcomer(name: str, **fields: Any) -> MemberData:
    """Somebody typed in anew."""
    person = {
        key: fields.pop(key) for key in ("id_number", "birth_date", "sex", "stated_age") if key in fields
    }
    return MemberData(key=f"new-{name}", data=PersonData(name, **person), **fields)


def refused(door: Household, cast: OfficeCast, **fields: Any) -> SurveyRefused:
    """The refusal that this knock meets."""
    with pytest.raises(SurveyRefused) as caught:
        knock(door, cast, **fields)
    return caught.value


def test_a_signed_letter_settles_the_household(cast: OfficeCast, household: Household) -> None:
    survey = knock(household, cast, steps=frozenset({"greet", "scan"}), respondent="张三", leaflets=1)
    household.refresh_from_db()
    assert (household.survey_state, household.signed_at, household.surveyed_at) == ("SIGNED", NOW, NOW)
    assert household.version == 2
    assert (survey.step_greet, survey.step_scan, survey.step_sign, survey.step_ask) == (
        True,
        True,
        True,
        False,
    )
    letter = CommitmentLetter.objects.get()
    assert (letter.signed_by, letter.signed_at, letter.area) == ("张三", NOW, cast.compound)
    assert letter.number == f"{cast.compound.code}-{survey.pk:06d}"
    assert DirtyArea.objects.filter(area=cast.compound).exists()
    assert household.history.first().history_user == cast.jia


def test_it_registers_people_and_keeps_what_each_answered(cast: OfficeCast, household: Household) -> None:
    number = make_resident_id("510121", dt.date(1985, 3, 4), 7)
    knock(
        household,
        cast,
        members=[
            newcomer(
                "张三", id_number=number, relation="HEAD", temperature=Decimal("36.4"), hubei_contact=False
            ),
            newcomer("李四", relation="SPOUSE", is_away=True, away_where="武汉"),
        ],
    )
    first, second = Residency.objects.order_by("order")
    assert (first.person.name, first.person.sex, first.relation) == ("张三", "M", "HEAD")
    assert (second.is_away, second.away_where, second.area) == (True, "武汉", cast.compound)
    assert first.started_on == NOW.date()
    answers = {row.person.name: row for row in SurveyMember.objects.select_related("person")}
    assert (answers["张三"].temperature, answers["张三"].hubei_contact) == (Decimal("36.4"), False)
    assert answers["李四"].at_home is False
    assert Person.objects.get(name="张三").history.get().history_user == cast.jia


def test_it_changes_ends_and_corrects_members_with_a_history_line_for_each(
    cast: OfficeCast, household: Household
) -> None:
    head, wife, gone, wrong = (make_person(name, household) for name in ("张三", "李四", "王五", "赵六"))
    Residency.objects.filter(person__in=[gone, wrong]).update(started_on=dt.date(2020, 1, 1))
    knock(
        household,
        cast,
        members=[
            replace(member_of(head), data=replace(member_of(head).data, name="张三丰")),
            member_of(wife, relation="SPOUSE"),
            member_of(gone, removal="MOVED_OUT"),
            member_of(wrong, removal="MISTAKE"),
        ],
    )
    head.refresh_from_db()
    assert (head.name, head.name_initials) == ("张三丰", "zsf")
    residencies = {row.person_id: row for row in Residency.objects.all()}
    assert residencies[wife.pk].relation == Relation.SPOUSE
    assert residencies[gone.pk].ended_on == NOW.date()
    assert residencies[wrong.pk].ended_on == dt.date(2020, 1, 1)
    assert all(residencies[one.pk].history.first().history_user == cast.jia for one in (wife, gone, wrong))
    assert set(SurveyMember.objects.values_list("person", flat=True)) == {head.pk, wife.pk}


def test_the_head_can_change_hands(cast: OfficeCast, household: Household) -> None:
    old, new = make_person("张三", household), make_person("李四", household)
    knock(household, cast, members=[member_of(old, relation="PARENT"), member_of(new, relation="HEAD")])
    relations = dict(Residency.objects.values_list("person__name", "relation"))
    assert relations == {"张三": "PARENT", "李四": "HEAD"}


def test_who_is_away_stays_registered_and_is_not_at_home(cast: OfficeCast, household: Household) -> None:
    person = make_person("张三", household)
    knock(household, cast, members=[member_of(person, removal="AWAY", away_where="武汉")])
    residency = Residency.objects.get(person=person)
    assert (residency.ended_on, residency.is_away, residency.away_where) == (None, True, "武汉")


def test_everything_wrong_is_told_at_once_and_nothing_is_saved(
    cast: OfficeCast, household: Household
) -> None:
    refusal = refused(
        household,
        cast,
        outcome="SIGNED",
        visited_at=NOW + dt.timedelta(hours=1),
        household={"door": ""},
        members=[
            newcomer("张三", relation="HEAD", temperature=Decimal("63.5")),
            newcomer("李四", relation="HEAD", temperature=Decimal("3.65")),
            newcomer("", birth_date=dt.date(2020, 2, 1)),
            newcomer("王五", left_on=dt.date(2020, 1, 20), returned_on=dt.date(2020, 1, 10)),
        ],
    )
    assert set(refusal.errors[""]) == {"visited_at", "household.door"}
    assert "颠倒" in refusal.errors["new-张三"]["temperature"][0]
    assert "小数点" in refusal.errors["new-李四"]["temperature"][0]
    assert "户主" in refusal.errors["new-李四"]["relation"][0]
    assert set(refusal.errors["new-"]) == {"name", "birth_date"}
    assert "离开日期" in refusal.errors["new-王五"]["returned_on"][0]
    assert not Person.objects.exists() and not Survey.objects.exists()
    assert Household.objects.get().version == 1


def test_a_low_temperature_is_measured_again_before_it_is_believed(
    cast: OfficeCast, household: Household
) -> None:
    low = newcomer("张三", temperature=Decimal("34.9"))
    refusal = refused(household, cast, members=[low])
    assert [one.code for one in refusal.cautions["new-张三"]] == ["measured-again"]
    knock(household, cast, members=[replace(low, confirmed=frozenset({"measured-again"}))])
    assert SurveyMember.objects.get().temperature == Decimal("34.9")


def test_somebody_taken_off_the_list_can_be_put_back(cast: OfficeCast, household: Household) -> None:
    person = make_person("张三", household)
    form_row = member_of(person)
    knock(household, cast, members=[replace(form_row, removal="MOVED_OUT")])
    knock(household, cast, at=NOW + dt.timedelta(minutes=1), members=[form_row])
    assert Residency.objects.actual().get(person=person).household == household


def test_one_number_twice_in_a_household_is_refused(cast: OfficeCast, household: Household) -> None:
    number = make_resident_id("510121", dt.date(1985, 3, 4), 7)
    refusal = refused(
        household, cast, members=[newcomer("张三", id_number=number), newcomer("李四", id_number=number)]
    )
    assert "张三" in refusal.errors["new-李四"]["id_number"][0]


def test_somebody_who_lives_elsewhere_moves_in_once_it_is_confirmed(
    cast: OfficeCast, household: Household
) -> None:
    other = make_household(cast.compound, door="909")
    person = make_person("张三", other)
    typed = newcomer("张三", id_number=person.id_number)
    refusal = refused(household, cast, members=[typed])
    [caution] = refusal.cautions[typed.key]
    assert caution.code == "same-person" and "909" in caution.message
    knock(household, cast, members=[replace(typed, confirmed=frozenset({"same-person"}))])
    assert Residency.objects.actual().get(person=person).household == household
    assert Residency.objects.get(person=person, household=other).ended_on == NOW.date()
    other.refresh_from_db()
    assert other.version > 1


def test_nobody_met_means_nobody_answered(cast: OfficeCast, household: Household) -> None:
    person = make_person("张三", household)
    knock(household, cast, outcome="ABSENT", members=[member_of(person)])
    assert not SurveyMember.objects.exists()
    measured = member_of(person, temperature=Decimal("36.5"))
    assert "outcome" in refused(household, cast, outcome="ABSENT", members=[measured]).errors[""]


def test_a_household_with_people_in_it_is_not_vacant(cast: OfficeCast, household: Household) -> None:
    person = make_person("张三", household)
    assert (
        "张三"
        in refused(household, cast, outcome="VACANT", members=[member_of(person)]).errors[""]["outcome"][0]
    )
    knock(household, cast, outcome="VACANT", members=[member_of(person, removal="MOVED_OUT")])
    household.refresh_from_db()
    assert (household.survey_state, household.housing_kind) == ("VACANT", "VACANT")


def test_absent_knocks_are_counted_and_keep_their_next_date(cast: OfficeCast, household: Household) -> None:
    knock(household, cast, outcome="ABSENT", slip_left=True, next_visit_on=dt.date(2020, 1, 30))
    second = knock(household, cast, outcome="ABSENT", at=NOW + dt.timedelta(hours=4))
    household.refresh_from_db()
    assert (second.absent_try, household.absent_tries, household.survey_state) == (2, 2, "ABSENT")
    knock(household, cast, at=NOW + dt.timedelta(days=1))
    household.refresh_from_db()
    assert (household.absent_tries, household.next_visit_on, household.survey_state) == (0, None, "SIGNED")


@pytest.mark.parametrize("outcome", ["ABSENT", "REFUSED", "BY_PHONE", "VACANT"])
def test_signed_stays_signed_whatever_a_later_knock_finds(
    cast: OfficeCast, household: Household, outcome: str
) -> None:
    knock(household, cast)
    later = NOW + dt.timedelta(days=2)
    knock(household, cast, outcome=outcome, at=later)
    household.refresh_from_db()
    assert (household.survey_state, household.signed_at, household.surveyed_at) == ("SIGNED", NOW, later)


def test_a_knock_entered_late_does_not_undo_what_was_found_since(
    cast: OfficeCast, household: Household
) -> None:
    knock(household, cast, outcome="REFUSED")
    survey = knock(
        household,
        cast,
        outcome="ABSENT",
        at=NOW + dt.timedelta(hours=5),
        visited_at=NOW - dt.timedelta(days=1),
    )
    household.refresh_from_db()
    assert (household.survey_state, household.surveyed_at) == ("REFUSED", NOW)
    assert survey.recorded_at - survey.visited_at == dt.timedelta(days=1, hours=5)


def test_a_second_signing_keeps_the_letter_unless_it_has_another_number(
    cast: OfficeCast, household: Household
) -> None:
    knock(household, cast, letter_number="翠-001")
    knock(household, cast, at=NOW + dt.timedelta(days=1))
    knock(household, cast, at=NOW + dt.timedelta(days=2), letter_number="翠-001")
    assert CommitmentLetter.objects.count() == 1
    knock(household, cast, at=NOW + dt.timedelta(days=3), letter_number="翠-002")
    assert CommitmentLetter.objects.count() == 2


def test_a_letter_number_is_used_once_in_an_area(cast: OfficeCast, household: Household) -> None:
    knock(household, cast, letter_number="翠-001")
    neighbour = make_household(cast.compound, door="102")
    refusal = refused(neighbour, cast, letter_number="翠-001", members=[newcomer("张三")])
    assert "翠-001" in refusal.errors[""]["letter_number"][0]
    assert not Person.objects.exists()


def test_a_stale_save_writes_nothing_and_carries_both_values(cast: OfficeCast, household: Household) -> None:
    opened = Household.objects.select_related("area").get(pk=household.pk)
    household_update(household=household, version=1, changes={"note": "有狗"}, by=cast.yi)
    data = SurveyData(
        outcome="SIGNED", visited_at=NOW, household={"note": "注意台阶"}, members=[newcomer("张三")]
    )
    with pytest.raises(StaleVersion) as stale:
        survey_record(household=opened, version=1, data=data, by=cast.jia, at=NOW)
    assert [(one.mine, one.theirs) for one in stale.value.differences] == [("注意台阶", "有狗")]
    assert not Survey.objects.exists() and not Person.objects.exists()


@pytest.fixture
def registered_checks() -> Iterator[None]:
    yield
    hooks.returnee_checks.clear()
    hooks.survey_listeners.clear()


@pytest.mark.usefixtures("registered_checks")
def test_answers_within_a_policy_lead_on_to_the_returnee_file(cast: OfficeCast, household: Household) -> None:
    heard: list[int] = []
    hooks.returnee_checks[:] = [
        lambda member: f"/returnee/{member.person.uid}" if "武汉" in member.returned_from else None
    ]
    hooks.survey_listeners[:] = [lambda survey, members, by: heard.append(len(members))]
    data = SurveyData(
        outcome="SIGNED",
        visited_at=NOW,
        members=[
            newcomer("张三", returned_from="武汉"),
            newcomer("李四", returned_from="成都"),
            newcomer("王五"),
        ],
    )
    done = survey_record(household=household, version=1, data=data, by=cast.jia, at=NOW)
    [(member, url)] = done.returnee_candidates
    assert member.person.name == "张三"
    assert url == f"/returnee/{member.person.uid}"
    assert heard == [3]


def test_the_next_door_is_the_next_unsettled_one_on_the_way(cast: OfficeCast) -> None:
    first, signed, absent, last = (
        make_household(cast.compound, door=door) for door in ("101", "102", "201", "301")
    )
    Household.objects.filter(pk=signed.pk).update(survey_state="SIGNED")
    Household.objects.filter(pk=absent.pk).update(survey_state="ABSENT")
    assert next_door(household=first, by=cast.jia) == absent
    assert next_door(household=absent, by=cast.jia) == last


def test_doors_passed_over_come_at_the_end_and_then_the_compound_is_finished(cast: OfficeCast) -> None:
    skipped, last = make_household(cast.compound, door="101"), make_household(cast.compound, door="301")
    assert next_door(household=last, by=cast.jia) == skipped
    Household.objects.filter(pk=skipped.pk).update(survey_state="ABSENT", surveyed_at=timezone.now())
    assert next_door(household=last, by=cast.jia) is None
