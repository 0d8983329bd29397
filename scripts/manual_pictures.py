"""Pictures for the manual's chapters on the door, the leaders' page and offline work, from a running demo office.

    .venv/bin/python scripts/manual_pictures.py http://localhost:8000 PASSWORD
    .venv/bin/python scripts/manual_pictures.py https://localhost:8000 PASSWORD --offline var/tls/server.crt

Starts nothing itself. PASSWORD is that of the demo accounts, as `make run` prints it. Writes docs/manual/img/door-* and
leaders-*; with --offline (make run TLS=1) offline-*. CHROMIUM names another browser than the system's. Nothing is saved
in the office, but the log says that its pages were opened. The pictures of all pages: scripts/screenshots.py.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import shutil
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
# Width and height in CSS pixels, and how many pixels of the screen each of them has.
SCREENS = ((360, 740, 2), (1280, 860, 1))
MANUAL = ROOT / "docs" / "manual" / "img"
# A name as it would be drawn on the pad.
STROKES = (
    ((40, 45), (110, 40)), ((75, 20), (70, 110)), ((140, 30), (180, 60), (135, 115)), ((205, 30), (255, 100)),
)  # fmt: skip


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


def take_door(browser: Browser, base_url: str, password: str) -> None:
    """The survey form step by step on a phone, for the manual; nothing is saved."""
    page = sign_in(browser, base_url, "cadre", password, SCREENS[0])
    open_place(page, "入户")
    open_survey(page)
    page.locator("#div_id_outcome label", has_text="已签承诺书").click()
    shot(page, "door-outcome", ".outcome-tiles")
    for name, step in (("door-scan", "scan"), ("door-notice", "notice")):
        page.locator(f"[data-does={step}] > summary").click()
        shot(page, name, f"[data-does={step}]")
    page.locator("[data-does=notice] > summary").click()
    draw(page)
    shot(page, "door-sign", "[data-sign]")
    page.locator(".proxy > summary").click()
    page.get_by_role("button", name="子女").click()
    shot(page, "door-proxy", ".proxy")
    page.get_by_role("button", name="全家如常").click()
    page.get_by_role("button", name="知道了").click()
    shot(page, "door-usual", "#people-title")
    card = ".person-card:nth-child(2)"
    page.locator(f"{card} > details > summary").click()
    shot(page, "door-one-differs", card)
    page.locator(f"{card} summary", has_text="登记信息").click()
    shot(page, "door-photo", f"{card} .id-number")
    page.context.close()
    page = sign_in(browser, base_url, "supervisor", password, SCREENS[1])
    page.goto("/households/texts/")
    shot(page, "door-texts", "h1")
    page.context.close()


def take_board(browser: Browser, base_url: str, password: str) -> None:
    """领导看板 and a layer of 一张图, as the leader of the township sees them."""
    page = sign_in(browser, base_url, "supervisor", password, SCREENS[1])
    open_place(page, "领导看板")
    shot(page, "leaders-board", "h1")
    page.locator(".leaders tbody a").first.click()
    page.get_by_role("link", name="一张图", exact=True).last.click()
    page.get_by_role("link", name="在管人数", exact=True).click()
    shot(page, "leaders-layer", "h1")
    page.context.close()


def take_offline(browser: Browser, base_url: str, password: str) -> None:
    """A door and a round without a connection; what waits is left on the browser that is thrown away."""
    page = sign_in(browser, base_url, "cadre", password, SCREENS[0])
    open_place(page, "入户")
    page.goto("/offline/")
    page.get_by_role("button", name="在这台设备上离线使用").click()
    page.get_by_text("户，").wait_for(timeout=60_000)
    shot(page, "offline-device", "#device-title")
    page.route("**/offline/upload/", lambda route: route.abort())
    page.context.set_offline(True)
    page.goto("/offline/doors/")
    shot(page, "offline-doors", "h1")
    page.locator(".door-list-offline__row a").nth(1).click()
    page.locator("#div_id_outcome label", has_text="无人").click()
    shot(page, "offline-door", "#main")
    page.get_by_role("button", name="保存，下一户").click()
    page.get_by_text("已存在手机里").wait_for()
    page.locator("#div_id_outcome label", has_text="电话").click()
    page.wait_for_timeout(2500)
    page.evaluate("() => { delete document.querySelector('form[data-draft]').dataset.dirty; }")
    page.reload()
    page.get_by_role("button", name="接着填").wait_for()
    shot(page, "offline-draft", "#main")
    page.goto("/quarantine/round/")
    for value in ("36.5", "36.8"):
        field = page.locator("[data-round-row]:not(.is-queued) [data-round-field]").first
        field.fill(value)
        field.press("Enter")
    page.locator(".round-row.is-queued").nth(1).wait_for()
    shot(page, "offline-round", ".round-row.is-queued")
    page.goto("/offline/")
    shot(page, "offline-queue", "#queue-title")
    page.context.close()


def pin_of(certificate: Path) -> str:
    """A certificate's fingerprint as Chromium's flag wants it: a browser that trusts this office."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def draw(page: Page) -> None:
    """A few strokes on the pad for the signature."""
    pad = page.locator(".sign__pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    if box is None:
        sys.exit("There is no pad for the signature.")
    for first, *others in STROKES:
        page.mouse.move(box["x"] + first[0], box["y"] + first[1])
        page.mouse.down()
        for x, y in others:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
        page.mouse.up()


def shot(page: Page, name: str, selector: str) -> None:
    """A picture of the screen with something at its top, below the header."""
    page.locator(selector).first.evaluate(
        "one => window.scrollTo(0, one.getBoundingClientRect().top + window.scrollY - 80)"
    )
    page.wait_for_timeout(300)
    path = MANUAL / f"{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB")


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser(
        description="Take the manual's pictures of the door and the leaders' page."
    )
    parser.add_argument("base_url")
    parser.add_argument("password", help="of the demo accounts, as make run prints it")
    parser.add_argument(
        "--offline", type=Path, metavar="CERTIFICATE", help="the office's own; pictures of offline work"
    )
    options = parser.parse_args()
    flags = ["--no-sandbox", "--disable-gpu", "--lang=zh-CN"]
    if options.offline:
        flags.append(f"--ignore-certificate-errors-spki-list={pin_of(options.offline)}")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    # The browser's own words, as in the boxes for dates, are Chinese as on the office's machines.
    environment = {**os.environ, "LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags, env=environment)
        for take in (take_offline,) if options.offline else (take_door, take_board):
            take(browser, options.base_url.rstrip("/"), options.password)
        browser.close()


if __name__ == "__main__":
    main()
