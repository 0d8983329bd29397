"""From the desk: a notice in triplicate on clean A4, then a route sheet typed with the number keys alone."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import expect

from quarantine.models import Paper, Reading
from quarantine.services.papers import sheet_issue
from tests.e2e.conftest import SignIn, wait_until
from tests.e2e.steps import observe
from tests.factories import OfficeCast, make_household


def pages_of(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in whole points."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    return [(round(float(width)), round(float(height))) for width, height in boxes]


def test_a_notice_is_printed_and_a_sheet_is_typed(cast: OfficeCast, sign_in: SignIn) -> None:
    first = observe(cast, make_household(cast.compound, "301"), "周强")
    second = observe(cast, make_household(cast.compound, "302"), "赵阳")
    page = sign_in(cast.health)
    page.add_init_script("window.print = function () {};")  # the page asks by itself; here the test prints

    page.goto(f"/quarantine/papers/of/{first.uid}/")
    page.locator(".paper-kind", has_text="居家医学观察告知书").get_by_role("button", name="出具").click()
    page.get_by_role("button", name="打印").click()
    expect(page.get_by_text("第三联　卫生院留存")).to_be_visible()
    assert pages_of(page.pdf(prefer_css_page_size=True)) == [(595, 842)] * 3
    assert Paper.objects.get().prints == 1

    sheet = sheet_issue(
        observations=[first, second], kind="ROUTE", area=cast.village, on=first.visits.earliest("date").date,
        slots=[("AM", "上午")], by=cast.health,
    )  # fmt: skip
    page.goto(f"/quarantine/papers/no/{sheet.code}/entry/?by={cast.health.uid}&time=0")
    page.locator("[data-entry-field]").first.focus()
    for keys in ("366", "378"):
        page.keyboard.type(keys)
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="复测的数")).to_be_visible()
    wait_until(lambda: Reading.objects.count() == 2)
    found = Reading.objects.order_by("pk").values_list("temperature", "paper_entry__number", "is_late")
    assert {row[0] for row in found} == {Decimal("36.6"), Decimal("37.8")}
    assert {row[1] for row in found} == {sheet.serial}

    page.goto(f"/quarantine/papers/no/{sheet.code}/")
    page.get_by_role("button", name="打印").click()
    expect(page.get_by_role("heading", name="上门测温路线单")).to_be_visible()
    assert pages_of(page.pdf(prefer_css_page_size=True)) == [(842, 595)]
