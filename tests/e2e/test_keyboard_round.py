"""Forty readings without a hand off the keyboard: the keys are counted by the browser itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from quarantine.models import Reading, Visit
from tests.e2e.conftest import DESKTOP, PHONE, SignIn
from tests.e2e.steps import observe, picture
from tests.factories import OfficeCast, make_household

PEOPLE = 40
MOST_KEYS = 5  # 3 6 . 5 Enter
COUNT = """
window.pressed = 0;
document.addEventListener("keydown", (event) => { if (event.isTrusted) { window.pressed += 1; } }, true);
"""


# Whether a counter that was counted so many microseconds later than the one shown takes its place.
TAKES_PLACE = """by => {
  const target = document.getElementById("round-counter"), fragment = document.createDocumentFragment();
  fragment.appendChild(target.cloneNode(true)).dataset.counted = String(Number(target.dataset.counted) + by);
  const detail = { target, fragment, shouldSwap: true };
  target.dispatchEvent(new CustomEvent("htmx:oobBeforeSwap", { bubbles: true, detail }));
  return detail.shouldSwap;
}"""


def values() -> list[str]:
    """What the thermometer shows, one person after the other: all plain, no two neighbours alike."""
    return [f"36.{1 + number % 8}" for number in range(PEOPLE)]


@pytest.fixture
def people(cast: OfficeCast) -> None:
    """Forty people, each behind a door of his own."""
    for number in range(PEOPLE):
        observe(cast, make_household(cast.compound, door=str(101 + number)), f"居民{number:02d}")


def test_forty_people_by_keyboard_take_five_keys_each(
    cast: OfficeCast, sign_in: SignIn, people: None
) -> None:
    page = sign_in(cast.health, DESKTOP)
    page.add_init_script(COUNT)
    page.goto("/quarantine/round/")
    expect(page.locator("[data-round-field]").first).to_be_focused()
    for done, value in enumerate(values(), start=1):
        page.keyboard.type(value)
        page.keyboard.press("Enter")
        if done < PEOPLE:
            expect(page.locator("[data-round-field]:focus")).to_have_value("")
    expect(page.locator("#round-counter")).to_have_text(re.compile(rf"已测\s+{PEOPLE}\s+/\s+{PEOPLE}"))
    pressed = page.evaluate("window.pressed")
    assert pressed <= MOST_KEYS * PEOPLE, f"{pressed} keys for {PEOPLE} people"
    rows = Visit.objects.filter(readings__isnull=False).in_walking_order()
    assert [str(one) for one in rows.values_list("readings__temperature", flat=True)] == values()


def test_an_answer_that_comes_late_takes_no_newer_counts_place(cast: OfficeCast, sign_in: SignIn) -> None:
    for number in range(2):
        observe(cast, make_household(cast.compound, door=str(101 + number)), f"居民{number}")
    page = sign_in(cast.health, DESKTOP)
    page.goto("/quarantine/round/")
    expect(page.locator("[data-round-field]").first).to_be_focused()
    page.keyboard.type("36.5")
    page.keyboard.press("Enter")
    expect(page.locator("#round-counter")).to_have_text(re.compile(r"已测\s+1\s+/\s+2"))
    assert [page.evaluate(TAKES_PLACE, by) for by in (-1, 0, 1)] == [False, True, True]


def key(page: Page, name: str) -> None:
    page.locator(f'[data-key="{name}"]').tap()


def test_one_thumb_enters_marks_and_goes_on(cast: OfficeCast, sign_in: SignIn) -> None:
    for number in range(3):
        observe(cast, make_household(cast.compound, door=str(101 + number)), f"居民{number}")
    page = sign_in(cast.health, PHONE)
    page.goto("/quarantine/round/")
    page.get_by_role("button", name="大键盘").tap()
    for digit in "365":
        key(page, digit)
    expect(page.locator("[data-keypad-value]")).to_have_text("36.5")
    picture(page, "keypad")
    box = page.locator('[data-key="save"]').bounding_box()
    assert box and box["y"] > PHONE["height"] / 2 and box["height"] >= 48  # within reach of the thumb
    key(page, "save")
    expect(page.locator("[data-keypad-who]")).to_contain_text("居民1")
    key(page, "away")
    expect(page.locator("[data-keypad-who]")).to_contain_text("居民2")
    page.reload()
    expect(page.locator("[data-keypad]")).to_be_visible()
    assert [str(one.temperature) for one in Reading.objects.all()] == ["36.5"]
    assert list(Visit.objects.exclude(state="PLANNED").order_by("state").values_list("state", flat=True)) == [
        "AWAY",
        "DONE",
    ]


def test_the_order_is_changed_by_keyboard_and_the_focus_stays(cast: OfficeCast, sign_in: SignIn) -> None:
    for number in range(3):
        observe(cast, make_household(cast.compound, door=str(101 + number)), f"居民{number}")
    page = sign_in(cast.health, DESKTOP)
    page.goto("/quarantine/round/")
    page.get_by_role("link", name="调整走访顺序").click()
    page.wait_for_load_state()
    page.get_by_role("button", name="上移 居民2").focus()
    page.keyboard.press("ArrowUp")
    stops = page.locator("[data-walk-stop] .walk__who")
    expect(stops.nth(1)).to_contain_text("居民2")
    expect(page.get_by_role("button", name="上移 居民2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(stops.nth(0)).to_contain_text("居民2")
    page.get_by_role("link", name="返回测温名单").click()
    expect(page.locator(".round-row__name").first).to_have_text("居民2")
