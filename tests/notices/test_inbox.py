"""The inbox: one's own messages, bounded, opened once, leading only inside this system."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import Staff
from grassroots.notices.inbox import inbox_read_all, local_url, message_read, message_send, unread_count
from grassroots.notices.models import Message, Reminder
from grassroots.notices.reminders import remind, reminder_expire
from tests.factories import OfficeCast, aware, make_office
from tests.households.door_pages import signed_in
from tests.texts import source_of, text_of

pytestmark = pytest.mark.django_db
URL = "/notices/"
AT = aware("2020-01-29 06:00")


@pytest.fixture
def office() -> OfficeCast:
    return make_office()


def tell(staff: Staff, title: str, url: str = "/quarantine/round/", **fields: object) -> Message:
    return message_send(recipient=staff, title=title, url=url, **fields)  # type: ignore[arg-type]


# --- what is kept -----------------------------------------------------------------------------------------
def test_id_numbers_and_phones_are_struck_out(office):
    message = tell(office.jia, "电话13800001234", body="证件510121198001010011")
    assert message.title == "电话***"
    assert message.body == "证件***"


def test_the_first_time_it_was_read_stays(office):
    message = tell(office.jia, "提醒")
    assert message_read(message=message, at=AT)
    assert not message_read(message=message, at=aware("2020-01-29 07:00"))
    message.refresh_from_db()
    assert message.read_at == AT


def test_reading_all_leaves_what_came_after_it_was_shown(office):
    shown = tell(office.jia, "第一条")
    tell(office.jia, "刚到的")
    tell(office.yi, "别人的")
    assert inbox_read_all(staff=office.jia, up_to=shown) == 1
    assert unread_count(office.jia) == 1
    assert unread_count(office.yi) == 1


def test_the_number_of_unread_messages_takes_one_query_and_stops_at_a_hundred(office):
    Message.objects.bulk_create([Message(recipient=office.jia, title=f"{n}") for n in range(120)])
    with CaptureQueriesContext(connection) as queries:
        assert unread_count(office.jia) == 100
    assert len(queries) == 1


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("/quarantine/round/?on=2020-01-29", True),
        ("https://evil.example/", False),
        ("//evil.example/", False),
        ("/\\evil.example", False),
        ("javascript:alert(1)", False),
        ("quarantine/", False),
        ("", False),
    ],
)
def test_only_paths_of_this_system_are_followed(office, url, goes):
    assert local_url(tell(office.jia, "提醒", url)) == (url if goes else "")


# --- reminders --------------------------------------------------------------------------------------------
def test_a_reminder_is_sent_once(office):
    facts = {"recipient": office.jia, "subject": "slot:x", "kind": "round", "due_at": AT, "at": AT}
    assert remind(**facts, title="上午有1户待测") is not None
    assert remind(**facts, title="上午有1户待测") is None
    assert remind(**facts, title="上午还有1户未测", stage=1) is not None
    assert Message.objects.count() == 2


def test_what_was_recorded_as_expired_is_not_sent_later(office):
    facts = {"recipient": office.jia, "subject": "slot:x", "kind": "round", "due_at": AT, "at": AT}
    assert reminder_expire(**facts, reason="太晚")
    assert remind(**facts, title="上午有1户待测") is None
    assert not reminder_expire(**facts, reason="太晚")
    assert Reminder.objects.get().reason == "太晚"


# --- pages ------------------------------------------------------------------------------------------------
def test_the_latest_stands_first_and_only_my_own(office):
    tell(office.jia, "早的")
    tell(office.jia, "晚的", is_urgent=True)
    tell(office.yi, "乙的")
    page = text_of(signed_in(office.jia).get(URL))
    assert page.index("晚的") < page.index("早的")
    assert "乙的" not in page
    assert 'aria-label="紧急"' in page


def test_opening_marks_it_as_read_and_leads_on(office):
    message = tell(office.jia, "提醒")
    browser = signed_in(office.jia)
    response = browser.post(f"{URL}{message.uid}/open/")
    message.refresh_from_db()
    assert response.url == "/quarantine/round/"
    assert message.read_at is not None
    assert "提醒" not in text_of(browser.get(URL, {"show": "unread"}))


def test_a_link_out_of_the_system_leads_back_to_the_inbox(office):
    message = tell(office.jia, "提醒", "//evil.example/")
    assert signed_in(office.jia).post(f"{URL}{message.uid}/open/").url == URL


def test_looking_at_a_link_does_not_mark_it_as_read(office):
    message = tell(office.jia, "提醒")
    assert signed_in(office.jia).get(f"{URL}{message.uid}/open/").status_code == 405
    message.refresh_from_db()
    assert message.read_at is None


def test_somebody_elses_message_is_not_there(office):
    message = tell(office.jia, "提醒")
    assert signed_in(office.yi).post(f"{URL}{message.uid}/open/").status_code == 404
    signed_in(office.yi).post(f"{URL}read-all/", {"up_to": str(message.uid)})
    message.refresh_from_db()
    assert message.read_at is None


def test_all_that_was_shown_is_read_at_once(office):
    first = tell(office.jia, "第一条")
    browser = signed_in(office.jia)
    page = source_of(browser.get(URL))
    assert f'name="up_to" value="{first.uid}"' in page
    tell(office.jia, "刚到的")
    browser.post(f"{URL}read-all/", {"up_to": str(first.uid)})
    assert unread_count(office.jia) == 1
    assert browser.post(f"{URL}read-all/", {"up_to": "nonsense"}).status_code == 302


def test_a_full_inbox_goes_on_page_by_page_at_the_same_cost(office):
    browser = signed_in(office.jia)

    def cost() -> int:
        browser.get(URL)
        with CaptureQueriesContext(connection) as queries:
            browser.get(URL)
        return len(queries)

    tell(office.jia, "第0条")
    few = cost()
    Message.objects.bulk_create([Message(recipient=office.jia, title=f"第{n}条") for n in range(1, 60)])
    assert cost() == few
    first = source_of(browser.get(URL))
    assert "第59条" in first
    assert "第9条" not in first
    mark = first[first.index("after=") :].split('"')[0]
    second = source_of(browser.get(f"{URL}?{mark}"))
    assert "第9条" in second
    assert "第59条" not in second


def test_an_empty_inbox_says_what_will_stand_there(office):
    assert "还没有消息" in text_of(signed_in(office.jia).get(URL))
