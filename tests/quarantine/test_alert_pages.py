"""Pages of alerts: the oldest first, all that is needed to deal with one, its two steps, scope and rights."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import AccessAction, AccessLog, Role
from quarantine.models import Alert, AlertState
from quarantine.services.alert_actions import alert_close
from quarantine.services.readings import reading_correct, reading_record
from quarantine.views.alerts import age_words
from tests.factories import OfficeCast, aware, make_office, make_staff
from tests.households.door_pages import signed_in, text_of
from tests.quarantine.cases import make_observation, make_returnee, switch_on

pytestmark = pytest.mark.django_db
ON = dt.date(2020, 1, 29)
URL = "/quarantine/alerts/"


@pytest.fixture(autouse=True)
def late_morning() -> Iterator[None]:
    with time_machine.travel(aware("2020-01-29 11:30"), tick=False):
        yield


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def fever(office: OfficeCast, name: str, at: str = "08:30") -> Alert:
    observation = make_observation(office, returnee=make_returnee(office, name))
    visit = observation.visits.get(date=ON, slot="AM")
    reading_record(visit=visit, temperature=Decimal("37.8"), by=office.health, at=aware(f"2020-01-29 {at}"))
    return observation.alerts.get()


def update(browser: Client, alert: Alert, **values: object) -> HttpResponse:
    return browser.post(f"{URL}{alert.uid}/update/", {"submission_id": str(uuid.uuid4()), **values})


# --- list -------------------------------------------------------------------------------------------------
def test_open_ones_come_by_age_with_how_long_they_have_waited(office):
    fever(office, "后来的", "11:05")
    fever(office, "最早的", "08:30")
    page = text_of(signed_in(office.ding).get(URL))
    assert page.index("最早的") < page.index("后来的")
    assert "3小时" in page
    assert "25分钟" in page


def test_closed_ones_are_apart_with_their_result(office):
    alert = fever(office, "张三")
    alert_close(alert=alert, result="已转送县医院", by=office.health)
    browser = signed_in(office.ding)
    assert "张三" not in text_of(browser.get(URL))
    closed = text_of(browser.get(URL, {"state": "closed"}))
    assert "已转送县医院" in closed
    assert "用时" in closed


def test_it_can_be_narrowed_by_kind_and_state(office):
    fever(office, "张三")
    browser = signed_in(office.ding)
    assert "张三" in text_of(browser.get(URL, {"kind": "FEVER", "state": "new"}))
    assert "张三" not in text_of(browser.get(URL, {"kind": "REFUSED"}))
    assert "张三" not in text_of(browser.get(URL, {"state": "acknowledged"}))


def test_a_long_list_goes_on_and_costs_the_same(office, monkeypatch):
    browser = signed_in(office.ding)
    fever(office, "甲人", "08:00")

    def cost() -> int:
        browser.get(URL)
        with CaptureQueriesContext(connection) as queries:
            browser.get(URL)
        return len(queries)

    few = cost()
    for number in range(4):
        fever(office, f"乙人{number}", f"09:0{number}")
    assert cost() == few
    monkeypatch.setattr("quarantine.views.alerts.PAGE_ROWS", 2)
    first = text_of(browser.get(URL))
    assert "甲人" in first
    assert "乙人1" not in first
    mark = first[first.index("after=") :].split('"')[0]
    following = text_of(browser.get(f"{URL}?{mark}"))
    assert "乙人1" in following
    assert "甲人" not in following


# --- one alert --------------------------------------------------------------------------------------------
def test_its_page_shows_readings_whom_to_call_and_how_far_it_is(office):
    alert = fever(office, "张三")
    page = text_of(signed_in(office.ding).get(f"{URL}{alert.uid}/"))
    assert "37.8 ℃" in page
    assert "第9天" in page
    assert "待处置" in page
    for staff in (office.health, office.jia, office.ding):
        assert staff.name in page
    assert "拨打" in page


def test_a_corrected_reading_is_shown_struck_through(office):
    alert = fever(office, "张三")
    reading_correct(reading=alert.reading, temperature=Decimal("36.8"), reason="看错", by=office.health)
    page = text_of(signed_in(office.ding).get(f"{URL}{alert.uid}/"))
    assert "<del" in page
    assert "36.8 ℃" in page


def test_opening_it_goes_into_the_access_log(office):
    alert = fever(office, "张三")
    signed_in(office.ding).get(f"{URL}{alert.uid}/")
    row = AccessLog.objects.filter(action=AccessAction.OPEN).get()
    assert (row.staff_id, row.subject_uid) == (office.ding.pk, str(alert.observation.uid))


def test_taking_notice_is_kept_and_the_second_hears_who_was_first(office):
    alert = fever(office, "张三")
    update(signed_in(office.health), alert, action="acknowledge")
    second = signed_in(office.ding)
    response = second.get(update(second, alert, action="acknowledge").url)
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, office.health)
    assert "已有同事先知悉" in text_of(response)


def test_closing_without_a_result_says_what_is_missing(office):
    alert = fever(office, "张三")
    response = update(signed_in(office.health), alert, action="close", result="")
    assert response.status_code == 422
    assert "请填写处置结果" in text_of(response)
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN


def test_closing_keeps_who_and_what_and_two_who_close_do_not_overwrite_each_other(office):
    alert = fever(office, "张三")
    assert update(signed_in(office.health), alert, action="close", result="已转送").status_code == 302
    late = update(signed_in(office.ding), alert, action="close", result="别的结果")
    assert late.status_code == 422
    assert "已经办结" in text_of(late)
    assert "已转送" in text_of(late)
    assert "您填写的没有保存:别的结果" in text_of(late)
    alert.refresh_from_db()
    assert (alert.result, alert.closed_by) == ("已转送", office.health)


def test_closing_twice_with_one_submission_has_one_effect(office):
    alert = fever(office, "张三")
    browser, uid = signed_in(office.health), str(uuid.uuid4())
    for _ in range(2):
        assert update(browser, alert, action="close", result="已转送", submission_id=uid).status_code == 302


# --- scope and rights -------------------------------------------------------------------------------------
def test_elsewhere_there_is_no_such_alert(office):
    alert = fever(office, "张三")
    stranger = signed_in(make_staff("外村医", Role.HEALTH_WORKER, office.other_village))
    assert "张三" not in text_of(stranger.get(URL))
    assert stranger.get(f"{URL}{alert.uid}/").status_code == 404
    assert update(stranger, alert, action="acknowledge").status_code == 404


def test_an_inspector_looks_and_does_not_act(office):
    alert = fever(office, "张三")
    inspector = signed_in(office.inspector)
    page = text_of(inspector.get(f"{URL}{alert.uid}/"))
    assert "我已知悉" not in page
    assert 'name="result"' not in page
    assert update(inspector, alert, action="acknowledge").status_code == 403


def test_an_auditor_sees_no_alerts(office):
    alert = fever(office, "张三")
    auditor = signed_in(office.auditor)
    assert auditor.get(URL).status_code == 403
    assert auditor.get(f"{URL}{alert.uid}/").status_code == 403


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (dt.timedelta(seconds=40), "刚刚"),
        (dt.timedelta(minutes=25), "25分钟"),
        (dt.timedelta(hours=47), "47小时"),
        (dt.timedelta(days=3, hours=5), "3天"),
    ],
)
def test_an_age_is_said_in_words(age, words):
    assert age_words(age) == words
