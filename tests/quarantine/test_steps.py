"""Steps of the tick: missed once, never before it began, alerts for two in a row; safe to run twice and at once."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from quarantine import steps
from quarantine.models import Alert, AlertKind, AlertState, Observation, Visit, VisitState
from quarantine.services.readings import visit_mark
from quarantine.steps import mark_missed, remind_round
from tests.factories import OfficeCast, aware, make_office
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.reference import restore_reference_rows


@pytest.fixture
def office(db: None) -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observation(office: OfficeCast) -> Observation:
    return make_observation(office, at="2020-01-28 13:00")


def states(observation: Observation) -> list[str]:
    return list(observation.visits.order_by("opens_at").values_list("state", flat=True))


def test_a_slot_is_missed_at_its_closing_time_and_not_before(observation):
    assert mark_missed(aware("2020-01-28 20:59"))["missed"] == 0
    assert mark_missed(aware("2020-01-28 21:00"))["missed"] == 1
    assert states(observation)[:2] == [VisitState.MISSED, VisitState.PLANNED]


def test_it_says_when_it_was_missed_and_when_that_was_known(observation):
    mark_missed(aware("2020-01-28 23:30"))
    visit = observation.visits.order_by("opens_at").first()
    assert (visit.state_at, visit.state_recorded_at) == (aware("2020-01-28 21:00"), aware("2020-01-28 23:30"))


def test_running_it_again_changes_nothing(observation):
    mark_missed(aware("2020-01-28 21:00"))
    before = list(Visit.objects.order_by("pk").values())
    assert mark_missed(aware("2020-01-28 21:01")) == {"missed": 0, "alerts": 0}
    assert list(Visit.objects.order_by("pk").values()) == before


def test_what_was_marked_or_measured_is_not_missed(office, observation):
    visit = observation.visits.order_by("opens_at").first()
    visit_mark(visit=visit, state=VisitState.AWAY, by=office.health, at=aware("2020-01-28 19:00"))
    assert mark_missed(aware("2020-01-28 21:00"))["missed"] == 0


def test_nothing_is_missed_before_the_observation_began(office):
    """Opened at one in the afternoon: the morning was never due, and neither were the days before."""
    observation = make_observation(office, at="2020-01-28 13:00")
    mark_missed(aware("2020-01-28 13:05"))
    assert VisitState.MISSED not in states(observation)


def test_after_the_observation_ended_nothing_is_missed(office, observation):
    observation.visits.filter(opens_at__gte=aware("2020-01-29 00:00")).update(state=VisitState.CANCELLED)
    assert mark_missed(aware("2020-02-10 12:00"))["missed"] == 1


def test_twice_in_a_row_raises_an_alert_and_once_does_not(observation):
    assert mark_missed(aware("2020-01-28 21:00"))["alerts"] == 0
    assert mark_missed(aware("2020-01-29 12:00"))["alerts"] == 1
    alert = Alert.objects.get()
    assert (alert.kind, alert.observation, alert.visit.slot) == (AlertKind.MISSED, observation, "AM")


def test_somebody_who_was_out_and_then_missed_was_unmeasured_twice(office, observation):
    visit = observation.visits.order_by("opens_at").first()
    visit_mark(visit=visit, state=VisitState.AWAY, by=office.health, at=aware("2020-01-28 19:00"))
    assert mark_missed(aware("2020-01-29 12:00"))["alerts"] == 1


def test_measured_in_between_is_no_row(observation):
    observation.visits.filter(date="2020-01-29", slot="AM").update(state=VisitState.DONE)
    assert mark_missed(aware("2020-01-29 21:00"))["alerts"] == 0


def test_while_the_alert_is_open_a_third_miss_raises_no_other(observation):
    mark_missed(aware("2020-01-29 12:00"))
    assert mark_missed(aware("2020-01-29 21:00"))["alerts"] == 0
    Alert.objects.update(state=AlertState.CLOSED, closed_at=aware("2020-01-29 22:00"), result="已联系")
    assert mark_missed(aware("2020-01-30 12:00"))["alerts"] == 1


def test_days_without_a_clock_are_caught_up_in_one_run(observation):
    assert mark_missed(aware("2020-01-31 12:00")) == {"missed": 6, "alerts": 1}


def test_batches_cover_everything_and_cost_grows_with_batches_only(office, monkeypatch):
    for _ in range(3):
        make_observation(office, at="2020-01-28 13:00")
    monkeypatch.setattr(steps, "BATCH", 2)
    assert mark_missed(aware("2020-01-28 21:00"))["missed"] == 3


def test_many_missed_at_once_take_no_more_queries_than_few(office):
    def cost(at: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            mark_missed(aware(at))
        return len(queries)

    make_observation(office, at="2020-01-28 13:00")
    few = cost("2020-01-28 21:00")
    for _ in range(12):
        make_observation(office, at="2020-01-29 11:00")
    Visit.objects.filter(closes_at__lte=aware("2020-01-29 12:00")).exclude(state=VisitState.PLANNED).delete()
    assert cost("2020-01-29 12:00") <= few


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_mark_each_visit_once_and_tell_each_officer_once():
    restore_reference_rows()
    office = make_office()
    switch_on(office.admin)
    for number in range(8):
        make_observation(office, at="2020-01-28 13:00", returnee=make_returnee(office, f"张三{number}"))
    at = aware("2020-01-29 12:00")
    barrier = threading.Barrier(2)
    found: list[dict[str, int]] = []

    def run() -> None:
        try:
            barrier.wait(timeout=10)
            counts = dict(mark_missed(at))
            counts.update(remind_round(at))
            found.append(counts)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(found) == 2
    assert sum(counts["missed"] for counts in found) == 16
    assert sum(counts["alerts"] for counts in found) == Alert.objects.count() == 8
    stages = office.health.reminders.filter(kind="round").values_list("subject", "stage")
    assert len(stages) == len(set(stages))


def test_an_unread_digest_of_a_slot_does_not_come_again(observation):
    at = aware("2020-01-28 20:05")
    assert remind_round(at)["sent"] == 1
    assert remind_round(at + dt.timedelta(minutes=1)) == {"sent": 0, "expired": 0}
