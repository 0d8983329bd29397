"""Text on its way into a cell: how wide it is, what XML can hold of it, and how it is masked.

What a cell holds is exactly the text that was given, with two exceptions, both counted in the
`WriteResult`:

* Characters that XML 1.0 cannot hold (control characters other than tab, line feed and carriage return,
  U+FFFE, U+FFFF) are dropped; half of a surrogate pair becomes U+FFFD. Excel's own escape ``_x0007_``
  would keep them, but its readers disagree on it (openpyxl leaves it, calamine and Excel decode it), and
  such characters mean nothing in a ledger.
* Text over 32,767 UTF-16 units, Excel's limit, is cut and ends in …; Excel would call the file damaged.

Text that merely looks like that escape (``_x0041_``) is written as two runs, split within the escape, so
that every reader sees it as typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

CELL_LIMIT = 32_767

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPE_LOOKALIKE = re.compile("_x(?=[0-9A-Fa-f]{4}_)")


def text_width(text: str) -> float:
    """Width in half-width characters: 1 for Latin letters and digits, 2 for Chinese characters."""
    return (len(text) + len(text.encode("utf-8", "replace"))) / 2


def clean_text(text: str) -> str:
    """The text as a file can hold it: without what XML forbids. See the module's docstring."""
    if text.isprintable():
        return text
    return _SURROGATE.sub("\ufffd", _FORBIDDEN.sub("", text))


def shorten(text: str, limit: int = CELL_LIMIT) -> str:
    """The text cut to `limit` UTF-16 units, ending in … if it was cut."""
    if len(text) * 2 <= limit:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= limit * 2:
        return text
    return units[: (limit - 1) * 2].decode("utf-16-le", "ignore") + "…"


def is_plain(text: str) -> bool:
    """Whether the text goes into XML as it is. May say False of text that would, never the other way."""
    if not text.isprintable() or "<" in text or "&" in text or "_x" in text or "]]>" in text:
        return False
    return not (text.startswith(" ") or text.endswith(" "))


def inline_string(text: str) -> str:
    """What belongs between ``<is>`` and ``</is>`` for cleaned text."""
    if is_plain(text):
        return f"<t>{text}</t>"
    if _ESCAPE_LOOKALIKE.search(text):
        runs = _ESCAPE_LOOKALIKE.sub("_x\x00", text).split("\x00")
        return "".join(f"<r>{_preserved(run)}</r>" for run in runs)
    return _preserved(text)


def _preserved(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    if text == text.strip() and "\n" not in text and "\t" not in text:
        return f"<t>{escaped}</t>"
    return f'<t xml:space="preserve">{escaped}</t>'


def mask_id(number: str) -> str:
    """An ID number with all but its first four and last two characters starred: 5101************1X."""
    if len(number) == 18 and number.isalnum():  # most are
        return f"{number[:4]}************{number[16:]}"
    text = number.strip()
    head, tail = (4, 2) if len(text) >= 12 else (1, 1)
    return _starred(text, head, tail)


def mask_phone(number: str) -> str:
    """A phone number with four stars in the middle: 138****1234. Several numbers are masked one by one."""
    if len(number) == 11 and number.isascii() and number.isdigit():  # most are
        return f"{number[:3]}****{number[7:]}"
    return _PHONE.sub(_masked_phone, number)


_PHONE = re.compile(r"[0-9+*][0-9+*\- ]{3,}[0-9*]")


def _masked_phone(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) == 11:
        return text[:3] + "****" + text[7:]
    return _starred(text, max(len(text) - 8, 1), min(4, len(text) - 2))


def mask_name(name: str) -> str:
    """A name for public papers: 姓*名 — of two characters 王*, of more only the first and last: 王*明."""
    text = name.strip()
    if len(text) <= 2:
        return text[:1] + "*" if text else ""
    return _starred(text, 1, 1)


def _starred(text: str, head: int, tail: int) -> str:
    hidden = len(text) - head - tail
    if hidden <= 0:
        return "*" * len(text)
    return text[:head] + "*" * hidden + text[len(text) - tail :]


MASKS: dict[str, Callable[[str], str]] = {"id": mask_id, "phone": mask_phone, "name": mask_name}
