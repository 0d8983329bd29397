"""Every page of the app in Chromium: nothing that axe-core finds wrong, text and targets for a thumb."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Response, sync_playwright

from tests.e2e.audit import PHONE, audit, send_empty
from tests.e2e.conftest import FLAGS, let_midnight_pass
from tests.e2e.keyboard import tab_through
from tests.e2e.pages import ACCOUNTS, NOBODY, Visited, every_page, make_demo, session_of
from tests.e2e.weight import too_heavy

WALKERS = 2  # browsers at once, each in a thread: a page is drawn in one while the other's is looked at
BY_KEYBOARD = {
    "households:survey_create",
    "quarantine:person_file",
    "quarantine:alert_detail",
    "desk:workbench",
}
Cookies = dict[str, dict[str, str]]


def walk(base_url: str, pages: SimpleQueue[Visited], cookies: Cookies) -> list[str]:
    """Open pages until none is left, in a browser of this walker's own; what is wrong with them."""
    wrong = []
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        context = browser.new_context(
            base_url=base_url, viewport=PHONE, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )  # fmt: skip
        page = context.new_page()
        while True:
            try:
                visited = pages.get_nowait()
            except Empty:
                break
            context.clear_cookies()
            if visited.account != NOBODY:
                context.add_cookies([{**cookies[visited.account], "url": base_url}])  # type: ignore[typeddict-item]
            wrong += [f"{visited}: {what}" for what in look_at(page, visited)]
        browser.close()
    return wrong


def look_at(page: Page, visited: Visited) -> list[str]:
    """What is wrong with one page. A file or a piece of a page is none."""
    page.set_viewport_size(PHONE)
    response = answer(page, visited)
    if response is None or not response.headers.get("content-type", "").startswith("text/html"):
        return []
    is_led_away = page.url.partition("?")[0].endswith("/sign-in/") and visited.name != "grid:login"
    if response.status != visited.status or is_led_away:
        return [f"answers {response.status} at {page.url}"]
    if visited.is_sent_empty and not send_empty(page):
        return ["comes back without a word of what is wrong"]
    wrong = too_heavy(page, response) + audit(page, in_every_light=visited.is_full)
    return wrong + (tab_through(page) if visited.is_full and visited.name in BY_KEYBOARD else [])


def answer(page: Page, visited: Visited) -> Response | None:
    """The answer to opening the page; nothing where a file begins to come down instead."""
    try:
        return page.goto(visited.path)
    except Error as error:
        if "Download is starting" in error.message:
            return None
        raise


@pytest.mark.django_db(transaction=True)
def test_every_page_is_made_for_these_people(live_server: Any) -> None:
    """axe-core, 18 px, 48 px, no scrolling sideways, at 360 px; axe-core again at 1280 px."""
    let_midnight_pass()
    pages: SimpleQueue[Visited] = SimpleQueue()
    for visited in every_page(make_demo()):
        pages.put(visited)
    cookies = {account: session_of(account) for account in ACCOUNTS.values()}
    with ThreadPoolExecutor(WALKERS) as walkers:
        done = [walkers.submit(walk, live_server.url, pages, cookies) for _ in range(WALKERS)]
        wrong = sorted(what for walker in done for what in walker.result())
    assert not wrong, "\n".join(wrong)
