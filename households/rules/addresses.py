"""Doors: reading them, naming them, finding them, and the order in which one walks past them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from households.rules.text import narrow

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_CHINESE = re.compile(r"[零〇一二两三四五六七八九十百]+(?=(号楼|栋|幢|座|单元|层|楼|号|室|组))")
_PART = r"[0-9A-Za-z]+"
_FULL = re.compile(
    rf"(?:(?P<building>{_PART})(?:号楼|栋|幢|座))?(?:(?P<unit>{_PART})单元)?(?:(?P<floor>\d+)(?:层|楼))?"
    rf"(?:(?P<door>{_PART}(?:-\d+)?)(?:号|室|户)?)?"
)
_DASHED = re.compile(rf"{_PART}(-{_PART}){{1,3}}")
_RURAL = re.compile(r"(?P<group>\d+)组(?P<door>\d+[A-Za-z]?(?:-\d+)?)号?")


@dataclass(frozen=True)
class Door:
    """A door as read; parts that the text does not name are empty."""

    building: str = ""
    unit: str = ""
    floor: str = ""
    door: str = ""
    group: str = ""


def _chinese_number(match: re.Match[str]) -> str:
    total = current = 0
    for char in match.group():
        if char == "百":
            total, current = total + (current or 1) * 100, 0
        elif char == "十":
            total, current = total + (current or 1) * 10, 0
        else:
            current = _DIGITS[char]
    return str(total + current)


def normalise_address_text(text: str) -> str:
    """Half-width, no blanks, Chinese numerals before 栋/单元/号… as digits, letters upper-case."""
    tidy = re.sub(r"\s+", "", narrow(text)).replace("_", "-").replace("#", "栋")
    return _CHINESE.sub(_chinese_number, tidy).upper()


def floor_of(door: str) -> str:
    """The floor that a door number tells: 501 → 5, 1801 → 18; '' where it does not."""
    digits = re.match(r"\d+", door)
    number = digits.group() if digits else ""
    return number[:-2] if len(number) in (3, 4) and number[:-2] != "0" else ""


def parse_door(text: str) -> Door:
    """Read "3-2-501", "3栋2单元501", "三栋二单元501", "12组34号", "34号", "B座1801室"; an empty Door if unreadable."""
    tidy = normalise_address_text(text)
    if rural := _RURAL.fullmatch(tidy):
        return Door(door=rural["door"], group=rural["group"])
    if _DASHED.fullmatch(tidy):
        parts = tidy.split("-")
        if len(parts) == 4:
            return Door(parts[0], parts[1], parts[2], parts[3])
        building, unit, door = (parts[0], parts[1], parts[2]) if len(parts) == 3 else (parts[0], "", parts[1])
        return Door(building, unit, floor_of(door), door)
    found = _FULL.fullmatch(tidy)
    if not found or not found["door"]:
        return Door()
    door = found["door"]
    return Door(found["building"] or "", found["unit"] or "", found["floor"] or floor_of(door), door)


def door_key(building: str, unit: str, door: str, share_no: str = "") -> str:
    """The key by which a door is found: "3-2-501", "34", "3-2-501#2"."""
    parts = [normalise_address_text(part) for part in (building, unit, door)]
    key = "-".join(part for part in parts if part)
    return f"{key}#{share_no}" if share_no else key


def door_display(building: str, unit: str, door: str, share_no: str = "") -> str:
    """What people read: 3栋2单元501, 34号, 3栋2单元501(2)."""
    text = f"{building}栋" if building else ""
    text += f"{unit}单元" if unit else ""
    text += door if text or not door.isdigit() else f"{door}号"
    return f"{text}({share_no})" if share_no else text


def _natural(text: str) -> str:
    """Digits padded to six places, so that strings sort as people count; only 0-9, A-Z and '.' come out."""
    pieces = re.findall(r"\d+|[A-Z]+", normalise_address_text(text))
    if not pieces:
        return "000000"
    return ".".join(piece.lstrip("0").rjust(6, "0") if piece.isdigit() else f"9{piece}" for piece in pieces)


def walk_key(building: str, unit: str, floor: str, door: str, share_no: str = "") -> str:
    """A string that sorts doors in walking order, the same on both databases: building, unit, floor, door."""
    level = floor or floor_of(door)
    return "|".join(_natural(part) for part in (building, unit, level, door, share_no))[:120]
