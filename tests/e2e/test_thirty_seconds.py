"""The form in 30 seconds: how many taps an unremarkable household takes, counted by the browser itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from households.models import CommitmentLetter, Household, Survey, SurveyMember, SurveySignature
from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.steps import picture
from tests.factories import OfficeCast, make_household, make_person

# 已签, 扫, 发 and away again, the signature's one stroke, 全家如常, save. Eight are allowed.
TAPS = 7
# Counted where the finger lands, across pages; a key on the keyboard is counted too.
COUNT = """
for (const kind of ["pointerdown", "keydown", "input"]) {
  document.addEventListener(kind, (event) => {
    const typed = kind === "input" && /text|search|tel|number/.test(event.target.type || "");
    if (event.isTrusted && (kind !== "input" || typed)) {
      const name = kind === "pointerdown" ? "taps" : "typed";
      sessionStorage.setItem(name, Number(sessionStorage.getItem(name) || 0) + 1);
    }
  }, true);
}
"""


@pytest.fixture
def home(cast: OfficeCast) -> Household:
    """Three people are registered behind the door; another door follows."""
    home = make_household(cast.compound, door="101", floor="1")
    for name, relation in (("张国强", "HEAD"), ("李秀英", "SPOUSE"), ("张小明", "CHILD")):
        make_person(name, home).residencies.update(relation=relation)
    make_household(cast.compound, door="102", floor="1")
    return home


def open_form(page: Page, home: Household) -> None:
    """Open the form of a door and begin to count."""
    page.add_init_script(COUNT)
    page.goto(f"/households/{home.uid}/survey/")
    page.evaluate("sessionStorage.clear()")


def sign(page: Page) -> None:
    """Draw a stroke on the pad, as a finger does: one touch, moved, lifted."""
    pad = page.locator(".sign__pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    finger = page.context.new_cdp_session(page)
    for step in range(12):
        point = {"x": box["x"] + 40 + step * 15, "y": box["y"] + 30 + (step % 4) * 18}
        finger.send(
            "Input.dispatchTouchEvent",
            {"type": "touchMove" if step else "touchStart", "touchPoints": [point]},
        )
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(
        800
    )  # a finger takes as long to its next place; Chromium takes no tap within the stroke's fling
    expect(page.locator('input[name="signature"]')).to_have_value(re.compile(r"^\d+,\d+ "))


def counted(page: Page) -> tuple[int, int]:
    """(taps, keys and letters typed) since the form was opened."""
    taps, typed = page.evaluate("[sessionStorage.getItem('taps'), sessionStorage.getItem('typed')]")
    return int(taps or 0), int(typed or 0)


def test_an_unremarkable_household_takes_a_handful_of_taps_and_no_typing(
    cast: OfficeCast, sign_in: SignIn, home: Household
) -> None:
    page = sign_in(cast.jia, PHONE)
    open_form(page, home)
    page.get_by_text("已签承诺书", exact=True).tap()
    page.locator("summary", has_text="二维码").tap()
    expect(page.get_by_role("img", name="二维码")).to_be_visible()
    page.locator("summary", has_text="给住户看入户告知书").tap()
    expect(page.get_by_text("必须接受")).to_be_visible()
    page.locator("summary", has_text="给住户看入户告知书").tap()
    sign(page)
    page.get_by_role("button", name="全家如常").tap()
    picture(page, "thirty-1-usual")
    page.get_by_role("button", name=re.compile("保存.下一户")).tap()
    expect(page.get_by_role("heading", level=1, name="102")).to_be_visible()
    taps, typed = counted(page)
    assert (taps, typed) == (TAPS, 0)
    survey = Survey.objects.get()
    done = [getattr(survey, f"step_{step}") for step in ("greet", "scan", "notice", "sign", "ask")]
    assert (survey.outcome, done) == ("SIGNED", [True] * 5)
    assert len(SurveySignature.objects.get().strokes.split(";")) == 1
    assert CommitmentLetter.objects.get().signed_by == "张国强"
    answers = SurveyMember.objects.values_list("at_home", "left_county", "hubei_contact", "symptoms")
    assert list(answers) == [(True, False, False, ["无"])] * 3


def test_the_one_who_differs_is_opened_and_stays_as_he_said(
    cast: OfficeCast, sign_in: SignIn, home: Household
) -> None:
    page = sign_in(cast.jia, PHONE)
    open_form(page, home)
    page.get_by_text("已签承诺书", exact=True).tap()
    card = page.locator(".person-card").nth(1)
    expect(card.get_by_label("体温")).to_be_hidden()
    card.get_by_text("有不同").tap()
    card.get_by_role("radiogroup", name=re.compile("离开过本县")).get_by_role("radio", name="是").tap()
    expect(card.get_by_label("从何地返回")).to_be_visible()
    page.get_by_role("button", name="全家如常").tap()
    expect(card.locator("[data-said]")).to_have_text("在家 · 离过县 · 无接触 · 无不适")
    expect(page.locator(".person-card").nth(0).locator("[data-said]")).to_have_text(
        "在家 · 未离县 · 无接触 · 无不适"
    )
    page.get_by_role("button", name="保存", exact=True).last.tap()
    page.wait_for_url(re.compile("/households/survey/"))
    left = {row.person.name: row.left_county for row in SurveyMember.objects.select_related("person")}
    assert left == {"张国强": False, "李秀英": True, "张小明": False}
