"""No personal data in what is published: what people write by hand is read through (DOMAIN.md §5).

Numbers and door numbers are refused outright. A word that is somebody's name in the register of the area may be an
ordinary word as well (安全, 高兴): it is refused until the writer says that it is not meant as a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from grassroots.grid.models import Area
from grassroots.ledgers.engine import mask_id, mask_phone

NameFinder = Callable[[Area, Iterable[str]], Collection[str]]
"""Given an area and words: those that are names of people registered there."""

SHORTEST_NAME, LONGEST_NAME = 2, 4
MOST_WORDS = 2000
_finders: list[NameFinder] = []


def register_name_finder(find: NameFinder) -> None:
    """Let names that an app knows be found in what is written by hand."""
    if find not in _finders:
        _finders.append(find)


@dataclass(frozen=True)
class Found:
    """Something personal in a text: what it is, and as much of it as may be shown."""

    what: str
    shown: str

    def __str__(self) -> str:
        return f"{self.what}“{self.shown}”"


_APART = r"[ \-]?"
_ID = re.compile(
    rf"(?<![0-9A-Za-z])(?:\d(?:{_APART}\d){{16}}{_APART}[\dXx]|\d(?:{_APART}\d){{14}})(?![0-9A-Za-z])"
)
_DOCUMENT = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,2}\d{7,10}(?![0-9A-Za-z])")
_MOBILE = re.compile(rf"(?<!\d)(?:\+?86{_APART})?1[3-9]\d(?:{_APART}\d){{8}}(?!\d)")
_LANDLINE = re.compile(
    rf"(?<!\d)(?:\(?0\d{{2,3}}\)?{_APART}[2-8]\d{{6,7}}|[3-8]\d{{7}}|[48]00{_APART}\d{{3}}{_APART}\d{{4}})(?!\d)"
)
# What makes a number after 3栋 or 2单元 a count or a date and not a door.
_COUNTED = r"\s*[\d户人次份个名例件条处月日天年时点小米平㎡%栋幢]"
_DOOR = re.compile(
    rf"\d+\s*(?:栋|幢|座|号楼|单元)\s*(?:\d+\s*单元)?\s*(?:\d+\s*(?:楼|层))?\s*\d{{1,4}}(?!{_COUNTED})(?:\s*[室号房])?"
    r"|(?<!\d)\d{3,4}\s*室"
    r"|(?<![\d年月-])\d{1,3}-\d{1,2}-\d{1,4}(?![\d-])"
    r"|(?:组|巷|弄|街|路)\s*\d+\s*号(?![楼文卡点门线通岗])"
    r"|门牌(?:号)?\s*:?\s*\d+"
)
_WORD = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff·]{2,}")
_PATTERNS = (
    ("证件号码", _ID, mask_id), ("证件号码", _DOCUMENT, mask_id), ("电话号码", _MOBILE, mask_phone),
    ("电话号码", _LANDLINE, mask_phone), ("门牌号", _DOOR, None),
)  # fmt: skip


def numbers_in(text: str) -> list[Found]:
    """ID numbers, phone numbers (masked) and door numbers in a text, however they are spaced."""
    tidy = unicodedata.normalize("NFKC", text)
    found = []
    for what, pattern, mask in _PATTERNS:
        for match in pattern.finditer(tidy):
            word = " ".join(match[0].split())
            found.append(Found(what, mask(word) if mask else word))
        tidy = pattern.sub("\n", tidy)
    return found


def names_in(text: str, area: Area) -> list[Found]:
    """Names of people registered in the area that stand in a text: any stretch of two to four characters that is one.

    Of names inside one another the longest counts.
    """
    words = sorted(_stretches(text) | _stretches(unicodedata.normalize("NFKC", text)))
    names: set[str] = set()
    for find in _finders:
        for start in range(0, len(words), MOST_WORDS):
            names.update(find(area, words[start : start + MOST_WORDS]))
    longest = {name for name in names if not any(name != other and name in other for other in names)}
    return [Found("人名", name) for name in sorted(longest)]


def _stretches(text: str) -> set[str]:
    found: set[str] = set()
    for run in _WORD.findall(text):
        found.update(
            part for part in (run, *run.split("·")) if len(part) >= SHORTEST_NAME and len(part) <= 50
        )
        for size in range(SHORTEST_NAME, LONGEST_NAME + 1):
            found.update(run[start : start + size] for start in range(len(run) - size + 1))
    return found
