"""Without a connection: an order is kept, two phones on one household lose nothing, and it can be switched off again.

A whole day, kills and lost answers are in test_offline_day.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from grassroots.grid.models import KeptEntry
from households.models import Survey
from quarantine.models import Reading
from tests.e2e.audit import PHONE, audit
from tests.e2e.conftest import wait_until
from tests.e2e.field import HAS_DRAFT, Phone, Road, doors_of, fill_in, take_along
from tests.e2e.steps import observe, picture, words
from tests.factories import OfficeCast


def test_two_phones_on_one_household_lose_nothing_and_show_both(
    cast: OfficeCast, road: Road, phone: Callable[[str], Phone]
) -> None:
    home = doors_of(cast, 1)[0]
    phones = {"陈老板": phone("first"), "刘老板": phone("second")}
    for staff, one in zip((cast.yi, cast.jia), phones.values(), strict=True):
        take_along(one.sign_in(staff), 1)
    road.is_cut = True
    for landlord, one in phones.items():
        one.page.goto(f"/households/{home.uid}/survey/")
        fill_in(one.page, is_home=False)
        field = one.page.locator('input[name="household_landlord"]')
        field.evaluate("(field, words) => { field.value = words; }", landlord)
        one.page.get_by_role("button", name=words("保存，下一户")).click()
        expect(one.page).to_have_url(re.compile("/offline/doors/"))
    phones["刘老板"].kill()  # his would go up by itself, and be the first
    road.is_cut = False
    for landlord, state in (("陈老板", "sent"), ("刘老板", "returned")):
        one = phones[landlord]
        if state == "returned":
            one.start()
            one.sign_in(cast.jia)
        one.page.goto("/offline/")
        wait_until(lambda one=one, state=state: one.waiting()[state] == 1)
    home.refresh_from_db()
    assert (home.landlord, Survey.objects.count()) == ("陈老板", 1)
    page = phones["刘老板"].page
    page.goto("/offline/")
    picture(page, "offline-returned")
    page.get_by_role("link", name="查看并处理").click()
    picture(page, "offline-kept")
    page.get_by_role("button", name="对照两边的内容").click()
    conflict = page.locator("main")
    expect(conflict).to_contain_text("陈老板")
    expect(conflict).to_contain_text("刘老板")
    page.get_by_role("button", name="保存", exact=True).last.click()
    wait_until(lambda: Survey.objects.count() == 2)
    assert not KeptEntry.objects.waiting().exists()


def test_a_fever_without_a_connection_is_measured_again_and_both_arrive_in_order(
    cast: OfficeCast, road: Road, phone: Callable[[str], Phone]
) -> None:
    ill = observe(cast, doors_of(cast, 1)[0], "返乡一")
    mine = phone("fever")
    page = mine.sign_in(cast.jia)
    take_along(page, 1)
    road.is_cut = True
    page.goto("/quarantine/round/")
    field = page.locator("[data-round-field]")
    for value in ("38.2", "37.9"):
        field.fill(value)
        page.evaluate(
            "() => GrassOffline.tell({ type: 'queue' })"
        )  # another window sends: what is typed stays
        page.wait_for_timeout(200)
        expect(field).to_have_value(value)
        field.press("Enter")
        if value == "38.2":
            expect(page.get_by_text("请马上再测一次")).to_be_visible()
            picture(page, "offline-fever")
    expect(page.locator(".round-row.is-queued")).to_have_count(1)
    road.is_cut = False
    page.goto("/offline/")
    wait_until(lambda: mine.waiting()["sent"] == 2)
    rows = Reading.objects.filter(visit__observation=ill).order_by("sequence")
    assert [(str(row.temperature), row.reason) for row in rows] == [("38.2", ""), ("37.9", "已复测")]


def test_its_pages_are_made_for_these_people_with_and_without_a_connection(
    cast: OfficeCast, road: Road, phone: Callable[[str], Phone]
) -> None:
    homes = doors_of(cast, 2)
    observe(cast, homes[0], "返乡一")
    mine = phone("looked at")
    page = mine.sign_in(cast.jia)
    page.emulate_media(reduced_motion="reduce")
    take_along(page, 2)
    door, wrong = f"/households/{homes[0].uid}/survey/", []
    for is_cut, path in (
        (False, "/offline/"), (False, "/offline/doors/"), (True, door), (True, "/offline/doors/"),
        (True, "/quarantine/round/"), (True, "/offline/"), (True, "/ledgers/statistics/"),
    ):  # fmt: skip
        road.is_cut = is_cut
        page.set_viewport_size(PHONE)
        page.goto(path)
        if path == door:
            fill_in(page, is_home=False)
            mine.wait_for(HAS_DRAFT, str(homes[0].uid), "outcome")
            page.evaluate("() => { delete document.querySelector('form[data-draft]').dataset.dirty; }")
            page.goto(path)
            expect(page.get_by_role("button", name="接着填")).to_be_visible()
        wrong += [f"{path} {'cut' if is_cut else ''}: {what}" for what in audit(page, in_every_light=True)]
    assert not wrong, "\n".join(wrong)
    road.is_cut = False
    for chosen, colour in (("夜间", DARK), ("明亮", BRIGHT)):
        page.goto("/")
        page.locator("details.app-menu summary").click()
        page.get_by_role("button", name=chosen).click()
        mine.wait_for(
            f"async () => JSON.stringify(await GrassOffline.get(GrassOffline.QUEUE, '__light')).includes('{colour}')"
        )
        road.is_cut = True
        page.goto("/offline/doors/")
        sheet = page.locator('link[href*="theme-dark"]')
        expect(sheet).to_have_attribute("media", "screen" if chosen == "夜间" else "not all")
        expect(page.locator('meta[name="theme-color"]')).to_have_attribute("content", colour)
        road.is_cut = False


DARK, BRIGHT = "#0d2748", "#123f82"  # the browser's own bar
CLEARED = """async () => !(await navigator.serviceWorker.getRegistration("/")) && !(await caches.keys()).length
  && !(await indexedDB.databases()).some((database) => database.name !== "grassroots-queue")"""


def test_a_phone_is_cleared_when_it_is_switched_off_again(
    cast: OfficeCast, road: Road, phone: Callable[[str], Phone], settings: Any
) -> None:
    doors_of(cast, 1)
    former = phone("former")
    page = former.sign_in(cast.jia)
    take_along(page, 1)
    assert not page.evaluate(CLEARED)
    settings.OFFLINE_WORK = False
    page.goto("/")  # the old worker answers, and the browser asks whether there is a new one
    former.wait_for(CLEARED)
    page.goto("/offline/")
    expect(page.get_by_role("heading", name="退回的记录", exact=True)).to_be_visible()
