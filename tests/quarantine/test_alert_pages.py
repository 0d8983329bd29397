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
from quarantine.alert_board import age_words
from quarantine.models import Alert, AlertKind, AlertState
from quarantine.services.alert_actions import alert_close
from quarantine.services.alerts import alert_raise
from quarantine.services.endings import observation_end
from quarantine.services.escalation import alerts_escalate
from quarantine.services.readings import reading_correct, reading_record
from tests.factories import OfficeCast, aware, make_office, make_staff
from tests.households.door_pages import signed_in
from tests.quarantine.cases import make_observation, make_returnee, sent, switch_on
from tests.texts import source_of, text_of

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
    first = source_of(browser.get(URL))
    assert "甲人" in first
    assert "乙人1" not in first
    mark = first[first.index("after=") :].split('"')[0]
    following = source_of(browser.get(f"{URL}?{mark}"))
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


def test_after_the_observation_nothing_asks_to_be_measured_in_a_slot_that_will_not_come(office):
    observation = make_observation(office)
    alert = alert_raise(observation=observation, kind=AlertKind.FEVER, at=aware("2020-01-29 11:00"))
    browser = signed_in(office.health)
    assert "测体温" in text_of(browser.get(f"{URL}{alert.uid}/"))
    observation_end(
        observation=observation, version=observation.version, outcome="LOST", reason="联系不上", by=office.health,
        at=aware("2020-01-29 11:05"), known_at=aware("2020-01-29 11:05"),
    )  # fmt: skip
    page = text_of(browser.get(f"{URL}{alert.uid}/"))
    assert "观察已结束" in page
    assert "现在体温" not in page
    response = browser.post(f"{URL}{alert.uid}/act/second/", sent(temperature="38.1", method="FOREHEAD"))
    assert response.status_code == 422
    assert "观察已经结束，不再排测温" in text_of(response)


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
    page = text_of(response)
    assert "请填写结果说明" in page
    assert "请选择处置结果" in page
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN


def test_closing_keeps_who_and_what_and_two_who_close_do_not_overwrite_each_other(office):
    alert = fever(office, "张三")
    assert (
        update(
            signed_in(office.health), alert, action="close", outcome="TRANSFERRED", result="已转送"
        ).status_code
        == 302
    )
    late = update(signed_in(office.ding), alert, action="close", outcome="OTHER", result="别的结果")
    assert late.status_code == 422
    assert "已经办结" in text_of(late)
    assert "已转送" in text_of(late)
    assert "您填写的没有保存：别的结果" in text_of(late)
    alert.refresh_from_db()
    assert (alert.result, alert.closed_by) == ("已转送", office.health)


def test_closing_twice_with_one_submission_has_one_effect(office):
    alert = fever(office, "张三")
    browser, uid = signed_in(office.health), str(uuid.uuid4())
    values = {"action": "close", "outcome": "OTHER", "result": "已转送", "submission_id": uid}
    for _ in range(2):
        assert update(browser, alert, **values).status_code == 302


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


# --- the board --------------------------------------------------------------------------------------------
def test_the_board_says_band_holder_and_which_limit_is_over(office):
    fever(office, "张三", "08:30")
    page = text_of(signed_in(office.ding).get(URL))
    assert "超时未办结 1小时" in page
    assert "等卫某知悉" in page
    assert "age-mark--half-day" in page
    update(signed_in(office.health), Alert.objects.get(), action="acknowledge")
    assert "卫某跟进" in text_of(signed_in(office.ding).get(URL))


def test_bands_count_what_is_open_and_can_be_chosen(office):
    fever(office, "新的", "11:05")
    fever(office, "旧的", "08:30")
    browser = signed_in(office.ding)
    assert [count for _band, count in browser.get(URL).context["bands"]] == [1, 1, 0, 0]
    page = text_of(browser.get(URL, {"band": "half-day"}))
    assert "旧的" in page
    assert "新的" not in page


def test_it_is_narrowed_by_village_and_by_what_is_overdue(office):
    fever(office, "张三", "11:25")
    browser = signed_in(office.ding)
    assert "张三" in text_of(browser.get(URL, {"area": office.village.pk}))
    assert "张三" not in text_of(browser.get(URL, {"area": office.other_village.pk}))
    assert "张三" not in text_of(browser.get(URL, {"state": "overdue"}))


def test_the_workbench_and_the_board_agree(office):
    for number in range(3):
        fever(office, f"张三{number}", f"09:0{number}")
    alert_close(alert=Alert.objects.first(), result="已转送", by=office.health)
    browser = signed_in(office.ding)
    bands = browser.get(URL).context["bands"]
    desk = browser.get("/").context["alerts"]
    assert desk.count == sum(count for _band, count in bands) == 2
    assert desk.overdue == len(browser.get(URL, {"state": "overdue"}).context["alerts"]) == 2
    assert desk.hint == "其中超时 2 件"


# --- steps ------------------------------------------------------------------------------------------------
def act(browser: Client, alert: Alert, step: str, **values: object) -> HttpResponse:
    return browser.post(f"{URL}{alert.uid}/act/{step}/", {"submission_id": str(uuid.uuid4()), **values})


def test_a_second_measurement_is_entered_right_on_the_alert(office):
    alert = fever(office, "张三")
    browser = signed_in(office.health)
    assert 'name="temperature"' in text_of(browser.get(f"{URL}{alert.uid}/"))
    response = act(browser, alert, "second", temperature="36.8", method="FOREHEAD", is_closing="on")
    page = text_of(browser.get(response.url))
    assert "复测36.8℃正常，已办结" in page
    assert "复测正常，继续观察" in page


def test_a_second_measurement_that_is_none_keeps_what_was_typed(office):
    alert = fever(office, "张三")
    response = act(signed_in(office.health), alert, "second", temperature="368", method="FOREHEAD")
    assert response.status_code == 422
    assert 'value="368"' in text_of(response)
    assert alert.visit.readings.count() == 1


def test_a_low_one_is_never_called_normal(office):
    alert = fever(office, "张三")
    browser = signed_in(office.health)
    values = {"temperature": "34.8", "method": "FOREHEAD", "is_closing": "on"}
    page = text_of(browser.get(act(browser, alert, "second", **values).url))
    assert "偏低，不能当作正常" in page
    alert.refresh_from_db()
    assert alert.state == AlertState.ACKNOWLEDGED


def test_a_transfer_and_its_arrival_stand_in_the_line_of_time(office):
    alert = fever(office, "张三")
    browser = signed_in(office.health)
    sent = {
        "vehicle": "120救护车",
        "escort": "卫某",
        "destination": "县医院",
        "departed_at": "2020-01-29T10:00",
    }
    url = act(browser, alert, "transfer", **sent).url
    action = alert.actions.get(kind="TRANSFER")
    assert f"/alerts/actions/{action.uid}/arrive/" in source_of(browser.get(url))
    done = {"submission_id": str(uuid.uuid4()), "arrived_at": "2020-01-29T10:40", "receiver": "张医生"}
    browser.post(f"{URL}actions/{action.uid}/arrive/", done)
    page = source_of(browser.get(url))
    assert "10:00出发" in page
    assert "10:40到达，张医生接收" in page


def test_a_transfer_without_an_escort_is_refused_beside_the_field(office):
    alert = fever(office, "张三")
    response = act(
        signed_in(office.health), alert, "transfer", vehicle="车", destination="县医院", departed_at="2020-01-29T10:00"
    )  # fmt: skip
    assert response.status_code == 422
    assert "请填写随车人员" in text_of(response)


def test_police_note_a_call_but_measure_nobody(office):
    alert = fever(office, "张三")
    police = signed_in(office.police)
    assert act(police, alert, "phone", note="已劝导").status_code == 302
    assert act(police, alert, "second", temperature="36.8", method="FOREHEAD").status_code == 403


def test_what_went_up_to_whom_is_shown(office):
    alert = fever(office, "张三")
    alerts_escalate(aware("2020-01-29 09:00"))
    page = text_of(signed_in(office.ding).get(f"{URL}{alert.uid}/"))
    assert "超时未知悉" in page
    assert "上报组长(网格员)" in page
    assert "甲某" in page
