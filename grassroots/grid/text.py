"""Tidying what was typed or pasted."""

import unicodedata

# Zero-width characters, joiners, soft hyphens, and the direction marks that phone books and Excel leave around numbers.
_INVISIBLE = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0x00AD, 0x180E)
_DASHES = "‐‑‒–—―−－﹣⁃﹘"
_TABLE: dict[int, int | None] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{ord(blank): 0x20 for blank in "\u3000\u00a0\t\r\n\v\f\u2028\u2029"},
    **{ord(dash): ord("-") for dash in _DASHES},
    **dict.fromkeys(_INVISIBLE, None),
}


def narrow(text: str) -> str:
    """Full-width letters, digits and signs to half-width, dashes to '-', tabs and line ends to blanks; trimmed.

    Invisible characters go. Every other character stays as it is, also beyond the BMP.
    """
    return text.translate(_TABLE).strip()


def fold(text: str) -> str:
    """`narrow`, and whatever else looks like a letter or digit (①, Ⅹ, 𝟏) made one, letters A–Z upper-case.

    For codes and numbers only: it would replace rare characters of names by others.
    """
    return narrow(unicodedata.normalize("NFKC", narrow(text))).translate(_UPPER)


_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


def has_control(text: str) -> bool:
    """Whether the text holds a control character, or half of one (a lone surrogate), that no database takes."""
    return any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)
