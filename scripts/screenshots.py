"""Pictures of every page at 360 and 1280 px into docs/screenshots/, and of the README's pages: `make screenshots`.

Makes an office of its own in a throw-away folder: the demo village, and one of everything in it, as the browser tests
have it (tests/e2e/pages.py); serves it, opens every page as somebody who may, and lays the pages of a module on one
sheet a width, so that they can be looked at one by one and take little room. CHROMIUM names another browser than the
system's; --full FOLDER also keeps every page whole.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FOLDER = ROOT / "docs" / "screenshots"
HOST = "127.0.0.1:8971"
COLOURS, COLOURS_OF_MAIN = 64, 192
# Width and height in CSS pixels of a screen; how much of a long page is kept; pages a row and scale on a sheet.
PHONE, DESK = (360, 740), (1280, 860)
KEPT = {360: 1500, 1280: 1150}
ROW = {360: (6, 0.75), 1280: (3, 0.5)}
# The README's pictures and the main pages, whole and sharp: name of the page, of the picture, account.
MAIN = (
    ("desk:workbench", "workbench", "cadre"), ("households:survey_create", "survey", "cadre"),
    ("quarantine:round", "round", "health"), ("ledgers:statistics", "statistics", "supervisor"),
    ("households:picture", "picture", "supervisor"), ("quarantine:person_file", "person-file", "health"),
    ("quarantine:alert_list", "board-of-alerts", "health"), ("households:household_list", "households", "cadre"),
)  # fmt: skip


def make_office() -> tuple[list[Any], dict[str, dict[str, str]]]:
    """The pages, one a name with the fullest example, and a session for each account."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    from tests.e2e import pages

    call_command("ensure_keys", verbosity=0)
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        things = pages.make_demo()
    chosen: dict[str, Any] = {}
    for page in pages.every_page(things):
        key = (
            f"{page.name} {page.account}"
            if page.name == "desk:workbench"
            else f"{page.name}{page.is_sent_empty}"
        )
        if key not in chosen or (page.is_full and not chosen[key].is_full):
            chosen[key] = page
    return list(chosen.values()), {name: pages.session_of(name) for name in pages.ACCOUNTS.values()}


def serve() -> subprocess.Popen[bytes]:
    """The office's server, once it answers."""
    command = [sys.executable, "manage.py", "runserver", "--noreload", HOST]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://{HOST}/health/", timeout=2).close()
            return server
        except OSError:
            time.sleep(0.5)
    server.terminate()
    sys.exit("The server did not answer within a minute.")


def small(png: bytes, colours: int = COLOURS) -> bytes:
    """The picture in few colours: a fifth of the bytes, and nobody sees it."""
    from PIL import Image

    out = BytesIO()
    picture = Image.open(BytesIO(png)).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def shoot(
    page: Any, visited: Any, screen: tuple[int, int], cookies: dict[str, dict[str, str]]
) -> bytes | None:
    """A picture of one page, cut where it grows long; nothing where a file comes down or a piece of a page."""
    from playwright.sync_api import Error

    from tests.e2e.audit import send_empty

    context = page.context
    context.clear_cookies()
    if visited.account:
        context.add_cookies([{**cookies[visited.account], "url": f"http://{HOST}"}])
    try:
        response = page.goto(visited.path)
    except Error:
        return None
    if not response.headers.get("content-type", "").startswith("text/html"):
        return None
    if visited.is_sent_empty:
        send_empty(page)
    width = screen[0]
    height = min(page.evaluate("document.documentElement.scrollHeight"), KEPT[width])
    page.set_viewport_size({"width": width, "height": max(height, screen[1])})
    taken: bytes = page.screenshot()
    page.set_viewport_size({"width": width, "height": screen[1]})
    return taken


def sheet(pictures: list[tuple[str, bytes]], width: int) -> bytes:
    """The pages of a module beside each other, each under its name."""
    from PIL import Image, ImageDraw

    columns, scale = ROW[width]
    drawn = [(name, Image.open(BytesIO(png)).convert("RGB")) for name, png in pictures]
    drawn = [
        (n, p.resize((round(p.width * scale), round(p.height * scale)), Image.Resampling.LANCZOS))
        for n, p in drawn
    ]
    cell, gap, head = round(width * scale), 16, 18
    rows = [drawn[start : start + columns] for start in range(0, len(drawn), columns)]
    heights = [max(picture.height for _name, picture in row) + head + gap for row in rows]
    across = min(columns, len(drawn))
    board = Image.new("RGB", (across * (cell + gap) + gap, sum(heights) + gap), "#c9ced6")
    pen, top = ImageDraw.Draw(board), gap
    for row, height in zip(rows, heights, strict=True):
        for place, (name, picture) in enumerate(row):
            left = gap + place * (cell + gap)
            pen.text((left, top), name, fill="#1b2530")
            board.paste(picture, (left, top + head))
        top += height
    out = BytesIO()
    board.save(out, "PNG")
    return small(out.getvalue())


def take(
    browser: Any, pages: list[Any], cookies: dict[str, dict[str, str]], whole: Path | None
) -> list[Path]:
    """Every page at both widths, on sheets by module."""
    written = []
    for screen in (PHONE, DESK):
        page = new_page(browser, screen, 1)
        modules: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for visited in pages:
            png = shoot(page, visited, screen, cookies)
            if png is None:
                continue
            module, _, name = visited.name.rpartition(":")
            name += " sent empty" if visited.is_sent_empty else ""
            modules[module or "refusals"].append((name, png))
            if whole:
                file = f"{module or 'refusals'}-{name}-{visited.account or 'nobody'}-{screen[0]}.png"
                path = whole / file.replace(" ", "-")
                path.write_bytes(small(png))
        for module, pictures in modules.items():
            path = FOLDER / f"all-{module}-{screen[0]}.png"
            path.write_bytes(sheet(pictures, screen[0]))
            written.append(path)
        page.context.close()
    return written


def new_page(browser: Any, screen: tuple[int, int], scale: int) -> Any:
    """A browser as the office has it: Chinese, its own time zone."""
    return browser.new_context(
        base_url=f"http://{HOST}", viewport={"width": screen[0], "height": screen[1]}, device_scale_factor=scale,
        locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce",
    ).new_page()  # fmt: skip


def take_main(browser: Any, pages: list[Any], cookies: dict[str, dict[str, str]]) -> list[Path]:
    """The main pages, one screen each, sharp on a phone; workbench and survey also in the dark and in the sun."""
    written = []
    for screen, scale in ((PHONE, 2), (DESK, 1)):
        page = new_page(browser, screen, scale)
        for name, title, account in MAIN:
            visited = next(
                one
                for one in pages
                if one.name == name and (name != "desk:workbench" or one.account == account)
            )
            for display in ("", "dark", "sun") if title in {"workbench", "survey"} else ("",):
                page.context.clear_cookies()
                page.context.add_cookies(
                    [
                        {**cookies[visited.account], "url": f"http://{HOST}"},
                        {"name": "display", "value": display or "bright", "url": f"http://{HOST}"},
                    ]
                )
                page.goto(visited.path)
                path = FOLDER / f"{title}{'-' if display else ''}{display}-{screen[0]}.png"
                path.write_bytes(small(page.screenshot(), COLOURS_OF_MAIN))
                written.append(path)
        page.context.close()
    return written


def write_index(pictures: list[Path]) -> None:
    """docs/screenshots/README.md: what is on which picture. Pictures of pages that are gone go as well."""
    for old in set(FOLDER.glob("*.png")) - set(pictures):
        old.unlink()
    lines = [
        "# Pictures of the pages",
        "",
        "Made by `make screenshots` from the demo village; not drawn by hand.",
    ]
    for title, pattern in (("The main pages", "[!a]*"), ("All pages, module by module", "all-*")):
        lines += ["", f"## {title}", ""]
        for path in sorted(FOLDER.glob(f"{pattern}.png")):
            lines += [f"**{path.stem}**", "", f"![{path.stem}]({path.name})", ""]
    (FOLDER / "README.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def main() -> None:
    """Make the office, take the pictures, say how large they are."""
    parser = argparse.ArgumentParser(description="Pictures of every page into docs/screenshots/.")
    parser.add_argument("--full", type=Path, help="a folder for every page by itself")
    options = parser.parse_args()
    if options.full:
        options.full.mkdir(parents=True, exist_ok=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory(prefix="grassroots-pictures-") as var:
        os.environ.update(
            GRASSROOTS_VAR=var, DJANGO_SETTINGS_MODULE="grassroots.settings", LANGUAGE="zh_CN", LANG="zh_CN.UTF-8",
            DJANGO_ALLOW_ASYNC_UNSAFE="true",
        )  # fmt: skip
        pages, cookies = make_office()
        server = serve()
        from playwright.sync_api import sync_playwright

        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--lang=zh-CN"]
                )
                written = take(browser, pages, cookies, options.full) + take_main(browser, pages, cookies)
                browser.close()
        finally:
            server.terminate()
            server.wait()
    write_index(written)
    total = sum(path.stat().st_size for path in written)
    print(f"{len(pages)} pages, {len(written)} pictures in docs/screenshots/, {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
