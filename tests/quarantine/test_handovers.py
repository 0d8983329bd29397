"""交接 to another village: the sender answers and counts until the other side accepts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.statistics import count_keys, reconcile
from grassroots.notices.models import Message
from grassroots.notices.tick import tick
from quarantine.models import EventKind, Handover, HandoverState, Observation
from quarantine.services.handover_reminders import handovers_remind
from quarantine.services.handovers import (
    handover_accept,
    handover_decline,
    handover_request,
    handover_withdraw,
)
from quarantine.services.observations import observation_end, observation_move
from quarantine.services.release import blockers_of
from tests.factories import OfficeCast, aware, make_household, make_office
from tests.quarantine.cases import make_observation, queries_of, running, sent, signed_in, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def offered(
    office: OfficeCast, observation: Observation | None = None, at: str = "2020-01-27 10:00"
) -> Handover:
    observation = observation or make_observation(office)
    return handover_request(
        observation=observation, version=observation.version, to_area=office.other_village, reason="回娘家",
        by=office.jia, at=aware(at), place_note="2组外婆家",
    )  # fmt: skip


def figures(area: Area, day: int) -> tuple[int, int, int]:
    asof = AsOf.day(dt.date(2020, 1, day), aware("2020-01-30 12:00"))
    found = count_keys(area, asof, ("under_observation", "moved_in", "moved_out"))
    assert reconcile(area, asof).explain() == ""
    return found["under_observation"], found["moved_in"], found["moved_out"]


def test_both_villages_count_him_only_from_the_moment_of_acceptance(office: OfficeCast) -> None:
    handover = offered(office)
    assert (figures(office.village, 27), figures(office.other_village, 27)) == ((1, 0, 0), (0, 0, 0))
    handover_accept(handover=handover, area=office.other_group, by=office.bing, at=aware("2020-01-28 09:00"))
    assert (figures(office.village, 27), figures(office.other_village, 27)) == ((1, 0, 0), (0, 0, 0))
    assert (figures(office.village, 28), figures(office.other_village, 28)) == ((0, 0, 1), (1, 1, 0))
    assert figures(office.street, 28) == (1, 0, 0)


def test_his_visits_and_his_residence_go_along(office: OfficeCast) -> None:
    handover = offered(office)
    home = make_household(office.other_group)
    handover_accept(
        handover=handover,
        area=office.other_group,
        household=home,
        by=office.bing,
        at=aware("2020-01-28 09:00"),
    )
    handover.refresh_from_db()
    observation = handover.observation
    assert (observation.area, observation.household) == (office.other_group, home)
    assert not observation.visits.filter(closes_at__gt=aware("2020-01-28 09:00")).exclude(
        area=office.other_group
    )
    assert observation.person.residencies.filter(household=home, ended_on=None).exists()
    assert handover.event is not None and handover.event.kind == EventKind.MOVED


def test_the_receiving_side_is_told_and_then_the_sender(office: OfficeCast) -> None:
    handover = offered(office)
    assert [message.title for message in office.bing.messages.all()] == ["有1人等待接收"]
    assert handover.observation.person.name not in office.bing.messages.get().body
    handover_decline(handover=handover, reason="查无此址", by=office.bing)
    assert "查无此址" in office.jia.messages.get(title="移交被退回").body


def test_a_declined_one_stays_with_the_sender_and_may_be_offered_again(office: OfficeCast) -> None:
    handover = offered(office)
    handover_decline(handover=handover, reason="查无此址", by=office.bing)
    observation = Observation.objects.get()
    assert observation.area == office.compound
    assert offered(office, observation).state == HandoverState.PENDING


def test_only_one_waits_at_a_time_and_only_for_another_village(office: OfficeCast) -> None:
    observation = offered(office).observation
    observation.refresh_from_db()
    with pytest.raises(ValidationError, match="对方还没有答复"):
        offered(office, observation)
    with pytest.raises(ValidationError, match="就在"):
        handover_request(
            observation=running(office), version=1, to_area=office.village, reason="x", by=office.jia
        )


@pytest.mark.parametrize("how", ["accept", "decline", "withdraw"])
def test_what_has_been_answered_is_not_answered_again(office: OfficeCast, how: str) -> None:
    handover = offered(office)
    handover_withdraw(handover=handover, reason="不走了", by=office.jia)
    with pytest.raises(ValidationError, match="已撤回"):
        if how == "accept":
            handover_accept(handover=handover, area=office.other_group, by=office.bing)
        elif how == "decline":
            handover_decline(handover=handover, reason="x", by=office.bing)
        else:
            handover_withdraw(handover=handover, reason="x", by=office.jia)


def test_the_sender_cannot_accept_for_the_other_side(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="只有“龚家村”的人员"):
        handover_accept(handover=offered(office), area=office.other_group, by=office.jia)


def test_it_lapses_with_the_observation_and_with_another_move(office: OfficeCast) -> None:
    ended, moved = offered(office), offered(office, make_observation(office, "李四"))
    for handover in (ended, moved):
        handover.observation.refresh_from_db()
    observation_end(
        observation=ended.observation, version=2, outcome="LOST", reason="电话不通", by=office.jia
    )  # fmt: skip
    observation_move(
        observation=moved.observation,
        version=2,
        area=office.group,
        reason="换房",
        by=office.jia,
        place_note="1组",
    )
    states = set(Handover.objects.values_list("state", "decision_reason"))
    assert states == {("WITHDRAWN", "观察已结束（失联）"), ("WITHDRAWN", "已另行转往他处")}


def test_nobody_is_released_while_it_waits(office: OfficeCast) -> None:
    handover = offered(office)
    assert "已提请移交给龚家村，对方还没有答复" in blockers_of(
        handover.observation, aware("2020-02-10 09:00")
    )


# --- pages -------------------------------------------------------------------------------------------------------
def test_it_is_offered_on_the_page_and_stands_on_both_sides_lists_with_its_age(office: OfficeCast) -> None:
    observation = running(office)
    url = reverse("quarantine:observation_event", args=[observation.uid, "handover"])
    client = signed_in(office.jia)
    data = sent(version=observation.version, to_area=office.other_village.pk, place="HOME", reason="回娘家")
    assert client.post(url, data).status_code == 302
    handover = Handover.objects.get()
    Handover.objects.update(requested_at=timezone.now() - dt.timedelta(hours=5))
    here = client.get(reverse("quarantine:handover_list"), {"view": "out"}).content.decode()
    there = signed_in(office.bing).get(reverse("quarantine:handover_list")).content.decode()
    for page in (here, there):
        assert observation.person.name in page and "5小时" in page
    page = (
        signed_in(office.bing)
        .get(reverse("quarantine:handover_detail", args=[handover.uid]))
        .content.decode()
    )
    assert "接收" in page and "撤回移交" not in page and observation.person.phone not in page


def test_both_workbenches_show_what_waits_and_for_whom(office: OfficeCast) -> None:
    handover = offered(office, running(office), at=f"{timezone.now():%F %H:%M}")
    for staff, words in ((office.jia, "等对方答复"), (office.bing, "等我方接收")):
        page = signed_in(staff).get("/").content.decode()
        assert handover.observation.person.name in page and words in page


def test_it_is_put_into_an_area_of_ones_own_in_that_village(office: OfficeCast) -> None:
    handover = offered(office, running(office), at=f"{timezone.now():%F %H:%M}")
    url = reverse("quarantine:handover_decide", args=[handover.uid, "accept"])
    client = signed_in(office.bing)
    for area in (office.compound, office.street):
        assert client.post(url, sent(area=area.pk)).status_code == 422
    assert client.post(url, sent(area=office.other_group.pk)).status_code == 302
    assert (
        client.get(reverse("quarantine:observation_detail", args=[handover.observation.uid])).status_code
        == 200
    )
    assert signed_in(office.jia).post(url, sent(area=office.other_group.pk)).status_code == 403


def test_the_receiver_sees_the_file_only_after_accepting(office: OfficeCast) -> None:
    handover = offered(office, running(office), at=f"{timezone.now():%F %H:%M}")
    client = signed_in(office.bing)
    assert client.get(reverse("quarantine:handover_detail", args=[handover.uid])).status_code == 200
    assert (
        client.get(reverse("quarantine:observation_detail", args=[handover.observation.uid])).status_code
        == 404
    )


def test_the_list_needs_as_many_queries_for_many_as_for_one(office: OfficeCast) -> None:
    url = reverse("quarantine:handover_list") + "?view=out"
    now = f"{timezone.now():%F %H:%M}"
    offered(office, running(office), at=now)
    client = signed_in(office.jia)
    one = queries_of(client, url)
    for _ in range(3):
        offered(office, running(office), at=now)
    assert queries_of(client, url) == one <= 14


# --- nobody answers -----------------------------------------------------------------------------------------
def test_an_offer_without_an_answer_is_told_to_both_sides_and_then_level_by_level(office: OfficeCast) -> None:
    handover = offered(office, at="2020-01-27 10:00")
    early = set(Message.objects.values_list("pk", flat=True))

    def told(at: str) -> set[str]:
        before = set(Message.objects.values_list("pk", flat=True))
        tick(aware(at))
        found = Message.objects.exclude(pk__in=before).filter(title__contains="还没有接收")
        assert all("1人" in one.title and handover.observation.person.name not in one.title for one in found)
        return {one.recipient.name for one in found}

    tick(aware("2020-01-27 11:59"))
    assert told("2020-01-27 11:59") == set()
    assert told("2020-01-27 12:00") == {office.jia.name, *receivers(handover, early)}
    assert told("2020-01-27 12:01") == set()  # once
    above = told("2020-01-27 14:00")
    assert office.jia.name in above and office.ding.name in above
    handover_accept(handover=handover, area=office.other_group, by=office.bing, at=aware("2020-01-27 15:00"))
    assert told("2020-01-28 10:00") == set()


def test_after_an_outage_only_the_latest_level_is_told(office: OfficeCast) -> None:
    handover = offered(office, at="2020-01-27 10:00")
    assert handovers_remind(aware("2020-01-28 10:00"))["told"] > 0
    handover.refresh_from_db()
    assert handover.told_level == 3
    assert handovers_remind(aware("2020-01-28 10:01")) == {"told": 0}


def test_the_hours_are_those_of_the_policy_that_the_observation_is_under(office: OfficeCast) -> None:
    observation = make_observation(office)
    policy = observation.policy
    policy.terms = {**policy.terms, "handover_hours": [1, 6, 24]}
    policy.save(update_fields=["terms"])
    handover = offered(office, Observation.objects.get(pk=observation.pk), at="2020-01-27 10:00")

    def level(at: str) -> int:
        tick(aware(at))
        handover.refresh_from_db()
        return handover.told_level

    assert [level(f"2020-01-27 {time}") for time in ("10:59", "11:00", "15:59", "16:00")] == [0, 1, 1, 2]
    assert level("2020-01-28 10:00") == 3 and handover.remind_at is None


def test_many_that_wait_are_one_message_a_person_at_the_same_number_of_queries(office: OfficeCast) -> None:
    def waiting(number: int, at: str) -> tuple[int, list[Message]]:
        Handover.objects.update(remind_at=None)
        for _ in range(number):
            offered(office, make_observation(office), at=f"{at} 10:00")
        before = set(Message.objects.values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as captured:
            handovers_remind(aware(f"{at} 12:00"))
        assert handovers_remind(aware(f"{at} 12:01")) == {"told": 0}
        return len(captured), list(Message.objects.filter(recipient=office.jia).exclude(pk__in=before))

    few, _messages = waiting(2, "2020-01-27")
    many, (message,) = waiting(5, "2020-01-28")
    assert message.title == "移交龚家村的5人已等2小时，还没有接收" and message.url.endswith("?view=out")
    assert few == many


def receivers(handover: Handover, messages: set[int]) -> set[str]:
    """Who was asked when it was offered."""
    asked = Message.objects.filter(pk__in=messages, title="有1人等待接收")
    return {one.recipient.name for one in asked}
