"""Alerts: raised at once, told to everybody who must know at the same time, once; acknowledged; closed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from grassroots.grid.models import AreaDuty, DutyKind, Posting, Role
from grassroots.notices.models import Message, Reminder
from households.models import PersonDuty
from quarantine.models import Alert, AlertKind, AlertState, Observation, VisitState
from quarantine.services.alert_actions import alert_acknowledge, alert_close
from quarantine.services.alerts import alert_raise, alert_recipients
from quarantine.services.readings import reading_record, visit_mark
from tests.factories import OfficeCast, aware, make_office, make_staff
from tests.quarantine.cases import make_observation, switch_on

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 08:30")
ON = dt.date(2020, 1, 29)


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observation(office: OfficeCast) -> Observation:
    return make_observation(office)


def fever(observation: Observation, office: OfficeCast, value: str = "37.8", minutes: int = 0) -> Alert:
    visit = observation.visits.get(date=ON, slot="AM")
    at = AT + dt.timedelta(minutes=minutes)
    alert = reading_record(visit=visit, temperature=Decimal(value), by=office.health, at=at).alert
    assert alert is not None
    return alert


# --- who is told ------------------------------------------------------------------------------------------
def test_health_worker_supervisor_and_section_leader_are_told_in_parallel(office, observation):
    leader = make_staff("片领导", Role.OFFICER, None)
    AreaDuty.objects.filter(kind__code="leader").update(staff=leader)
    alert = fever(observation, office)
    told = Reminder.objects.filter(subject=f"alert:{alert.uid}")
    assert {row.recipient for row in told} == {office.health, office.ding, leader}
    assert {(row.due_at, row.claimed_at) for row in told} == {(AT, AT)}
    assert Message.objects.filter(is_urgent=True).count() == 3


def test_neither_a_grid_worker_nor_somebody_elsewhere_is_told(office, observation):
    fever(observation, office)
    assert not Message.objects.filter(
        recipient__in=[office.jia, office.yi, office.bing, office.inspector]
    ).exists()


def test_the_deputy_is_told_while_he_stands_in(office, observation):
    AreaDuty.objects.filter(kind__code="health").update(deputy=office.yi, standin_from=ON, standin_to=ON)
    found = alert_recipients(observation, ON)
    assert office.yi in found
    assert office.health not in found


def test_the_nearest_measurer_is_told_and_not_the_one_above(office, observation):
    own = make_staff("包人医生", Role.HEALTH_WORKER, office.village)
    kind = DutyKind.objects.get(code="health")
    PersonDuty.objects.create(person=observation.person, kind=kind, staff=own, valid_from=dt.date(2020, 1, 1))
    found = alert_recipients(observation, ON)
    assert own in found
    assert office.health not in found


def test_supervisors_of_another_street_and_those_who_left_are_not_told(office, observation):
    elsewhere = make_staff("别处主管", Role.SUPERVISOR, office.other_village)
    gone = make_staff("离任主管", Role.SUPERVISOR, office.street)
    Posting.objects.filter(staff=gone).update(valid_to=dt.date(2020, 1, 28))
    away = make_staff("停用主管", Role.SUPERVISOR, office.street)
    away.is_active = False
    away.save()
    assert not {elsewhere, gone, away} & set(alert_recipients(observation, ON))


def test_a_message_carries_the_place_and_a_link_but_no_name(office, observation):
    alert = fever(observation, office)
    message = Message.objects.filter(recipient=office.health).get()
    assert observation.person.name not in message.title + message.body
    assert "翠柏苑" in message.body
    assert message.url == f"/quarantine/alerts/{alert.uid}/"


# --- once -------------------------------------------------------------------------------------------------
def test_one_alert_a_visit_and_kind_however_many_fevers(office, observation):
    first = fever(observation, office)
    second = fever(observation, office, "37.9", minutes=10)
    assert first == second
    assert Message.objects.filter(recipient=office.health).count() == 1


def test_symptoms_and_a_later_fever_are_two_alerts(office, observation):
    visit = observation.visits.get(date=ON, slot="AM")
    reading_record(visit=visit, temperature=Decimal("36.5"), symptoms=["干咳"], by=office.health, at=AT)
    fever(observation, office)
    assert set(visit.alerts.values_list("kind", flat=True)) == {AlertKind.SYMPTOM, AlertKind.FEVER}


def test_a_fever_after_the_alert_was_closed_opens_it_again_and_tells_again(office, observation):
    alert = fever(observation, office)
    alert_close(alert=alert, result="复测36.8℃", by=office.health, at=AT + dt.timedelta(minutes=20))
    again = fever(observation, office, "38.0", minutes=60)
    assert again.pk == alert.pk
    assert (again.state, again.closed_at, again.acknowledged_by) == (AlertState.OPEN, None, None)
    assert Message.objects.filter(recipient=office.health, is_urgent=True).count() == 2
    closed = alert_close(alert=again, result="已转送", by=office.ding, at=AT + dt.timedelta(minutes=90))
    assert closed.result == "复测36.8℃；已转送"


def test_a_refusal_raises_an_alert(office, observation):
    visit = observation.visits.get(date=ON, slot="AM")
    visit_mark(visit=visit, state=VisitState.REFUSED, by=office.health, at=AT)
    visit_mark(visit=visit, state=VisitState.REFUSED, by=office.health, at=AT)
    assert list(visit.alerts.values_list("kind", flat=True)) == [AlertKind.REFUSED]


def test_being_out_or_on_the_phone_raises_none(office, observation):
    visit = observation.visits.get(date=ON, slot="AM")
    visit_mark(visit=visit, state=VisitState.AWAY, by=office.health, at=AT)
    visit_mark(visit=visit, state=VisitState.PHONE, by=office.health, at=AT)
    assert not Alert.objects.exists()


def test_an_alert_without_a_visit_may_come_more_than_once(observation):
    first = alert_raise(observation=observation, kind=AlertKind.LEFT_HOME, at=AT)
    assert (
        alert_raise(observation=observation, kind=AlertKind.LEFT_HOME, at=AT + dt.timedelta(hours=1)) != first
    )


# --- its two steps ----------------------------------------------------------------------------------------
def test_the_first_who_takes_notice_counts(office, observation):
    alert = fever(observation, office)
    alert_acknowledge(alert=alert, by=office.health, at=AT)
    later = alert_acknowledge(alert=alert, by=office.ding, at=AT + dt.timedelta(minutes=5))
    assert (later.acknowledged_by, later.acknowledged_at) == (office.health, AT)


def test_it_is_closed_with_a_result_and_once(office, observation):
    alert = fever(observation, office)
    with pytest.raises(ValidationError, match="结果说明"):
        alert_close(alert=alert, result="  ", by=office.health)
    closed = alert_close(alert=alert, result="已转送", by=office.ding, at=AT)
    assert (closed.state, closed.closed_by, closed.acknowledged_by) == (
        AlertState.CLOSED,
        office.ding,
        office.ding,
    )
    with pytest.raises(ValidationError, match="已经办结"):
        alert_close(alert=alert, result="又办", by=office.health)


def test_results_that_do_not_fit_together_are_refused_and_not_cut(office, observation):
    alert = fever(observation, office)
    alert_close(alert=alert, result="甲" * 150, by=office.health, at=AT)
    again = fever(observation, office, minutes=30)
    with pytest.raises(ValidationError, match="最多200字"):
        alert_close(alert=again, result="乙" * 100, by=office.health)
