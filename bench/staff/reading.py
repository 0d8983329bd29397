"""What a browser reads out of a page, quickly: the load generator shares the machine with what it measures."""

from __future__ import annotations

import html
import re

Fields = dict[str, list[str]]
TAG = re.compile(r"<(form|/form|input|select|/select|option|textarea)\b([^>]*)>([^<]*)", re.I)
ATTRIBUTE = re.compile(r"""([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")
TICKS, BUTTONS = {"checkbox", "radio"}, {"submit", "button", "image", "file", "reset"}


def forms_of(page: str) -> list[tuple[str, Fields]]:
    """The action and the fields of every form, as a browser without script would send it (no button pressed)."""
    found: list[tuple[str, Fields]] = []
    select = ""
    for match in TAG.finditer(page):
        tag = match[1].lower()
        at = {name.lower(): html.unescape(one or other) for name, one, other in ATTRIBUTE.findall(match[2])}
        if tag == "form":
            found.append((at.get("action", ""), {}))
        elif not found or "disabled" in at:
            continue
        elif tag == "select":
            select = at.get("name", "")
        elif tag == "/select":
            select = ""
        elif tag == "option" and select:
            chosen = found[-1][1].setdefault(select, [])
            if "selected" in at or not chosen:
                chosen[:] = [at.get("value", "")]
        elif tag == "input":
            _add_input(found[-1][1], at)
        elif tag == "textarea" and at.get("name"):
            found[-1][1].setdefault(at["name"], []).append(html.unescape(match[3]).removeprefix("\n"))
    return found


def _add_input(fields: Fields, at: dict[str, str]) -> None:
    kind, name = at.get("type", "text").lower(), at.get("name", "")
    if not name or kind in BUTTONS or (kind in TICKS and "checked" not in at):
        return
    fields.setdefault(name, []).append(at.get("value", "on" if kind in TICKS else ""))
