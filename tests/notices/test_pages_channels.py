"""The pages of channels: set up, tried out, one's own addresses, and who got what through which channel."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import Staff
from grassroots.notices import tasks
from grassroots.notices.deliveries import robot_tell
from grassroots.notices.models import Channel, ChannelKind, Delivery, Message, OwnAddress, ReminderState
from grassroots.notices.reminders import remind, settle_many
from grassroots.notices.sending import delivery_work
from tests.factories import OfficeCast, aware, make_office
from tests.households.door_pages import signed_in
from tests.notices.robot import Robot
from tests.texts import text_of

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 06:00")


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.fixture
def sms(office: OfficeCast, robot: Robot) -> Channel:
    address = f"{robot.url}/send\nto={{手机}}\nm={{内容}}"
    return Channel.objects.create(name="短信", kind=ChannelKind.SMS_JSON, area=office.street, address=address)


def sent(**values: Any) -> dict[str, Any]:
    return {"submission_id": str(uuid.uuid4()), **values}


def form_of(office: OfficeCast, **values: Any) -> dict[str, Any]:
    facts = {
        "name": "街道群",
        "kind": "WECOM",
        "area": office.street.pk,
        "per_minute": 20,
        "is_enabled": "on",
    }
    return sent(**{**facts, "address": "https://127.0.0.1/send?key=geheim-1", **values})


# --- setting up -------------------------------------------------------------------------------------------
def test_a_channel_is_set_up_and_its_address_is_never_shown_again(office):
    client = signed_in(office.admin)
    assert client.post("/notices/channels/new/", form_of(office)).status_code == 302
    channel = Channel.objects.get()
    assert channel.address == "https://127.0.0.1/send?key=geheim-1"
    url = f"/notices/channels/{channel.uid}/"
    for page in ("/notices/channels/", url):
        text = client.get(page).content.decode()
        assert "geheim" not in text and "127.0.0.1" in text
    assert client.post(url, form_of(office, address="", name="街道防控群")).status_code == 302
    channel.refresh_from_db()
    assert (channel.name, channel.address) == ("街道防控群", "https://127.0.0.1/send?key=geheim-1")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"address": "https://127.0.0.1/send"}, "网址里应有“key=”"),
        ({"address": ""}, "请填写地址"),
        ({"per_minute": "0"}, "至少 1 条"),
        ({"quiet_from": "21:00"}, "要么都填"),
        ({"kind": "FAX"}, "kind"),
    ],
)
def test_what_cannot_work_is_refused_in_words_and_what_was_typed_stays(office, typed, words):
    response = signed_in(office.admin).post("/notices/channels/new/", form_of(office, **typed))
    assert response.status_code == 422
    assert words in response.content.decode() and "街道群" in response.content.decode()
    assert not Channel.objects.exists()


# --- trying out -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("mode", "words"), [("ok", "已收下测试消息"), ("refuse", "对方没有接收：45009")])
def test_trying_a_robot_out_says_what_happened_and_happens_once(office, channel, robot, mode, words):
    robot.mode = mode
    client, form = signed_in(office.admin), sent()
    for _ in range(2):
        page = client.post(f"/notices/channels/{channel.uid}/test/", form, follow=True)
        assert words in text_of(page)
    assert len(robot.heard) == 1
    assert "测试" in robot.heard[0].text


def test_a_gateway_is_tried_out_on_oneself(office, sms, robot):
    client = signed_in(office.admin)
    page = client.post(f"/notices/channels/{sms.uid}/test/", sent(), follow=True)
    assert "我的通知" in text_of(page) and robot.heard == []
    OwnAddress.objects.create(staff=office.admin, channel=sms)
    assert "已收下测试消息" in text_of(client.post(f"/notices/channels/{sms.uid}/test/", sent(), follow=True))
    assert office.admin.phone in robot.heard[0].body


# --- one's own --------------------------------------------------------------------------------------------
def test_an_officer_says_where_and_when_he_wants_to_be_told(office, sms):
    client, key = signed_in(office.health), sms.pk
    typed = {f"on_{key}": "on", f"target_{key}": "13800001234", "quiet_from": "21:00", "quiet_to": "07:00"}
    assert client.post("/notices/mine/", sent(**typed)).status_code == 302
    own = OwnAddress.objects.get(staff=office.health)
    assert (own.target, own.only_urgent, own.is_enabled) == ("13800001234", False, True)
    assert Staff.objects.get(pk=office.health.pk).channels == {"quiet": ["21:00", "07:00"]}
    assert "13800001234" in client.get("/notices/mine/").content.decode()
    client.post("/notices/mine/", sent(**{f"target_{key}": ""}))
    own.refresh_from_db()
    assert not own.is_enabled


def test_a_number_that_is_none_is_refused_beside_its_field(office, sms):
    typed = {f"on_{sms.pk}": "on", f"target_{sms.pk}": "1380000"}
    response = signed_in(office.health).post("/notices/mine/", sent(**typed))
    assert response.status_code == 422 and "11位手机号码" in response.content.decode()
    assert not OwnAddress.objects.exists()


def test_a_gateway_of_another_village_is_not_offered(office, sms):
    Channel.objects.update(area=office.other_village)
    assert "短信或邮件" in text_of(signed_in(office.health).get("/notices/mine/"))


# --- who got what -----------------------------------------------------------------------------------------
@pytest.fixture
def told(office: OfficeCast, channel: Channel, sms: Channel, robot: Robot) -> None:
    OwnAddress.objects.create(staff=office.health, channel=sms)
    facts = {"kind": "round", "due_at": AT, "at": AT}
    remind(recipient=office.health, subject="slot:a", title="上午有7户待测", **facts)
    settle_many(
        [office.jia], subject="slot:a", state=ReminderState.FAILED, reason="没有账号，也没有通知渠道", **facts
    )
    delivery = robot_tell(robot=channel, subject="slot:a", title="【淮口街道】待测9户", **facts)
    robot.mode = "500"
    delivery_work(delivery.uid, at=AT)


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ({}, ["上午有7户待测", "【淮口街道】待测9户", "对方回答 HTTP 500"], []),
        ({"via": "inbox"}, ["上午有7户待测", "没有账号，也没有通知渠道"], ["待测9户"]),
        ({"via": "inbox", "state": "FAILED"}, ["甲某"], ["上午有7户待测"]),
        ({"state": "SENT"}, ["没有这样的记录"], ["待测9户"]),
        ({"on": "2020-01-29"}, ["待测9户"], []),
        ({"on": "2020-01-28"}, ["没有这样的记录"], []),
        ({"on": "x", "state": "x", "via": "x", "after": "x"}, ["待测9户"], []),
    ],
)
def test_the_record_says_who_when_through_what_and_why_not(office, told, query, shown, hidden):
    page = text_of(signed_in(office.ding).get("/notices/records/", query))
    rows = page.partition("筛选")[2]
    assert all(words in rows for words in shown)
    assert not any(words in rows for words in hidden)


def test_the_record_of_a_channel_and_of_ones_own_area_only(office, told, channel):
    page = text_of(signed_in(office.ding).get("/notices/records/", {"via": str(channel.uid)}))
    assert "待测9户" in page and "上午有7户待测" not in page
    Channel.objects.filter(pk=channel.pk).update(area=office.other_village)
    office.ding.postings.update(area=office.village)
    assert "待测9户" not in text_of(signed_in(office.ding).get("/notices/records/"))


def test_a_long_record_goes_on_page_by_page_at_the_same_cost(office, channel):
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get("/notices/records/")
        return len(seen)

    client = signed_in(office.ding)
    client.get("/notices/records/")
    few = cost()
    for number in range(60):
        robot_tell(
            robot=channel, subject=f"slot:{number}", kind="round", title=f"第{number}条", due_at=AT, at=AT
        )
    assert cost() <= few + 1
    page = client.get("/notices/records/").content.decode()
    assert "第59条" in page and "第9条" not in page
    last = Delivery.objects.get(subject="slot:10")
    assert "第9条" in client.get("/notices/records/", {"after": str(last.uid)}).content.decode()


# --- answers ----------------------------------------------------------------------------------------------
def test_a_message_that_asks_for_an_answer_gets_it_once_from_its_reader_only(office):
    message = remind(
        recipient=office.health, subject="slot:a", kind="round", due_at=AT, at=AT, title="上午有3户没有测到",
        needs_answer=True, escalate_at=AT + dt.timedelta(minutes=30),
    )  # fmt: skip
    url = f"/notices/{message.uid}/answer/"
    assert signed_in(office.jia).post(url, sent(answer="SEEN")).status_code == 404
    client = signed_in(office.health)
    assert "知道了" in text_of(client.get("/notices/"))
    client.post(url, sent(answer="NONSENSE"))
    assert Message.objects.get().answer == ""
    assert "已记下：知道了" in text_of(client.post(url, sent(answer="SEEN"), follow=True))
    client.post(url, sent(answer="DONE"))
    row = Message.objects.get()
    assert (row.answer, row.escalate_at, row.read_at is not None) == ("SEEN", None, True)


@pytest.mark.parametrize("on", ["9999-12-31", "0001-01-01", "2020-02-30", "x"])
def test_a_day_that_cannot_be_chooses_none(office, on):
    assert signed_in(office.ding).get("/notices/records/", {"on": on}).status_code == 200
