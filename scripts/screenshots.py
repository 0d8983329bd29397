"""Pictures for the README, taken from a running demo office: workbench, survey, round, statistics.

    .venv/bin/python scripts/screenshots.py http://localhost:8000 PASSWORD

Starts nothing itself. PASSWORD is that of the demo accounts, as `make run` prints it. Writes
docs/screenshots/<page>-<width>.png for a phone and a desk; CHROMIUM names another browser than the system's. Nothing
is saved in the office, but the log says that its pages were opened.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
# Width and height in CSS pixels, and how many pixels of the screen each of them has.
SCREENS = ((360, 740, 2), (1280, 860, 1))
MOST_BYTES = 200_000
# Who looks at which page: a name in the navigation.
PAGES = (
    ("workbench", "cadre", "工作台"),
    ("survey", "cadre", "入户"),
    ("round", "health", "测温"),
    ("statistics", "supervisor", "统计表"),
)


def sign_in(
    browser: Browser, base_url: str, account: str, password: str, screen: tuple[int, int, int]
) -> Page:
    """A browser of one's own, signed in as a demo account."""
    width, height, scale = screen
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_label("账号").fill(account)
    page.get_by_label("密码").first.fill(password)
    page.get_by_role("button", name="登录").click()
    if page.get_by_label("账号").count():
        sys.exit(f"{account} could not sign in: is the password that of this office?")
    return page


def open_place(page: Page, title: str) -> None:
    """Open a place of the navigation by its address, which also a folded navigation holds."""
    address = page.locator("nav a").filter(has_text=title).first.get_attribute("href")
    page.goto(address or "/")


def open_survey(page: Page) -> None:
    """From 入户 down to the first door where people are registered, and its form."""
    for _ in range(6):
        if page.locator("a.door").count():
            break
        page.locator("main a[href*='area=']:not(.chip)").last.click()
    registered, doors = page.locator("a.door--signed"), page.locator("a.door")
    (registered if registered.count() else doors).first.click()
    page.get_by_role("link", name="入户登记").click()


def take(browser: Browser, base_url: str, password: str) -> None:
    """Take every picture at every width."""
    for screen in SCREENS:
        for name, account, title in PAGES:
            page = sign_in(browser, base_url, account, password, screen)
            open_place(page, title)
            if name == "survey":
                open_survey(page)
            if name == "round":
                page.locator("[data-round-row]").nth(1).evaluate(
                    "row => row.scrollIntoView({block: 'center'})"
                )
            page.wait_for_load_state("networkidle")
            path = FOLDER / f"{name}-{screen[0]}.png"
            page.screenshot(path=path)
            page.context.close()
            size = path.stat().st_size
            print(f"{path.relative_to(FOLDER.parent.parent)}  {size // 1000} kB")
            if size > MOST_BYTES:
                sys.exit(f"{path.name} is larger than {MOST_BYTES // 1000} kB.")


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser(description="Take the README's pictures from a running demo office.")
    parser.add_argument("base_url")
    parser.add_argument("password", help="of the demo accounts, as make run prints it")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    # The browser's own words, as in the boxes for dates, are Chinese as on the office's machines.
    environment = {**os.environ, "LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--lang=zh-CN"], env=environment
        )
        take(browser, options.base_url.rstrip("/"), options.password)
        browser.close()


if __name__ == "__main__":
    main()
