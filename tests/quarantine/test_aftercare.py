"""解除后随访: laid down by the release, due and overdue, done by phone or at the door; a fever leads on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from quarantine.models import AlertKind, FollowupState, Observation, ReleaseFollowup, VisitState
from quarantine.services.aftercare import Told, followup_record
from quarantine.services.corrections import event_annul, latest_event
from quarantine.services.observations import StartDates, observation_open, observation_release
from tests.factories import OfficeCast, aware, make_office
from tests.quarantine.cases import make_observation, queries_of, sent, signed_in, switch_on

pytestmark = pytest.mark.django_db
OUT = "2020-02-26 09:00"


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def release(office: OfficeCast, observation: Observation, at: str = OUT) -> Observation:
    observation.visits.update(state=VisitState.DONE)
    observation.refresh_from_db()
    observation_release(
        observation=observation, version=observation.version, reviewer=office.ding, by=office.health,
        at=aware(at), known_at=aware(at),
    )  # fmt: skip
    observation.refresh_from_db()
    return observation


def released(office: OfficeCast) -> Observation:
    return release(office, make_observation(office))


def test_a_release_lays_down_the_days_that_the_policy_names_over_the_leap_day(office: OfficeCast) -> None:
    released(office)
    found = list(ReleaseFollowup.objects.order_by("due_on").values_list("day_number", "due_on"))
    assert found == [
        (1, dt.date(2020, 2, 27)), (2, dt.date(2020, 2, 28)), (3, dt.date(2020, 2, 29)), (7, dt.date(2020, 3, 4)),
        (14, dt.date(2020, 3, 11)),
    ]  # fmt: skip


def test_due_and_overdue_go_by_the_day(office: OfficeCast) -> None:
    released(office)
    due = {day: ReleaseFollowup.objects.due(dt.date(2020, 2, day)).count() for day in (26, 27, 28)}
    overdue = {day: ReleaseFollowup.objects.overdue(dt.date(2020, 2, day)).count() for day in (27, 28)}
    assert (due, overdue) == ({26: 0, 27: 1, 28: 2}, {27: 0, 28: 1})


def record(office: OfficeCast, **told: Any) -> ReleaseFollowup:
    followup = ReleaseFollowup.objects.order_by("due_on").first()
    assert followup is not None
    values = {"how": "PHONE", "result": "WELL", **told}
    return followup_record(
        followup=followup, told=Told(**values), by=office.health, known_at=aware("2020-02-27 10:00")
    )  # fmt: skip


def test_who_was_not_reached_stays_due(office: OfficeCast) -> None:
    released(office)
    record(office, result="UNREACHED", note="关机")
    again = record(office, result="UNREACHED")
    assert (again.state, again.attempts) == (FollowupState.DUE, 2)
    done = record(office, how="DOOR")
    assert (done.state, done.done_by, done.how) == (FollowupState.DONE, office.health, "DOOR")
    with pytest.raises(ValidationError, match="已随访"):
        record(office)


def test_what_cannot_have_been_told_is_refused_beside_its_field(office: OfficeCast) -> None:
    released(office)
    for told, field in (
        ({"how": ""}, "how"),
        ({"result": "FINE"}, "result"),
        ({"result": "OTHER"}, "note"),
        ({"temperature": 38}, "result"),  # a fever is not called well
        ({"result": "UNREACHED", "temperature": 36}, "temperature"),
        ({"at": aware("2020-02-28 09:00")}, "at"),
        ({"at": aware("2020-02-25 09:00")}, "at"),
    ):
        with pytest.raises(ValidationError) as refused:
            record(office, **told)
        assert field in refused.value.message_dict, told
    assert ReleaseFollowup.objects.filter(state=FollowupState.DUE).count() == 5


def test_a_fever_is_reported_at_once_and_once(office: OfficeCast) -> None:
    observation = released(office)
    record(office)
    assert not observation.alerts.exists()
    ill = ReleaseFollowup.objects.filter(state=FollowupState.DUE).order_by("due_on")[0]
    row = followup_record(followup=ill, told=Told("PHONE", "FEVER"), by=office.health)
    assert row.alert == observation.alerts.get() and row.alert.kind == AlertKind.FEVER
    with pytest.raises(ValidationError, match="不能再登记"):
        followup_record(followup=ill, told=Told("PHONE", "FEVER"), by=office.health)
    assert observation.alerts.count() == 1


def test_an_annulled_release_calls_them_off_and_another_lays_them_down_again(office: OfficeCast) -> None:
    observation = released(office)
    record(office)
    event = latest_event(observation, aware("2020-02-27 11:00"))
    assert event is not None
    event_annul(
        event=event,
        version=observation.version,
        reason="误点",
        by=office.ding,
        known_at=aware("2020-02-27 11:00"),
    )
    assert set(ReleaseFollowup.objects.values_list("state", flat=True)) == {"DONE", "CANCELLED"}
    release(office, observation, "2020-02-27 12:00")
    due = ReleaseFollowup.objects.filter(state=FollowupState.DUE).order_by("due_on")
    assert [one.due_on.day for one in due] == [28, 29, 1, 5, 12]


# --- pages -------------------------------------------------------------------------------------------------------
def due_now(office: OfficeCast, days_late: int = 2) -> ReleaseFollowup:
    observation = released(office)
    observation.followups.exclude(day_number=1).delete()
    observation.followups.update(due_on=timezone.localdate() - dt.timedelta(days=days_late))
    return observation.followups.get()


def test_the_list_counts_what_is_due_and_marks_what_is_overdue(office: OfficeCast) -> None:
    followup = due_now(office)
    page = signed_in(office.health).get(reverse("quarantine:followup_list")).content.decode()
    assert followup.observation.person.name in page and "逾期 2 天" in page
    assert "又在观察中" not in page
    person = followup.observation.person
    observation_open(
        person=person, area=office.group, dates=StartDates(controlled_on=timezone.localdate()), by=office.health,
        place_note="2组", reason="随访时发热",
    )  # fmt: skip
    page = signed_in(office.health).get(reverse("quarantine:followup_list")).content.decode()
    assert person.name in page and "又在观察中" in page
    assert (
        "今天没有要随访的人"
        in signed_in(office.bing).get(reverse("quarantine:followup_list")).content.decode()
    )


def test_a_fever_leads_on_to_an_alert_and_a_new_observation(office: OfficeCast) -> None:
    followup = due_now(office)
    client, url = signed_in(office.health), reverse("quarantine:followup_record", args=[followup.uid])
    wrong = client.post(url, sent(how="PHONE", result="WELL", temperature="38.2", note="头疼"))
    assert (
        wrong.status_code == 422
        and "结果请选“发热”" in wrong.content.decode()
        and "头疼" in wrong.content.decode()
    )
    page = client.post(
        url, sent(how="PHONE", result="FEVER", temperature="38.2"), follow=True
    ).content.decode()
    assert "已上报异常" in page and "重新开始观察" in page and "去处置异常" in page
    assert followup.observation.alerts.get().kind == AlertKind.FEVER


def test_the_list_needs_as_many_queries_for_many_as_for_one(office: OfficeCast) -> None:
    due_now(office)
    client, url = signed_in(office.health), reverse("quarantine:followup_list")
    one = queries_of(client, url)
    for _ in range(2):
        due_now(office)
    assert queries_of(client, url) == one <= 12
