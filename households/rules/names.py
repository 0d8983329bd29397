"""Names (DOMAIN.md §4): up to 50 characters, the separator is U+00B7, rare characters survive."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from households.rules.problems import Problem
from households.rules.text import has_control, narrow

LONGEST = 50
DOT = "\u00b7"
_DOTS = "‧•・．.∙⋅●"
_HAN = r"\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_BETWEEN = re.compile(rf"(?<=[{_HAN}])\s*[{re.escape(_DOTS)}{DOT}]\s*(?=[{_HAN}A-Za-z])")
_BLANKS = re.compile(r"\s+")
_HAN_BLANK = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
# Surnames that are read differently from the usual reading of their character.
_SURNAMES = {
    "曾": "z", "单": "s", "仇": "q", "解": "x", "查": "z", "区": "o", "朴": "p", "盖": "g", "翟": "z", "覃": "q",
    "尉": "y", "乐": "y", "缪": "m", "召": "s", "冼": "x", "种": "c", "秘": "b", "幺": "y", "员": "y", "重": "c",
}  # fmt: skip
_DOUBLE = ("欧阳", "司马", "上官", "诸葛", "皇甫", "尉迟", "东方", "夏侯", "令狐", "公孙", "慕容", "长孙", "司徒", "端木", "南宫")


def normalise_name(text: str) -> str:
    """Trim, narrow, single blanks; separators between Chinese characters become ·; blanks inside Chinese names go."""
    name = _BLANKS.sub(" ", narrow(text))
    name = _BETWEEN.sub(DOT, name)
    return _HAN_BLANK.sub("", name).strip()


def check_name(name: str) -> tuple[Problem, ...]:
    """What is wrong with a normalised name."""
    if not name:
        return (Problem("empty", "请填写姓名。"),)
    if len(name) > LONGEST:
        return (Problem("long", f"姓名最多{LONGEST}个字,现在是{len(name)}个。"),)
    if has_control(name):
        return (Problem("control", "姓名里有不可见的控制字符,请删掉重新输入。"),)
    if re.search(r"\d{4,}", name):
        return (Problem("digits", "姓名里有一串数字,是不是填错了格子?"),)
    return ()


@lru_cache(maxsize=20_000)
def _initial(char: str) -> str:
    if char.isascii():
        return char.lower() if char.isalnum() else ""
    reading = lazy_pinyin(char, style=Style.FIRST_LETTER, errors="ignore")
    return reading[0][:1].lower() if reading and reading[0][:1].isalpha() else ""


def name_initials(name: str) -> str:
    """Pinyin initials in lower case, e.g. 曾小明 → zxm; characters without a known reading are left out.

    A Latin name gives the first letters of its words.
    """
    if name.isascii():
        return "".join(word[0].lower() for word in re.split(r"[^A-Za-z0-9]+", name) if word)[:LONGEST]
    first = _SURNAMES.get(name[0]) or _initial(name[0])
    if name.startswith("尉迟"):
        first = "y"
    return (first + "".join(map(_initial, name[1:])))[:LONGEST]


def mask_name(name: str) -> str:
    """For public papers: 张*, 张*三, 欧阳*, 阿*·买买提 keeps the first character only."""
    if not name:
        return ""
    if DOT in name:
        head, tail = name.split(DOT, 1)
        return f"{head[0]}{'*' * (len(head) - 1)}{DOT}{'*' * len(tail)}"
    surname = 2 if name.startswith(_DOUBLE) and len(name) > 2 else 1
    rest = name[surname:]
    if len(rest) <= 1:
        return name[:surname] + "*"
    return name[:surname] + "*" * (len(rest) - 1) + rest[-1]
