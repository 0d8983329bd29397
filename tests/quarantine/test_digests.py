"""The digests: one an officer and slot at opening, before closing, after closing; on record when they come too late."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import AreaDuty, DutyKind, Role, Staff
from grassroots.notices.models import Message, Reminder, ReminderState, TickRun
from grassroots.notices.tick import tick
from households.models import PersonDuty
from quarantine.models import Observation, VisitState
from quarantine.services.digests import OUT_OF_DATE, OVERTAKEN
from quarantine.services.proposals import propose_release
from quarantine.services.readings import reading_record, visit_mark
from quarantine.steps import mark_missed, remind_round
from tests.factories import OfficeCast, aware, make_household, make_office, make_staff
from tests.quarantine.cases import make_observation, make_returnee, switch_on

pytestmark = pytest.mark.django_db
EARLY = "2020-01-28 22:00"


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observations(office: OfficeCast) -> list[Observation]:
    """Three people behind two doors, opened in the evening before."""
    home = make_household(office.compound)
    return [
        make_observation(office, at=EARLY, returnee=make_returnee(office, household=home)),
        make_observation(office, at=EARLY, returnee=make_returnee(office, household=home)),
        make_observation(office, at=EARLY),
    ]


def titles(staff: Staff) -> list[str]:
    return list(Message.objects.filter(recipient=staff).order_by("pk").values_list("title", flat=True))


def measure(observation: Observation, office: OfficeCast, at: str, code: str = "AM") -> None:
    visit = observation.visits.get(date="2020-01-29", slot=code)
    reading_record(visit=visit, temperature=Decimal("36.5"), by=office.health, at=aware(at))


# --- what is sent when ------------------------------------------------------------------------------------
def test_three_digests_a_slot_count_doors_and_not_people(office, observations):
    for at in (
        "2020-01-29 05:59",
        "2020-01-29 06:00",
        "2020-01-29 10:59",
        "2020-01-29 11:00",
        "2020-01-29 12:00",
    ):
        mark_missed(aware(at))
        remind_round(aware(at))
    assert titles(office.health) == ["上午有2户待测", "上午还有2户未测", "上午有2户没有测到", "下午有2户待测"]


def test_only_doors_still_unmeasured_are_counted(office, observations):
    remind_round(aware("2020-01-29 06:00"))
    measure(observations[2], office, "2020-01-29 08:00")
    remind_round(aware("2020-01-29 11:00"))
    assert titles(office.health)[-1] == "上午还有1户未测"


def test_whoever_has_measured_everybody_hears_nothing_more(office, observations):
    remind_round(aware("2020-01-29 06:00"))
    for observation in observations:
        measure(observation, office, "2020-01-29 08:00")
    remind_round(aware("2020-01-29 11:00"))
    remind_round(aware("2020-01-29 12:00"))
    assert titles(office.health) == ["上午有2户待测", "下午有2户待测"]


def test_after_closing_it_says_what_became_of_them_and_leads_to_the_paper(office, observations):
    visit = observations[2].visits.get(date="2020-01-29", slot="AM")
    visit_mark(visit=visit, state=VisitState.AWAY, by=office.health, at=aware("2020-01-29 08:00"))
    mark_missed(aware("2020-01-29 12:00"))
    remind_round(aware("2020-01-29 12:00"))
    message = Message.objects.get(recipient=office.health, title="上午有2户没有测到")
    assert "漏测1户、不在家1户" in message.body
    assert message.url == "/quarantine/backfill/?on=2020-01-29&slot=AM"


def test_the_link_of_an_open_slot_leads_to_its_round(office, observations):
    remind_round(aware("2020-01-29 06:00"))
    assert Message.objects.get().url == "/quarantine/round/?on=2020-01-29&slot=AM"


# --- to whom ----------------------------------------------------------------------------------------------
def test_each_officer_hears_of_his_own_doors(office, observations):
    own = make_staff("包人医生", Role.HEALTH_WORKER, office.village)
    kind = DutyKind.objects.get(code="health")
    PersonDuty.objects.create(
        person=observations[2].person, kind=kind, staff=own, valid_from=dt.date(2020, 1, 1)
    )
    remind_round(aware("2020-01-29 06:00"))
    assert titles(own) == titles(office.health) == ["上午有1户待测"]


def test_the_deputy_hears_while_he_stands_in(office, observations):
    on = dt.date(2020, 1, 29)
    AreaDuty.objects.filter(kind__code="health").update(deputy=office.yi, standin_from=on, standin_to=on)
    remind_round(aware("2020-01-29 06:00"))
    assert titles(office.yi) == ["上午有2户待测"]
    assert titles(office.health) == []


def test_where_nobody_measures_the_nearest_officer_hears(office, observations):
    AreaDuty.objects.filter(kind__code="health").delete()
    remind_round(aware("2020-01-29 06:00"))
    assert titles(office.jia) == ["上午有2户待测"]


def test_somebody_who_has_left_is_sent_nothing(office, observations):
    office.health.is_active = False
    office.health.save()
    remind_round(aware("2020-01-29 06:00"))
    assert not Reminder.objects.filter(recipient=office.health).exists()


# --- late, twice ------------------------------------------------------------------------------------------
def test_running_it_every_minute_sends_each_once(office, observations):
    at = aware("2020-01-29 05:50")
    while at < aware("2020-01-29 12:10"):
        tick(at)
        at += dt.timedelta(minutes=5)
    assert titles(office.health).count("上午有2户待测") == 1
    assert Reminder.objects.filter(kind="round").count() == 4


def test_the_first_tick_in_the_middle_of_a_slot_sends_the_latest_stage_only(office, observations):
    tick(aware("2020-01-29 11:20"))
    assert titles(office.health) == ["上午还有2户未测"]
    tick(aware("2020-01-29 11:21"))
    assert Reminder.objects.filter(kind="round").count() == 1


def test_a_system_that_slept_ten_hours_records_what_it_did_not_send(office, observations):
    tick(aware("2020-01-29 05:30"))
    tick(aware("2020-01-29 15:30"))
    expired = Reminder.objects.filter(recipient=office.health, state=ReminderState.EXPIRED).order_by("stage")
    assert [(row.stage, row.reason) for row in expired] == [(0, OVERTAKEN), (1, OVERTAKEN), (2, OUT_OF_DATE)]
    assert [row.due_at for row in expired] == [
        aware("2020-01-29 06:00"),
        aware("2020-01-29 11:00"),
        aware("2020-01-29 12:00"),
    ]
    assert titles(office.health) == ["下午有2户待测"]


def test_an_overtaken_digest_is_on_record_also_for_those_who_measured_in_the_meantime(office, observations):
    tick(aware("2020-01-29 05:30"))
    for observation in observations:
        measure(observation, office, "2020-01-29 08:00")
    tick(aware("2020-01-29 11:30"))
    assert Reminder.objects.get(kind="round").state == ReminderState.EXPIRED
    assert titles(office.health) == []


def test_half_an_hour_late_is_not_too_late(office, observations):
    tick(aware("2020-01-29 05:30"))
    tick(aware("2020-01-29 12:30"))
    assert "上午有2户没有测到" in titles(office.health)


def test_before_the_clock_ever_ran_nothing_was_promised(office, observations):
    tick(aware("2020-01-29 22:00"))
    assert not Reminder.objects.filter(state=ReminderState.EXPIRED).exists()


def test_a_digest_for_many_people_takes_no_more_queries_than_for_few(office):
    def cost() -> int:
        for model in (Message, Reminder, TickRun):
            model.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            assert remind_round(aware("2020-01-29 06:00"))["sent"] == 1
        return len(queries)

    make_observation(office, at=EARLY)
    few = cost()
    for _ in range(15):
        make_observation(office, at=EARLY)
    assert cost() == few


# --- release proposals ------------------------------------------------------------------------------------
def test_full_term_is_proposed_once_a_day_to_health_worker_and_supervisor(office, observations):
    last = observations[0].last_on
    assert propose_release(aware(f"{last} 09:00")) == {"sent": 0}
    day = last + dt.timedelta(days=1)
    assert propose_release(aware(f"{day} 07:59")) == {"sent": 0}
    assert propose_release(aware(f"{day} 08:00")) == {"sent": 2}
    assert propose_release(aware(f"{day} 08:01")) == {"sent": 0}
    assert titles(office.health) == titles(office.ding) == ["期满待解除3人"]
    assert propose_release(aware(f"{day + dt.timedelta(days=1)} 08:00")) == {"sent": 2}


def test_a_proposal_releases_nobody(office, observations):
    propose_release(aware("2020-02-20 09:00"))
    assert Observation.objects.open().count() == 3


def test_nobody_elsewhere_hears_of_it(office, observations):
    propose_release(aware("2020-02-20 09:00"))
    recipients = set(Message.objects.values_list("recipient__username", flat=True))
    assert recipients == {"health", "ding"}
