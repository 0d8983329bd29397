"""The survey form over 2G: after the first visit it opens within five seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.weight import DOWN_BITS, ROUND_TRIP_S, UP_BITS, seconds_on_2g
from tests.factories import OfficeCast, make_household, make_person

DAYS_7 = 7 * 24 * 3600
PEOPLE = ("赵大", "赵小", "钱氏")


def on_2g(page: Page) -> None:
    """Slow the browser's line down to 2G."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    line = {
        "latency": ROUND_TRIP_S * 1000,
        "downloadThroughput": DOWN_BITS / 8,
        "uploadThroughput": UP_BITS / 8,
    }
    session.send("Network.emulateNetworkConditions", {"offline": False, **line})


def from_the_cache(asked: list[str]) -> Callable[[Route], None]:
    """Static files come from what the phone has kept; everything else is noted and goes out.

    The server of the tests gives no lifetime to static files; an office's does, as the test below says.
    """

    def answer(route: Route) -> None:
        if "/static/" in route.request.url:
            route.fulfill(response=route.fetch())
        else:
            asked.append(route.request.url)
            route.continue_()

    return answer


def test_the_survey_form_opens_on_2g(
    cast: OfficeCast, sign_in: SignIn, record_property: Callable[[str, Any], None]
) -> None:
    household = make_household(cast.compound, "301", building="2", unit="1")
    for name in PEOPLE:
        make_person(name, household)
    page = sign_in(cast.jia, PHONE)
    asked: list[str] = []
    page.route("**/*", from_the_cache(asked))
    on_2g(page)
    began = time.monotonic()
    with page.expect_response(lambda answer: answer.url.endswith("/survey/")) as caught:
        page.goto(reverse("households:survey_create", args=[household.uid]))
    expect(page.get_by_role("button", name="保存").first).to_be_visible()
    record_property("seconds measured", round(time.monotonic() - began, 2))
    received = caught.value.request.sizes()["responseBodySize"]
    assert len(asked) == 1  # the page itself, and nothing that it would have to wait for
    assert page.get_by_text(PEOPLE[0]).count()
    seconds = seconds_on_2g(received, round_trips=len(asked))
    record_property("seconds computed", round(seconds, 2))
    assert seconds < 5, f"{received} bytes take {seconds:.1f} s"


def test_static_files_are_kept_for_a_week_under_an_address_that_changes_with_them(cast: OfficeCast) -> None:
    page = Client().get(reverse("grid:login")).content.decode()
    assert "css/app.css?v=" in page and "js/app.js?v=" in page
    kept = Client().get("/static/css/app.css")["Cache-Control"]
    assert f"max-age={DAYS_7}" in kept
