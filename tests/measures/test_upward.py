"""What goes a level up at once is told in one message a person, and stands at each row by itself."""

from __future__ import annotations

import datetime as dt
import re
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Role
from grassroots.notices.models import Channel, ChannelKind, Delivery, Message, OwnAddress, Reminder
from measures.models import Incident, IncidentStep, OrderReceipt, OrderStep, Rectification
from measures.services.order_messages import NOTE_LENGTH
from measures.services.receipts import order_urge, receipt_sign
from measures.services.rectifications import rectification_raise, rectifications_due, rectifications_escalate
from measures.services.upward import upward_escalate
from tests.factories import OfficeCast, make_area, make_office, make_staff
from tests.measures.order_cases import HOUR, incident, order, receipt, told
from tests.reference import restore_reference_rows

pytestmark = pytest.mark.django_db
ESCALATED = {"action": "ESCALATED"}


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def villages(office: OfficeCast, number: int) -> list[Area]:
    """Further villages of the street, all looked after by 丙; above him is the leader, 丁."""
    kinds = DutyKind.objects.in_bulk(field_name="code")
    found = []
    for at in range(number):
        area = make_area(office.street, Level.VILLAGE, f"{at + 1}号村", f"5101210061{at:02}")
        for code, staff in (("leader", office.ding), ("village-cadre", office.bing)):
            AreaDuty.objects.create(kind=kinds[code], staff=staff, area=area, valid_from=dt.date(2020, 1, 1))
        found.append(area)
    return found


def new_to(staff: Any, act: Any) -> list[Message]:
    """What somebody is told by doing this."""
    before = set(Message.objects.values_list("pk", flat=True))
    act()
    return list(Message.objects.filter(recipient=staff).exclude(pk__in=before).order_by("pk"))


def test_many_overdue_areas_are_one_message_a_person_and_a_later_one_one_more(office: OfficeCast) -> None:
    at, places = timezone.now(), villages(office, 11)
    one = order(office, *places, at=at)
    two = order(office, *places[:9], urgency="URGENT", title="清点口罩", at=at + 10 * HOUR)
    last = order(office, places[10], title="值班表", at=at + 11 * HOUR)
    (message,) = new_to(office.ding, lambda: upward_escalate(at + 12 * HOUR))
    assert message.title == "2件指令：20处还没有签收"
    assert message.body.startswith(f"紧急指令{two.code}“清点口罩”还没有签收：1号村、")
    assert (
        f"{one.code}“核查外地车辆”还没有签收：1号村、2号村、3号村、4号村、5号村、6号村等11处。"
        in message.body
    )
    assert message.body.endswith("请督促办理。") and message.url.endswith("?state=waiting")
    assert OrderStep.objects.filter(**ESCALATED, words="未签收，已告知丁某").count() == 20
    assert new_to(office.ding, lambda: upward_escalate(at + 12 * HOUR)) == []
    (later,) = new_to(office.ding, lambda: upward_escalate(at + 23 * HOUR))
    assert later.title == "2件指令：10处还没有签收"  # of the urgent one the next levels, and the new one
    assert "值班表" in later.body and "核查外地车辆" not in later.body and last.code in later.body
    assert OrderReceipt.objects.filter(escalate_at__lte=at + 23 * HOUR).count() == 0


def test_one_order_leads_to_its_matrix_and_outside_are_counts_and_a_link_alone(
    office: OfficeCast, client: Client
) -> None:
    gateway = Channel.objects.create(
        name="短信", kind=ChannelKind.SMS_JSON, area=office.street, address="http://127.0.0.1:9/\nto={手机}"
    )
    OwnAddress.objects.create(staff=office.ding, channel=gateway)
    at, places = timezone.now() - HOUR, villages(office, 3)
    one = order(office, *places, at=at, urgency="TOP", due_at=at + HOUR / 4)
    receipt_sign(receipt=receipt(one, places[0]), revision=1, by=office.bing)
    (message,) = new_to(office.ding, lambda: upward_escalate(at + HOUR / 2))
    assert message.title == f"特急指令{one.code}：3处逾期没有反馈" and message.is_urgent
    assert OrderStep.objects.filter(**ESCALATED).count() == 5  # 2 unsigned, 3 late
    text = Delivery.objects.get(recipient=office.ding, kind="order-upward").text
    assert "3处逾期没有反馈" in text and "号村" not in text and "核查" not in text
    (own,) = Message.objects.filter(recipient=office.bing, reminder__kind="order-upward")
    assert own.body.endswith("请尽快办理。")  # it is his own to do
    client.force_login(office.ding)
    page = client.get(message.url)
    assert page.status_code == 200 and all(area.name in page.content.decode() for area in places)


def test_who_has_some_to_do_himself_is_told_how_many(office: OfficeCast) -> None:
    at = timezone.now()
    order(office, office.group, office.village, at=at, due_at=at + HOUR)
    (message,) = new_to(office.ding, lambda: upward_escalate(at + HOUR))
    assert "其中1处由您自己办，其余请督促。" in message.body
    assert "城厢社区 1组" in message.body


def test_what_is_too_long_to_list_is_counted(office: OfficeCast) -> None:
    at, places = timezone.now(), villages(office, 8)
    for number in range(9):
        order(office, *places, title=f"{number}" + "长" * 50, at=at)
    (message,) = new_to(office.ding, lambda: upward_escalate(at + 12 * HOUR))
    assert len(message.body) <= NOTE_LENGTH + 40
    assert "另有5件。" in message.body and message.title == "9件指令：72处还没有签收"


def test_the_number_of_queries_does_not_grow_with_what_is_due(office: OfficeCast) -> None:
    places, start = villages(office, 12), timezone.now() - 400 * HOUR
    office.ding.postings.all().delete()
    make_staff("街某", Role.SUPERVISOR, office.street)

    def queries(number: int, at: dt.datetime) -> int:
        OrderReceipt.objects.update(escalate_at=None)
        Incident.objects.update(escalate_at=None)
        order(office, *places[:number], at=at)
        for _ in range(number):
            incident(office, at=at)
        with CaptureQueriesContext(connection) as captured:
            counts = upward_escalate(at + 12 * HOUR)
        assert counts == {"order": number, "incident": number, "failed": 0}
        return len(captured)

    assert queries(3, start) == queries(12, start + 100 * HOUR)


def test_a_broken_row_stops_none_of_the_others_and_is_tried_again(office: OfficeCast) -> None:
    at, places = timezone.now(), villages(office, 4)
    order(office, *places[:3], at=at)
    broken = order(office, places[3], at=at)
    type(broken).objects.filter(pk=broken.pk).update(urgency="WRONG")
    counts = upward_escalate(at + 12 * HOUR)
    assert (counts["order"], counts["failed"]) == (3, 1)
    assert OrderStep.objects.filter(**ESCALATED).count() == 3
    type(broken).objects.filter(pk=broken.pk).update(urgency="NORMAL")
    assert upward_escalate(at + 12 * HOUR)["order"] == 0
    assert upward_escalate(at + 12.1 * HOUR)["order"] == 1


def test_when_it_cannot_be_told_nothing_is_recorded_and_the_next_tick_does_both(office: OfficeCast) -> None:
    at, places = timezone.now(), villages(office, 3)
    order(office, *places, at=at)
    with pytest.raises(KeyboardInterrupt), interrupted_at("measures_orderstep"):
        upward_escalate(at + 12 * HOUR)
    assert not Reminder.objects.filter(kind="order-upward").exists() and not OrderStep.objects.exists()
    (message,) = new_to(office.ding, lambda: upward_escalate(at + 12 * HOUR))
    assert message.title.endswith("3处还没有签收") and OrderStep.objects.count() == 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_tell_everybody_once_and_record_each_row_once() -> None:
    restore_reference_rows()
    office = make_office()
    at = timezone.now()
    order(office, *villages(office, 6), at=at)
    barrier, raised = threading.Barrier(2), []

    def run() -> None:
        try:
            barrier.wait(timeout=10)
            raised.append(upward_escalate(at + 12 * HOUR)["order"])
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    steps = OrderStep.objects.filter(**ESCALATED)
    assert sum(raised) == steps.count() == steps.values("receipt").distinct().count() == 6
    rows = Message.objects.filter(reminder__kind="order-upward", recipient=office.ding)
    assert sum(int(re.findall(r"(\d+)处", row.title)[0]) if "处" in row.title else 1 for row in rows) == 6


def interrupted_at(table: str) -> Any:
    """The process is killed as it writes the first row of a table."""

    def stop(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(f'INSERT INTO "{table}"'):
            raise KeyboardInterrupt
        return execute(sql, params, many, context)

    return connection.execute_wrapper(stop)


def test_incidents_that_go_up_at_once_are_one_message_a_person(office: OfficeCast) -> None:
    office.ding.postings.all().delete()
    street = make_staff("街某", Role.SUPERVISOR, office.street)
    at = timezone.now()
    incident(office, at=at)
    incident(office, "incident-dispute", at=at, area=office.compound)
    (message,) = new_to(street, lambda: upward_escalate(at + HOUR))
    assert message.title == "升级上报：2件突发情况（一般2件）" and message.url.endswith("?state=unread")
    assert (
        "纠纷（城厢社区 1组）、纠纷（城厢社区 1组 翠柏苑）。" in message.body and "争吵" not in message.body
    )
    assert IncidentStep.objects.filter(**ESCALATED).count() == 2
    assert new_to(street, lambda: upward_escalate(at + HOUR)) == []
    third = incident(office, at=at + HOUR)
    (later,) = new_to(street, lambda: upward_escalate(at + 2 * HOUR))
    assert later.title == "升级上报：一般突发情况：纠纷（1组）" and str(third.uid) in later.url


def test_who_is_urged_for_many_areas_is_told_once(office: OfficeCast) -> None:
    places = villages(office, 5)
    one = order(office, *places)
    (message,) = new_to(office.bing, lambda: order_urge(order=one, by=office.ding))
    assert message.title == f"催办：指令{one.code}，5处还没有签收"
    assert OrderStep.objects.filter(action="URGED", words="丙某").count() == 5


def test_rectifications_that_are_late_are_one_message_a_person_and_day(office: OfficeCast) -> None:
    at, places = timezone.now(), villages(office, 4)
    today = timezone.localdate(at)

    def raised(areas: list[Area]) -> None:
        for area in areas:
            rectification_raise(
                area=area, problem="缺记录", demand="补齐", due_on=today, by=office.inspector, at=at
            )

    raised(places[:3])
    tomorrow = at + dt.timedelta(days=1)
    (message,) = new_to(office.ding, lambda: rectifications_escalate(tomorrow))
    assert message.title == "3项整改已超期，最长1天" and message.body.startswith("1号村、2号村、3号村。")
    assert not any(rows.exists() for rows in rectifications_due(tomorrow))
    raised(places[3:])
    (later,) = new_to(office.ding, lambda: rectifications_escalate(tomorrow))
    assert later.title == "4号村有一项整改已超期1天"
    assert set(Rectification.objects.values_list("level_told", flat=True)) == {1}
    assert told(office.inspector)[0].startswith("3项整改已超期")
