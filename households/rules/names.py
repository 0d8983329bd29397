"""Names (DOMAIN.md §4): up to 50 characters, the separator is U+00B7, rare characters survive."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from households.rules.problems import Problem
from households.rules.text import has_control, narrow

LONGEST = 50
DOT = "\u00b7"
_DOTS = "‧•・・．.∙⋅●﹒" + DOT
# Han with its extensions, compatibility forms, and the private area where old systems keep characters of their own.
_HAN = r"\u3007\u3400-\u9fff\ue000-\ufaff\U00020000-\U0003ffff"
_VARIANT = r"\ufe00-\ufe0f\U000e0100-\U000e01ef"
_BETWEEN = re.compile(
    rf"(?<=[{_HAN}{_VARIANT}])\s*[{re.escape(_DOTS)}](?:\s*[{re.escape(_DOTS)}])*\s*(?=[{_HAN}A-Za-z])"
)
_BLANKS = re.compile(r"\s+")
_HAN_BLANK = re.compile(rf"(?<=[{_HAN}{_VARIANT}])\s+(?=[{_HAN}])")
_PIECES = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}]+|[0-9]")
_PLAIN = re.compile(rf"[{_HAN}]+")
# Surnames that are read otherwise than the character is usually (GB/T 28039-2011 writes names by their own reading).
_SURNAMES = {
    "曾": "z", "单": "s", "仇": "q", "解": "x", "查": "z", "区": "o", "朴": "p", "盖": "g", "翟": "z", "覃": "q",
    "乐": "y", "缪": "m", "召": "s", "冼": "x", "种": "c", "秘": "b", "祭": "z", "句": "g", "阚": "k", "黑": "h",
    "乜": "n", "佴": "n", "繁": "p", "薄": "b", "么": "y", "折": "s", "藏": "z", "隗": "w", "郇": "x", "洗": "x",
    "適": "k", "員": "y", "单于": "c", "万俟": "m", "尉迟": "y", "澹台": "t", "單": "s", "區": "o", "樂": "y",
}  # fmt: skip
_DOUBLE = (
    "欧阳", "司马", "上官", "诸葛", "皇甫", "尉迟", "东方", "夏侯", "令狐", "公孙", "慕容", "长孙", "司徒", "端木",
    "南宫", "司空", "轩辕", "宇文", "单于", "万俟", "澹台", "呼延", "申屠", "公冶", "闻人", "太史", "濮阳", "淳于",
    "钟离", "独孤", "赫连", "东郭", "西门", "南门", "百里", "第五", "公羊", "拓跋", "鲜于",
)  # fmt: skip


def normalise_name(text: str) -> str:
    """Trim, narrow, single blanks; separators between Chinese characters become ·; blanks inside Chinese names go.

    Tables pad names of two characters with blanks (张 三). Blanks between Latin words stay, rare characters too.
    """
    name = _BLANKS.sub(" ", narrow(text))
    name = _BETWEEN.sub(DOT, name)
    return _HAN_BLANK.sub("", name).strip()


def check_name(name: str) -> tuple[Problem, ...]:
    """What is wrong with a normalised name: nothing, or one error in words for the page."""
    if not name:
        return (Problem("empty", "请填写姓名。"),)
    if len(name) > LONGEST:
        return (Problem("long", f"姓名最多{LONGEST}个字，现在是{len(name)}个。"),)
    if has_control(name):
        return (Problem("control", "姓名里有不可见的控制字符，请删掉重新输入。"),)
    if "\ufffd" in name or "?" in name:
        return (Problem("garbled", "姓名里有问号或乱码，多半是生僻字在转存时丢失了，请对照证件重新填写。"),)
    if re.search(r"\d{4,}", name):
        return (Problem("digits", "姓名里有一串数字，是不是填错了格子？"),)
    return ()


@lru_cache(maxsize=50_000)
def name_initials(name: str) -> str:
    """Pinyin initials of a normalised name, in lower-case ASCII: 曾小明 → zxm, 单于明 → cym, John Smith → js.

    A Latin word gives its first letter, digits stay, surnames of several readings give that of the surname.
    Characters without a known reading, many of those beyond the BMP among them, are left out.
    """
    pieces = name if _PLAIN.fullmatch(name) else _PIECES.findall(name)
    if not pieces:
        return ""
    first = _SURNAMES.get(name[:2]) if len(pieces) > 2 else None
    first = first or _SURNAMES.get(name[0]) or _initial(pieces[0])
    return (first + "".join(map(_initial, pieces[1:])))[:LONGEST]


@lru_cache(maxsize=30_000)
def _initial(piece: str) -> str:
    """The initial of one Chinese character, one Latin word or one digit; '' where there is none."""
    from grassroots.grid.pinyin import Style, lazy_pinyin

    reading = lazy_pinyin(piece[0], style=Style.FIRST_LETTER, errors="default")
    letters = unicodedata.normalize("NFKD", reading[0] if reading else "").lower()
    return next((letter for letter in letters if letter.isascii() and letter.isalnum()), "")


def mask_name(name: str) -> str:
    """For public papers: 张*, 张*三, 欧阳*明 (surnames of two characters stay whole).

    A name with · keeps its first character only (阿*·***), a Latin one the initials (J*** S****).
    """
    if DOT in name:
        return name[0] + re.sub(rf"[^{DOT}]", "*", name[1:])
    if not re.search(rf"[{_HAN}]", name):
        return " ".join(word[:1] + "*" * (len(word) - 1) for word in name.split(" "))
    kept = 2 if len(name) > 2 and name.startswith(_DOUBLE) else 1
    hidden = len(name) - kept
    return f"{name[:kept]}{'*' * (hidden - 1)}{name[-1]}" if hidden > 1 else f"{name[:kept]}*"
