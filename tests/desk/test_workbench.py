"""工作台: what waits for whom, in at most 20 queries."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from grassroots.desk import workbench as desk
from grassroots.ledgers.models import AreaRollup
from households.models import SurveyState
from quarantine.models import Visit, VisitState
from quarantine.services.readings import reading_record
from tests.factories import aware, make_household, make_office, make_person
from tests.households.door_pages import signed_in
from tests.quarantine.cases import make_observation, switch_on
from tests.texts import text_of

TEN = aware("2020-01-29 10:00")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_ten")]


@pytest.fixture
def at_ten():
    with time_machine.travel(TEN, tick=False):
        yield


@pytest.fixture
def office(at_ten):
    office = make_office()
    switch_on(office.ding)
    return office


def absent(office, number, **fields):
    return make_household(office.compound, str(number), survey_state=SurveyState.ABSENT, **fields)


@pytest.mark.parametrize(
    "who", ["jia", "yi", "bing", "ding", "health", "police", "inspector", "auditor", "admin"]
)
def test_it_opens_for_every_role(office, who):
    make_observation(office, "钱七")
    absent(office, 101)
    response = signed_in(getattr(office, who)).get("/")
    assert response.status_code == 200
    assert ("钱七" in text_of(response)) is False


def test_the_auditor_has_no_daily_work_there(office):
    page = text_of(signed_in(office.auditor).get("/"))
    assert "没有日常登记任务" in page
    assert "测温" not in page


def test_the_health_worker_sees_how_many_wait_in_the_slot_that_is_open(office):
    for name in ("赵一", "钱二", "孙三"):
        make_observation(office, name)
    visit = Visit.objects.filter(date=dt.date(2020, 1, 29), slot="AM").first()
    reading_record(visit=visit, temperature=Decimal("36.5"), by=office.health, at=TEN)
    summary = desk.round_summary(office.health, TEN)
    assert (summary.label, summary.total, summary.waiting) == ("上午测温", 3, 2)
    assert desk.round_summary(office.bing, TEN).total == 0


def test_between_slots_nobody_is_to_be_measured(office):
    make_observation(office)
    assert desk.round_summary(office.health, aware("2020-01-29 03:00")).total == 0


def test_a_fever_shows_at_once_to_those_who_may_see_it(office):
    make_observation(office, "赵一")
    visit = Visit.objects.filter(date=dt.date(2020, 1, 29), slot="AM").get()
    reading_record(visit=visit, temperature=Decimal("38.2"), by=office.health, at=TEN)
    for who in (office.health, office.ding, office.jia):
        page = text_of(signed_in(who).get("/"))
        assert "赵一" in page
        assert "发热" in page
    assert "赵一" not in text_of(signed_in(office.bing).get("/"))


def test_full_term_waits_for_a_decision(office):
    make_observation(office, "赵一")
    assert desk.due_for_release(office.health, TEN) == ([], 0)
    waiting, count = desk.due_for_release(office.health, TEN + dt.timedelta(days=20))
    assert ([observation.person.name for observation in waiting], count) == (["赵一"], 1)


def test_absent_doors_without_a_date_come_first_then_those_longest_due(office):
    later, never, earlier = (
        absent(office, 101, next_visit_on=dt.date(2020, 1, 30)),
        absent(office, 102),
        absent(office, 103, next_visit_on=dt.date(2020, 1, 28)),
    )
    make_household(office.compound, "104")
    absent(office, 105, closed_on=dt.date(2027, 1, 1))
    assert desk.absent_households(office.jia) == ([never, earlier, later], 3)
    assert desk.absent_households(office.bing) == ([], 0)


def test_numbers_stop_at_a_hundred(office):
    for number in range(desk.COUNTED_UP_TO + 5):
        absent(office, number + 1)
    shown, count = desk.absent_households(office.ding)
    assert (len(shown), count) == (desk.SHOWN, desk.COUNTED_UP_TO)


def test_coverage_comes_from_the_rollup_and_says_when(office):
    total = {"households": 10, "vacant_households": 1, "signed_households": 6}
    AreaRollup.objects.create(area=office.group, on=TEN.date(), total=total, computed_at=TEN)
    (coverage,) = desk.coverage_of(office.jia, TEN.date())
    assert (coverage.area, coverage.signed, coverage.to_sign) == (office.group, 6, 9)
    page = text_of(signed_in(office.jia).get("/"))
    assert "10:00" in page
    assert "66.7" in page


def test_before_the_first_tick_of_the_day_it_opens_without_figures(office):
    make_household(office.compound)
    assert not AreaRollup.objects.exists()
    (coverage,) = desk.coverage_of(office.jia, TEN.date())
    assert (coverage.rollup, coverage.to_sign, coverage.signed) == (None, 0, 0)
    response = signed_in(office.jia).get("/")
    assert response.status_code == 200
    assert "1组" in text_of(response)


@pytest.mark.parametrize("who", ["jia", "ding", "health", "police"])
def test_it_asks_as_often_for_five_as_for_many(office, who, django_assert_max_num_queries):
    client = signed_in(getattr(office, who))

    def grow(number):
        for at in range(number):
            absent(office, 1000 * number + at)
        for _ in range(number // 4):
            make_observation(office)

    grow(5)
    client.get("/")
    with django_assert_max_num_queries(20) as few:
        client.get("/")
    grow(60)
    with django_assert_max_num_queries(20) as many:
        client.get("/")
    assert len(few) == len(many)


def test_visits_called_off_are_nobodys_work(office):
    make_observation(office)
    Visit.objects.update(state=VisitState.CANCELLED)
    assert desk.round_summary(office.health, TEN).total == 0


def test_a_colleagues_person_elsewhere_is_not_counted(office):
    make_person("别处", make_household(office.other_group, survey_state=SurveyState.ABSENT))
    assert desk.absent_households(office.jia) == ([], 0)
    assert desk.absent_households(office.bing)[1] == 1
