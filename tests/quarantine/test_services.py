"""代办服务: every step dated by a person, digests once a stage, the round as walked, who is left without a carer."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.ledgers.asof import AsOf, indicator
from grassroots.notices.leaves import leave_enter
from grassroots.notices.models import Message
from households.models import Household, Person, Residency, SupportStatus
from quarantine.models import Observation, ServiceRequest, ServiceState
from quarantine.rules.left_alone import Member, Where, left_alone
from quarantine.services.handovers import handover_accept, handover_request
from quarantine.services.observations import StartDates, observation_open
from quarantine.services.service_digests import ESCALATE_AFTER, services_remind
from quarantine.services.service_requests import (
    service_assign,
    service_done,
    service_drop,
    service_received,
    service_request,
)
from quarantine.serving import age_words, neglected, round_of
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.quarantine.cases import (
    make_observation,
    make_returnee,
    queries_of,
    running,
    sent,
    signed_in,
    switch_on,
)
from tests.texts import source_of, text_of


@pytest.fixture
def office(db: None) -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def now() -> dt.datetime:
    return timezone.now()


def asked(office: OfficeCast, person: Person | None = None, **values: object) -> ServiceRequest:
    person = person or make_person("", make_household(office.compound))
    fields = {"kind": "SHOPPING", "request": "米10斤", "source": "PHONE", "by": office.jia, **values}
    return service_request(person=person, area=office.compound, **fields)


# --- steps ------------------------------------------------------------------------------------------------
def test_every_step_is_kept_with_who_took_it(office, now):
    service = asked(office, due_at=now + dt.timedelta(hours=2))
    service_assign(service=service, assigned_to=office.yi, by=office.ding)
    service_done(service=service, note="已送到门口", by=office.yi)
    service_received(service=service, how="PHONE", note="少一袋盐", by=office.jia)
    steps = [(step.state, step.by.name, step.note) for step in service.steps.all()]
    assert steps == [
        ("ASKED", "甲某", ""),
        ("ASSIGNED", "丁某", ""),
        ("DONE", "乙某", "已送到门口"),
        ("RECEIVED", "甲某", "少一袋盐"),
    ]


def test_what_somebody_waits_for_goes_with_him_to_the_other_village(office, now):
    observation = make_observation(office)
    given = asked(office, observation.person, assigned_to=office.yi)
    wide = asked(office, observation.person, assigned_to=office.ding)
    brought = service_done(service=asked(office, observation.person), note="已送到", by=office.yi)
    handover = handover_request(
        observation=observation,
        version=observation.version,
        to_area=office.other_village,
        reason="回娘家",
        by=office.jia,
    )
    assert {*ServiceRequest.objects.open().values_list("area", flat=True)} == {office.compound.pk}
    handover_accept(handover=handover, area=office.other_group, by=office.bing)
    for row in (given, wide, brought):
        row.refresh_from_db()
    assert (given.area, given.assigned_to, given.state) == (office.other_group, None, ServiceState.ASKED)
    assert (wide.area, wide.assigned_to) == (office.other_group, office.ding)
    assert brought.area == office.compound
    assert given in ServiceRequest.objects.visible_to(office.bing)
    assert given not in ServiceRequest.objects.visible_to(office.yi)
    last = given.steps.order_by("pk").last()
    assert (last.by, last.to, last.state) == (office.bing, None, ServiceState.ASKED)


def test_what_was_dropped_is_not_done_any_more_and_what_is_not_done_is_not_received(office):
    service = asked(office)
    with pytest.raises(ValidationError, match="还没有办结"):
        service_received(service=service, how="PHONE", by=office.jia)
    with pytest.raises(ValidationError, match="写明原因"):
        service_drop(service=service, state="DECLINED", reason=" ", by=office.jia)
    service_drop(service=service, state="WITHDRAWN", reason="家属已买", by=office.jia)
    with pytest.raises(ValidationError, match="已撤回"):
        service_done(service=service, note="送了", by=office.jia)
    assert ServiceRequest.objects.open().count() == 0


@pytest.mark.parametrize(("hours", "words"), [(-1, "晚于现在"), (24 * 40, "太远")])
def test_a_time_limit_that_cannot_be_is_refused(office, now, hours, words):
    with pytest.raises(ValidationError, match=words):
        asked(office, due_at=now + dt.timedelta(hours=hours))
    assert not ServiceRequest.objects.exists()


# --- digests ----------------------------------------------------------------------------------------------
def messages_of(staff: Staff) -> list[str]:
    return list(Message.objects.filter(recipient=staff).order_by("pk").values_list("title", flat=True))


def test_who_is_given_something_hears_of_it_once_and_not_of_what_he_took_himself(office, now):
    for number in range(3):
        asked(office, assigned_to=office.yi, request=f"米{number}")
    asked(office, assigned_to=office.jia)
    later = now + dt.timedelta(minutes=1)
    assert services_remind(later)["given"] == 1
    assert services_remind(later + dt.timedelta(minutes=1)) == {"given": 0, "overdue": 0, "escalated": 0}
    assert messages_of(office.yi) == ["交给您代办服务3件"]
    assert messages_of(office.jia) == []
    message = Message.objects.get(recipient=office.yi)
    assert "代购生活用品3件" in message.body
    assert not any(person.name in message.body for person in Person.objects.all())


def test_while_he_is_on_leave_his_deputy_hears_and_has_it_on_his_round(office, now):
    today = timezone.localdate(now)
    leave_enter(staff=office.yi, deputy=office.jia, from_on=today, to_on=today, by=office.ding, at=now)
    service = asked(office, assigned_to=office.yi, by=office.ding)
    assert services_remind(now)["given"] == 1
    told = Message.objects.filter(title__contains="代办服务")
    assert [message.recipient for message in told] == [office.jia]
    assert [stop.service for stop in round_of(office.jia, now).mine] == [service]
    service_done(service=service, note="已送到", by=office.jia)
    assert [stop.service for stop in round_of(office.jia, now).brought] == [service]


def test_what_is_overdue_is_said_to_him_and_two_hours_later_to_his_superior_once(office, now):
    asked(office, assigned_to=office.jia, due_at=now + dt.timedelta(hours=1))
    late = now + dt.timedelta(hours=1, minutes=1)
    assert services_remind(late)["overdue"] == 1
    assert services_remind(late + dt.timedelta(minutes=1))["overdue"] == 0
    very = late + ESCALATE_AFTER
    assert services_remind(very)["escalated"] == 1
    assert services_remind(very + dt.timedelta(hours=3)) == {"given": 0, "overdue": 0, "escalated": 0}
    assert messages_of(office.jia) == ["代办服务超时1件"]
    assert messages_of(office.ding) == ["辖区内代办服务超时1件没有办"]


def test_what_nobody_was_given_is_said_to_the_service_person(office, now):
    asked(office, due_at=now + dt.timedelta(minutes=5))
    services_remind(now + dt.timedelta(minutes=10))
    assert messages_of(office.jia) == ["代办服务超时1件"]  # 组长 answers for the group, and measures nobody


def test_a_new_limit_may_be_overdue_anew(office, now):
    service = asked(office, assigned_to=office.jia, due_at=now + dt.timedelta(minutes=5))
    services_remind(now + dt.timedelta(minutes=6))
    at = now + dt.timedelta(minutes=7)
    service_assign(
        service=service, assigned_to=office.jia, by=office.jia, due_at=at + dt.timedelta(hours=1), at=at
    )
    assert services_remind(at)["overdue"] == 0
    assert services_remind(at + dt.timedelta(hours=2))["overdue"] == 1


def test_the_figures_count_what_is_asked_done_and_overdue(office, now):
    asked(office)
    service_done(service=asked(office), note="送了", by=office.jia)
    overdue = asked(office, due_at=now + dt.timedelta(minutes=5))
    service_drop(service=asked(office), state="DECLINED", reason="不在服务范围", by=office.jia)
    ServiceRequest.objects.filter(pk=overdue.pk).update(due_at=now - dt.timedelta(minutes=5))
    areas = type(office.county).objects.filter(pk=office.compound.pk)
    asof = AsOf.day(timezone.localdate(now), known_at=timezone.now())
    found = {
        key: indicator(key).count(areas, asof).get(office.compound.pk, 0)
        for key in ("services_today", "services_done_today", "services_open", "services_overdue")
    }
    assert found == {
        "services_today": 4, "services_done_today": 1, "services_open": 2, "services_overdue": 1
    }  # fmt: skip


# --- the round and the board ------------------------------------------------------------------------------
def test_the_round_lists_mine_as_walked_and_what_falls_to_me(office, now):
    far, near = (make_person("", make_household(office.compound, door)) for door in ("902", "101"))
    asked(office, far, assigned_to=office.jia)
    asked(office, near, assigned_to=office.jia)
    free = asked(office)
    found = round_of(office.jia, now)
    assert [stop.service.person for stop in found.mine] == [near, far]
    assert [stop.service for stop in found.free] == [free]
    assert round_of(office.yi, now).free == []  # a colleague there, who answers for nobody


def test_one_tap_takes_brings_and_confirms(office):
    service = asked(office)
    browser = signed_in(office.jia)
    for tap, state in (("take", "ASSIGNED"), ("door", "DONE"), ("phone", "RECEIVED")):
        browser.post(reverse("quarantine:service_tap", args=[service.uid, tap]), sent())
        service.refresh_from_db()
        assert service.state == state
    again = browser.post(reverse("quarantine:service_tap", args=[service.uid, "door"]), sent(), follow=True)
    assert "已经办结" in text_of(again)
    assert service.steps.count() == 4


def test_the_board_shows_what_is_overdue_and_for_how_long(office, now):
    service = asked(office)
    ServiceRequest.objects.filter(pk=service.pk).update(due_at=now - dt.timedelta(hours=5))
    url = reverse("quarantine:service_list")
    page = text_of(signed_in(office.ding).get(url, {"view": "overdue"}))
    assert service.person.name in page
    assert "5小时" in page
    assert service.person.name not in text_of(signed_in(office.bing).get(url))


def test_the_pages_of_services_take_as_many_queries_for_many_as_for_few(office, now):
    asked(office, assigned_to=office.jia)
    asked(office)
    browser = signed_in(office.jia)
    urls = [reverse("quarantine:service_list"), reverse("quarantine:service_round")]
    few = [queries_of(browser, url) for url in urls]
    for number in range(4):
        asked(office, assigned_to=office.jia if number % 2 else None)
    assert [queries_of(browser, url) for url in urls] == few


def test_the_form_suggests_the_service_person(office):
    observation = running(office)
    page = source_of(
        signed_in(office.health).get(reverse("quarantine:service_create", args=[observation.person.uid]))
    )
    assert str(office.jia.uid) in page


def test_ages_are_said_in_the_words_of_the_office():
    spans = [dt.timedelta(minutes=5), dt.timedelta(hours=3, minutes=40), dt.timedelta(days=3)]
    assert [age_words(span) for span in spans] == ["5分钟", "3小时", "3天"]


# --- left alone: the rule ---------------------------------------------------------------------------------
GRANNY, SON = Member(1, "奶奶", 82), Member(2, "李四", 45, where=Where.HOSPITAL)


def test_an_old_woman_whose_son_was_taken_to_hospital_is_found_with_the_reason():
    (found,) = left_alone([GRANNY, SON])
    assert (found.key, found.words, found.is_alone) == (1, "82岁；李四已转送医院", True)


@pytest.mark.parametrize(
    "others",
    [
        [SON, Member(3, "王五", 40)],  # somebody is there
        [Member(2, "李四", 45, where=Where.AWAY)],  # nobody is isolated: he works elsewhere
        [],  # she lived alone before
        [Member(2, "爷爷", 80, where=Where.HOSPITAL)],  # who needs care himself was no carer
    ],
)
def test_who_has_somebody_or_never_had_is_not_found(others):
    assert left_alone([GRANNY, *others]) == []


def test_a_carer_isolated_in_the_same_home_is_told_apart():
    child = Member(3, "小李", 8)
    observed = Member(2, "李四", 35, where=Where.OBSERVED)
    (found,) = left_alone([child, observed, Member(4, "张三", 36, where=Where.AWAY)])
    assert (found.key, found.is_alone) == (3, False)
    assert found.carers == "李四居家观察中（同住）、张三外出未归"


def test_the_disabled_are_found_at_any_age_and_low_income_alone_is_none_of_it():
    disabled = Member(3, "赵六", 40, supports=("DISABLED",), support_words=("残疾",))
    poor = Member(4, "钱七", 40, supports=("LOW_INCOME",), support_words=("低保",), where=Where.HOSPITAL)
    (found,) = left_alone([disabled, poor])
    assert found.why == "40岁、残疾"


# --- left alone: the list ---------------------------------------------------------------------------------
def observed_at_home(office: OfficeCast, home: Household) -> Observation:
    returnee = make_returnee(office, household=home)
    at = timezone.now() - dt.timedelta(days=2)
    on = timezone.localdate(at)
    type(returnee).objects.filter(pk=returnee.pk).update(left_on=on, arrived_on=on)
    returnee.refresh_from_db()
    return observation_open(
        person=returnee.person, area=returnee.area, household=home, returnee=returnee,
        dates=StartDates.of(returnee), by=office.jia, at=at, known_at=at,
    )  # fmt: skip


def old_home(office: OfficeCast, door: str = "") -> tuple[Household, Person]:
    home = make_household(office.compound, door)
    granny = make_person("", home, birth_date=timezone.localdate() - dt.timedelta(days=82 * 366))
    return home, granny


def test_the_list_finds_them_in_the_scope_only(office, now):
    home, granny = old_home(office)
    observed_at_home(office, home)
    old_home(office)  # nobody isolated there
    assert [row.person for row in neglected(office.jia, now).rows] == [granny]
    assert neglected(office.bing, now).rows == []
    assert "82" in neglected(office.jia, now).rows[0].reason.why
    Residency.objects.filter(person=granny).update(is_away=True)
    assert neglected(office.jia, now).rows == []


def test_who_was_taken_to_hospital_counts_until_he_is_back(office, now):
    home, _granny = old_home(office)
    observation = observed_at_home(office, home)
    Observation.objects.filter(pk=observation.pk).update(state="CLOSED", outcome="TRANSFERRED", closed_at=now)
    (row,) = neglected(office.jia, now).rows
    assert row.reason.is_alone
    Observation.objects.filter(pk=observation.pk).update(outcome="RELEASED")
    assert neglected(office.jia, now).rows == []


def test_support_counts_whatever_the_age(office, now):
    home = make_household(office.compound)
    disabled = make_person("", home)
    SupportStatus.objects.create(person=disabled, kind="DISABLED")
    observed_at_home(office, home)
    assert [row.person for row in neglected(office.jia, now).rows] == [disabled]


def test_one_step_makes_a_request_of_it_and_only_one(office, now):
    home, granny = old_home(office)
    observed_at_home(office, home)
    browser = signed_in(office.health)
    url = reverse("quarantine:left_alone_ask", args=[granny.uid])
    browser.post(url, sent())
    service = ServiceRequest.objects.get()
    assert (service.person, service.assigned_to, service.state) == (granny, office.jia, ServiceState.ASSIGNED)
    assert "居家观察中" in service.request
    assert "已有待办的服务" in text_of(browser.post(url, sent(), follow=True))
    assert ServiceRequest.objects.count() == 1
    assert "已登记其他" in text_of(browser.get(reverse("quarantine:left_alone")))


def test_a_longer_list_takes_no_more_queries(office, now):
    observed_at_home(office, old_home(office)[0])

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert neglected(office.jia, now).rows
        return len(seen)

    queries()
    few = queries()
    for _ in range(4):
        observed_at_home(office, old_home(office)[0])
    assert queries() == few
    assert len(neglected(office.jia, now).rows) == 5


def test_the_list_goes_on_page_by_page(office, now, monkeypatch):
    from quarantine import serving

    monkeypatch.setattr(serving, "HOUSES_A_PAGE", 1)
    near, far = (old_home(office, door)[0] for door in ("101", "202"))
    for home in (near, far):
        observed_at_home(office, home)
    browser: Client = signed_in(office.jia)
    first = browser.get(reverse("quarantine:left_alone"))
    assert near.display in text_of(first)
    assert far.display not in text_of(first)
    second = browser.get(first.context["next_url"])
    assert far.display in text_of(second)
