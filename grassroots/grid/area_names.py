"""Names of areas as people write them: when two writings are one area, and when two names are suspiciously alike."""

from __future__ import annotations

import re
from functools import lru_cache

from grassroots.grid.models.areas import Level
from grassroots.grid.text import NUMERAL, arabic, fold

_MEASURES = "村民小组|居民小组|村民组|居民组|小组|组|社(?!区)|网格|号院|院|期|区|栋|幢"
_CHINESE = re.compile(rf"[{NUMERAL}]+(?=(?:{_MEASURES}))")
_ORDINAL = re.compile(r"第+(?=[0-9])")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_AROUND = re.compile(r"[\s\"'“”‘’.。、,_]+")
_GROUP = re.compile(r"(?:村民小组|居民小组|村民组|居民组|小组|社)$")
_OFFICE = {
    Level.STREET: re.compile(r"(?:办事处|人民政府|党工委)$"),
    Level.VILLAGE: re.compile(r"(?:居民委员会|村民委员会|居委会|党总支|党支部)$"),
}
# What may be missing in one of two writings of the same area.
_SUFFIX = {
    Level.COUNTY: re.compile(r"[县区市]$"),
    Level.STREET: re.compile(r"(?:街道|街办|镇|乡)$"),
    Level.VILLAGE: re.compile(r"(?:社区|村)$"),
    Level.GROUP: re.compile(r"(?:组|网格)$"),
    Level.COMPOUND: re.compile(r"(?:居民小区|小区|散居院落|院落|大院|院子|院)$"),
}


@lru_cache(maxsize=20_000)
def area_key(name: str, level: int) -> str:
    """One way of writing: 第3组, 三组, 03 村民小组 and 3社 are 3组; 城厢社区居委会 is 城厢社区."""
    text = _AROUND.sub("", fold(name))
    text = _CHINESE.sub(lambda found: arabic(found.group()), text)
    text = _ZEROS.sub("", _ORDINAL.sub("", text))
    if level == Level.STREET:
        text = re.sub(r"街道?办$", "街道", text)
    if level in _OFFICE:
        text = _OFFICE[Level(level)].sub("", text) or text
    if level == Level.GROUP:
        text = _GROUP.sub("组", text)
        text = f"{text}组" if text.isdecimal() else text
    if level == Level.VILLAGE:
        text = re.sub(r"村?村委会?$", "村", text)
    return text


@lru_cache(maxsize=20_000)
def area_stem(name: str, level: int) -> str:
    """The name without 社区, 村, 小区 …, where something is left of it; '' for a mere number."""
    key = area_key(name, level)
    stem = _SUFFIX[Level(level)].sub("", key) or key
    return "" if stem.isdecimal() else stem


@lru_cache(maxsize=20_000)
def _sound(stem: str) -> str:
    from grassroots.grid.pinyin import lazy_pinyin

    return " ".join(lazy_pinyin(stem))


def is_alike(one: str, other: str, level: int) -> bool:
    """Whether two names are almost one: equal but for 社区, 村, 小区 …, or written with other characters that sound
    the same (翠柏苑, 翠白苑). 红旗社区 and 红星社区 are not."""
    first, second = area_stem(one, level), area_stem(other, level)
    if not first or not second:
        return False
    return first == second or _sound(first) == _sound(second)
