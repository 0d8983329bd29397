"""Digests in the chain: deputies, officers whom nothing reaches, answers, levels upward, and the robots of groups."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import AreaDuty, DutyKind, Role, Staff
from grassroots.notices import tasks
from grassroots.notices.chain import FAILING, LEFT, NO_WAY, superiors_of
from grassroots.notices.inbox import message_answer
from grassroots.notices.models import (
    Acknowledgement,
    Channel,
    ChannelKind,
    Delivery,
    Message,
    OwnAddress,
    Reminder,
)
from grassroots.notices.tick import tick
from quarantine.models import Observation
from quarantine.services.digest_escalation import escalate_unanswered
from quarantine.services.readings import reading_record
from quarantine.steps import mark_missed, remind_round
from tests.factories import OfficeCast, aware, make_household, make_office, make_staff
from tests.quarantine.cases import make_observation, make_returnee, switch_on

pytestmark = pytest.mark.django_db
EARLY, OPENS, CLOSES = "2020-01-28 22:00", aware("2020-01-29 06:00"), aware("2020-01-29 12:00")
ON = dt.date(2020, 1, 29)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **_options: None)


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observations(office: OfficeCast) -> list[Observation]:
    """Two doors in 甲's compound, one in the other village, where 丙 leads and nobody measures."""
    AreaDuty.objects.create(
        kind=DutyKind.objects.get(code="village-cadre"), staff=office.bing, area=office.other_village,
        valid_from=dt.date(2020, 1, 1),
    )  # fmt: skip
    elsewhere = make_returnee(office, household=make_household(office.other_group))
    return [
        make_observation(office, at=EARLY),
        make_observation(office, at=EARLY),
        make_observation(office, at=EARLY, returnee=elsewhere),
    ]


def told(staff: Staff) -> list[tuple[str, str]]:
    return list(Message.objects.filter(recipient=staff).order_by("pk").values_list("title", "body"))


def close() -> None:
    mark_missed(CLOSES)
    remind_round(CLOSES)


# --- deputies ---------------------------------------------------------------------------------------------
def test_a_deputy_is_told_for_whom_he_stands_in_inside_the_app_only(office, observations):
    AreaDuty.objects.filter(kind__code="health").update(deputy=office.yi, standin_from=ON, standin_to=ON)
    gateway = Channel.objects.create(
        name="短信", kind=ChannelKind.SMS_JSON, area=office.street, address="http://127.0.0.1:1/\na={手机}{内容}"
    )  # fmt: skip
    OwnAddress.objects.create(staff=office.yi, channel=gateway)
    remind_round(OPENS)
    (message,) = told(office.yi)
    assert message == ("上午有2户待测", "代卫某。01月29日上午测温，12:00 截止。")
    assert "卫某" not in Delivery.objects.get().text


# --- whom nothing reaches ---------------------------------------------------------------------------------
def _leaves(office: OfficeCast) -> str:
    Staff.objects.filter(pk=office.health.pk).update(is_active=False)
    return LEFT


def _has_no_way(office: OfficeCast) -> str:
    Staff.objects.filter(pk=office.health.pk).update(username="officer-0a1b2c")
    return NO_WAY


def _fails(office: OfficeCast) -> str:
    gateway = Channel.objects.create(name="短信", kind=ChannelKind.SMS_JSON, area=office.street, address="x")
    OwnAddress.objects.create(staff=office.health, channel=gateway, failures_in_a_row=3)
    return FAILING


@pytest.mark.parametrize("befalls", [_leaves, _has_no_way, _fails])
def test_the_next_in_the_chain_is_asked_and_told_why_and_the_superior_hears_once_a_day(
    office, observations, befalls
):
    why = befalls(office)
    remind_round(OPENS)
    assert told(office.jia)[0] == (
        "上午有2户待测",
        f"卫某{why}，收不到提醒，转请您落实。01月29日上午测温，12:00 截止。",
    )
    remind_round(aware("2020-01-29 11:00"))
    reports = [row for row in told(office.ding) if "收不到提醒" in row[0]]
    assert reports == [
        (
            "有1名包保人员收不到提醒",
            f"卫某（{why}）。已转请上一级责任人落实，请联系本人或另行安排。",
        )
    ]
    remind_round(aware("2020-01-30 06:00"))
    assert sum("收不到提醒" in title for title, _body in told(office.ding)) == 2


def test_one_without_account_and_channel_is_on_record_as_not_reached(office, observations):
    _has_no_way(office)
    remind_round(OPENS)
    row = Reminder.objects.get(recipient=office.health)
    assert (row.state, row.reason) == ("FAILED", f"{NO_WAY}，已转请上一级")


def test_where_two_measure_and_one_is_reached_nobody_above_is_asked(office, observations):
    AreaDuty.objects.create(
        kind=DutyKind.objects.get(code="health"), staff=office.yi, area=office.village, valid_from=ON
    )
    _leaves(office)
    remind_round(OPENS)
    assert [title for title, _body in told(office.yi)] == ["上午有2户待测"]
    assert told(office.jia) == []


# --- answers, and levels upward ---------------------------------------------------------------------------
def test_unanswered_closing_digests_go_up_a_level_at_each_step_of_the_policy(office, observations):
    close()
    escalate_unanswered(CLOSES + 29 * MINUTE)
    assert not Reminder.objects.filter(kind="unacknowledged").exists()
    assert escalate_unanswered(CLOSES + 30 * MINUTE) == {"escalated": 1, "expired": 0}
    # above 卫某: 丁 is the village's cadre; above 丙, the cadre of the other village: no leader, so the supervisor
    assert told(office.ding)[-1] == (
        "上午有3户没有测到，2名责任人未确认",
        "丙某（1户）、卫某（2户）。01月29日上午测温已截止，请督促补录或说明原因。",
    )
    assert escalate_unanswered(CLOSES + 31 * MINUTE) == {"escalated": 0, "expired": 0}
    escalate_unanswered(CLOSES + 60 * MINUTE)
    rows = Reminder.objects.filter(kind="unacknowledged").order_by("stage")
    assert [row.stage for row in rows] == [1, 2]
    assert escalate_unanswered(CLOSES + 600 * MINUTE) == {"escalated": 0, "expired": 0}


def test_while_no_answer_is_late_the_messages_are_asked_alone_not_all_reminders_ever_sent(
    office, observations
):
    remind_round(aware("2020-01-29 06:00"))
    with CaptureQueriesContext(connection) as asked:
        assert not any(escalate_unanswered(aware("2020-01-29 06:30")).values())
    assert len(asked) == 1
    assert "notices_reminder" not in asked[0]["sql"]


def test_an_answer_stops_it(office, observations):
    close()
    for message in Message.objects.unanswered():
        assert message_answer(message=message, answer=Acknowledgement.SEEN)
        assert not message_answer(message=message, answer=Acknowledgement.DONE)  # the first one stays
    assert escalate_unanswered(CLOSES + 60 * MINUTE) == {"escalated": 0, "expired": 0}


def test_an_answer_of_the_superior_stops_it_too(office, observations):
    """甲 measures here, 丁 stands above him twice over, as cadre and as leader; a leader is put above 丁."""
    leader = make_staff("领某", Role.SUPERVISOR, office.street)
    AreaDuty.objects.filter(kind__code="leader").update(staff=leader)
    close()
    escalate_unanswered(CLOSES + 30 * MINUTE)
    for message in Message.objects.filter(reminder__kind="unacknowledged"):
        message_answer(message=message, answer=Acknowledgement.DONE)
    escalate_unanswered(CLOSES + 60 * MINUTE)
    rows = Reminder.objects.filter(kind="unacknowledged", subject__contains=":AM:")
    assert {(row.recipient.name, row.stage) for row in rows} >= {("丁某", 1)}
    assert ("领某", 2) not in {(row.recipient.name, row.stage) for row in rows}


def test_who_has_entered_everything_late_is_let_be(office, observations):
    close()
    for observation in observations:
        visit = observation.visits.get(date=ON, slot="AM")
        reading_record(
            visit=visit,
            temperature=Decimal("36.5"),
            by=office.health,
            at=CLOSES + MINUTE,
            measured_at=CLOSES - MINUTE,
        )
    escalate_unanswered(CLOSES + 30 * MINUTE)
    assert not Reminder.objects.filter(kind="unacknowledged").exists()


def test_a_level_that_was_due_hours_ago_is_on_record_as_expired(office, observations):
    close()
    tick(CLOSES + MINUTE)
    assert escalate_unanswered(CLOSES + 300 * MINUTE)["expired"] >= 1
    row = Reminder.objects.filter(kind="unacknowledged").first()
    assert row.state == "EXPIRED" and row.reason


def test_superiors_of_many_take_no_more_queries_than_of_one(office, observations):
    with CaptureQueriesContext(connection) as few:
        assert superiors_of([office.health], ON) == {office.health.pk: [office.ding]}
    others = [make_staff(f"医{number}", Role.HEALTH_WORKER, office.village) for number in range(9)]
    for one in others:
        AreaDuty.objects.create(
            kind=DutyKind.objects.get(code="health"), staff=one, area=office.group, valid_from=ON
        )
    with CaptureQueriesContext(connection) as many:
        above = superiors_of(others, ON)
    assert len(many) <= len(few) + 1  # 卫某 holds a duty, so his postings are not asked for
    assert set(map(tuple, above.values())) == {(office.jia,)}


# --- robots -----------------------------------------------------------------------------------------------
@pytest.fixture
def robots(office: OfficeCast) -> list[Channel]:
    areas = {"街道群": office.street, "城厢群": office.village, "龚家群": office.other_village}
    return [
        Channel.objects.create(name=name, kind=ChannelKind.WECOM, area=area, address="http://127.0.0.1:1/?key=a")
        for name, area in areas.items()
    ]  # fmt: skip


def test_each_robot_says_the_counts_of_its_area_once_and_no_name(office, observations, robots, settings):
    settings.SITE_URL = "https://10.0.0.5"
    remind_round(OPENS)
    texts = {row.channel.name: row.text.split("\n") for row in Delivery.objects.all()}
    assert texts["街道群"][:3] == [
        "【淮口街道】01月29日上午测温，待测3户。12:00 截止。", "城厢社区：2户", "龚家村：1户",
    ]  # fmt: skip
    assert texts["街道群"][3] == "打开：https://10.0.0.5/quarantine/round/?on=2020-01-29&slot=AM"
    assert texts["城厢群"][0] == "【城厢社区】01月29日上午测温，待测2户。12:00 截止。"
    assert texts["龚家群"][0] == "【龚家村】01月29日上午测温，待测1户。12:00 截止。"
    names = [*Staff.objects.values_list("name", flat=True), *(one.person.name for one in observations)]
    assert not any(name in "".join(lines) for lines in texts.values() for name in names)
    remind_round(OPENS + MINUTE)
    assert Delivery.objects.count() == 3


def test_a_robots_digest_that_comes_too_late_is_on_record_as_expired(office, observations, robots):
    tick(aware("2020-01-29 05:30"))
    tick(aware("2020-01-29 15:30"))
    rows = Delivery.objects.filter(channel=robots[0]).order_by("pk")
    assert [(row.stage, row.state) for row in rows] == [
        (0, "EXPIRED"), (1, "EXPIRED"), (2, "EXPIRED"), (0, "WAITING"),
    ]  # fmt: skip
    assert all(row.reason for row in rows[:3])


def test_a_digest_for_many_areas_takes_no_more_queries_than_for_few(office, robots):
    def cost(at: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            remind_round(aware(at))
        return len(queries)

    make_observation(office, at=EARLY)
    few = cost("2020-01-29 06:00")
    for _ in range(9):
        make_observation(office, at=EARLY)
    assert cost("2020-01-30 06:00") <= few + 15  # two stages of the days between are settled as well
