"""Phone numbers (DOMAIN.md §4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from households.rules.problems import Problem
from households.rules.text import narrow


class PhoneKind(StrEnum):
    MOBILE = "MOBILE"
    LANDLINE = "LANDLINE"
    NONE = "NONE"
    UNKNOWN = "UNKNOWN"


_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0\d{2,3})?([2-8]\d{6,7})(转\d{1,5}|-\d{1,5})?")
_NOBODY = {"无", "无手机", "没有", "没有手机", "无电话", "/", "-", "不详", "暂无"}


@dataclass(frozen=True)
class Phone:
    """A phone as read; `number` is empty for somebody without one."""

    kind: PhoneKind
    number: str
    problems: tuple[Problem, ...] = ()


def normalise_phone(text: str) -> str:
    """Digits without blanks, dashes, brackets, +86 and Excel's trailing .0; other characters stay."""
    phone = re.sub(r"[\s()\-]", "", narrow(text))
    phone = re.sub(r"\.0$", "", phone)
    return re.sub(r"^(\+?86|0086)(?=1[3-9]\d{9}$)", "", phone)


def parse_phone(text: str) -> Phone:
    """Read a phone; never raises. 无手机 is NONE; of several numbers the first counts, with a warning."""
    tidy = narrow(text)
    if not tidy or tidy in _NOBODY:
        return Phone(PhoneKind.NONE, "")
    parts = [part for part in re.split(r"[,;/、,;]|\s{2,}|(?<=\d{11})\s+(?=\d)", tidy) if part.strip()]
    more: tuple[Problem, ...] = ()
    if len(parts) > 1:
        more = (Problem("several", f"这一格有{len(parts)}个号码,只取了第一个,其余请填在备注。", is_warning=True),)
    number = normalise_phone(parts[0] if parts else tidy)
    if _MOBILE.fullmatch(number):
        return Phone(PhoneKind.MOBILE, number, more)
    if _LANDLINE.fullmatch(number):
        return Phone(PhoneKind.LANDLINE, number, more)
    return Phone(PhoneKind.UNKNOWN, number, (_wrong(number), *more))


def _wrong(number: str) -> Problem:
    if number.isdigit() and number.startswith("1"):
        return Problem("length", f"手机号应为11位,现在是{len(number)}位,请核对。")
    if number.isdigit():
        return Problem("form", "电话号码的位数不对:手机11位,座机7至8位(可带区号),请核对。")
    return Problem("form", "电话号码里有认不出的字,请只填数字;没有电话请填“无手机”。")


def mask_phone(number: str) -> str:
    """138****1234; a landline keeps its last three digits."""
    if len(number) == 11 and number.startswith("1"):
        return f"{number[:3]}****{number[-4:]}"
    if len(number) <= 3:
        return "*" * len(number)
    return "*" * (len(number) - 3) + number[-3:]


def last_four(number: str) -> str:
    """The last four digits, by which people are found."""
    return number[-4:] if len(number) >= 4 else ""
