"""The step of the tick that raises alerts level by level."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import close_old_connections, connection

from grassroots.grid.models import AreaDuty, DutyKind, Role
from grassroots.notices.models import Message, Reminder
from quarantine.models import Alert, AlertState, Observation
from quarantine.services import escalation
from quarantine.services.alert_actions import alert_acknowledge, alert_close
from quarantine.services.alerts import alert_recipients
from quarantine.services.escalation import alerts_escalate
from quarantine.services.readings import reading_record
from tests.factories import OfficeCast, aware, make_office, make_staff
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.reference import restore_reference_rows

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 08:30")
ON = dt.date(2020, 1, 29)


@pytest.fixture
def office() -> OfficeCast:
    """The leader of the village is somebody of his own, the village cadre too."""
    cast = make_office()
    switch_on(cast.admin)
    for code, name in (("leader", "片领导"), ("village-cadre", "村书记")):
        AreaDuty.objects.filter(kind__code=code).update(staff=make_staff(name, Role.OFFICER, None))
    return cast


@pytest.fixture
def alert(office: OfficeCast) -> Alert:
    return fever(office)


def fever(office: OfficeCast, name: str = "") -> Alert:
    observation = make_observation(office, returnee=make_returnee(office, name))
    visit = observation.visits.get(date=ON, slot="AM")
    found = reading_record(visit=visit, temperature=Decimal("37.8"), by=office.health, at=AT).alert
    assert found is not None
    return found


def after(minutes: int) -> dt.datetime:
    return AT + dt.timedelta(minutes=minutes)


def rows(alert: Alert) -> list[tuple[str, str, list[str]]]:
    found = alert.escalations.prefetch_related("told")
    return [(row.cause, row.title, sorted(staff.name for staff in row.told.all())) for row in found]


def disable(name: str) -> None:
    staff = AreaDuty.objects.get(staff__name=name).staff
    staff.is_active = False
    staff.save()


def test_limits_are_those_of_the_policy_version_of_the_observation(alert):
    assert (alert.acknowledge_due_at, alert.handle_due_at, alert.escalate_at) == (
        after(15), after(120), after(15),
    )  # fmt: skip


def test_nothing_goes_up_before_its_time(alert):
    assert alerts_escalate(after(14)) == {"escalated": 0, "failed": 0}


def test_unnoticed_it_goes_up_one_level_after_the_other_and_each_hears_once(office, alert):
    for minute in range(15, 120):
        alerts_escalate(after(minute))
    assert rows(alert) == [
        ("UNNOTICED", "组长(网格员)", ["甲某"]),
        ("STEP", "包保责任人", []),
        ("UNNOTICED", "村(社区)书记", ["村书记"]),
        ("STEP", "包片领导", ["片领导"]),
        ("UNNOTICED", "包片领导", ["片领导"]),
        ("UNNOTICED", "街道主管", ["丁某"]),
    ]
    assert Message.objects.filter(recipient=office.jia).count() == 1
    assert alerts_escalate(after(119)) == {"escalated": 0, "failed": 0}


def test_a_disabled_officer_is_passed_over_for_the_next_and_that_is_said(office, alert):
    disable("村书记")
    alerts_escalate(after(15))
    alerts_escalate(after(45))
    last = alert.escalations.filter(cause="UNNOTICED").last()
    assert (last.title, sorted(staff.name for staff in last.told.all())) == ("包片领导", ["片领导"])
    assert "村(社区)书记村书记（停用）" in last.skipped


def test_one_disabled_between_two_stages_does_not_make_the_next_level_be_left_out(office, alert):
    alerts_escalate(after(15))
    disable("甲某")
    alerts_escalate(after(45))
    assert alert.escalations.filter(cause="UNNOTICED").last().title == "村(社区)书记"


def test_noticed_in_time_it_goes_up_only_when_it_is_not_closed_in_time(office, alert):
    alert_acknowledge(alert=alert, by=office.health, at=after(10))
    assert alerts_escalate(after(119))["escalated"] == 0
    assert alerts_escalate(after(120))["escalated"] == 1
    assert rows(alert) == [
        ("UNHANDLED", "组长(网格员)", sorted(["甲某", "卫某"]))
    ]  # the next level, and who has it
    assert alerts_escalate(after(150))["escalated"] == 1
    assert rows(alert)[-1] == ("UNHANDLED", "村(社区)书记", ["村书记"])


def test_what_is_closed_goes_nowhere(office, alert):
    alert_close(alert=alert, result="复测36.8℃", by=office.health, at=after(10))
    assert alerts_escalate(after(600)) == {"escalated": 0, "failed": 0}


def test_after_an_outage_everybody_who_should_have_heard_hears_once(office, alert):
    alerts_escalate(after(600))
    told = Reminder.objects.filter(kind="escalation", subject=f"alert:{alert.uid}")
    assert {row.recipient for row in told} >= {office.jia, office.ding}
    before = told.count()
    assert alerts_escalate(after(601)) == {"escalated": 0, "failed": 0}
    assert told.count() == before


def test_messages_name_nobody_under_observation(office, alert):
    alerts_escalate(after(15))
    message = Message.objects.get(recipient=office.jia)
    assert alert.observation.person.name not in message.title + message.body
    assert message.title == "超时未知悉：居家观察人员发热"


def test_raised_again_it_climbs_again(office, alert):
    alerts_escalate(after(15))
    alert_close(alert=alert, result="复测36.8℃", by=office.health, at=after(20))
    reading_record(visit=alert.visit, temperature=Decimal("38.0"), by=office.health, at=after(60))
    assert alerts_escalate(after(74))["escalated"] == 0
    assert alerts_escalate(after(75))["escalated"] == 1
    assert Message.objects.filter(recipient=office.jia).count() == 2


def test_alerts_written_in_bulk_get_their_limits_from_the_tick(office, alert):
    Alert.objects.update(acknowledge_due_at=None, handle_due_at=None, escalate_at=None)
    alerts_escalate(after(15))
    alert.refresh_from_db()
    assert alert.acknowledge_due_at == after(15)
    assert alert.escalations.count() == 1


def test_one_that_fails_stops_none_of_the_others(office, alert, monkeypatch):
    other = fever(office, "李四")
    real = escalation._escalate

    def broken(one, *rest):
        if one.pk == alert.pk:
            raise RuntimeError("broken")
        return real(one, *rest)

    monkeypatch.setattr(escalation, "_escalate", broken)
    assert alerts_escalate(after(15)) == {"escalated": 1, "failed": 1}
    assert other.escalations.count() == 1
    alert.refresh_from_db()
    assert alert.escalate_at == after(20)


def test_where_nobody_answers_for_anything_that_is_recorded_too(office, alert):
    AreaDuty.objects.all().delete()
    office.ding.postings.all().delete()
    alerts_escalate(after(15))
    assert rows(alert) == [("UNNOTICED", "没有可上报的人员", [])]
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN


def test_where_whoever_measures_is_disabled_the_nearest_officer_hears_at_once(office):
    office.health.is_active = False
    office.health.save()
    observation: Observation = make_observation(office)
    assert office.jia in alert_recipients(observation, ON)


def test_the_health_centre_hears_with_the_township_and_police_where_somebody_refuses(office):
    centre = make_staff("卫生院", Role.HEALTH_WORKER, office.street)
    kind = DutyKind.objects.get(code="police")
    AreaDuty.objects.create(
        kind=kind, staff=office.police, area=office.village, valid_from=dt.date(2020, 1, 1)
    )
    observation = make_observation(office)
    assert {centre, office.ding} <= set(alert_recipients(observation, ON, "FEVER"))
    assert office.police not in alert_recipients(observation, ON, "FEVER")
    assert office.police in alert_recipients(observation, ON, "REFUSED")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_raise_each_stage_once_and_tell_each_officer_once():
    restore_reference_rows()
    office = make_office()
    switch_on(office.admin)
    alerts = [fever(office, f"张三{number}") for number in range(6)]
    barrier = threading.Barrier(2)
    found: list[int] = []

    def run() -> None:
        try:
            barrier.wait(timeout=10)
            found.append(alerts_escalate(after(50))["escalated"])
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    stages = [alert.escalations.values_list("cause", "stage") for alert in alerts]
    assert len(found) == 2
    assert sum(found) == sum(len(one) for one in stages) > len(alerts)
    assert all(len(set(one)) == len(one) for one in stages)
    told = Reminder.objects.filter(kind="escalation").values_list("recipient", "subject", "stage")
    assert len(told) == len(set(told))
