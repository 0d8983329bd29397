"""What several journeys do: steps through the pages as a person takes them, and pictures of them on request."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from households.models import Household
from households.rules.identity import make_resident_id
from quarantine.models import Observation
from quarantine.services.observations import StartDates, observation_open
from tests.factories import OfficeCast
from tests.quarantine.cases import make_returnee

SERIALS = iter(range(1, 999))


EITHER_WIDTH = {",": "[,，]", "(": "[(（]", ")": "[)）]", ":": "[:：]"}


def words(text: str) -> re.Pattern[str]:
    """Words of a page, whichever width their punctuation has."""
    return re.compile("".join(EITHER_WIDTH.get(sign, re.escape(sign)) for sign in text))


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page in the folder that JOURNEY_PICTURES names; without it, nothing."""
    if folder := os.environ.get("JOURNEY_PICTURES"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def go_to(page: Page, title: str) -> None:
    """Follow the main navigation: the side bar on a desk, the bar of the thumb and its 更多 on a phone."""
    named = re.compile(f"^{re.escape(title)}")  # a count may follow
    side = page.get_by_role("navigation", name="主导航")
    bar = page.get_by_role("navigation", name="底部导航")
    if side.is_visible():
        side.get_by_role("link", name=named).click()
    else:
        if not bar.get_by_role("link", name=named).first.is_visible():
            bar.get_by_text("更多").click()
        bar.get_by_role("link", name=named).locator("visible=true").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def new_id_number(born: dt.date) -> str:
    """A resident ID number with a right check digit that no other step has used; odd serials are men's."""
    return make_resident_id("510121", born, next(SERIALS))


def answer(box: Locator, question: str, word: str) -> None:
    """Tap one of a question's answers."""
    box.get_by_role("radiogroup", name=words(question)).get_by_role("radio", name=word, exact=True).check()


def day(days_ago: int) -> dt.date:
    """A day before today in the office's time zone."""
    return timezone.localdate() - dt.timedelta(days=days_ago)


def observe(cast: OfficeCast, household: Household, name: str) -> Observation:
    """Somebody back from 武汉 four days ago, under observation since this moment: his visits are laid down."""
    returnee = make_returnee(
        cast, name, household=household, left_on=day(5), arrived_on=day(4), found_at=timezone.now()
    )
    return observation_open(
        person=returnee.person,
        area=returnee.area,
        household=household,
        returnee=returnee,
        dates=StartDates.of(returnee),
        by=cast.jia,
    )
