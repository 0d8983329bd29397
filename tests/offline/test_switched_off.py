"""Work without a connection comes with HTTPS; switched off, nothing of it is on any page, and phones are cleared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.households.door_pages import signed_in
from tests.quarantine.cases import switch_on

pytestmark = pytest.mark.django_db
TRACES = re.compile(
    r"js/offline/|sw\.js|webmanifest|data-offline|data-staff|data-draft|离线使用|离线与待发送"
)


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.mark.parametrize(
    ("environment", "is_on"),
    [({}, False), ({"HTTPS": "1"}, True), ({"HTTPS": "1", "OFFLINE": "0"}, False), ({"OFFLINE": "1"}, True)],
)
def test_it_is_on_where_the_office_is_reached_over_https(
    environment: dict[str, str], is_on: bool, tmp_path: Path
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from grassroots import settings; print(settings.OFFLINE_WORK)"],
        env={"PATH": os.environ["PATH"], "GRASSROOTS_VAR": str(tmp_path), "SECRET_KEY": "x" * 50, **environment},
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == str(is_on)


def test_no_page_mentions_it_and_no_page_asks_for_it(office: OfficeCast) -> None:
    door = make_household(office.compound, "201")
    make_person("王家", door)
    browser = signed_in(office.jia)
    assert not settings.OFFLINE_WORK
    for path in ("/", f"/households/{door.uid}/survey/", "/quarantine/round/", "/offline/"):
        with CaptureQueriesContext(connection) as asked:
            shown = browser.get(path, secure=True)
        assert shown.status_code == 200 and not TRACES.search(shown.content.decode()), path
        assert path == "/offline/" or not any("keptentry" in query["sql"] for query in asked), path
    assert not TRACES.search(Client().get(reverse("grid:login"), secure=True).content.decode())


def test_a_device_gets_nothing_to_keep_and_its_worker_takes_itself_off(office: OfficeCast) -> None:
    browser = signed_in(office.jia)
    for path in ("manifest.webmanifest", "offline/shell/", "offline/doors/", "offline/bundle/"):
        assert browser.get(f"/{path}", secure=True).status_code == 404, path
    assert browser.post("/offline/pages/", "{}", content_type="application/json").status_code == 404
    worker = Client().get("/sw.js", secure=True)
    assert worker.status_code == 200 and worker["Content-Type"].startswith("text/javascript")
    assert re.fullmatch(
        r'importScripts\("/static/js/offline/leave\.js\?v=[0-9a-f]+"\);\n', worker.content.decode()
    )


def test_what_a_device_says_of_its_user_is_not_believed(office: OfficeCast) -> None:
    browser = signed_in(office.jia)
    session = browser.session
    session.update({"seen": 0, "offline_grant": "1"})  # the server has heard nothing for long
    session.save()
    assert browser.get("/offline/pulse/", headers={"X-Active-Ago": "60"}).status_code == 302
