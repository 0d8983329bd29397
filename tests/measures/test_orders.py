"""Orders: issued to areas below, signed, answered, sent back, accepted, amended, withdrawn, urged; who hears when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from grassroots.grid.models import AreaDuty, DutyKind
from grassroots.grid.versions import StaleVersion
from grassroots.notices.leaves import leave_enter
from grassroots.notices.models import Message
from grassroots.notices.tick import tick
from measures.models import Order, OrderReceipt, ReceiptState
from measures.rules.orders import LATE, LEVELS, UNREAD, Awaited, Urgency
from measures.services.orders import OrderData, issuing_areas, order_amend, order_issue, order_withdraw
from measures.services.receipts import (
    order_urge,
    receipt_accept,
    receipt_answer,
    receipt_return,
    receipt_sign,
    receipt_urge,
)
from measures.services.upward import upward_due, upward_escalate
from tests.factories import OfficeCast, make_office
from tests.measures.order_cases import HOUR, order, receipt, signed, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def refused(act: Callable[[], Any]) -> set[str]:
    """The fields that are refused ('__all__': the whole)."""
    with pytest.raises(ValidationError) as error:
        act()
    return set(error.value.message_dict) if hasattr(error.value, "error_dict") else {"__all__"}


# --- issued -------------------------------------------------------------------------------------------------
def test_it_has_a_number_of_its_area_and_year_and_a_row_a_receiver(office: OfficeCast) -> None:
    first = order(office, office.group, office.other_group, office.group)
    second, of_village = order(office), order(office, office.group, area=office.village)
    year = timezone.localdate().year
    assert [first.code, second.code] == [f"淮口街道〔{year}〕1号", f"淮口街道〔{year}〕2号"]
    assert of_village.code == f"城厢社区〔{year}〕1号"
    assert {row.area for row in first.receipts.all()} == {office.group, office.other_group}
    assert set(first.receipts.values_list("state", flat=True)) == {"SENT"}
    assert OrderReceipt.objects.mine(office.jia).count() == 3
    assert not OrderReceipt.objects.visible_to(office.jia).filter(area=office.other_group).exists()
    assert Order.objects.visible_to(office.bing).get() == first


def test_who_answers_for_a_receiver_hears_without_a_word_of_its_text_outside(office: OfficeCast) -> None:
    order(office, office.group, office.compound, urgency="TOP")
    message = Message.objects.get(recipient=office.jia)
    assert message.title.startswith("收到特急指令淮口街道〔") and "共2处" in message.body
    assert "核查外地车辆" in message.body  # in the inbox, by the note that no channel gets
    assert "核查" not in message.title
    assert told(office.bing) == []


def test_only_areas_below_are_receivers_and_what_is_missing_is_said_at_its_field(office: OfficeCast) -> None:
    def issue(**more: Any) -> Callable[[], Any]:
        given = {"title": "一", "text": "二", "due_at": timezone.now() + HOUR, **more}
        where = {"area": given.pop("area", office.village), "receivers": given.pop("to", [office.group])}
        return lambda: order_issue(data=OrderData(**given), by=office.ding, **where)

    assert refused(issue(to=[])) == refused(issue(to=[office.other_group])) == {"areas"}
    assert refused(issue(to=[office.village])) == refused(issue(to=[office.street])) == {"areas"}
    assert refused(issue(title=" ", text="\n", due_at=None)) == {"title", "text", "due_at"}
    assert refused(issue(due_at=timezone.now() - HOUR, title="长" * 61)) == {"due_at", "title"}
    assert refused(issue(text="找王某510121198001011233")) == {"text"}
    issue(asks_answer=False, due_at=None)()
    assert issuing_areas(office.ding) == [office.street] and issuing_areas(office.bing) == [
        office.other_village
    ]


# --- states -------------------------------------------------------------------------------------------------
def test_signed_answered_sent_back_answered_again_accepted(office: OfficeCast) -> None:
    one = order(office, asks_number="外地车辆数")
    row = receipt(one)
    assert refused(lambda: receipt_answer(receipt=row, words="清点完", number=3, by=office.jia)) == {
        "__all__"
    }
    signed(office, one)
    assert refused(lambda: signed(office, one)) == {"__all__"}
    assert refused(lambda: receipt_answer(receipt=row, words=" ", by=office.jia)) == {"words"}
    assert refused(lambda: receipt_answer(receipt=row, words="清点完", by=office.jia)) == {"number"}
    assert refused(lambda: receipt_accept(receipt=row, by=office.ding)) == {"__all__"}
    receipt_answer(receipt=row, words=" 清点完 ", number=3, by=office.jia)
    assert "已反馈" in told(office.ding)[-1]
    assert refused(lambda: receipt_accept(receipt=row, by=office.jia)) == {"__all__"}
    due = timezone.now() + HOUR
    assert refused(lambda: receipt_return(receipt=row, words="", due_at=due, by=office.ding)) == {"words"}
    receipt_return(receipt=row, words="缺车牌属地", due_at=due, by=office.ding)
    assert "退回" in told(office.jia)[-1]
    receipt_answer(receipt=row, words="都是成都牌照", number=4, by=office.jia)
    receipt_accept(receipt=row, by=office.ding)
    row = receipt(one)
    assert (row.state, row.answer, row.number, row.closed_by, row.escalate_at) == (
        "CLOSED", "都是成都牌照", 4, office.ding, None,
    )  # fmt: skip
    assert refused(lambda: receipt_answer(receipt=row, words="又", number=1, by=office.jia)) == {"__all__"}
    assert [step.action for step in row.steps.all()] == [
        "SIGNED",
        "ANSWERED",
        "RETURNED",
        "ANSWERED",
        "ACCEPTED",
    ]


def test_where_no_answer_is_asked_signing_is_all(office: OfficeCast) -> None:
    row = signed(office, order(office, asks_answer=False, due_at=None))
    assert (row.state, row.closed_by) == (ReceiptState.CLOSED, office.jia)


def test_an_amended_order_is_signed_again_in_its_new_version(office: OfficeCast) -> None:
    one = order(office, office.group, office.other_group)
    row = receipt(one, office.group)
    receipt_sign(receipt=row, revision=1, by=office.jia)
    data = OrderData("核查外地车辆", "连同摩托车。", due_at=timezone.now() + HOUR)
    with pytest.raises(StaleVersion):
        order_amend(order=one, data=data, reason="补充", version=7, by=office.ding)
    assert refused(lambda: order_amend(order=one, data=data, reason="", version=1, by=office.ding)) == {
        "reason"
    }
    order_amend(order=one, data=data, reason="补充摩托车", version=1, by=office.ding)
    row = receipt(one, office.group)
    assert (row.state, row.due_at) == ("SENT", data.due_at) and "重新签收" in told(office.jia)[-1]
    assert refused(lambda: receipt_sign(receipt=row, revision=1, by=office.jia)) == {"__all__"}
    receipt_sign(receipt=row, revision=2, by=office.jia)
    assert [version.text for version in one.revisions.all()] == ["连同摩托车。", "今晚清点。\n明早报数。"]
    assert one.history.first().history_change_reason == "补充摩托车"


def test_a_withdrawn_order_awaits_nothing_and_stays(office: OfficeCast) -> None:
    one = order(office)
    order_withdraw(order=one, reason="县里已通知", version=1, by=office.ding)
    assert refused(lambda: signed(office, one)) == {"__all__"}
    assert not OrderReceipt.objects.waiting().exists() and Order.objects.get() == one
    assert upward_escalate(timezone.now() + 100 * HOUR)["order"] == 0
    assert "已撤回" in told(office.jia)[-1]


def test_urging_is_on_record_and_not_repeated_at_once(office: OfficeCast) -> None:
    one = order(office, office.group, office.other_group)
    row = receipt(one, office.group)
    assert receipt_urge(receipt=row, by=office.ding) == 1
    assert told(office.jia)[-1].startswith("催办：") and row.steps.get().words == "甲某"
    assert refused(lambda: receipt_urge(receipt=row, by=office.ding)) == {"__all__"}
    assert order_urge(order=one, by=office.ding) == 1  # the other one only
    assert order_urge(order=one, by=office.ding, at=timezone.now() + HOUR) == 2


def test_issuing_to_many_costs_as_much_as_to_few(office: OfficeCast) -> None:
    order(office)
    with CaptureQueriesContext(connection) as few:
        order(office)
    with CaptureQueriesContext(connection) as many:
        order(office, office.group, office.compound, office.other_group, office.village)
    assert len(many) <= len(few) + 3  # a recipient more


# --- upward -------------------------------------------------------------------------------------------------
def test_an_unsigned_order_goes_up_level_by_level_and_an_urgent_one_sooner(office: OfficeCast) -> None:
    at = timezone.now()
    one = order(office, urgency="URGENT", at=at)
    order(office, at=at)
    assert upward_escalate(at + 1.9 * HOUR) == {"order": 0, "incident": 0, "failed": 0}
    later = at + 2 * HOUR
    assert upward_escalate(later)["order"] == 1 and upward_escalate(later)["order"] == 0
    assert told(office.ding) == [f"1组还没有签收：紧急指令{one.code}"]
    signed(office, one)
    assert upward_escalate(at + 5 * HOUR)["order"] == 0


def test_an_answer_that_is_late_is_told_to_the_officer_his_superior_and_the_sender(
    office: OfficeCast,
) -> None:
    at = timezone.now()
    one = order(office, at=at, due_at=at + HOUR)
    signed(office, one)
    assert upward_escalate(at + HOUR)["order"] == 1
    assert "逾期没有反馈" in told(office.jia)[-1] and "逾期没有反馈" in told(office.ding)[-1]
    row = receipt(one)
    assert row.is_overdue(at + HOUR) and "逾期未反馈" in row.steps.last().words
    receipt_answer(receipt=row, words="办完", by=office.jia)
    assert upward_escalate(at + 300 * HOUR)["order"] == 0


def test_after_an_outage_every_level_hears_once_and_then_it_ends(office: OfficeCast) -> None:
    at = timezone.now()
    order(office, at=at, asks_answer=False, due_at=None)
    assert upward_escalate(at + 1000 * HOUR)["order"] == LEVELS
    assert OrderReceipt.objects.get().escalate_at is None
    assert upward_escalate(at + 2000 * HOUR)["order"] == 0


def test_whoever_stands_in_hears_and_has_it_on_his_day(office: OfficeCast) -> None:
    today = timezone.localdate()
    leave_enter(staff=office.jia, deputy=office.bing, from_on=today, to_on=today, by=office.ding)
    order(office)
    assert any("请签收" in title for title in told(office.bing)) and not any(
        "请签收" in title for title in told(office.jia)
    )
    assert OrderReceipt.objects.mine(office.bing).count() == 1


def test_nobody_answers_and_the_sender_hears(office: OfficeCast) -> None:
    AreaDuty.objects.all().delete()
    at = timezone.now()
    order(office, office.other_group, at=at)
    upward_escalate(at + 12 * HOUR)
    assert "还没有签收" in told(office.ding)[-1]


def test_an_idle_tick_asks_nothing_for_it_and_what_is_due_is_found(office: OfficeCast) -> None:
    at = timezone.now()
    order(office, at=at)
    assert not any(rows.exists() for rows in upward_due(at + 11 * HOUR))
    assert [rows.exists() for rows in upward_due(at + 12 * HOUR)] == [True, False]
    tick(at)  # the first one leaves nothing out
    assert tick(at + 11 * HOUR)["measures.upward"] == {}
    assert tick(at + 12 * HOUR)["measures.upward"]["order"] == 1


MINUTES = st.integers(0, 20_000)


@given(st.sampled_from(Urgency), MINUTES, MINUTES, MINUTES, st.integers(0, LEVELS), st.integers(0, LEVELS))
def test_what_is_due_and_when_the_next_is_agree(
    urgency: Urgency, due: int, now: int, step: int, unread: int, late: int
) -> None:
    start = dt.datetime(2020, 1, 29, tzinfo=dt.UTC)
    at, minute = start + dt.timedelta(minutes=now), dt.timedelta(minutes=1)
    awaited = Awaited(urgency, start, start + due * minute, unread, late)
    levels = [*awaited.unread_levels(at), *awaited.late_levels(at)]
    nearest = awaited.next_at()
    assert bool(levels) == (nearest is not None and nearest <= at)
    after = Awaited(
        urgency, start, start + due * minute, unread + len(awaited.unread_levels(at)),
        late + len(awaited.late_levels(at)),
    )  # fmt: skip
    assert (following := after.next_at()) is None or following > at
    assert UNREAD[urgency] > dt.timedelta(0) and LATE[urgency] > dt.timedelta(0)


def test_an_office_without_a_duty_kind_still_issues(office: OfficeCast) -> None:
    AreaDuty.objects.all().delete()
    DutyKind.objects.exclude(code="leader").delete()
    assert order(office).receipts.count() == 1
