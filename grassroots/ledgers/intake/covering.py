"""Cells of an imported file for the eyes of others than whoever brought it in."""

from __future__ import annotations

import re

_LONG = re.compile(r"[0-9０-９][0-9０-９Xx.\- ]{5,}[0-9０-９Xx]")


def covered(text: str) -> str:
    """A text with long numbers covered, as numbers of people are everywhere: 138*****67."""

    def cover(found: re.Match[str]) -> str:
        digits = found[0]
        return f"{digits[:3]}{'*' * max(len(digits) - 5, 1)}{digits[-2:]}"

    return _LONG.sub(cover, text)
