"""Doors: reading them, naming them, finding them, and the order in which one walks past them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from grassroots.grid.text import NUMERAL, arabic, fold

HIGHEST_FLOOR = 60
_MEASURES = "号楼|栋|幢|座|单元|层|楼|号|室|村民小组|村民组|小组|组|社(?!区)|期|-"
_CHINESE = re.compile(rf"[{NUMERAL}]+(?=(?:{_MEASURES}))|(?<=[栋幢座元层楼组社附-])[{NUMERAL}]+$")
# The same thing under other names; 社 is what Sichuan calls a villagers' group.
_CANONICAL = (
    (re.compile(r"(?<=[0-9A-Z])(?:号楼|幢|座|#楼)"), "栋"),
    (re.compile(r"(?<=[0-9A-Z])#(?=[0-9A-Z-])"), "栋"),
    (re.compile(r"(?<=[0-9A-Z])#+$"), ""),
    (re.compile(r"第*([0-9]+)(?:村民小组|村民组|小组|社(?!区))"), r"\1组"),
    (re.compile(r"第(?=[第0-9]*[0-9]组)"), ""),
    (re.compile(r"(?<=[0-9])层"), "楼"),
    (re.compile(r"(?<=[0-9])号(?=附[0-9])"), ""),
    (re.compile(r"(?<=[0-9A-Z])[室房户]+$"), ""),
)
_NAME = r"(?:[0-9A-Z东西南北中]{1,4}[期区])?[0-9A-Z甲乙丙丁戊东西南北中]{1,12}"
_PLATE = r"[A-Z]{0,3}[0-9]{1,8}[A-Z]?(?:附[0-9]{1,4}|-[0-9]{1,4})?"
_WRITTEN = re.compile(
    r"(?:(?P<group>[0-9]{1,4})组-?)?"
    rf"(?:(?P<building>{_NAME})(?:栋-?|-(?={_NAME}单元)))?"
    rf"(?:(?P<unit>{_NAME})单元-?)?"
    r"(?:(?P<floor>-?[0-9]{1,3}|负[0-9])楼-?)?"
    rf"(?P<door>{_PLATE})"
)
_DASHED = re.compile(r"(?:(?P<group>[0-9]{1,4})组-?)?(?P<parts>[0-9A-Z]{1,8}(?:-[0-9A-Z]{1,8}){1,3})")
_SUFFIXES = re.compile(r"(?:栋|单元|号|(?<=[0-9])楼)$")
_END, _TAG_NUMBER, _TAG_LONG, _TAG_LETTER, _TAG_OTHER = "0", "1", "2", "3", "4"
_STEMS = {stem: chr(ord("A") + order) for order, stem in enumerate("甲乙丙丁戊己庚辛壬癸")}
_LONGEST_KEY = 120


@dataclass(frozen=True)
class Door:
    """A door as read; parts that the text does not name are empty."""

    building: str = ""
    unit: str = ""
    floor: str = ""
    door: str = ""
    group: str = ""


def normalise_address_text(text: str) -> str:
    """One way of writing for free address text, so that two writings of one place are equal.

    Half-width, no blanks, letters upper-case; Chinese numerals before 栋, 单元, 号, 组… as digits; 幢, 号楼, 座 and
    # as 栋, 村民小组 and 社 as 组, 层 as 楼; 室 at the end goes.
    """
    tidy = fold(re.sub(r"\s+", "", fold(text))).replace("_", "-")
    tidy = _CHINESE.sub(lambda found: arabic(found.group()), tidy)
    for pattern, canonical in _CANONICAL:
        tidy = pattern.sub(canonical, tidy)
    return tidy


def floor_of(door: str) -> str:
    """The floor that a door number tells: 501 → 5, 1801 → 18; '' where it tells none."""
    found = re.match(r"[A-Z]?([0-9]{1,2})(?!00)[0-9]{2}(?![0-9])", door)
    floor = int(found[1]) if found else 0
    return str(floor) if 0 < floor <= HIGHEST_FLOOR else ""


def parse_door(text: str) -> Door:
    """Read a door as people type it; an empty Door if it cannot be read.

    "3-2-501" (3.2.501 from a number pad too), "3栋2单元501", "3幢2单元5楼501号", "三栋二单元五〇一", "B座1801室",
    "12组34号", "34号附1号". Two parts are building and door. The floor is told by the door's number where a
    building or unit shows that it is a flat.
    """
    tidy = normalise_address_text(re.sub(r"^门牌号?[:：]?", "", fold(text)))
    tidy = re.sub(r"(?<=[0-9A-Z])[./,、*栋](?=[0-9A-Z])", "-", tidy) if _is_from_pad(tidy) else tidy
    has_sign, tidy = tidy.endswith("号"), tidy.removesuffix("号")
    if (dashed := _DASHED.fullmatch(tidy)) and not (has_sign and re.fullmatch(r"[0-9]+-[0-9]{1,2}", tidy)):
        return _dashed(dashed["parts"].split("-"), dashed["group"] or "")
    if re.fullmatch(rf"{_NAME}栋{_NAME}-[0-9A-Z]+", tidy):  # 3栋2-501
        return _dashed(re.split("栋|-", tidy), "")
    found = _WRITTEN.fullmatch(tidy)
    if not found:
        return Door()
    building, unit, door = found["building"] or "", found["unit"] or "", found["door"]
    floor = found["floor"] or (floor_of(door) if building or unit else "")
    return Door(building, unit, floor, door, found["group"] or "")


def door_key(building: str, unit: str, door: str, share_no: str = "") -> str:
    """The key by which a door is found: "3-2-501", "34", "3-2-501#2" for the second household behind it.

    Two writings of one door have one key (03栋 and 3幢, 0501 and 501室). It is for finding, not for uniqueness:
    unit 2 without a building and building 2 without units share their keys.
    """
    key = "-".join(part for part in (_bare(building), _bare(unit), _bare(door)) if part)
    share = _bare(share_no)
    return f"{key}#{share}" if share else key


def door_display(building: str, unit: str, door: str, share_no: str = "") -> str:
    """What people read: 3栋2单元501, 34号, 34号附1号, 3栋2单元501(2)."""
    building, unit, door = (_without_suffix(part) for part in (building, unit, door))
    text = building if not building or building[-1] in "楼院区苑阁" else f"{building}栋"
    text += f"{unit}单元" if unit else ""
    if text or not re.match("[0-9]", door):
        text += door
    else:
        text = door.replace("附", "号附") + "号"
    return f"{text}({share_no})" if share_no else text


def walk_key(building: str, unit: str, floor: str, door: str, share_no: str = "") -> str:
    """A string that sorts doors in walking order: building, unit, floor, door, share, each as people count.

    Only 0-9 and A-Z come out and no two pieces of one kind differ in width, so that every database sorts alike,
    whatever its collation makes of punctuation. Nothing sorts before numbers, numbers before letters. At most 120
    characters; a missing floor is told by the door's number where there is a building or unit.
    """
    is_flat = bool(building or unit)
    keys = (
        _natural(building),
        _natural(unit),
        _floor_key(floor, door, is_flat),
        _natural(door),
        _natural(share_no),
    )
    return "".join(keys)[:_LONGEST_KEY]


def _is_from_pad(tidy: str) -> bool:
    """3.2.501 and 3*2*501: a number pad has no dash; 3#2#501 has become 3栋2栋501."""
    return bool(re.fullmatch(r"[0-9A-Z]+(?:[./,、*-][0-9A-Z]+){1,3}|[0-9A-Z]+(?:栋[0-9A-Z]+){2}", tidy))


def _dashed(parts: list[str], group: str) -> Door:
    if group and len(parts) == 2 and len(parts[1]) < 3:  # 12组34-1号
        return Door(door="-".join(parts), group=group)
    building, door = parts[0], parts[-1]
    unit = parts[1] if len(parts) > 2 else ""
    floor = parts[2] if len(parts) == 4 else floor_of(door)
    return Door(building, unit, floor, door, group)


@lru_cache(maxsize=20_000)
def _without_suffix(part: str) -> str:
    return _SUFFIXES.sub("", normalise_address_text(part))


@lru_cache(maxsize=20_000)
def _bare(part: str) -> str:
    """A part as it stands in keys: without 栋, 单元, 号 and leading zeros."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", _without_suffix(part))


@lru_cache(maxsize=20_000)
def _natural(part: str) -> str:
    """Pieces of fixed width behind a tag that orders their kinds, closed by the lowest character."""
    pieces = re.findall(r"[0-9]+|[^0-9\W_附]", _bare(part))
    return "".join(map(_piece, pieces)) + _END


def _piece(piece: str) -> str:
    piece = _STEMS.get(piece, piece)
    if piece.isdecimal() and piece.isascii():
        return f"{_TAG_NUMBER}{piece:0>6}" if len(piece) <= 6 else f"{_TAG_LONG}{piece:0>20}"
    if "A" <= piece <= "Z":
        return _TAG_LETTER + piece
    return f"{_TAG_OTHER}{ord(piece):06X}"


def _floor_key(floor: str, door: str, is_flat: bool) -> str:
    """The floor as given (below ground: 0), or as the door's number tells it, in step with the numbers."""
    if floor:
        return _natural("0" if re.match(r"-|负|地下|B[0-9]", fold(floor)) else floor)
    found = re.match(r"[0-9]+", _bare(door)) if is_flat else None
    level = int(found[0]) // 100 if found else 0
    return _natural(str(level) if level else "")
