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


_NUMERALS = {
    "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
NUMERAL = "零〇一二两三四五六七八九十百"  # the characters of a number that `arabic` reads, for patterns


def arabic(numeral: str) -> str:
    """十二 → 12, 一百零二 → 102; without 十 and 百 digit by digit, 五〇一 → 501."""
    if not set(numeral) & {"十", "百"}:
        return "".join(str(_NUMERALS[char]) for char in numeral)
    total = current = 0
    for char in numeral:
        if char in "十百":
            total, current = total + (current or 1) * (100 if char == "百" else 10), 0
        else:
            current = _NUMERALS[char]
    return str(total + current)
