"""What a device is given to keep: its user's area and nothing else, at a cost that does not grow with the doors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grassroots.grid.models import AccessLog, DeviceGrant
from grassroots.grid.offline.packing import pages_pack, pages_unpack
from households.models import Household
from tests.factories import OfficeCast, aware, make_household, make_office, make_person
from tests.households.door_pages import signed_in
from tests.offline.cases import Device
from tests.quarantine.cases import make_observation, make_returnee, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(aware("2020-01-29 08:30"), tick=False):
        yield


@pytest.fixture(autouse=True)
def switched_on(settings: Any) -> None:
    settings.OFFLINE_WORK = True


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def doors(office: OfficeCast, number: int) -> list[Household]:
    made = [make_household(office.compound, str(201 + at)) for at in range(number)]
    for at, household in enumerate(made):
        make_person(f"王家{at}", household)
        make_person(f"李家{at}", household)
    return made


def pages_of(browser: Client, kind: str, ids: list[str]) -> HttpResponse:
    return browser.post(
        "/offline/pages/", json.dumps({"set": kind, "ids": ids}), content_type="application/json"
    )


def test_packed_pages_come_out_as_they_were() -> None:
    pages = {"/a/": '<p>x</p>\n<input value="1  2">', "/b/": "<p>x</p>\n<b>2</b>"}
    packed = pages_pack(pages)
    assert pages_unpack(packed) == pages
    assert len(packed["pieces"]) < sum(len(numbers) for numbers in packed["pages"].values())


def test_the_bundle_holds_the_area_of_its_user_in_walking_order(office: OfficeCast) -> None:
    mine = doors(office, 3)
    make_household(office.other_group, "1")
    facts = signed_in(office.jia).get("/offline/bundle/").json()
    assert [row["id"] for row in facts["sets"]["survey"]] == [str(door.uid) for door in mine]
    assert facts["sets"]["survey"][0]["head"] == "王家0"
    assert [row["title"] for row in facts["sets"]["round"]] == ["上午", "下午"]
    assert facts["owner"] == str(office.jia.uid)


def test_one_session_of_a_device_has_one_grant_and_one_line_in_the_access_log(office: OfficeCast) -> None:
    browser = signed_in(office.jia)
    for _ in range(3):
        browser.get("/offline/bundle/")
    assert (DeviceGrant.objects.count(), AccessLog.objects.filter(action="EXPORT").count()) == (1, 1)


def test_whoever_may_not_enter_gets_no_pages(office: OfficeCast) -> None:
    door = doors(office, 1)[0]
    browser = signed_in(office.inspector)
    assert browser.get("/offline/bundle/").json()["sets"] == {}
    assert pages_of(browser, "survey", [str(door.uid)]).status_code == 404


def test_pages_of_other_areas_are_left_out_and_too_many_at_once_are_not_given(office: OfficeCast) -> None:
    mine, foreign = doors(office, 1)[0], make_household(office.other_group, "1")
    browser = signed_in(office.jia)
    got = pages_of(browser, "survey", [str(mine.uid), str(foreign.uid)]).json()["pages"]
    assert list(got) == [f"/households/{mine.uid}/survey/"]
    assert pages_of(browser, "survey", [str(mine.uid)] * 21).status_code == 404
    assert browser.post("/offline/pages/", "{", content_type="application/json").status_code == 400


def test_a_kept_door_is_the_form_of_the_page_without_a_full_number(office: OfficeCast) -> None:
    door = doors(office, 1)[0]
    person = door.residencies.first().person
    browser = signed_in(office.jia)
    path = f"/households/{door.uid}/survey/"
    kept = pages_unpack(pages_of(browser, "survey", [str(door.uid)]).json())[path]
    online = browser.get(path).content.decode()
    form = re.compile(r'<form[^>]*id="survey-form".*?</form>', re.S)
    names = [re.findall(r'\sname="([^"]+)"', form.search(text)[0]) for text in (kept, online)]  # type: ignore[index]
    assert [re.sub(r"m[0-9a-f]{8}", "m", name) for name in names[0]] == [
        re.sub(r"m[0-9a-f]{8}", "m", name) for name in names[1]
    ]
    assert "王家0" in kept and person.id_number not in kept and person.phone not in kept
    assert "<!--grass:main-->" in kept and "app-header" not in kept


def test_a_kept_round_of_the_afternoon_looks_as_it_will_then(office: OfficeCast) -> None:
    visit = make_observation(office, returnee=make_returnee(office, "张三")).visits.get(
        date="2020-01-29", slot="PM"
    )
    browser = signed_in(office.health)
    rows = browser.get("/offline/bundle/").json()["sets"]["round"]
    kept = pages_unpack(pages_of(browser, "round", [row["id"] for row in rows]).json())
    assert set(kept) == {row["path"] for row in rows}
    page = next(text for path, text in kept.items() if "slot=PM" in path)
    assert f"/quarantine/visits/{visit.uid}/record/" in page and "data-round-field" in page


def test_queries_do_not_grow_with_the_doors(office: OfficeCast) -> None:
    browser = signed_in(office.jia)
    made = doors(office, 8)
    browser.get("/offline/bundle/")  # the session's grant and the day's line in the access log
    counted = []
    for some in (made[:2], made):
        Household.objects.exclude(pk__in=[door.pk for door in some]).update(
            closed_on=aware("2020-01-29 08:00").date()
        )
        Household.objects.filter(pk__in=[door.pk for door in some]).update(closed_on=None)
        pages_of(browser, "survey", [str(door.uid) for door in some])
        with CaptureQueriesContext(connection) as listing:
            browser.get("/offline/bundle/")
        with CaptureQueriesContext(connection) as pages:
            pages_of(browser, "survey", [str(door.uid) for door in some])
        counted.append((len(listing), len(pages)))
    assert counted[0] == counted[1]
    assert counted[0][0] <= 14 and counted[0][1] <= 15


def test_the_pieces_of_a_card_are_given_with_places_to_fill(office: OfficeCast) -> None:
    pieces = pages_of(signed_in(office.jia), "survey", []).json()
    assert pieces["key"] in pieces["fresh"] and pieces["name"] in pieces["gone"]
    assert f'name="{pieces["key"]}-removal"' in pieces["gone"] and pieces["uid"] in pieces["path"]


def test_the_worker_names_static_files_and_an_empty_shell_only(office: OfficeCast) -> None:
    doors(office, 1)
    browser = Client()
    worker = browser.get("/sw.js")
    assert worker["Content-Type"].startswith("text/javascript") and worker["Service-Worker-Allowed"] == "/"
    facts = json.loads(worker.content.decode().split("self.GRASS = ", 1)[1].split(";\nimportScripts")[0])
    assert all(re.fullmatch(r"/static/[^?]+\?v=[0-9a-f]+", url) for url in facts["precache"])
    assert any("js/offline/panel.js" in url for url in facts["precache"])
    assert re.fullmatch(facts["forms"][0]["path"], "/households/8c1d1f6e-6f0e-4d2e-9a55-0d1f4a0b2c3d/survey/")
    shells = [client.get("/offline/shell/").content for client in (browser, signed_in(office.jia))]
    assert shells[0] == shells[1] and "甲某".encode() not in shells[0]
    assert browser.get("/manifest.webmanifest").json()["display"] == "standalone"


def test_a_device_at_work_without_a_connection_was_not_idle(office: OfficeCast, settings: Any) -> None:
    browser = signed_in(office.jia)
    browser.get("/offline/bundle/")
    for ago, owner in ((60, str(office.jia.uid)), (settings.SESSION_IDLE_SECONDS + 60, "")):
        session = browser.session
        session["seen"] = 0  # the server has heard nothing for long
        session.save()
        told = browser.get("/offline/pulse/", headers={"X-Active-Ago": str(ago)}, follow=True)
        assert (told.json()["owner"] if "json" in told["Content-Type"] else "") == owner


def test_the_doors_on_this_device_are_shown_to_whoever_is_signed_in(office: OfficeCast) -> None:
    shown = signed_in(office.jia).get("/offline/doors/", secure=True)
    assert "data-offline-doors" in shown.content.decode()
    for path in ("/offline/doors/", "/offline/bundle/"):
        assert Client().get(path)["Location"].startswith(f"{reverse('grid:login')}?"), path


def test_the_header_counts_what_came_back(office: OfficeCast) -> None:
    door, device = doors(office, 1)[0], Device(office.jia)
    assert (
        device.outcome(device.seal(f"/households/{door.uid}/survey/", [("note", "没填完")], draft=True))
        == "draft"
    )
    browser = signed_in(office.jia)
    assert browser.get("/").context["kept_count"] == 1
    assert signed_in(office.yi).get("/").context["kept_count"] == 0


def test_plain_http_says_why_it_is_off(office: OfficeCast) -> None:
    browser = signed_in(office.jia)
    plain, secure = (
        browser.get("/offline/").content.decode(),
        browser.get("/offline/", secure=True).content.decode(),
    )
    assert "make run TLS=1 启动" in plain and "js/offline/" not in plain
    assert "make run TLS=1" not in secure and "js/offline/panel.js" in secure
