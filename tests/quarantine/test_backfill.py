"""补录: paper typed in the evening, for slots that have closed, for visits that nobody planned; misses explained."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import Role, Staff
from quarantine.models import Observation, Reading, ReadingSource, Visit, VisitState
from quarantine.services.endings import observation_transfer
from quarantine.steps import mark_missed
from tests.factories import OfficeCast, aware, make_household, make_office, make_staff
from tests.households.door_pages import signed_in
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.texts import source_of, text_of

pytestmark = pytest.mark.django_db
ON = dt.date(2020, 1, 29)
HTMX = {"HTTP_HX_REQUEST": "true"}
URL = "/quarantine/backfill/"


@pytest.fixture(autouse=True)
def evening() -> Iterator[None]:
    with time_machine.travel(aware("2020-01-29 19:30"), tick=False):
        yield


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observation(office: OfficeCast) -> Observation:
    return make_observation(office, returnee=make_returnee(office, "张三"), at="2020-01-28 13:00")


@pytest.fixture
def browser(office: OfficeCast) -> Client:
    return signed_in(office.health)


def line(
    browser: Client,
    observation: Observation,
    value: str,
    by: Staff | None,
    *,
    htmx: bool = True,
    **values: object,
) -> HttpResponse:
    data = {
        "temperature": value,
        "method": "FOREHEAD",
        "on": "2020-01-29",
        "slot": "AM",
        "by": str(by.uid) if by else "",
        "submission_id": str(uuid.uuid4()),
        **values,
    }
    return browser.post(f"{URL}{observation.uid}/", data, **(HTMX if htmx else {}))


def test_a_line_of_paper_keeps_when_and_by_whom_it_was_measured(office, browser, observation):
    page = text_of(line(browser, observation, "36.6", office.jia, measured_at="0830"))
    reading = Reading.objects.get()
    assert (reading.by, reading.entered_by, reading.source) == (
        office.jia,
        office.health,
        ReadingSource.PAPER,
    )
    assert (reading.measured_at, reading.entered_at) == (aware("2020-01-29 08:30"), aware("2020-01-29 19:30"))
    assert "补录" in page
    assert "08:30" in page


def test_the_time_may_stay_unknown(office, browser, observation):
    page = text_of(line(browser, observation, "36.6", office.health))
    assert Reading.objects.get().measured_at is None
    assert "时间不详" in page


def test_a_missed_visit_is_measured_after_all(office, browser, observation):
    mark_missed(aware("2020-01-29 12:00"))
    line(browser, observation, "36.6", office.health)
    assert observation.visits.get(date=ON, slot="AM").state == VisitState.DONE


def test_a_slot_that_nobody_planned_is_in_the_list_and_can_be_typed(office, browser, observation):
    query = {"on": "2020-01-28", "slot": "AM"}
    page = text_of(browser.get(URL, query))
    assert "张三" in page
    assert "原先没有安排这次测温" in page
    line(browser, observation, "36.6", office.health, **query)
    visit = Visit.objects.get(observation=observation, date="2020-01-28", slot="AM")
    assert (visit.is_planned, visit.state) == (False, VisitState.DONE)


def test_who_measured_must_be_said_and_must_belong_here(office, browser, observation):
    response = line(browser, observation, "36.6", None)
    assert response.status_code == 422
    assert "请先在上方选择测量人" in text_of(response)
    outsider = make_staff("外村医", Role.HEALTH_WORKER, office.other_village)
    assert "测量人不在您的辖区" in text_of(line(browser, observation, "36.6", outsider))
    assert 'value="36.6"' in text_of(line(browser, observation, "36.6", outsider))
    assert not Reading.objects.exists()


def test_who_may_have_measured_is_staff_of_the_scope(office, browser, observation):
    make_staff("外村医", Role.HEALTH_WORKER, office.other_village)
    page = text_of(browser.get(URL))
    assert office.health.name in page
    assert "外村医" not in page


def test_the_measurer_is_chosen_once_for_all_lines(office, browser, observation):
    line(browser, observation, "36.6", office.jia)
    other = make_observation(office, at="2020-01-28 13:00")
    page = source_of(browser.get(URL))
    assert f'name="by" value="{office.jia.uid}"' in " ".join(page.split())
    assert other.person.name in page


def test_a_supervisor_who_types_is_not_taken_for_the_measurer(office, observation):
    page = " ".join(text_of(signed_in(office.ding).get(URL)).split())
    assert 'name="by" value=""' in page


@pytest.mark.parametrize(
    ("typed", "words"), [("25:00", "不是一天里的时间"), ("早上", "不是时间"), ("20:30", "不能晚于现在")]
)
def test_a_bad_time_is_explained_and_stays_typed(office, browser, observation, typed, words):
    response = line(browser, observation, "36.6", office.health, measured_at=typed)
    page = text_of(response)
    assert response.status_code == 422
    assert words in page
    assert f'value="{typed}"' in page
    assert not Reading.objects.exists()


def test_a_bad_temperature_makes_no_unplanned_visit(office, browser, observation):
    line(browser, observation, "63.5", office.health, on="2020-01-28")
    assert not observation.visits.filter(is_planned=False).exists()


def test_a_day_outside_the_observation_is_refused_in_words(office, browser, observation):
    response = line(browser, observation, "36.6", office.health, on="2020-01-10")
    assert response.status_code == 422
    assert "不在观察期内" in text_of(response)


@pytest.mark.parametrize(("on", "words"), [("2020-01-30", "不能晚于今天"), ("29日", "看不懂")])
def test_a_date_that_cannot_be_is_said_so_and_today_is_shown(browser, observation, on, words):
    page = text_of(browser.get(URL, {"on": on}))
    assert words in page
    assert "1月29日" in page


def test_after_it_was_closed_nobody_is_in_the_list(office, browser, observation):
    with time_machine.travel(aware("2020-01-28 20:00"), tick=False):
        observation_transfer(
            observation=observation,
            version=observation.version,
            destination="县医院",
            reason="发热",
            by=office.health,
        )
    assert "张三" not in text_of(browser.get(URL, {"on": "2020-01-29", "slot": "AM"}))
    assert "张三" in text_of(browser.get(URL, {"on": "2020-01-28", "slot": "PM"}))


def test_without_script_it_goes_on_to_the_next_line(office, browser, observation):
    nextdoor = make_observation(
        office,
        at="2020-01-28 13:00",
        returnee=make_returnee(office, household=make_household(office.compound, "101", "9")),
    )
    response = line(browser, observation, "36.6", office.health, htmx=False)
    assert response.status_code == 302
    assert f"focus={nextdoor.uid}" in response.url


def test_sending_a_line_twice_has_one_effect(office, browser, observation):
    uid = str(uuid.uuid4())
    line(browser, observation, "36.6", office.health, submission_id=uid)
    line(browser, observation, "36.6", office.health, submission_id=uid)
    conflict = line(browser, observation, "36.9", office.health, submission_id=uid)
    assert conflict.status_code == 409
    assert "已经保存过另一个内容" in text_of(conflict)
    assert Reading.objects.count() == 1


def test_a_fever_on_paper_raises_its_alert_too(office, browser, observation):
    page = text_of(line(browser, observation, "37.9", office.health, measured_at="8:10"))
    assert "round-row--danger" in page
    assert observation.alerts.count() == 1


# --- why somebody was missed ------------------------------------------------------------------------------
def explain(browser: Client, visit: Visit, words: str, **values: object) -> HttpResponse:
    data = {"explanation": words, "submission_id": str(uuid.uuid4()), **values}
    return browser.post(f"/quarantine/visits/{visit.uid}/explain/", data, **HTMX)


def test_a_miss_is_explained_from_the_round_and_from_the_paper(browser, observation):
    mark_missed(aware("2020-01-29 12:00"))
    visit = observation.visits.get(date=ON, slot="AM")
    assert f'id="row-{visit.uid}"' in source_of(explain(browser, visit, "外出就医"))
    on_paper = explain(
        browser, visit, "敲门无人应答", **{"from": "backfill", "on": "2020-01-29", "slot": "AM"}
    )
    assert f'id="row-{observation.uid}"' in source_of(on_paper)
    visit.refresh_from_db()
    assert visit.explanation == "敲门无人应答"


def test_an_empty_explanation_is_refused_beside_its_field(browser, observation):
    mark_missed(aware("2020-01-29 12:00"))
    response = explain(browser, observation.visits.get(date=ON, slot="AM"), " ")
    assert response.status_code == 422
    assert "请写明未测原因" in text_of(response)


def test_an_open_slot_cannot_be_explained_away(browser, observation):
    response = explain(browser, observation.visits.get(date=ON, slot="PM"), "外出")
    assert response.status_code == 422
    assert "还没有截止" in text_of(response)


# --- scope, rights, cost ----------------------------------------------------------------------------------
def test_outside_the_scope_404_inside_without_the_right_403(office, observation):
    stranger = signed_in(make_staff("外村医", Role.HEALTH_WORKER, office.other_village))
    assert line(stranger, observation, "36.6", office.health).status_code == 404
    assert explain(stranger, observation.visits.get(date=ON, slot="AM"), "外出").status_code == 404
    inspector = signed_in(office.inspector)
    assert inspector.get(URL).status_code == 403
    assert line(inspector, observation, "36.6", office.health).status_code == 403
    assert explain(inspector, observation.visits.get(date=ON, slot="AM"), "外出").status_code == 403


def test_a_longer_list_takes_no_more_queries(office, browser, observation):
    def cost() -> int:
        browser.get(URL)
        with CaptureQueriesContext(connection) as queries:
            browser.get(URL)
        return len(queries)

    few = cost()
    for _ in range(6):
        make_observation(office, at="2020-01-28 13:00")
    assert cost() == few <= 16
