"""What devices send is entered once, as its author, or kept for him: nothing is lost, nothing is told to strangers."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from grassroots.grid.models import AreaDuty, DeviceGrant, KeptEntry, KeptState, Posting, Submission
from grassroots.grid.offline import grants, views
from grassroots.grid.offline.envelope import envelope_seal, public_key
from grassroots.grid.offline.grants import grant_issue, grant_token, grants_revoke
from households.models import Household, Survey, SurveyOutcome
from quarantine.models import Reading, Visit, VisitState
from tests.factories import OfficeCast, aware, make_household, make_office, make_person, make_staff
from tests.households.door_pages import signed_in
from tests.households.survey_pages import SurveyPage
from tests.offline.cases import Device, pairs_of
from tests.quarantine.cases import make_observation, make_returnee, switch_on

pytestmark = pytest.mark.django_db
NOW = aware("2020-01-29 10:00")


@pytest.fixture(autouse=True)
def morning() -> Iterator[Any]:
    cache.clear()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def household(office: OfficeCast) -> Household:
    household = make_household(office.compound, "101")
    make_person("王建国", household)
    return household


@pytest.fixture
def visit(office: OfficeCast) -> Visit:
    returnee = make_returnee(office, "张三", household=make_household(office.compound, "102"))
    return make_observation(office, returnee=returnee).visits.get(date=dt.date(2020, 1, 29), slot="AM")


@pytest.fixture
def device(office: OfficeCast) -> Device:
    return Device(office.jia)


def survey_fields(office: OfficeCast, household: Household, **values: Any) -> list[tuple[str, str]]:
    page = SurveyPage(signed_in(office.jia), household.uid)
    page.fields.pop("submission_id")
    return pairs_of(page.fill(**{"outcome": "ABSENT", "save": "1", **values}).fields)


def survey_url(household: Household) -> str:
    return f"/households/{household.uid}/survey/"


def record_url(visit: Visit) -> str:
    return f"/quarantine/visits/{visit.uid}/record/"


READING = [("temperature", "36.6"), ("method", "FOREHEAD")]


def test_a_survey_is_entered_once_as_its_author(
    office: OfficeCast, household: Household, device: Device
) -> None:
    envelope = device.seal(survey_url(household), survey_fields(office, household))
    assert [device.outcome(envelope) for _ in range(3)] == ["accepted", "repeated", "repeated"]
    survey = Survey.objects.get()
    assert (survey.outcome, survey.recorded_by) == (SurveyOutcome.ABSENT, office.jia)
    assert household.history.first().history_user == office.jia


def test_what_went_through_the_page_and_lost_its_answer_is_not_entered_again(
    office: OfficeCast, household: Household, device: Device
) -> None:
    fields, uid = survey_fields(office, household), str(uuid.uuid4())
    form = {name: [value for key, value in fields if key == name] for name, _value in fields}
    signed_in(office.jia).post(
        survey_url(household), {**form, "submission_id": uid, "csrfmiddlewaretoken": "t"}
    )
    assert Survey.objects.count() == 1
    assert (
        device.outcome(device.seal(survey_url(household), [*fields, ("submission_id", uid)], id=uid))
        == "repeated"
    )
    assert Survey.objects.count() == 1


def test_a_reading_keeps_the_moment_of_the_device_and_is_late_after_its_slot(
    office: OfficeCast, visit: Visit, device: Device, morning: Any
) -> None:
    envelope = device.seal(record_url(visit), READING)
    morning.move_to(visit.closes_at + dt.timedelta(hours=2))
    assert device.outcome(envelope) == "accepted"
    reading = Reading.objects.get()
    assert (reading.temperature, reading.by) == (Decimal("36.6"), office.jia)
    assert (reading.measured_at, reading.entered_at, reading.is_late) == (NOW, timezone.now(), True)


def test_a_clock_that_is_wrong_is_set_right(visit: Visit, device: Device) -> None:
    is_fast = dt.timedelta(minutes=50)  # the device shows 10:50, and entered at what it calls 10:20
    envelope = device.seal(record_url(visit), READING, entered_at=NOW + dt.timedelta(minutes=20))
    assert device.outcome(envelope, now=NOW + is_fast) == "accepted"
    assert Reading.objects.get().measured_at == NOW - dt.timedelta(minutes=30)


def test_a_moment_outside_the_grant_or_in_the_future_is_brought_inside(visit: Visit, device: Device) -> None:
    assert (
        device.outcome(device.seal(record_url(visit), READING, entered_at=NOW + dt.timedelta(days=3)))
        == "accepted"
    )
    assert Reading.objects.get().measured_at == NOW


def test_a_mark_of_the_slot_counts_when_it_arrives_later(visit: Visit, device: Device, morning: Any) -> None:
    envelope = device.seal(f"/quarantine/visits/{visit.uid}/mark/", [("state", "AWAY")])
    morning.move_to(visit.closes_at + dt.timedelta(hours=2))
    Visit.objects.filter(pk=visit.pk).update(state=VisitState.MISSED)
    assert device.outcome(envelope) == "accepted"
    visit.refresh_from_db()
    assert (visit.state, visit.state_at, visit.state_recorded_at) == (VisitState.AWAY, NOW, timezone.now())


def test_what_a_form_refuses_is_kept_for_its_author_with_reasons_and_everything_typed(
    office: OfficeCast, visit: Visit, device: Device
) -> None:
    envelope = device.seal(
        record_url(visit), [("temperature", "98.6"), ("method", "FOREHEAD"), ("symptoms", "干咳")]
    )
    response = device.send(envelope)
    assert (response.status_code, response.json()) == (200, {"outcome": "refused"})
    assert device.outcome(envelope) == "refused"
    kept = KeptEntry.objects.get()
    page = signed_in(office.jia).get(f"/offline/kept/{kept.pk}/").content.decode()
    assert "98.6" in page and "干咳" in page and "张三" in page
    assert json.loads(kept.reasons)[0] in page


def test_mending_it_on_another_device_settles_it_and_the_first_device_is_told(
    office: OfficeCast, visit: Visit, device: Device
) -> None:
    uid = str(uuid.uuid4())
    envelope = device.seal(record_url(visit), [("temperature", "98.6"), ("method", "FOREHEAD")], id=uid)
    device.outcome(envelope)
    kept = KeptEntry.objects.get()
    browser = signed_in(office.jia)
    mended = {"temperature": "36.9", "method": "FOREHEAD", "submission_id": uid, "kept": str(kept.pk)}
    again = browser.post(record_url(visit), {**mended, "temperature": "96.9"})
    assert (
        f'name="kept" value="{kept.pk}"' in again.content.decode()
    )  # shown again, it is still what is being mended
    browser.post(record_url(visit), mended)
    kept.refresh_from_db()
    assert (kept.is_saved, kept.body, kept.reasons) == (True, "", "")
    assert device.outcome(envelope) == "settled"
    assert Reading.objects.get().temperature == Decimal("36.9")


def test_nobody_else_opens_or_settles_what_is_kept(office: OfficeCast, visit: Visit, device: Device) -> None:
    device.outcome(device.seal(record_url(visit), [("temperature", "98.6"), ("method", "FOREHEAD")]))
    kept = KeptEntry.objects.get()
    for other in (office.yi, office.ding, office.admin):
        assert signed_in(other).get(f"/offline/kept/{kept.pk}/").status_code == 404
        assert signed_in(other).post(f"/offline/kept/{kept.pk}/dismiss/").status_code == 404
    fields = {
        "temperature": "36.6",
        "method": "FOREHEAD",
        "submission_id": str(uuid.uuid4()),
        "kept": str(kept.pk),
    }
    signed_in(office.yi).post(record_url(visit), fields)
    kept.refresh_from_db()
    assert kept.settled_at is None


def test_two_devices_on_one_household_keep_both_and_show_them_side_by_side(
    office: OfficeCast, household: Household, device: Device
) -> None:
    other = Device(office.yi)
    mine = device.seal(survey_url(household), survey_fields(office, household, household_landlord="刘老板"))
    theirs = other.seal(survey_url(household), survey_fields(office, household, household_landlord="陈老板"))
    assert (other.outcome(theirs), device.outcome(mine), device.outcome(mine)) == (
        "accepted",
        "conflict",
        "conflict",
    )
    household.refresh_from_db()
    assert household.landlord == "陈老板"
    kept = KeptEntry.objects.get()
    assert (kept.state, kept.staff) == (KeptState.CONFLICT, office.jia)
    body = json.loads(kept.body)
    form = {name: [value for key, value in body["fields"] if key == name] for name, _value in body["fields"]}
    page = signed_in(office.jia).post(
        survey_url(household), {**form, "submission_id": body["id"], "kept": str(kept.pk)}
    )
    text = page.content.decode()
    assert page.status_code == 409 and "刘老板" in text and "陈老板" in text and str(kept.pk) in text


def test_the_evening_follows_the_morning_at_one_door_without_a_conflict(
    office: OfficeCast, household: Household, device: Device
) -> None:
    absent = device.seal(survey_url(household), survey_fields(office, household))
    found = device.seal(survey_url(household), survey_fields(office, household, outcome="REFUSED"))
    assert (device.outcome(absent), device.outcome(found), device.outcome(found)) == (
        "accepted",
        "accepted",
        "repeated",
    )
    assert list(Survey.objects.order_by("pk").values_list("outcome", flat=True)) == ["ABSENT", "REFUSED"]


def test_scope_is_that_of_the_author_on_the_day_it_arrives(
    office: OfficeCast, visit: Visit, device: Device
) -> None:
    Posting.objects.filter(staff=office.jia).delete()
    AreaDuty.objects.filter(staff=office.jia).delete()
    assert device.outcome(device.seal(record_url(visit), READING)) == "refused"
    assert "责任区" in json.loads(KeptEntry.objects.get().reasons)[0]
    page = signed_in(office.jia).get(f"/offline/kept/{KeptEntry.objects.get().pk}/").content.decode()
    assert "36.6" in page and "张三" not in page


def test_a_right_that_the_author_lacks_is_no_way_in(
    office: OfficeCast, household: Household, visit: Visit
) -> None:
    inspector = Device(office.inspector)
    assert inspector.outcome(inspector.seal(record_url(visit), READING)) == "refused"
    assert not Reading.objects.exists()


@pytest.mark.parametrize("trouble", ["expired", "revoked", "disabled"])
def test_without_a_good_grant_it_is_kept_and_not_entered(
    office: OfficeCast, visit: Visit, device: Device, morning: Any, trouble: str
) -> None:
    envelope = device.seal(record_url(visit), READING)
    if trouble == "expired":
        morning.move_to(NOW + dt.timedelta(days=grants.GRANT_DAYS))
    elif trouble == "revoked":
        grants_revoke(staff=office.jia)
    else:
        office.jia.is_active = False
        office.jia.save(update_fields=["is_active"])
    assert device.outcome(envelope) == "refused"
    assert (Reading.objects.count(), KeptEntry.objects.get().staff) == (0, office.jia)


def test_a_grant_that_nobody_signed_is_refused_and_keeps_nothing(visit: Visit, device: Device) -> None:
    for token in ("", str(device.grant.uid), f"{device.grant.uid}:forged"):
        response = device.send(device.seal(record_url(visit), READING, grant=token))
        assert (response.status_code, response.json()) == (403, {"outcome": "foreign"})
    assert not KeptEntry.objects.exists()


@pytest.mark.parametrize(
    "path", ["/grid/staff/new/", "/grid/password/", "/sign-out/", "/nowhere/", "/households/doubles/", "//x/"]
)
def test_no_other_form_is_taken_from_an_envelope(device: Device, path: str) -> None:
    response = device.send(device.seal(path, [("a", "b")]))
    assert (response.status_code, response.json()) == (400, {"outcome": "forbidden"})
    assert not KeptEntry.objects.exists()


def test_a_tampered_envelope_or_an_unknown_key_is_told_apart(visit: Visit, device: Device) -> None:
    envelope = device.seal(record_url(visit), READING)
    assert device.outcome({**envelope, "body": envelope["body"][:-8] + "AAAAAAA="}) == "damaged"
    assert device.outcome({**envelope, "key": "e77"}) == "unknown_key"
    assert device.send("not an envelope").status_code == 400
    for body in (b"{", b'{"envelopes": [%s1]}' % (b"1," * views.sending.MOST_AT_ONCE)):
        assert device.upload(body).status_code == 400


def test_several_come_up_at_once_and_one_bad_one_holds_up_no_other(
    office: OfficeCast, household: Household, visit: Visit, device: Device
) -> None:
    good, bad = device.seal(record_url(visit), READING), device.seal("/nowhere/", [])
    survey = device.seal(survey_url(household), survey_fields(office, household))
    for told in ("accepted", "repeated"):
        sent = device.upload({"envelopes": [good, "x", bad, survey]})
        assert sent.json() == {"outcomes": [told, "malformed", "forbidden", told]}
    assert (Reading.objects.count(), Survey.objects.count()) == (1, 1)


def test_what_there_is_no_time_for_comes_again(
    visit: Visit, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.sending, "LONGEST_SECONDS", -1)
    response = device.upload({"envelopes": [device.seal(record_url(visit), READING)]})
    assert (response.json(), Reading.objects.count()) == ({"outcomes": ["later"]}, 0)


def test_an_upload_that_is_too_large_is_not_read(device: Device, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert device.send({"v": 1, "body": "x" * 2000}).status_code == 413


def test_strangers_and_devices_that_send_too_much_are_held_off(
    visit: Visit, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.sending, "MOST_BAD", 2)
    for status in (400, 400, 429):
        assert device.send("x").status_code == status
    cache.clear()
    monkeypatch.setattr(grants, "MOST_IN_WINDOW", 1)
    envelope = device.seal(record_url(visit), READING)
    statuses = [device.send(envelope).status_code for _ in range(3)]
    assert statuses[0] == 200 and statuses[-1] == 429


def test_a_draft_is_kept_and_not_entered(office: OfficeCast, household: Household, device: Device) -> None:
    envelope = device.seal(survey_url(household), survey_fields(office, household), draft=True)
    assert device.outcome(envelope) == "draft"
    kept = KeptEntry.objects.get()
    assert (kept.state, Survey.objects.count()) == (KeptState.DRAFT, 0)
    page = signed_in(office.jia).get(f"/offline/kept/{kept.pk}/").content.decode()
    assert 'name="family" value="-"' in page  # opens the form without saving it


def test_the_button_that_opens_the_form_saves_nothing(office: OfficeCast, household: Household) -> None:
    page = SurveyPage(signed_in(office.jia), household.uid).fill(outcome="ABSENT", note="敲了三次")
    assert page.press("family", "-").status_code == 200
    assert "敲了三次" in page.text and not Survey.objects.exists()


def test_a_fault_in_a_view_is_kept_with_a_reason_and_never_blocks(
    office: OfficeCast, visit: Visit, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_values: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("quarantine.views.round.reading_record", broken)
    assert device.outcome(device.seal(record_url(visit), READING)) == "refused"
    assert "出错" in json.loads(KeptEntry.objects.get().reasons)[0]
    assert not Submission.objects.exists()


def test_what_is_kept_is_encrypted_at_rest(visit: Visit, device: Device) -> None:
    device.outcome(device.seal(record_url(visit), [("temperature", "98.6"), ("method", "FOREHEAD")]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT body, reasons FROM grid_keptentry")
        assert all(value.startswith("g1:") for value in cursor.fetchone())


def test_a_signed_out_device_learns_only_that_nobody_is_signed_in(office: OfficeCast) -> None:
    assert Client().get("/offline/pulse/").json() == {"owner": ""}
    browser = signed_in(office.jia)
    assert browser.get("/offline/pulse/").json() == {"owner": str(office.jia.uid)}
    assert browser.post("/offline/end/").status_code == 204
    assert browser.get("/offline/pulse/").json() == {"owner": ""}


def test_a_revoked_device_is_no_longer_listed(office: OfficeCast) -> None:
    grant = grant_issue(staff=office.jia, device="Android")
    browser = signed_in(office.jia)
    assert "Android" in browser.get("/offline/").content.decode()
    browser.post(f"/offline/devices/{grant.uid}/revoke/", {"submission_id": str(uuid.uuid4())})
    assert DeviceGrant.objects.get().revoked_at is not None
    assert signed_in(office.yi).post(f"/offline/devices/{grant.uid}/revoke/").status_code == 404


def test_an_envelope_of_one_person_never_touches_what_is_kept_for_another(
    office: OfficeCast, visit: Visit, device: Device
) -> None:
    uid = str(uuid.uuid4())
    bad = [("temperature", "98.6"), ("method", "FOREHEAD")]
    device.outcome(device.seal(record_url(visit), bad, id=uid))
    other = Device(make_staff("戊某", "包保人员", office.group))
    assert other.outcome(envelope_seal_as(other, record_url(visit), uid)) == "accepted"
    kept = KeptEntry.objects.get(staff=office.jia)
    assert kept.settled_at is None


def envelope_seal_as(device: Device, path: str, uid: str) -> dict[str, Any]:
    content = {
        "id": uid, "path": path, "fields": READING, "entered_at": NOW.isoformat(), "grant": grant_token(device.grant),
    }  # fmt: skip
    return envelope_seal(content, public_key())
