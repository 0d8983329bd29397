"""无人户: tries, calls, contacts, long absences, dates, slips, the queue and its daily message."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import AccessAction, AccessLog, AreaDuty, DutyKind
from grassroots.notices.models import Message
from households.absent_digest import absent_remind
from households.models import (
    AbsentCall,
    AbsentContact,
    CallResult,
    Household,
    LongAbsence,
    Survey,
    SurveyState,
)
from households.services.absent import absence_open, contact_add, knock_record, next_set
from tests.factories import OfficeCast, aware, make_household, make_office, make_person
from tests.households.absent_cases import TODAY, absent_door, flat, knocked, page_of
from tests.households.door_pages import send, signed_in
from tests.texts import source_of, text_of

pytestmark = pytest.mark.django_db
TOMORROW = dt.date(2020, 1, 30)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(aware("2020-01-29 12:00"), tick=False):
        yield


@pytest.fixture
def office() -> OfficeCast:
    return make_office()


@pytest.fixture
def door(office: OfficeCast) -> Household:
    return absent_door(office)


# --- tries ------------------------------------------------------------------------------------------------
def test_a_try_is_one_more_knock_and_leaves_the_people_alone(office, door):
    client = signed_in(office.jia)
    response = send(
        client, page_of(door), what="knock", version=door.version, visited_at="2020-01-29T11:30", slip_left="on",
        next_on="2020-01-30", note="还是没人",
    )  # fmt: skip
    assert response.status_code == 302
    door.refresh_from_db()
    assert (door.absent_tries, door.next_visit_on, door.survey_state) == (2, TOMORROW, SurveyState.ABSENT)
    last = Survey.objects.latest("visited_at")
    assert (last.absent_try, last.slip_left, last.note, last.staff) == (2, True, "还是没人", office.jia)
    assert door.residencies.filter(ended_on=None).count() == 1


def test_every_control_of_its_forms_has_the_looks_of_the_others(office, door):
    page = source_of(signed_in(office.jia).get(page_of(door)))
    controls = re.findall(
        r'<(?:input|select|textarea)\b[^>]*\bname="(?:[a-z]+_(?:on|at)|name|note|where)"[^>]*>', page
    )
    assert len(controls) > 5
    assert [one for one in controls if "form-control" not in one and "form-select" not in one] == []


def test_who_tried_in_which_round_stands_on_the_page(office, door):
    knocked(office, door, "ABSENT", "2020-01-28 19:30", slip_left=True)
    page = flat(text_of(signed_in(office.jia).get(page_of(door))))
    assert "1月28日10:00白天·甲" in page
    assert "1月28日19:30晚间·甲" in page
    assert "已贴温馨提示" in page
    assert "白天晚间都去过，宜打电话" in page


def test_a_door_tried_by_day_only_asks_for_an_evening(office, door):
    second = make_household(office.compound, "502")
    knocked(office, second, "ABSENT", "2020-01-28 19:30", next_visit_on=TODAY)
    client = signed_in(office.jia)
    evening = source_of(client.get("/households/absent/?round=evening"))
    by_day = source_of(client.get("/households/absent/?round=day"))
    assert str(door.uid) in evening and str(second.uid) not in evening
    assert str(second.uid) in by_day and str(door.uid) not in by_day
    assert "宜晚间去" in evening and "宜白天去" in by_day


def test_a_page_opened_before_somebody_elses_save_keeps_what_was_typed(office, door):
    client, before = signed_in(office.jia), door.version
    next_set(household=door, on=TOMORROW, by=office.yi)
    response = send(
        client, page_of(door), what="knock", version=before, visited_at="2020-01-29T11:30", note="敲了三遍"
    )
    page = text_of(response)
    assert response.status_code == 409
    assert "敲了三遍" in page and "有人刚刚保存过这一户" in page
    assert Survey.objects.filter(household=door).count() == 1
    assert f'name="version" value="{Household.objects.get(pk=door.pk).version}"' in page


def test_a_try_in_the_future_or_for_a_past_day_is_refused_beside_its_field(office, door):
    client = signed_in(office.jia)
    sent = {"what": "knock", "version": door.version, "note": "再来"}
    late = send(client, page_of(door), **sent, visited_at="2020-01-30T11:30")
    past = send(client, page_of(door), **sent, visited_at="2020-01-29T11:30", next_on="2020-01-20")
    assert (late.status_code, past.status_code) == (422, 422)
    assert "上门时间不能晚于现在" in text_of(late)
    assert "下次的日期不能早于今天" in text_of(past) and "再来" in text_of(past)
    assert Survey.objects.count() == 1


def test_a_household_that_has_signed_takes_no_further_try(office, door):
    knocked(office, door, "SIGNED", "2020-01-29 09:00")
    door.refresh_from_db()
    with pytest.raises(ValidationError, match="已不在无人户名单"):
        knock_record(
            household=door, version=door.version, by=office.jia, visited_at=aware("2020-01-29 11:00")
        )


def test_sent_twice_it_is_one_try(office, door):
    client, submission = signed_in(office.jia), uuid.uuid4()
    for _ in range(2):
        send(
            client, page_of(door), submission=submission, what="knock", version=door.version,
            visited_at="2020-01-29T11:30",
        )  # fmt: skip
    assert Survey.objects.filter(household=door).count() == 2


# --- calls and contacts -----------------------------------------------------------------------------------
def test_a_neighbours_number_is_encrypted_masked_and_dialled_with_a_trace(office, door):
    client = signed_in(office.jia)
    sent = {"what": "contact", "relation": "NEIGHBOUR", "name": "隔壁王阿姨", "phone": "138 0011 2233"}
    assert send(client, page_of(door), **sent).status_code == 302
    contact = AbsentContact.objects.get()
    assert contact.phone == "13800112233"
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM households_absentcontact")
        assert "13800112233" not in cursor.fetchone()[0]
    page = text_of(client.get(page_of(door)))
    assert "138****2233" in page and "13800112233" not in page
    dialled = text_of(send(client, f"/households/absent/contacts/{contact.uid}/dial/"))
    assert "tel:13800112233" in dialled
    log = AccessLog.objects.get(action=AccessAction.DIAL)
    assert (log.staff, log.subject_uid) == (office.jia, str(contact.uid))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"phone": "1380011"}, "手机号应为11位"),
        ({"phone": "没有"}, "请填写电话号码"),
        ({"name": ""}, "请填写称呼"),
    ],
)
def test_a_contact_that_cannot_be_called_is_refused_and_nothing_typed_is_lost(office, door, changed, said):
    sent = {
        "what": "contact",
        "relation": "RELATIVE",
        "name": "儿子",
        "phone": "13800112233",
        "note": "在成都",
    }
    response = send(signed_in(office.jia), page_of(door), **{**sent, **changed})
    page = text_of(response)
    assert response.status_code == 422
    assert said in page and "在成都" in page
    assert not AbsentContact.objects.exists()


def test_a_call_is_noted_with_whom_and_moves_the_date(office, door):
    contact = contact_add(
        household=door, relation="RELATIVE", name="儿子", phone="13800112233", by=office.jia
    )
    response = send(
        signed_in(office.yi), page_of(door), what="call", contact=contact.pk, result="REACHED",
        called_at="2020-01-29T11:50", note="后天回来", next_on="2020-01-31",
    )  # fmt: skip
    assert response.status_code == 302
    call = AbsentCall.objects.get()
    assert (call.contact, call.result, call.by, call.note) == (
        contact,
        CallResult.REACHED,
        office.yi,
        "后天回来",
    )
    door.refresh_from_db()
    assert door.next_visit_on == dt.date(2020, 1, 31)
    assert door.history.first().history_change_reason == "无人户跟进"
    page = flat(text_of(signed_in(office.jia).get("/households/absent/")))
    assert "电话亲属儿子：接通后天回来" in page


def test_a_call_names_a_contact_of_that_household_only(office, door):
    foreign = make_household(office.other_group, "34", survey_state=SurveyState.ABSENT)
    contact = contact_add(household=foreign, relation="OTHER", name="某", phone="13800112233", by=office.bing)
    sent = {"what": "call", "contact": contact.pk, "result": "REACHED", "called_at": "2020-01-29T11:50"}
    assert send(signed_in(office.jia), page_of(door), **sent).status_code == 422
    assert not AbsentCall.objects.exists()


def test_a_number_taken_off_is_not_offered_and_stays_in_the_calls(office, door):
    contact = contact_add(household=door, relation="LANDLORD", name="李", phone="13800112233", by=office.jia)
    client = signed_in(office.jia)
    sent = {"what": "call", "contact": contact.pk, "result": "DEAD", "called_at": "2020-01-29T11:50"}
    assert send(client, page_of(door), **sent).status_code == 302
    assert send(client, f"/households/absent/contacts/{contact.uid}/remove/").status_code == 302
    page = text_of(client.get(page_of(door)))
    assert "138****2233" not in page
    assert "打给房东 李：空号停机" in page
    assert send(client, f"/households/absent/contacts/{contact.uid}/dial/").status_code == 404


# --- away for long, empty flats ---------------------------------------------------------------------------
def test_long_away_says_where_and_comes_due_when_they_are_back(office, door):
    client = signed_in(office.jia)
    sent = {
        "what": "away",
        "where": "广东东莞",
        "since_on": "2020-01-10",
        "back_on": "2020-02-20",
        "told_by": "邻居",
    }
    assert send(client, page_of(door), **sent).status_code == 302
    door.refresh_from_db()
    assert door.next_visit_on == dt.date(2020, 2, 20)
    listed = source_of(client.get("/households/absent/?view=away"))
    assert "广东东莞，预计 2月20日 返回" in listed
    assert str(door.uid) not in source_of(client.get("/households/absent/?view=due"))
    with time_machine.travel(aware("2020-02-21 09:00"), tick=False):
        due = source_of(signed_in(office.jia).get("/households/absent/?view=overdue"))
        assert "应 2月20日 联系" in due


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"where": ""}, "请填写去向"), ({"back_on": ""}, "请填写预计返回的日期"),
     ({"since_on": "2020-02-10", "back_on": "2020-02-11"}, "外出日期不能晚于今天"),
     ({"back_on": "2020-01-20"}, "下次的日期不能早于今天"), ({"back_on": "2031-01-20"}, "超过一年")],
)  # fmt: skip
def test_a_long_absence_without_sense_is_refused_in_words(office, door, changed, said):
    sent = {"what": "away", "where": "东莞", "back_on": "2020-02-20"}
    response = send(signed_in(office.jia), page_of(door), **{**sent, **changed})
    assert response.status_code == 422
    assert said in text_of(response)
    assert not LongAbsence.objects.exists()


def test_back_again_it_is_due_today(office, door):
    absence_open(household=door, where="东莞", back_on=dt.date(2020, 2, 20), by=office.jia)
    assert send(signed_in(office.yi), page_of(door), what="back").status_code == 302
    door.refresh_from_db()
    absence = LongAbsence.objects.get()
    assert (door.next_visit_on, absence.ended_by) == (TODAY, office.yi)
    assert send(signed_in(office.yi), page_of(door), what="back").status_code == 302
    assert LongAbsence.objects.count() == 1


@pytest.mark.parametrize(("outcome", "is_open"), [("SIGNED", False), ("VACANT", False), ("ABSENT", True)])
def test_a_knock_that_settles_where_they_are_ends_the_long_absence(office, outcome, is_open):
    household = make_household(office.compound)
    household = knocked(office, household, "ABSENT", "2020-01-28 10:00")
    absence_open(household=household, where="东莞", back_on=dt.date(2020, 2, 20), by=office.jia)
    knocked(office, household, outcome, "2020-01-29 09:00")
    assert LongAbsence.objects.open().exists() is is_open


def test_an_empty_flat_gets_a_review_date_at_the_door_or_later(office):
    first, second = make_household(office.compound, "601"), make_household(office.compound, "602")
    first = knocked(office, first, "VACANT", "2020-01-29 09:00", next_visit_on=dt.date(2020, 2, 5))
    knocked(office, second, "VACANT", "2020-01-29 09:10")
    assert first.next_visit_on == dt.date(2020, 2, 5)
    client = signed_in(office.jia)
    listed = flat(source_of(client.get("/households/absent/?view=empty")))
    assert "2月5日复核" in listed and "没定复核日期" in listed
    assert send(client, page_of(second), what="next", next_on="2020-01-29").status_code == 302
    due = source_of(client.get("/households/absent/?view=due"))
    assert str(second.uid) in due and str(first.uid) not in due


def test_an_empty_flat_without_a_date_stands_last_and_a_door_without_one_first(office, door):
    empty = make_household(office.compound, "601", survey_state=SurveyState.VACANT)
    undated = make_household(office.compound, "701", survey_state=SurveyState.ABSENT)
    ordered = list(Household.objects.queued().by_next_visit())
    assert ordered == [undated, door, empty]


# --- queue and message ------------------------------------------------------------------------------------
def test_the_queue_names_its_areas_with_their_numbers(office, door):
    make_household(office.other_group, "34", survey_state=SurveyState.ABSENT)
    page = flat(source_of(signed_in(office.ding).get("/households/absent/")))
    assert f"{office.village.name}1" in page and f"{office.other_village.name}1" in page
    here = source_of(signed_in(office.ding).get(f"/households/absent/?area={office.other_group.pk}"))
    assert str(door.uid) not in here
    assert "在册1户，今天该去1户" in flat(here)


def test_fifty_rows_take_as_many_queries_as_two(office):
    def cost() -> int:
        client = signed_in(office.jia)
        client.get("/households/absent/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/households/absent/")
        return len(queries)

    for number in range(2):
        household = make_household(office.compound, str(101 + number))
        make_person("", household)
        knocked(office, household, "ABSENT", "2020-01-28 10:00")
    few = cost()
    for number in range(20):
        make_household(office.compound, str(201 + number), survey_state=SurveyState.ABSENT)
    assert cost() == few <= 16


def test_each_officer_hears_once_a_day_how_many_are_due(office, door):
    kind = DutyKind.objects.get(code="group")
    AreaDuty.objects.filter(kind=kind).delete()
    AreaDuty.objects.create(kind=kind, staff=office.yi, area=office.group, valid_from=dt.date(2020, 1, 1))
    flat_one = make_household(office.compound, "601")
    knocked(office, flat_one, "VACANT", "2020-01-20 09:00", next_visit_on=dt.date(2020, 1, 25))
    assert absent_remind(aware("2020-01-29 07:59")) == {}
    assert absent_remind(aware("2020-01-29 08:00"))["sent"] >= 1
    assert absent_remind(aware("2020-01-29 08:01")) == {}
    message = Message.objects.get(recipient=office.yi)
    assert message.title == "今天有2户无人户、空置户该再去"
    assert message.body == "其中过期1户、晚间没去过1户、空置待复核1户。"
    assert message.url == "/households/absent/?view=due"
    assert not Message.objects.filter(recipient__in=[office.health, office.bing]).exists()


def test_nobody_hears_of_what_is_not_due(office, door):
    next_set(household=door, on=TOMORROW, by=office.jia)
    assert absent_remind(aware("2020-01-29 08:00")) == {"sent": 0}
    assert not Message.objects.exists()
