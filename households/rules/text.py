"""Tidying what was typed or pasted."""

import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\t\r\n"), None)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣"), "-")


def narrow(text: str) -> str:
    """Full-width letters, digits and signs to half-width; invisible characters out; dashes to '-'; trimmed."""
    wide = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    wide[0x3000] = 0x20
    return text.translate(_INVISIBLE).translate(_DASHES).translate(wide).strip()


def has_control(text: str) -> bool:
    """Whether a control character is left in the text."""
    return any(unicodedata.category(char) == "Cc" for char in text)
