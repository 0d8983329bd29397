"""Through a page by Tab alone: everything is reached in order, is seen where it has the focus, and lets go again."""

from __future__ import annotations

from playwright.sync_api import Page

MOST_STOPS = 250
FOCUSED = """() => {
  const el = document.activeElement;
  if (!el || el === document.body) { return null; }
  const marks = [el, ...(el.labels || []), el.nextElementSibling, el.closest("form")].filter(Boolean);
  const isSeen = marks.some(one => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) ||
      /0px 0px 0px [3-9]px/.test(style.boxShadow);
  });
  const last = window.lastStop;
  const isBack = Boolean(last && last !== el && (last.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_PRECEDING));
  const isSame = last === el;
  window.lastStop = el;
  const words = (el.getAttribute("aria-label") || el.textContent || el.name || "").trim().slice(0, 20);
  return { isSeen, isBack, isSame, at: el.tagName.toLowerCase() + "." + el.className + " “" + words + "”" };
}"""


def tab_through(page: Page) -> list[str]:
    """What goes wrong between the first Tab on the page and the one that leaves it."""
    page.evaluate("window.lastStop = null; document.activeElement.blur(); window.scrollTo(0, 0)")
    wrong, stops = [], 0
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or (stops and "skip-link" in stop["at"]):
            break  # out of the page, or round again where the browser has no bars of its own
        stops += 1
        if not stop["isSeen"]:
            wrong.append(f"the focus is not seen on {stop['at']}")
        if stop["isBack"] and stops > 1:
            wrong.append(f"Tab goes back to {stop['at']}")
        if stop["isSame"]:
            return [*wrong, f"Tab stays on {stop['at']}"]
    if stops < 5:
        wrong.append(f"Tab reaches {stops} things")
    return wrong + _skips(page)


def _skips(page: Page) -> list[str]:
    """The first stop leads past the frame."""
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    at = page.evaluate("document.activeElement.id")
    return [] if at == "main" else [f"the skip link leads to “{at}”"]
