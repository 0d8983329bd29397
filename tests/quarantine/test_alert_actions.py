"""Dealing with an alert: dated steps that nobody changes, a second measurement, a protected transfer, a result."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from quarantine.alert_file import timeline
from quarantine.models import (
    ActionKind,
    Alert,
    AlertAction,
    AlertKind,
    AlertOutcome,
    AlertState,
    Observation,
    Reading,
    VisitState,
)
from quarantine.services.alert_actions import (
    alert_acknowledge,
    alert_annul,
    alert_arrive,
    alert_close,
    alert_contact,
    alert_measure,
    alert_transfer,
)
from quarantine.services.alerts import alert_raise
from quarantine.services.readings import reading_record, visit_mark
from tests.factories import OfficeCast, aware, make_office
from tests.quarantine.cases import make_observation, switch_on

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 08:30")
ON = dt.date(2020, 1, 29)


def after(minutes: int) -> dt.datetime:
    return AT + dt.timedelta(minutes=minutes)


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observation(office: OfficeCast) -> Observation:
    return make_observation(office)


@pytest.fixture
def alert(office: OfficeCast, observation: Observation) -> Alert:
    visit = observation.visits.get(date=ON, slot="AM")
    found = reading_record(visit=visit, temperature=Decimal("37.8"), by=office.health, at=AT).alert
    assert found is not None
    return found


def kinds(alert: Alert) -> list[str]:
    return list(alert.actions.values_list("kind", flat=True))


def transfer(alert: Alert, office: OfficeCast, **fields: object) -> AlertAction:
    values = {
        "vehicle": "120救护车", "escort": "卫某", "destination": "县医院发热门诊", "departed_at": after(20),
        "by": office.health, "at": after(25), **fields,
    }  # fmt: skip
    return alert_transfer(alert=alert, **values)  # type: ignore[arg-type]


# --- second measurement -----------------------------------------------------------------------------------
def test_a_normal_second_measurement_stands_beside_the_first_and_may_close_it(office, alert):
    measured = alert_measure(
        alert=alert, temperature=Decimal("36.8"), by=office.health, is_closing=True, at=after(15)
    )
    alert.refresh_from_db()
    assert list(alert.visit.readings.values_list("temperature", flat=True)) == [
        Decimal("37.8"), Decimal("36.8"),
    ]  # fmt: skip
    assert measured.is_closed
    assert (alert.state, alert.outcome, alert.closed_by) == (
        AlertState.CLOSED, AlertOutcome.NORMAL, office.health,
    )  # fmt: skip
    assert "36.8" in alert.result
    assert kinds(alert) == ["ACKNOWLEDGED", "SECOND", "CLOSED"]


@pytest.mark.parametrize("value", ["34.9", "37.4"])
def test_a_low_or_high_second_measurement_closes_nothing(office, alert, value):
    measured = alert_measure(
        alert=alert, temperature=Decimal(value), by=office.health, is_closing=True, at=after(15)
    )
    alert.refresh_from_db()
    assert not measured.is_closed
    assert alert.state == AlertState.ACKNOWLEDGED
    assert measured.reading.temperature == Decimal(value)


def test_a_normal_temperature_with_a_symptom_closes_nothing(office, alert):
    measured = alert_measure(
        alert=alert, temperature=Decimal("36.8"), symptoms=["干咳"], by=office.health, is_closing=True,
        at=after(15),
    )  # fmt: skip
    assert not measured.is_closed


def test_a_fever_of_the_evening_is_measured_again_after_midnight_and_is_no_late_entry(office, observation):
    visit = observation.visits.get(date=ON, slot="PM")
    at = aware("2020-01-29 20:50")
    alert = reading_record(visit=visit, temperature=Decimal("38.0"), by=office.health, at=at).alert
    measured = alert_measure(
        alert=alert, temperature=Decimal("37.9"), by=office.health, at=aware("2020-01-30 00:20")
    )
    assert measured.reading.visit == visit
    assert (measured.reading.measured_at, measured.reading.is_late) == (aware("2020-01-30 00:20"), False)


def test_where_nobody_was_measured_the_reading_goes_to_the_slot_that_is_open(office, observation):
    visit = observation.visits.get(date=ON, slot="AM")
    visit_mark(visit=visit, state=VisitState.REFUSED, by=office.health, at=AT)
    alert = Alert.objects.get(kind=AlertKind.REFUSED)
    measured = alert_measure(
        alert=alert, temperature=Decimal("36.6"), by=office.health, at=aware("2020-01-29 15:00")
    )
    assert measured.reading.visit.slot == "PM"
    with pytest.raises(ValidationError, match="不在测温时段"):
        alert_measure(
            alert=alert, temperature=Decimal("36.6"), by=office.health, at=aware("2020-01-29 23:00")
        )


# --- transfer ---------------------------------------------------------------------------------------------
def test_a_transfer_keeps_vehicle_escort_times_and_receiver(office, alert):
    action = transfer(alert, office)
    arrived = alert_arrive(
        action=action, arrived_at=after(50), receiver="发热门诊张医生", by=office.health, at=after(55)
    )
    assert (action.vehicle, action.departed_at, action.recorded_at) == ("120救护车", after(20), after(25))
    assert (arrived.refers_to, arrived.arrived_at, arrived.receiver) == (action, after(50), "发热门诊张医生")
    with pytest.raises(ValidationError, match="已经登记过"):
        alert_arrive(action=action, arrived_at=after(51), receiver="李", by=office.health, at=after(55))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"vehicle": " "}, "vehicle"),
        ({"escort": ""}, "escort"),
        ({"destination": ""}, "destination"),
        ({"departed_at": after(30)}, "departed_at"),
        ({"departed_at": after(-60)}, "departed_at"),
        ({"arrived_at": after(10), "receiver": "张"}, "arrived_at"),
        ({"arrived_at": after(24)}, "receiver"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said_at_its_field(office, alert, fields, field):
    with pytest.raises(ValidationError) as refused:
        transfer(alert, office, **fields)
    assert list(refused.value.message_dict) == [field]
    assert kinds(alert) == []


# --- steps ------------------------------------------------------------------------------------------------
def test_whoever_does_something_about_it_has_taken_notice(office, alert):
    alert_contact(alert=alert, kind=ActionKind.PHONE, note="本人在家", by=office.ding, at=after(5))
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.acknowledged_at) == (office.ding, after(5))
    assert kinds(alert) == ["ACKNOWLEDGED", "PHONE"]


def test_a_wrong_step_is_annulled_by_a_further_one_and_stays(office, alert):
    step = alert_contact(alert=alert, kind=ActionKind.OTHER, note="写错人", by=office.health, at=after(5))
    alert_annul(action=step, reason="记到别人的事件上", by=office.health, at=after(6))
    assert AlertAction.objects.filter(pk=step.pk, note="写错人").exists()
    assert list(alert.actions.standing().values_list("kind", flat=True)) == ["ACKNOWLEDGED"]
    assert [entry.is_annulled for entry in timeline(alert)] == [False, True, False]
    with pytest.raises(ValidationError, match="已经更正过"):
        alert_annul(action=step, reason="再来", by=office.health)


def test_a_transfer_whose_arrival_stands_is_annulled_from_behind(office, alert):
    action = transfer(alert, office)
    arrived = alert_arrive(action=action, arrived_at=after(40), receiver="张", by=office.health, at=after(45))
    with pytest.raises(ValidationError, match="到达记录"):
        alert_annul(action=action, reason="录错", by=office.health, at=after(46))
    alert_annul(action=arrived, reason="录错", by=office.health, at=after(46))
    alert_annul(action=action, reason="录错", by=office.health, at=after(47))
    assert not alert.actions.standing().filter(kind__in=["TRANSFER", "ARRIVED"]).exists()


def test_a_wrong_closing_is_annulled_and_the_alert_stands_open_again(office, alert):
    alert_close(alert=alert, result="已转送", outcome="TRANSFERRED", by=office.health, at=after(10))
    closing = alert.actions.get(kind=ActionKind.CLOSED)
    alert_annul(action=closing, reason="没有转送", by=office.ding, at=after(20))
    alert.refresh_from_db()
    assert (alert.state, alert.result, alert.outcome) == (AlertState.ACKNOWLEDGED, "", "")
    assert alert.escalate_at == alert.handle_due_at
    assert alert_close(alert=alert, result="复测正常", by=office.ding, at=after(30)).result == "复测正常"


def test_a_second_measurement_cannot_be_annulled_its_reading_is_corrected(office, alert):
    measured = alert_measure(alert=alert, temperature=Decimal("37.9"), by=office.health, at=after(15))
    with pytest.raises(ValidationError, match="更正"):
        alert_annul(action=measured.action, reason="看错", by=office.health)


def test_nothing_more_is_done_to_one_that_is_closed(office, alert):
    alert_close(alert=alert, result="已转送", by=office.health, at=after(10))
    before = Reading.objects.count()
    for attempt in (
        lambda: alert_contact(alert=alert, kind=ActionKind.PHONE, note="问", by=office.ding),
        lambda: transfer(alert, office),
        lambda: alert_measure(alert=alert, temperature=Decimal("36.8"), by=office.health, at=after(15)),
    ):
        with pytest.raises(ValidationError, match="已经办结"):
            attempt()
    assert Reading.objects.count() == before


def test_dealing_with_an_alert_that_was_raised_again_begins_a_second_round(office, alert):
    alert_close(alert=alert, result="复测36.8℃", by=office.health, at=after(10))
    reading_record(visit=alert.visit, temperature=Decimal("38.1"), by=office.health, at=after(60))
    alert.refresh_from_db()
    assert (alert.round, alert.acknowledge_due_at) == (2, after(75))
    assert kinds(alert) == ["ACKNOWLEDGED", "CLOSED", "REOPENED"]


def test_an_alert_that_was_dealt_with_before_steps_had_rows_still_says_by_whom(office, observation):
    alert = alert_raise(observation=observation, kind=AlertKind.LEFT_HOME, at=AT)
    alert_acknowledge(alert=alert, by=office.health, at=after(3))
    alert_close(alert=alert, result="已返回", outcome="RETURNED", by=office.ding, at=after(9))
    with_rows = [(entry.action.kind, entry.action.by, entry.at) for entry in timeline(alert)]
    AlertAction.objects.all().delete()
    alert.refresh_from_db()
    assert [(entry.action.kind, entry.action.by, entry.at) for entry in timeline(alert)] == with_rows
