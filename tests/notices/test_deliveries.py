"""Deliveries: claimed once, ended with a reason, tried again, kept to the rate, quiet hours and the worth of a text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection, models
from django.db.models.functions import Cast
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.notices import tasks
from grassroots.notices.deliveries import robot_tell
from grassroots.notices.leaves import end_leaves
from grassroots.notices.models import (
    Channel,
    ChannelKind,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Message,
    OwnAddress,
)
from grassroots.notices.outside.transmit import Outcome
from grassroots.notices.reminders import notice_send, remind
from grassroots.notices.sending import (
    ADDRESS_GONE,
    BACKOFF,
    LEFT,
    LOST,
    MAX_ATTEMPTS,
    delivery_claim,
    delivery_finish,
    delivery_work,
)
from grassroots.notices.taking_up import take_up_deliveries
from tests.factories import OfficeCast, aware, make_office
from tests.notices.robot import Robot

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 06:00")
SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker: what waits is sent by hand."""
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **_options: None)


@pytest.fixture
def office() -> OfficeCast:
    return make_office()


@pytest.fixture
def robot() -> Iterator[Robot]:
    found = Robot().start()
    yield found
    found.stop()


@pytest.fixture
def channel(office: OfficeCast, robot: Robot) -> Channel:
    return Channel.objects.create(
        name="街道群", kind=ChannelKind.WECOM, area=office.street, address=robot.webhook
    )


def say(channel: Channel, number: int = 0, at: dt.datetime = AT, **more: object) -> Delivery:
    facts = {"kind": "round", "title": f"上午待测{number}户", "due_at": at, "at": at, **more}
    found = robot_tell(robot=channel, subject=f"slot:{number}", **facts)
    assert found is not None
    return found


def again(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


# --- sent and not sent ------------------------------------------------------------------------------------
def test_what_the_robot_takes_is_sent_and_carries_its_number(channel, robot):
    delivery = say(channel, 7)
    assert delivery_work(delivery.uid, at=AT) == Outcome(True)
    assert (again(delivery).state, again(delivery).attempts) == (DeliveryState.SENT, 1)
    assert robot.heard[0].text.startswith("上午待测7户\n")
    assert robot.heard[0].code == delivery.code
    assert delivery_work(delivery.uid, at=AT) is None
    assert len(robot.heard) == 1


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("refuse", "对方没有接收：45009 api freq out of limit"),
        ("500", "对方回答 HTTP 500"),
        ("drop", "对方中断了连接，可能已收到"),
    ],
)
def test_a_200_with_an_errcode_an_error_and_a_hang_up_are_failures_with_their_reason(
    channel, robot, mode, reason
):
    robot.mode = mode
    delivery = say(channel)
    delivery_work(delivery.uid, at=AT)
    row = again(delivery)
    assert (row.state, row.reason, row.next_attempt_at) == ("WAITING", reason, AT + BACKOFF[0])
    assert delivery.tries.get().reason == reason


def test_nobody_listens(channel, robot):
    robot.stop()
    delivery = say(channel)
    assert delivery_work(delivery.uid, at=AT) == Outcome(False, "连接不上")
    robot.start()


def test_it_is_tried_again_up_to_a_limit_and_then_failed(channel, robot):
    robot.mode = "500"
    delivery, at = say(channel), AT
    for number in range(1, MAX_ATTEMPTS + 1):
        Channel.objects.update(paused_until=None)
        assert again(delivery).state == DeliveryState.WAITING
        delivery_work(delivery.uid, at=at)
        assert again(delivery).attempts == number
        at = again(delivery).next_attempt_at
    assert (again(delivery).state, again(delivery).reason) == ("FAILED", "对方回答 HTTP 500")
    assert {heard.code for heard in robot.heard} == {delivery.code}


def test_a_retry_that_would_come_too_late_ends_it_as_expired(channel, robot):
    robot.mode = "500"
    delivery = say(channel, expires_at=AT + BACKOFF[0])
    delivery_work(delivery.uid, at=AT)
    assert (again(delivery).state, again(delivery).reason) == (
        "EXPIRED",
        "试了1次，已过期：对方回答 HTTP 500",
    )


def test_what_nobody_sent_in_time_is_expired_by_the_tick_with_the_reason(channel, robot):
    delivery = say(channel, expires_at=AT + 3 * MINUTE)
    assert take_up_deliveries(AT + 2 * MINUTE)["expired"] == 0
    assert take_up_deliveries(AT + 3 * MINUTE)["expired"] == 1
    assert again(delivery).state == DeliveryState.EXPIRED and again(delivery).reason
    assert delivery_work(delivery.uid, at=AT + 3 * MINUTE) is None and robot.heard == []


def test_an_address_that_cannot_be_used_fails_at_once_and_a_reason_holds_no_secret(channel):
    Channel.objects.filter(pk=channel.pk).update(address="https://127.0.0.1/send?key=,,geheim,,")
    delivery = say(channel)
    delivery_work(delivery.uid, at=AT)
    row = again(delivery)
    assert row.state == DeliveryState.FAILED
    assert row.reason.startswith("渠道地址不对") and "geheim" not in row.reason


def test_a_switched_off_channel_says_nothing(channel, robot):
    delivery = say(channel)
    Channel.objects.update(is_enabled=False)
    delivery_work(delivery.uid, at=AT)
    assert (again(delivery).state, again(delivery).reason) == ("FAILED", "渠道已停用")
    assert robot.heard == []


# --- two at once, dead and late ---------------------------------------------------------------------------
def test_a_delivery_is_claimed_once(channel):
    delivery = say(channel)
    assert delivery_claim(delivery.uid, at=AT) is not None
    assert delivery_claim(delivery.uid, at=AT) is None
    assert DeliveryAttempt.objects.get().ended_at is None  # recorded before the request


def test_one_whose_worker_is_gone_is_suspected_first_and_then_taken_up(channel, robot):
    delivery = say(channel)
    delivery_claim(delivery.uid, at=AT)
    assert not any(take_up_deliveries(AT + 89 * SECOND).values())
    assert take_up_deliveries(AT + 10 * 60 * MINUTE)["taken_up"] == 0  # a long sleep: perhaps he wakes up too
    assert take_up_deliveries(AT + 10 * 60 * MINUTE + 31 * SECOND)["taken_up"] == 1
    assert (again(delivery).state, again(delivery).reason) == (DeliveryState.WAITING, LOST)
    assert delivery.tries.get().outcome == "LOST"


def test_a_late_worker_that_did_send_ends_it_before_anybody_sends_it_again(channel, robot):
    delivery = say(channel)
    claim = delivery_claim(delivery.uid, at=AT)
    take_up_deliveries(AT + 2 * MINUTE)
    take_up_deliveries(AT + 3 * MINUTE)
    assert again(delivery).state == DeliveryState.WAITING
    assert delivery_finish(claim, Outcome(True), at=AT + 3 * MINUTE)
    assert again(delivery).state == DeliveryState.SENT
    assert delivery_work(delivery.uid, at=AT + 4 * MINUTE) is None


def test_a_late_worker_changes_nothing_once_another_has_it(channel, robot):
    delivery = say(channel)
    late = delivery_claim(delivery.uid, at=AT)
    take_up_deliveries(AT + 2 * MINUTE)
    take_up_deliveries(AT + 3 * MINUTE)
    second = delivery_claim(delivery.uid, at=AT + 3 * MINUTE)
    assert not delivery_finish(late, Outcome(False, "超时"), at=AT + 4 * MINUTE)
    assert again(delivery).state == DeliveryState.SENDING
    assert delivery_finish(second, Outcome(True), at=AT + 4 * MINUTE)


# --- the rate ---------------------------------------------------------------------------------------------
def test_twenty_a_minute_go_out_and_the_rest_later_and_none_is_dropped(channel, robot):
    deliveries = [say(channel, number) for number in range(45)]
    at, per_minute = AT, []
    while Delivery.objects.filter(state=DeliveryState.WAITING).exists():
        before = len(robot.heard)
        for delivery in deliveries:
            delivery_work(delivery.uid, at=at)
        per_minute.append(len(robot.heard) - before)
        at += 20 * SECOND
    assert [number for number in per_minute if number] == [20, 20, 5]
    assert at - AT <= 3 * MINUTE
    assert len({heard.code for heard in robot.heard}) == 45


def test_an_attempt_still_out_counts_in_the_rate(channel):
    Channel.objects.update(per_minute=1)
    first, second = say(channel, 1), say(channel, 2)
    claim = delivery_claim(first.uid, at=AT)
    assert delivery_claim(second.uid, at=AT + 30 * SECOND) is None
    delivery_finish(claim, Outcome(True), at=AT + 40 * SECOND)
    assert delivery_claim(second.uid, at=AT + 99 * SECOND) is None
    assert delivery_claim(second.uid, at=AT + 101 * SECOND) is not None


def test_a_channel_that_fails_again_and_again_is_left_alone_for_a_minute(channel, robot):
    robot.mode = "500"
    for number in range(3):
        delivery_work(say(channel, number).uid, at=AT)
    robot.mode = "ok"
    waiting = say(channel, 9)
    assert delivery_work(waiting.uid, at=AT + SECOND) is None
    assert delivery_work(waiting.uid, at=AT + MINUTE) == Outcome(True)
    assert Channel.objects.get().failures_in_a_row == 0


# --- quiet hours ------------------------------------------------------------------------------------------
def test_quiet_hours_put_off_what_is_not_urgent(channel, robot):
    Channel.objects.update(quiet_from=dt.time(21), quiet_to=dt.time(7))
    night = aware("2020-01-28 23:00")
    channel.refresh_from_db()
    calm, urgent = say(channel, 1, at=night), say(channel, 2, at=night, is_urgent=True)
    assert again(calm).next_attempt_at == aware("2020-01-29 07:00")
    assert delivery_work(urgent.uid, at=night) == Outcome(True)
    assert delivery_work(calm.uid, at=aware("2020-01-29 07:00")) == Outcome(True)


def test_what_would_be_stale_when_the_quiet_hours_end_is_expired_with_the_reason(channel):
    Channel.objects.update(quiet_from=dt.time(21), quiet_to=dt.time(7))
    channel.refresh_from_db()
    night = aware("2020-01-28 23:00")
    row = say(channel, at=night, expires_at=aware("2020-01-29 00:00"))
    assert (row.state, row.reason) == ("EXPIRED", "免打扰时段结束时已过期，未发送")


# --- an officer's own -------------------------------------------------------------------------------------
@pytest.fixture
def sms(office: OfficeCast, robot: Robot) -> OwnAddress:
    fields = "mobile={手机}\ncontent={内容}\napikey=0f9e8d7c6b5a"
    gateway = Channel.objects.create(
        name="短信", kind=ChannelKind.SMS_JSON, area=office.street, address=f"{robot.url}/send\n{fields}"
    )
    return OwnAddress.objects.create(staff=office.health, channel=gateway)


FACTS = {"subject": "slot:a", "kind": "round", "due_at": AT, "at": AT, "title": "上午有7户待测"}


def test_a_reminder_goes_to_the_inbox_and_through_the_officers_own_channel(office, sms, robot):
    message = remind(
        recipient=office.health, note="代甲某：", body="12:00 截止。", url="/quarantine/round/", **FACTS
    )
    assert message.body == "代甲某：12:00 截止。"
    delivery = message.deliveries.get()
    delivery_work(delivery.uid, at=AT)
    sent = robot.heard[0].body.encode().decode("unicode_escape")
    assert office.health.phone in sent and "12:00 截止。" in sent and delivery.code in sent
    assert "甲某" not in sent  # who is stood in for is said inside only
    assert again(delivery).state == DeliveryState.SENT


def test_nothing_goes_to_somebody_who_has_left_meanwhile_or_has_switched_it_off(office, sms, robot):
    for subject, befalls in (
        ("slot:a", lambda: OwnAddress.objects.update(is_enabled=False)),
        ("slot:b", lambda: Staff.objects.filter(pk=office.health.pk).update(is_active=False)),
    ):
        OwnAddress.objects.update(is_enabled=True)
        delivery = remind(recipient=office.health, **{**FACTS, "subject": subject}).deliveries.get()
        befalls()
        delivery_work(delivery.uid, at=AT)
        assert again(delivery).state == DeliveryState.FAILED
    assert set(Delivery.objects.values_list("reason", flat=True)) == {LEFT, ADDRESS_GONE}
    assert robot.heard == []


def test_told_once_is_sent_once(office, sms):
    assert notice_send(recipients=[office.health, office.jia, office.health], **FACTS) == [
        office.health,
        office.jia,
    ]
    assert notice_send(recipients=[office.health], **FACTS) == []
    assert Delivery.objects.count() == 1 and Message.objects.count() == 2


def test_only_urgent_means_that_alerts_come_and_digests_do_not(office, sms):
    OwnAddress.objects.update(only_urgent=True)
    remind(recipient=office.health, **FACTS)
    assert not Delivery.objects.exists()
    remind(recipient=office.health, **{**FACTS, "subject": "alert:x"}, is_urgent=True)
    assert Delivery.objects.get().is_urgent


def test_a_persons_own_quiet_hours_hold_too(office, sms):
    Staff.objects.filter(pk=office.health.pk).update(channels={"quiet": ["05:00", "06:30"]})
    remind(recipient=office.health, **FACTS)
    assert Delivery.objects.get().next_attempt_at == aware("2020-01-29 06:30")


def test_the_reason_of_a_gateway_is_read_by_the_mark_that_the_office_gave(office, sms, robot):
    Channel.objects.update(success_mark='"result":"SUCCESS"')
    remind(recipient=office.health, **FACTS)
    outcome = delivery_work(Delivery.objects.get().uid, at=AT)
    assert not outcome.is_sent and "回执里没有" in outcome.reason


def test_addresses_are_sealed_in_the_database(office, sms, channel):
    stored = Channel.objects.annotate(raw=Cast("address", models.TextField())).values_list("raw", flat=True)
    assert all(text.startswith("g1:") for text in stored) and len(stored) == 2


def test_reminding_many_asks_for_their_addresses_once(office, sms):
    staff = [office.health, office.jia, office.yi, office.ding]
    asked = []
    with connection.execute_wrapper(
        lambda run, sql, *rest: (asked.append(sql), run(sql, *rest))[1],
    ):
        notice_send(recipients=staff, **FACTS)
    assert sum('FROM "notices_ownaddress"' in sql for sql in asked) == 1
    assert Delivery.objects.filter(created_at__lte=timezone.now()).count() == 1


def test_a_tick_with_nothing_to_send_asks_five_things(office, channel, robot, django_assert_num_queries):
    for number in range(30):  # what has been sent costs nothing any more
        say(channel, number)
    Delivery.objects.update(state=DeliveryState.SENT, settled_at=AT)
    with django_assert_num_queries(5):  # leaves; stale, abandoned, outdated and due deliveries
        end_leaves(AT)
        take_up_deliveries(AT)
