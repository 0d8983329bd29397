"""Saving a row of the round: fragment or page, what was wrong beside the field, once a submission, scope and rights."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils.html import escape

from grassroots.grid.models import Role
from quarantine.models import Alert, Method, Reading, ReadingSource, Visit, VisitState
from quarantine.services.readings import reading_record
from tests.factories import OfficeCast, aware, make_household, make_office, make_staff
from tests.households.door_pages import send, signed_in
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.texts import source_of, text_of

pytestmark = pytest.mark.django_db
ON = dt.date(2020, 1, 29)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(aware("2020-01-29 08:30"), tick=False):
        yield


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def visit(office: OfficeCast) -> Visit:
    returnee = make_returnee(office, "张三", household=make_household(office.compound, "101"))
    return make_observation(office, returnee=returnee).visits.get(date=ON, slot="AM")


@pytest.fixture
def following(office: OfficeCast, visit: Visit) -> Visit:
    """The visit at the next door."""
    returnee = make_returnee(office, "李四", household=make_household(office.compound, "102"))
    return make_observation(office, returnee=returnee).visits.get(date=ON, slot="AM")


@pytest.fixture
def browser(office: OfficeCast) -> Client:
    return signed_in(office.health)


def record(browser: Client, visit: Visit, value: str, *, htmx: bool = True, **values: object) -> HttpResponse:
    data = {"temperature": value, "method": "FOREHEAD", "submission_id": str(uuid.uuid4()), **values}
    return browser.post(f"/quarantine/visits/{visit.uid}/record/", data, **(HTMX if htmx else {}))


def mark(browser: Client, visit: Visit, state: str, **values: object) -> HttpResponse:
    data = {"state": state, "submission_id": str(uuid.uuid4()), **values}
    return browser.post(f"/quarantine/visits/{visit.uid}/mark/", data, **HTMX)


# --- saved ------------------------------------------------------------------------------------------------
def test_a_row_comes_back_alone_with_the_counter(browser, visit, following):
    page = text_of(record(browser, visit, "36.5"))
    assert page.count("<li id=") == 1
    assert "36.5 ℃" in page
    assert 'name="temperature"' not in page
    assert re.search(r'id="round-counter".*hx-swap-oob="true"', page, re.S)
    assert "已测 <strong>1</strong> / 2" in page


def test_without_script_the_list_opens_at_the_next_one(browser, visit, following):
    response = record(browser, visit, "36.5", htmx=False)
    assert response.status_code == 302
    assert response.url.endswith(f"&focus={following.uid}")  # a fragment would keep the browser from focusing
    page = source_of(browser.get(response.url))
    field = page[page.index(f'id="t-{following.uid}"') :]
    assert "autofocus" in field[: field.index(">")]
    assert page.count("autofocus") == 1


def test_without_script_a_fever_opens_the_list_at_the_same_row_again(browser, visit, following):
    response = record(browser, visit, "37.8", htmx=False)
    assert response.url.endswith(f"&focus={visit.uid}")


def test_without_script_after_the_last_one_the_list_stands_at_its_row(browser, visit):
    assert record(browser, visit, "36.5", htmx=False).url.endswith(f"#row-{visit.uid}")


def test_the_method_chosen_is_kept_for_the_next_row(browser, visit, following):
    record(browser, visit, "36.5", method="EAR")
    page = text_of(browser.get("/quarantine/round/"))
    assert '<option value="EAR" selected>' in page
    assert 'name="method" value="EAR"' in page
    assert Reading.objects.get().method == Method.EAR


def test_the_method_can_be_chosen_without_script(browser, visit):
    browser.get("/quarantine/round/?method=ARMPIT")
    assert 'name="method" value="ARMPIT"' in text_of(browser.get("/quarantine/round/"))


def test_what_was_told_by_phone_is_no_reading_at_the_door(browser, visit):
    record(browser, visit, "36.5", method="SELF")
    assert Reading.objects.get().source == ReadingSource.PHONE


def test_symptoms_are_recorded_and_alerted(browser, visit):
    page = source_of(record(browser, visit, "36.5", symptoms=["干咳", "乏力"]))
    assert Reading.objects.get().symptoms == ["干咳", "乏力"]
    assert "干咳、乏力" in page
    assert f"/quarantine/alerts/{Alert.objects.get().uid}/" in page


# --- fever, low -------------------------------------------------------------------------------------------
def test_a_fever_turns_the_row_red_and_asks_again_with_a_link_to_the_alert(browser, visit):
    page = source_of(record(browser, visit, "37.3"))
    assert "round-row--danger" in page
    assert "请马上再测一次" in page
    assert "≥37.3℃" in page
    assert "data-round-stay" in page
    assert 'name="temperature"' in page
    assert f"/quarantine/alerts/{Alert.objects.get().uid}/" in page


def test_the_second_measurement_is_kept_beside_the_first(browser, visit):
    record(browser, visit, "37.8")
    page = text_of(record(browser, visit, "36.9", is_rechecked="on"))
    assert [row.temperature for row in visit.readings.all()] == [Decimal("37.8"), Decimal("36.9")]
    assert 'name="temperature"' not in page
    assert "round-row--danger" in page  # a fever that was there stays seen


def test_a_low_reading_turns_the_row_amber_and_is_accepted_when_repeated(browser, visit):
    page = text_of(record(browser, visit, "35.2"))
    assert "round-row--warn" in page
    assert "低于 35.5℃" in page
    assert 'name="is_rechecked" value="on"' in page
    again = text_of(record(browser, visit, "35.3", is_rechecked="on"))
    assert "已复测" in again
    assert 'name="temperature"' not in again
    assert not Alert.objects.exists()


# --- wrong ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("63.5", "前两位数字是否写反"),
        ("3.65", "小数点的位置是否写错"),
        ("365", "是否漏了小数点"),
        ("36.55", "小数太多"),
        ("abc", "不是一个体温读数"),
        ("<b>36</b>", "不是一个体温读数"),
        ("", "请填写体温"),
    ],
)
def test_a_bad_value_is_explained_beside_the_field_and_stays_typed(browser, visit, typed, words):
    response = record(browser, visit, typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert f'value="{escape(typed)}"' in page
    assert "<b>36</b>" not in page
    assert 'aria-invalid="true"' in page
    assert not Reading.objects.exists()


def test_a_bad_value_without_script_shows_the_row_with_everything_typed(browser, visit):
    response = record(browser, visit, "63.5", htmx=False, symptoms=["干咳"])
    page = text_of(response)
    assert response.status_code == 422
    assert 'value="63.5"' in page
    assert re.search(r'value="干咳"\s+checked', page)


def test_the_same_submission_goes_through_once_the_value_is_mended(browser, visit):
    uid = str(uuid.uuid4())
    assert uid in source_of(record(browser, visit, "63.5", submission_id=uid))
    assert record(browser, visit, "36.5", submission_id=uid).status_code == 200
    assert Reading.objects.count() == 1


def test_full_width_digits_and_a_chinese_stop_are_understood(browser, visit):
    record(browser, visit, "３６。５")
    assert Reading.objects.get().temperature == Decimal("36.5")


def test_before_the_slot_begins_the_row_says_so(browser, visit):
    later = visit.observation.visits.get(date=ON, slot="PM")
    response = record(browser, later, "36.5")
    assert response.status_code == 422
    assert "还没有开始" in text_of(response)


# --- once -------------------------------------------------------------------------------------------------
def test_a_repeated_submission_gives_the_same_row_and_no_second_reading(browser, visit):
    uid = str(uuid.uuid4())
    first, second = (text_of(record(browser, visit, "36.5", submission_id=uid)) for _ in range(2))
    strip = re.compile(r'value="[0-9a-f-]{36}"|csrfmiddlewaretoken" value="\w+"')
    assert strip.sub("", first) == strip.sub("", second)
    assert Reading.objects.count() == 1


def test_another_value_under_a_used_submission_is_a_conflict_shown_as_a_row(browser, visit):
    uid = str(uuid.uuid4())
    record(browser, visit, "37.8", submission_id=uid)
    response = record(browser, visit, "36.8", submission_id=uid)
    page = source_of(response)
    assert response.status_code == 409
    assert "已经保存过另一个内容" in page
    assert "<html" not in page
    assert 'value="36.8"' in page  # what was typed is not lost
    assert uid not in page
    assert Reading.objects.get().temperature == Decimal("37.8")


def test_a_form_without_a_submission_id_is_refused(browser, visit):
    assert record(browser, visit, "36.5", submission_id="").status_code == 400
    assert not Reading.objects.exists()


# --- marks ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("state", ["AWAY", "REFUSED", "PHONE"])
def test_one_tap_marks_the_visit_and_the_field_stays(browser, visit, state):
    page = text_of(mark(browser, visit, state))
    visit.refresh_from_db()
    assert visit.state == state
    assert 'name="temperature"' in page
    assert re.search(rf'value="{state}"\s+aria-pressed="true"', page)


def test_a_refusal_links_to_its_alert(browser, visit):
    page = source_of(mark(browser, visit, "REFUSED"))
    assert f"/quarantine/alerts/{Alert.objects.get().uid}/" in page


def test_no_other_state_can_be_sent(browser, visit):
    assert mark(browser, visit, "DONE").status_code == 422
    assert mark(browser, visit, "MISSED").status_code == 422
    visit.refresh_from_db()
    assert visit.state == VisitState.PLANNED


def test_a_visit_measured_in_the_meantime_shows_the_reading_and_says_why(browser, visit, office):
    reading_record(visit=visit, temperature=Decimal("36.5"), by=office.jia)
    response = mark(browser, visit, "AWAY")
    assert response.status_code == 422
    assert "不能再标记" in text_of(response)
    assert "36.5" in text_of(response)


# --- corrections ------------------------------------------------------------------------------------------
def test_a_correction_shows_the_old_value_struck_through(browser, visit):
    record(browser, visit, "37.8")
    reading = Reading.objects.get()
    url = f"/quarantine/readings/{reading.uid}/correct/"
    page = text_of(browser.get(url))
    assert "<del>" in page
    assert 'name="temperature"' in page
    assert 'value="37.8"' not in page  # nothing is filled in beforehand
    response = send(browser, url, temperature="36.8", measured_at="8:20", reason="录入时看错")
    assert response.status_code == 302
    row = text_of(browser.get(response.url))
    assert re.search(r"<del class=\"temp\">.*37\.8</del>", row)
    assert "更正：录入时看错" in row
    assert visit.readings.effective().get().measured_at == aware("2020-01-29 08:20")


def test_a_correction_without_reason_or_with_a_bad_value_keeps_what_was_typed(browser, visit):
    record(browser, visit, "36.5")
    url = f"/quarantine/readings/{Reading.objects.get().uid}/correct/"
    response = send(browser, url, temperature="63.5", measured_at="8点", reason="")
    page = text_of(response)
    assert response.status_code == 422
    assert "前两位数字是否写反" in page
    assert "请写明更正原因" in page
    assert 'value="63.5"' in page
    assert 'value="8点"' in page


def test_a_reading_that_was_corrected_leads_to_the_latest(browser, visit):
    record(browser, visit, "36.5")
    first = Reading.objects.get()
    send(browser, f"/quarantine/readings/{first.uid}/correct/", temperature="36.6", reason="看错")
    latest = visit.readings.effective().get()
    assert browser.get(f"/quarantine/readings/{first.uid}/correct/").url.endswith(f"{latest.uid}/correct/")


# --- scope and rights -------------------------------------------------------------------------------------
def test_outside_the_scope_there_is_no_such_visit(office, visit):
    stranger = signed_in(make_staff("外村医", Role.HEALTH_WORKER, office.other_village))
    assert record(stranger, visit, "36.5").status_code == 404
    assert mark(stranger, visit, "AWAY").status_code == 404
    assert stranger.get(f"/quarantine/visits/{visit.uid}/").status_code == 404


def test_inside_the_scope_without_the_right_it_is_forbidden(office, visit):
    inspector = signed_in(office.inspector)
    assert record(inspector, visit, "36.5").status_code == 403
    assert mark(inspector, visit, "AWAY").status_code == 403
    assert not Reading.objects.exists()


def test_a_reading_outside_the_scope_cannot_be_corrected(office, browser, visit):
    record(browser, visit, "36.5")
    url = f"/quarantine/readings/{Reading.objects.get().uid}/correct/"
    stranger = signed_in(make_staff("外村医", Role.HEALTH_WORKER, office.other_village))
    assert stranger.get(url).status_code == 404
    assert send(stranger, url, temperature="36.6", reason="看错").status_code == 404
    assert signed_in(office.inspector).get(url).status_code == 403


def test_the_row_alone_is_a_page_with_the_symptoms_open(browser, visit):
    page = text_of(browser.get(f"/quarantine/visits/{visit.uid}/"))
    assert 'name="symptoms"' in page
    assert 'value="无"' not in page
    assert "<html" in page


def test_the_list_carries_the_symptoms_once_however_long_it_is(browser, visit, following):
    page = text_of(browser.get("/quarantine/round/"))
    assert page.count('value="干咳"') == 1
