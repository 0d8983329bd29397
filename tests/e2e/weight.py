"""How many bytes a page takes, and how long that is on 2G. Budgets and profile: docs/visual-system.md, "Bytes"."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from playwright.sync_api import Page, Response

FIRST_LOAD, LATER_PAGE = 250_000, 40_000
# "Regular 2G" of Chrome's developer tools; TLS 1.3 over TCP: a round trip each before the request's own.
DOWN_BITS, UP_BITS, ROUND_TRIP_S, HANDSHAKES = 250_000, 50_000, 0.3, 2
REQUEST_BYTES = 1_000  # headers and cookies of ours
# What every page has: the phone has loaded it with the first one.
FRAME = ("vendor/", "img/", "css/app", "css/forms", "css/components", "css/print", "css/theme", "js/app")


@lru_cache(maxsize=200)
def compressed(path: str) -> int:
    """Bytes of one of our static files as offices send it: compressed beforehand (scripts/prepare.py)."""
    found = finders.find(path)
    assert isinstance(found, str), f"{path} is no static file"
    return len(gzip.compress(Path(found).read_bytes(), 9))


def assets(page: Page) -> set[str]:
    """The static files that the open page has asked for, whether or not they came out of the browser's cache."""
    urls = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    paths = {unquote(urlsplit(url).path) for url in urls}
    return {path.removeprefix(settings.STATIC_URL) for path in paths if path.startswith(settings.STATIC_URL)}


def too_heavy(page: Page, response: Response) -> list[str]:
    """What is over the budgets: of the page as the first one of all, and as one of the later ones."""
    html = response.request.sizes()["responseBodySize"]
    wanted = assets(page)
    first = html + sum(compressed(path) for path in wanted)
    later = html + sum(compressed(path) for path in wanted if not path.startswith(FRAME))
    wrong = [f"{first} bytes as the first page, at most {FIRST_LOAD}"] if first > FIRST_LOAD else []
    if later > LATER_PAGE:
        wrong.append(f"{later} bytes as a later page, at most {LATER_PAGE}")
    if html > 1_000 and response.headers.get("content-encoding") != "gzip":
        wrong.append("sent as it is, not compressed")
    return wrong


def seconds_on_2g(received: int, round_trips: int) -> float:
    """Time for a page that needs `received` bytes in a chain of `round_trips` requests, one after the other.

    The first answer's window (14.6 KB) holds more than the line carries in a round trip (9.4 KB): no wait for TCP.
    """
    waits = (HANDSHAKES + round_trips) * ROUND_TRIP_S
    return waits + received * 8 / DOWN_BITS + round_trips * REQUEST_BYTES * 8 / UP_BITS
