"""The round's list: whose people stand in it, in which slot, in which order, at what cost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver

from grassroots.grid.models import AreaDuty, DutyKind, Level, Role, Staff
from households.models import HouseholdDuty, PersonDuty
from quarantine.models import Observation, Policy, Visit, VisitState
from quarantine.services.readings import reading_record
from tests.factories import OfficeCast, aware, make_area, make_household, make_office, make_staff
from tests.households.door_pages import signed_in
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.texts import source_of, text_of

pytestmark = pytest.mark.django_db
ON = dt.date(2020, 1, 29)
SINCE = dt.date(2020, 1, 1)
MORNING = "2020-01-29 08:30"
URL = "/quarantine/round/"


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def kind(office: OfficeCast) -> DutyKind:
    return DutyKind.objects.get(code="health")


def observe(office: OfficeCast, name: str, **fields: object) -> Observation:
    return make_observation(office, returnee=make_returnee(office, name, **fields))


def names(staff: Staff) -> list[str]:
    rows = Visit.objects.of_slot(ON, "AM").to_measure_by(staff).in_walking_order()
    return [visit.observation.person.name for visit in rows.select_related("observation__person")]


# --- whose people -----------------------------------------------------------------------------------------
@time_machine.travel(aware(MORNING), tick=False)
def test_a_measuring_duty_on_a_village_holds_everybody_there(office):
    observe(office, "张三")
    observe(office, "李四", household=make_household(office.other_group))
    assert names(office.health) == ["张三"]


@time_machine.travel(aware(MORNING), tick=False)
def test_a_nearer_duty_of_somebody_else_takes_the_person_away(office, kind):
    other = make_staff("组医", Role.HEALTH_WORKER, office.village)
    upper, lower = make_household(office.group), make_household(office.compound)
    by_person, by_home = observe(office, "按人"), observe(office, "按户")
    observe(office, "在组", household=upper)
    observe(office, "在院", household=lower)
    PersonDuty.objects.create(person=by_person.person, kind=kind, staff=other, valid_from=SINCE)
    HouseholdDuty.objects.create(household=by_home.household, kind=kind, staff=other, valid_from=SINCE)
    assert names(office.health) == ["在组", "在院"]
    assert names(other) == ["按人", "按户"]
    AreaDuty.objects.create(kind=kind, staff=other, area=office.compound, valid_from=SINCE)
    assert names(office.health) == ["在组"]
    assert sorted(names(other)) == sorted(["按人", "按户", "在院"])


@time_machine.travel(aware(MORNING), tick=False)
def test_my_own_nearer_duty_keeps_the_person_mine(office, kind):
    observation = observe(office, "张三")
    AreaDuty.objects.create(kind=kind, staff=office.health, area=office.compound, valid_from=SINCE)
    PersonDuty.objects.create(person=observation.person, kind=kind, staff=office.health, valid_from=SINCE)
    assert names(office.health) == ["张三"]


@time_machine.travel(aware(MORNING), tick=False)
def test_a_persons_duty_on_somebody_behind_anothers_door_is_mine(office, kind):
    other = make_staff("户医", Role.HEALTH_WORKER, office.village)
    observation = observe(office, "张三")
    HouseholdDuty.objects.create(household=observation.household, kind=kind, staff=other, valid_from=SINCE)
    PersonDuty.objects.create(person=observation.person, kind=kind, staff=office.health, valid_from=SINCE)
    assert names(office.health) == ["张三"]
    AreaDuty.objects.create(kind=kind, staff=other, area=office.other_village, valid_from=SINCE)
    assert names(other) == []


@time_machine.travel(aware(MORNING), tick=False)
def test_two_who_share_a_duty_both_have_the_person(office, kind):
    observe(office, "张三")
    second = make_staff("另一医", Role.HEALTH_WORKER, office.village)
    AreaDuty.objects.create(kind=kind, staff=second, area=office.village, valid_from=SINCE)
    assert names(office.health) == names(second) == ["张三"]


@time_machine.travel(aware(MORNING), tick=False)
def test_somebody_without_a_household_is_found_by_area(office):
    observation = observe(office, "张三")
    Observation.objects.filter(pk=observation.pk).update(household=None, place_note="安置点")
    assert names(office.health) == ["张三"]


@time_machine.travel(aware(MORNING), tick=False)
def test_the_deputy_has_them_while_he_stands_in_and_the_holder_has_not(office):
    observe(office, "张三")
    duty = AreaDuty.objects.filter(kind__code="health")
    duty.update(deputy=office.yi, standin_from=ON, standin_to=ON)
    assert names(office.yi) == ["张三"]
    observe(office, "李四", household=make_household(office.other_group))
    office.health.postings.all().delete()
    assert names(Staff.objects.get(pk=office.health.pk)) == ["张三"]  # his scope still holds the village
    duty.update(standin_from=dt.date(2020, 1, 30), standin_to=None)
    assert names(Staff.objects.get(pk=office.health.pk)) == ["张三"]


@time_machine.travel(aware(MORNING), tick=False)
def test_without_a_measuring_duty_it_is_everybody_of_my_scope(office):
    observe(office, "张三")
    observe(office, "李四", household=make_household(office.other_group))
    assert names(office.jia) == ["张三"]
    assert names(office.ding) == ["张三", "李四"]
    assert names(office.bing) == ["李四"]


@time_machine.travel(aware(MORNING), tick=False)
def test_a_duty_that_measures_nothing_takes_nobody_away(office):
    observe(office, "张三")
    group = DutyKind.objects.get(code="group")
    AreaDuty.objects.create(kind=group, staff=office.yi, area=office.compound, valid_from=SINCE)
    assert names(office.health) == ["张三"]


@time_machine.travel(aware(MORNING), tick=False)
def test_a_duty_that_is_over_measures_nobody_and_one_who_left_has_nobody(office):
    observe(office, "张三")
    AreaDuty.objects.filter(kind__code="health").update(valid_to=dt.date(2020, 1, 28))
    office.health.postings.all().delete()
    assert names(office.health) == []


# --- the list ---------------------------------------------------------------------------------------------
@time_machine.travel(aware(MORNING), tick=False)
def test_it_goes_area_by_area_and_door_by_door(office):
    second = make_area(office.group, Level.COMPOUND, "松柏苑", "510121006001001002")
    for door, area in (
        ("502", office.compound),
        ("101", second),
        ("1001", office.compound),
        ("101", office.compound),
    ):
        observe(office, f"{area.name}{door}", household=make_household(area, door))
    assert names(office.health) == ["翠柏苑101", "翠柏苑502", "翠柏苑1001", "松柏苑101"]


@time_machine.travel(aware(MORNING), tick=False)
def test_a_visit_that_was_called_off_is_not_in_it(office):
    observation = observe(office, "张三")
    observation.visits.update(state=VisitState.CANCELLED)
    assert names(office.health) == []


@time_machine.travel(aware(MORNING), tick=False)
def test_the_page_shows_door_name_day_and_what_was_measured_before(office):
    observation = observe(office, "张三", household=make_household(office.compound, "501", "3", "2"))
    earlier = observation.visits.get(date=dt.date(2020, 1, 28), slot="PM")
    reading_record(visit=earlier, temperature=Decimal("36.7"), by=office.health, at=aware("2020-01-28 18:00"))
    page = text_of(signed_in(office.health).get(URL))
    assert observation.household.display in page
    assert "张三" in page
    assert "第9天" in page
    assert "昨下午 36.7" in page
    assert "昨上午 待测" in page


@time_machine.travel(aware(MORNING), tick=False)
def test_a_field_has_no_default_value(office):
    observe(office, "张三")
    page = text_of(signed_in(office.health).get(URL))
    field = page[page.index('name="temperature"') :]
    assert 'value=""' in field[: field.index(">")]
    assert 'inputmode="decimal"' in field[: field.index(">")]


@pytest.mark.parametrize(
    ("at", "shown", "said"),
    [
        ("2020-01-29 08:30", "1月29日上午", "进行中"),
        ("2020-01-29 12:00", "1月29日下午", "进行中"),
        ("2020-01-29 05:00", "1月29日上午", "显示下一次"),
        ("2020-01-29 22:00", "1月29日下午", "显示最近一次"),
    ],
)
def test_it_opens_on_the_slot_of_the_moment_or_says_which_one_it_shows(office, at, shown, said):
    observe(office, "张三")
    with time_machine.travel(aware(at), tick=False):
        page = " ".join(text_of(signed_in(office.health).get(URL)).split())
    assert shown in page.replace(" ", "")
    assert said in page


@time_machine.travel(aware(MORNING), tick=False)
def test_earlier_slots_of_today_and_yesterday_have_tabs(office):
    observe(office, "张三")
    client = signed_in(office.health)
    page = text_of(client.get(URL))
    for query in ("on=2020-01-29&slot=PM", "on=2020-01-28&slot=AM", "on=2020-01-28&slot=PM"):
        assert query in page
    earlier = text_of(client.get(f"{URL}?on=2020-01-28&slot=PM"))
    assert "已截止" in earlier
    assert "会标为“补录”" in earlier


@time_machine.travel(aware(MORNING), tick=False)
def test_the_switch_shows_everybody_of_my_scope(office, kind):
    other = make_staff("组医", Role.HEALTH_WORKER, office.village)
    theirs = observe(office, "按人")
    observe(office, "我的人")
    PersonDuty.objects.create(person=theirs.person, kind=kind, staff=other, valid_from=SINCE)
    client = signed_in(office.health)
    mine, everybody = text_of(client.get(URL)), text_of(client.get(f"{URL}?who=all"))
    assert "按人" not in mine
    assert "按人" in everybody
    assert "我的人" in everybody


@time_machine.travel(aware(MORNING), tick=False)
def test_without_a_duty_the_title_says_whose_people_they_are(office):
    observe(office, "张三")
    page = text_of(signed_in(office.jia).get(URL))
    assert "我辖区的测温" in page
    assert "我负责的" not in page


@time_machine.travel(aware(MORNING), tick=False)
def test_an_office_without_a_policy_is_told_so(office):
    Policy.objects.exclude(state="TEMPLATE").delete()
    assert "还没有测温安排" in text_of(signed_in(office.health).get(URL))


@time_machine.travel(aware(MORNING), tick=False)
def test_whoever_may_only_look_gets_no_field(office):
    observe(office, "张三")
    page = text_of(signed_in(office.inspector).get(URL))
    assert "张三" in page
    assert 'name="temperature"' not in page
    assert 'value="REFUSED"' not in page


@time_machine.travel(aware(MORNING), tick=False)
def test_two_hundred_people_take_as_many_queries_as_five_and_no_more_than_fifteen(office):
    client = signed_in(office.health)

    def cost() -> int:
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL).status_code == 200
        return len(queries)

    for number in range(5):
        observe(office, f"张{number}")
    few = cost()
    template = Observation.objects.first()
    for number in range(195):
        observation = observe(office, f"李{number}") if number % 39 == 0 else clone(office, template, number)
        assert observation.pk
    assert Visit.objects.of_slot(ON, "AM").count() == 200
    assert cost() == few <= 15


@time_machine.travel(aware(MORNING), tick=False)
def test_no_row_asks_the_resolver_for_its_urls(office, monkeypatch):
    client = signed_in(office.health)
    asked: list[str] = []
    resolve = URLResolver._reverse_with_prefix

    def counted(self: URLResolver, name: Any, *args: Any, **kwargs: Any) -> str:
        asked.append(name)
        return resolve(self, name, *args, **kwargs)

    def cost() -> int:
        client.get(URL)
        asked.clear()
        client.get(URL)
        return len(asked)

    monkeypatch.setattr(URLResolver, "_reverse_with_prefix", counted)
    observe(office, "张三")
    one = cost()
    for number in range(4):
        observe(office, f"张{number}")
    assert cost() == one


def clone(office: OfficeCast, template: Observation, number: int) -> Observation:
    """A further observation with today's morning visit only, cheaply."""
    returnee = make_returnee(office, f"王{number}", household=template.household)
    values = {field.attname: getattr(template, field.attname) for field in Observation._meta.concrete_fields}
    values.update(id=None, uid=returnee.uid, person_id=returnee.person_id, returnee_id=returnee.pk)
    observation = Observation(**values)
    Observation.objects.bulk_create([observation])
    visit = template.visits.get(date=ON, slot="AM")
    Visit.objects.create(
        observation=observation,
        area=visit.area,
        date=ON,
        slot="AM",
        opens_at=visit.opens_at,
        closes_at=visit.closes_at,
    )
    return observation


@time_machine.travel(aware(MORNING), tick=False)
def test_a_long_list_goes_on_behind_the_last_one_shown(office, monkeypatch):
    monkeypatch.setattr("quarantine.views.round.PAGE_ROWS", 2)
    for number in range(3):
        observe(office, f"张{number}", household=make_household(office.compound, f"10{number}"))
    client = signed_in(office.health)
    first = source_of(client.get(URL))
    assert "张0" in first
    assert "张2" not in first
    assert "已测 <strong>0</strong> / 3" in first
    following = first[first.index("after=") :].split('"')[0].split("&")[0]
    second = source_of(client.get(f"{URL}?on=2020-01-29&slot=AM&{following}"))
    assert "张2" in second
    assert "张0" not in second
