"""What a page is held to: axe-core, the sizes of text and targets, width, order. Rules: docs/visual-system.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page

HERE = Path(__file__).parent
AXE = HERE / "vendor" / "axe-core@4.14.1" / "axe.min.js"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 860}
# Marks and captions that may be smaller than text (docs/visual-system.md, "Text").
MARKS = ", ".join((
    ".tab-bar", ".count-dot", ".count-pill", ".app-brand", ".auth-foot", ".door", ".floor__name",
    ".legend__item .door__state",
))  # fmt: skip
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]},
    "resultTypes": ["violations"],
    "preload": False,
}
# What another width shows and hides: on a desk the navigation on the left, heads of tables, wide sheets.
DESK_RULES = {
    **RULES,
    "runOnly": {
        "type": "rule",
        "values": [
            "color-contrast", "scrollable-region-focusable", "label-content-name-mismatch", "region", "heading-order",
            "link-name", "button-name", "label", "aria-hidden-focus", "duplicate-id-aria", "landmark-unique",
            "landmark-one-main", "page-has-heading-one", "empty-heading", "empty-table-header", "list", "listitem",
            "td-headers-attr", "th-has-data-cells", "nested-interactive", "bypass", "svg-img-alt", "image-alt",
        ],
    },
}  # fmt: skip
CONTRAST = {
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
    "resultTypes": ["violations"],
    "preload": False,
}
SCRIPT = AXE.read_text(encoding="utf-8") + (HERE / "audit.js").read_text(encoding="utf-8").replace(
    "@MARKS@", MARKS
)


def send_empty(page: Page) -> bool:
    """Send the page's form as it is, past the browser's own checks; whether it came back with errors by its fields."""
    page.evaluate("for (const form of document.forms) { form.noValidate = true; }")
    page.locator("main form[method=post] [type=submit]:visible").last.click()
    try:
        page.locator(".error-summary, .field-error, .alert-danger, .note--danger").first.wait_for(
            timeout=10_000
        )
    except Error:
        return False
    return True


def audit(page: Page, *, in_every_light: bool) -> list[str]:
    """What is wrong with the page that is open: on a phone in daylight, on a desk in the dark.

    `in_every_light`: the colours also on a desk in daylight and in full sun.
    """
    page.evaluate(SCRIPT)
    page.set_viewport_size(PHONE)
    wrong = _of("phone", "axe", _axe(page, RULES))
    for check in ("smallText", "smallTargets", "tooWide", "orderAndFocus"):
        wrong += _of("phone", check, page.evaluate(f"pageAudit.{check}()"))
    page.set_viewport_size(DESK)
    wrong += _of("desk", "tooWide", page.evaluate("pageAudit.tooWide()"))
    page.emulate_media(color_scheme="dark")
    wrong += _of("dark desk", "axe", _axe(page, DESK_RULES))
    page.emulate_media(color_scheme="light")
    if in_every_light:
        wrong += _of("desk", "axe", _axe(page, CONTRAST))
        page.emulate_media(contrast="more")
        wrong += _of("sunny desk", "axe", _axe(page, CONTRAST))
        page.emulate_media(contrast="no-preference")
    return wrong


def _axe(page: Page, options: dict[str, Any]) -> list[str]:
    return list(page.evaluate("options => pageAudit.axe(options)", options))


def _of(where: str, check: str, found: list[str]) -> list[str]:
    return [f"{where}, {check}: {what}" for what in found]
