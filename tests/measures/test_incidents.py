"""Incidents: who must know by severity, who has read, what he said, the next level up when nobody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.models import Role
from measures.models import Incident
from measures.services.incidents import (
    incident_close,
    incident_follow,
    incident_instruct,
    incident_read,
)
from measures.services.upward import upward_escalate
from tests.factories import OfficeCast, make_household, make_office, make_staff
from tests.measures.order_cases import HOUR, incident, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> OfficeCast:
    """丁 is only the village's secretary and leader; the street has a supervisor of its own, the county as well."""
    cast = make_office()
    cast.ding.postings.all().delete()
    return cast


@pytest.fixture
def street(office: OfficeCast) -> Any:
    return make_staff("街某", Role.SUPERVISOR, office.street)


@pytest.fixture
def county(office: OfficeCast) -> Any:
    return make_staff("县某", Role.SUPERVISOR, office.county)


def knows(row: Incident) -> set[str]:
    return set(row.readers.values_list("staff__name", flat=True))


def refused(act: Callable[[], Any]) -> set[str]:
    with pytest.raises(ValidationError) as error:
        act()
    return set(error.value.message_dict) if hasattr(error.value, "error_dict") else {"__all__"}


@pytest.mark.parametrize(
    "severity, names",
    [("NORMAL", {"丁某"}), ("SERIOUS", {"丁某", "街某"}), ("MAJOR", {"丁某", "街某", "县某"})],
)
def test_who_must_know_follows_from_the_severity(
    office: OfficeCast, street: Any, county: Any, severity: str, names: set[str]
) -> None:
    row = incident(office, severity=severity)
    assert knows(row) == names
    assert told(office.ding)[-1].endswith("突发情况：纠纷（1组）") and "争吵" not in str(told(office.ding))
    assert row in Incident.objects.unread_by(office.ding)
    assert not Incident.objects.visible_to(office.bing).exists()


def test_of_a_fever_the_health_centre_hears_too_and_it_is_never_of_the_least_severity(
    office: OfficeCast, street: Any
) -> None:
    make_staff("院某", Role.HEALTH_WORKER, office.street)
    assert refused(lambda: incident(office, "incident-fever", severity="NORMAL")) == {"severity"}
    row = incident(office, "incident-fever", severity="SERIOUS", values={"temperature": "38.5"})
    assert {"院某", "街某", "丁某"} == knows(row)
    assert row.answers[0][0] == "体温"


def test_what_is_missing_or_wrong_is_said_at_its_field(office: OfficeCast) -> None:
    assert refused(lambda: incident(office, what=" ", done="")) == {"what", "done"}
    assert refused(lambda: incident(office, happened_at=timezone.now() + HOUR)) == {"happened_at"}
    assert refused(lambda: incident(office, what="打13812345678找他")) == {"what"}
    far = make_household(office.other_group)
    assert refused(lambda: incident(office, household=far)) == {"household"}
    assert not Incident.objects.exists()


def test_it_is_read_followed_answered_and_closed_by_somebody_who_must_know(
    office: OfficeCast, street: Any
) -> None:
    row = incident(office)
    assert incident_read(incident=row, by=office.ding) and not incident_read(incident=row, by=office.ding)
    assert not incident_read(incident=row, by=street)
    incident_follow(incident=row, words="又吵起来了", by=office.jia)
    assert told(office.ding)[-1].startswith("续报：一般突发情况")
    assert refused(lambda: incident_instruct(incident=row, words="请民警到场", by=street)) == {"__all__"}
    incident_instruct(incident=row, words="请民警到场", by=office.ding)
    assert told(office.jia)[-1].startswith("批示：")
    incident_follow(incident=row, words="已和解", by=office.jia, is_final=True)
    assert refused(lambda: incident_close(incident=row, words="和解", by=office.jia)) == {"__all__"}
    incident_close(incident=row, words="双方和解", by=office.ding)
    row.refresh_from_db()
    assert (row.state, row.result, row.escalate_at) == ("CLOSED", "双方和解", None)
    assert [step.action for step in row.steps.all()] == ["FOLLOWED", "INSTRUCTED", "FINAL", "CLOSED"]
    assert refused(lambda: incident_follow(incident=row, words="又", by=office.jia)) == {"__all__"}


def test_a_graver_follow_up_tells_the_further_levels_and_never_goes_down(
    office: OfficeCast, street: Any
) -> None:
    row = incident(office)
    incident_follow(incident=row, words="有人受伤", by=office.jia, severity="SERIOUS")
    assert knows(row) == {"丁某", "街某"} and told(street) == ["较大突发情况：纠纷（1组）"]
    assert refused(lambda: incident_follow(incident=row, words="没事", by=office.jia, severity="NORMAL")) == {
        "severity"
    }


def test_unread_it_goes_up_to_the_top_once_each_and_ends_there(
    office: OfficeCast, street: Any, county: Any
) -> None:
    at = timezone.now()
    row = incident(office, at=at)
    assert upward_escalate(at + 0.9 * HOUR)["incident"] == 0
    assert upward_escalate(at + HOUR)["incident"] == 1 and upward_escalate(at + HOUR)["incident"] == 0
    assert knows(row) == {"丁某", "街某"} and told(street)[-1].startswith("升级上报：")
    assert upward_escalate(at + 10 * HOUR)["incident"] == 1
    assert knows(row) == {"丁某", "街某", "县某"}
    row.refresh_from_db()
    assert row.escalate_at is None and "无人阅知" in row.steps.first().words


def test_read_and_not_answered_it_goes_up_later_and_an_instruction_ends_that(
    office: OfficeCast, street: Any, county: Any
) -> None:
    at = timezone.now()
    row = incident(office, at=at)
    incident_read(incident=row, by=office.ding, at=at + HOUR / 2)
    assert upward_escalate(at + 3.9 * HOUR)["incident"] == 0
    assert upward_escalate(at + 4 * HOUR)["incident"] == 1
    assert "无人批示" in row.steps.first().words
    incident_instruct(incident=row, words="请民警到场", by=street, at=at + 5 * HOUR)
    assert upward_escalate(at + 50 * HOUR)["incident"] == 0 and "县某" not in knows(row)


def test_a_graver_one_goes_up_sooner(office: OfficeCast, street: Any, county: Any) -> None:
    at = timezone.now()
    incident(office, severity="SERIOUS", at=at)
    assert upward_escalate(at + HOUR / 3)["incident"] == 1
    assert told(county)


def test_who_reports_from_the_top_is_not_told_of_it_himself(office: OfficeCast, street: Any) -> None:
    row = incident(office, by=street, area=office.street, severity="MAJOR")
    assert knows(row) == set()
    assert upward_escalate(timezone.now() + 99 * HOUR)["failed"] == 0
    row.refresh_from_db()
    assert row.escalate_at is None


def test_reporting_costs_the_same_wherever(office: OfficeCast, street: Any) -> None:
    incident(office)
    with CaptureQueriesContext(connection) as once:
        incident(office)
    with CaptureQueriesContext(connection) as again:
        incident(office, area=office.compound)
    assert len(again) <= len(once)
