"""What a disabled author left, and the devices of somebody who cannot sign in himself."""

from __future__ import annotations

import uuid

import pytest
from django.core.cache import cache
from django.urls import reverse

from grassroots.grid.models import AccessLog, DeviceGrant, KeptEntry, Staff
from households.models import Survey
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.households.door_pages import signed_in
from tests.households.survey_pages import SurveyPage
from tests.offline.cases import Device, pairs_of
from tests.quarantine.cases import switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    cache.clear()
    cast = make_office()
    switch_on(cast.admin)
    return cast


def sent_by_disabled(office: OfficeCast) -> KeptEntry:
    """甲 was disabled before his phone had a signal again."""
    household = make_household(office.compound, "101")
    make_person("王建国", household)
    page = SurveyPage(signed_in(office.jia), household.uid).fill(outcome="ABSENT", note="敲了三次")
    device = Device(office.jia)
    Staff.objects.filter(pk=office.jia.pk).update(is_active=False)
    assert device.outcome(device.seal(page.url, pairs_of(page.fields))) == "refused"
    return KeptEntry.objects.get()


def test_what_a_disabled_author_left_is_seen_by_his_superior_only(office: OfficeCast) -> None:
    kept = sent_by_disabled(office)
    for staff, status in ((office.ding, 200), (office.admin, 200), (office.yi, 404), (office.bing, 404)):
        assert signed_in(staff).get(f"/offline/kept/{kept.pk}/").status_code == status
    page = signed_in(office.ding).get("/offline/").content.decode()
    assert f"{office.jia.name}（账号已停用）" in page and "账号已停用。" in page
    assert str(kept.pk) not in signed_in(office.yi).get("/offline/").content.decode()


def test_while_its_author_can_see_to_it_nobody_else_does(office: OfficeCast) -> None:
    kept = sent_by_disabled(office)
    Staff.objects.filter(pk=office.jia.pk).update(is_active=True)
    assert signed_in(office.ding).get(f"/offline/kept/{kept.pk}/").status_code == 404
    assert signed_in(office.jia).get(f"/offline/kept/{kept.pk}/").status_code == 200


def test_his_superior_enters_it_in_his_own_name_and_it_is_settled(office: OfficeCast) -> None:
    kept = sent_by_disabled(office)
    browser = signed_in(office.ding)
    household = make_household(office.compound, "103")
    page = SurveyPage(browser, household.uid).fill(outcome="ABSENT", note="敲了三次", kept=str(kept.pk))
    assert page.press("save", "1").status_code == 302
    kept.refresh_from_db()
    assert kept.is_saved and kept.settled_at and not kept.body
    assert Survey.objects.get().recorded_by == office.ding


def test_the_number_in_the_header_counts_all_of_them(office: OfficeCast, settings: object) -> None:
    settings.OFFLINE_WORK = True  # type: ignore[attr-defined]
    sent_by_disabled(office)
    own = Device(office.ding)
    own.outcome(own.seal("/households/" + str(uuid.uuid4()) + "/survey/", []))
    assert KeptEntry.objects.count() == 2
    assert signed_in(office.ding).get("/", secure=True).context["office"].kept_count == 2


def test_an_administrator_revokes_somebodys_devices_and_it_is_in_the_log(office: OfficeCast) -> None:
    device = Device(office.jia)
    browser = signed_in(office.admin)
    assert "全部撤销" in browser.get(reverse("grid:staff_detail", args=[office.jia.uid])).content.decode()
    url = f"/offline/staff/{office.jia.uid}/revoke/"
    assert signed_in(office.yi).post(url, {"submission_id": str(uuid.uuid4())}).status_code in {403, 404}
    assert browser.post(url, {"submission_id": str(uuid.uuid4())}).status_code == 302
    assert DeviceGrant.objects.get().revoked_at
    assert AccessLog.objects.latest("pk").detail == {"offline_devices_revoked": 1}
    household = make_household(office.compound, "102")
    page = SurveyPage(signed_in(office.jia), household.uid).fill(outcome="ABSENT")
    assert device.outcome(device.seal(page.url, pairs_of(page.fields))) == "refused"
    assert not Survey.objects.exists()
