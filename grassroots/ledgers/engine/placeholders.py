"""Placeholders of a layout's lines as offices read and type them: {统计截止时间} stands for {cutoff}."""

from __future__ import annotations

import re
from collections.abc import Collection

from grassroots.ledgers.engine.layout import Layout, lines_of, placeholders_of

#: What every export fills in (registry.LedgerContext.lines), and its name in the office.
WORDS = {
    "unit": "填报单位", "area": "区域", "cutoff": "统计截止时间", "filled_on": "填报日期", "on": "日期",
    "filters": "筛选",
}  # fmt: skip
_KEYS = {word: key for key, word in WORDS.items()}
_BRACES = re.compile(r"[{｛]\s*([^{}｛｝]*?)\s*[}｝]")


def to_words(line: str) -> str:
    """The line with the office's names in the braces."""
    return _BRACES.sub(lambda match: f"{{{WORDS.get(match[1], match[1])}}}", line)


def from_words(line: str) -> str:
    """The line with keys in the braces, which may have been typed full-width."""
    return _BRACES.sub(lambda match: f"{{{_KEYS.get(match[1], match[1])}}}", line)


def allowed_in(standard: Layout) -> frozenset[str]:
    """Placeholders that a layout of the ledger may use: the common ones, and what its own layout uses.

    No others: the context of a sheet for one person holds his numbers too.
    """
    return frozenset(WORDS) | placeholders_of(standard)


def unknown_in(line: str, allowed: Collection[str]) -> list[str]:
    """What stands in the line's braces and is no placeholder that may be used."""
    return [name for name in _BRACES.findall(line) if name not in allowed]


def without_unknown(line: str, allowed: Collection[str]) -> str:
    """The line without the placeholders that may not be used."""
    return _BRACES.sub(lambda match: match[0] if match[1] in allowed else "", line)


def unknown_placeholders(layout: Layout, allowed: Collection[str]) -> list[str]:
    """What is in braces anywhere in the layout and is no placeholder that may be used."""
    return [name for line in lines_of(layout) for name in unknown_in(line, allowed)]
