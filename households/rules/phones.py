"""Phone numbers (DOMAIN.md §4): a mobile, a landline, one abroad, or none."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from households.rules.problems import Problem
from households.rules.text import narrow


class PhoneKind(StrEnum):
    """What kind of number was read; UNKNOWN comes with an error."""

    MOBILE = "MOBILE"
    LANDLINE = "LANDLINE"
    FOREIGN = "FOREIGN"
    NONE = "NONE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Phone:
    """A phone as read; `number` is empty for somebody without one."""

    kind: PhoneKind
    number: str
    problems: tuple[Problem, ...] = ()


_CHINA = r"(?:(?:\+|00)?86[ -]?)"
_MOBILE = re.compile(rf"(?<![0-9]){_CHINA}?0?(1[3-9][0-9](?:[ -]?[0-9]){{8}})(?![0-9])")
_PLAIN_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_AREA = r"10|2[0-9]|[3-9][0-9]{2}"
_LANDLINE = re.compile(
    rf"(?<![0-9])(?:(?:{_CHINA}?\(?0|{_CHINA}\(?)(?P<area>{_AREA})\)?[ -]?)?"
    r"(?P<line>[2-8](?:[ -]?[0-9]){6,7})(?:(?:转|-|ext\.?)(?P<extension>[0-9]{1,6}))?(?![0-9])",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"(?:\+|00)(?!86)([1-9](?:[ -]?[0-9]){6,14})")
_SEVERAL = re.compile(r"[,;/\\|、或和及]+")
_MANY_DIGITS = re.compile(r"(?:[0-9][^0-9]{0,2}){7}")
_SIGNS = re.compile(r"[\s()\-]")
_ONLY_NUMBER = re.compile(r"[0-9+()\- ]*")
_EXPONENT = re.compile(r"[0-9](\.[0-9]+)?E(\+?)[0-9]{1,2}", re.IGNORECASE)
# What stands beside a number without saying anything: 电话:, 手机, 联系电话.
_LABEL = re.compile(r"(联系)?(电话|手机|座机|号码|固话|tel|phone)+[:：.]?", re.IGNORECASE)
_NOBODY = frozenset(
    {
        "无", "无手机", "没有", "没有手机", "无电话", "没有电话", "无号码", "没手机", "没电话", "不详", "暂无",
        "不用手机", "/", "\\", "-", "--", "0", "0.0", "00000000000", "",
    }
)  # fmt: skip
_MASKED = Problem("masked", "电话号码里有星号，是遮盖过的号码，请填写完整。")
_DAMAGED = Problem("damaged", "电话号码被Excel改成了科学计数法，后面的数字已丢失，请重新填写。")
_PREFIX = Problem("prefix", "没有这个号段的手机号(第二位应为3至9)，请核对。")
_LINE = Problem("form", "电话号码的位数不对：手机11位，座机7至8位(可带区号)，请核对。")
_WORDS = Problem("form", "电话号码里有认不出的字，请只填数字；没有电话请填“无手机”。")
_REMARK = Problem("remark", "号码旁边的文字没有收下，如是机主或关系请填在“机主”里。", is_warning=True)


def normalise_phone(text: str) -> str:
    """The digits of the first number, as they are stored and looked up; '' for 无手机.

    A landline keeps its area code, an extension follows 转, a number abroad begins with +. What is no whole number
    (the last four digits typed for a search) only loses its blanks, dashes and brackets.
    """
    return parse_phone(text).number


def parse_phone(text: str) -> Phone:
    """Read a phone; never raises. 无手机 is NONE; of several numbers the first counts, with a warning.

    Sources: DOMAIN.md §4 (mobile ^1[3-9]\\d{9}$). Takes +86, full-width digits, blanks, dashes, brackets, and the
    13812345678.0 or 1.3812345678E10 of a number cell; a remark beside the number (儿子138…) is a warning.
    """
    if _PLAIN_MOBILE.fullmatch(text):
        return Phone(PhoneKind.MOBILE, text)
    tidy = _LABEL.sub("", _from_number_cell(_plain(text))).strip()
    if tidy in _NOBODY or _compact(tidy) in _NOBODY:
        return Phone(PhoneKind.NONE, "")
    if "*" in tidy:
        return Phone(PhoneKind.UNKNOWN, _compact(tidy), (_MASKED,))
    if _EXPONENT.fullmatch(tidy):
        return Phone(PhoneKind.UNKNOWN, tidy, (_DAMAGED,))
    parts = [part.strip() for part in _SEVERAL.split(tidy) if _MANY_DIGITS.search(part)] or [tidy]
    kind, number, rest = _first_number(parts[0])
    if kind == PhoneKind.UNKNOWN:
        return Phone(kind, number, (_wrong(number),))
    problems = []
    count = len(parts) + len(re.findall(r"[0-9-]{7,}", rest))
    if count > 1:
        message = f"这一格有{count}个号码，只取了第一个，其余请填在备注。"
        problems.append(Problem("several", message, is_warning=True))
    elif _has_words(rest) or (parts[0] != tidy and _has_words(tidy)):
        problems.append(_REMARK)
    return Phone(kind, number, tuple(problems))


def mask_phone(number: str) -> str:
    """138****1234, 028****1234: the first three and the last four digits stay; of short numbers the last three."""
    digits, mark, extension = number.partition("转")
    if len(digits) >= 10:
        masked = f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
    else:
        masked = "*" * (len(digits) - 3) + digits[-3:] if len(digits) > 3 else "*" * len(digits)
    return f"{masked}{mark}{'*' * len(extension)}"


def last_four(number: str) -> str:
    """The last four digits, without an extension, by which people are found; '' for a shorter number."""
    digits = number.partition("转")[0]
    return digits[-4:] if len(digits) >= 4 else ""


def _plain(text: str) -> str:
    """Half-width, with whatever else looks like a digit (①, 𝟏) made one; trimmed."""
    return narrow(unicodedata.normalize("NFKC", narrow(text)))


def _compact(text: str) -> str:
    return _from_number_cell(_plain(_SIGNS.sub("", text)))


def _from_number_cell(text: str) -> str:
    """13812345678.0 and 1.3812345678E10 are what programs make of a number cell; both are whole.

    Excel itself writes the shortened form with a plus (1.38123E+10): whole only with all its decimals.
    """
    text = re.sub(r"(?<=[0-9])(?:\.0+)+$", "", text)
    found = _EXPONENT.fullmatch(text)
    if found and (not found[2] or len(found[1] or "") > 9):
        value = Decimal(text)
        return str(int(value)) if value < 10**15 and value == int(value) else text
    return text


def _first_number(text: str) -> tuple[PhoneKind, str, str]:
    """Kind and digits of the first number in the text, and what stands around it."""
    compact = _compact(text)
    for candidate in (compact, text):
        if found := _FOREIGN.fullmatch(candidate):
            return PhoneKind.FOREIGN, "+" + _SIGNS.sub("", found[1]), ""
        for kind, pattern in ((PhoneKind.MOBILE, _MOBILE), (PhoneKind.LANDLINE, _LANDLINE)):
            if found := pattern.fullmatch(candidate):
                return kind, _digits(found), ""
    for kind, pattern in ((PhoneKind.MOBILE, _MOBILE), (PhoneKind.LANDLINE, _LANDLINE)):
        if found := pattern.search(text):
            rest = f"{text[: found.start()]} {text[found.end() :]}"
            if _ONLY_NUMBER.fullmatch(text) and re.search("[0-9]", rest) and not _MANY_DIGITS.search(rest):
                break  # digits too many for one number and too few for two
            return kind, _digits(found), rest
    return PhoneKind.UNKNOWN, compact, ""


def _digits(found: re.Match[str]) -> str:
    """The digits as they are stored: 13812345678, 02884931234, 02884931234转801."""
    if found.re is _MOBILE:
        return _SIGNS.sub("", found[1])
    number = (f"0{found['area']}" if found["area"] else "") + _SIGNS.sub("", found["line"])
    return f"{number}转{found['extension']}" if found["extension"] else number


def _has_words(text: str) -> bool:
    return any(char.isalpha() for char in _SEVERAL.sub("", text))


def _wrong(number: str) -> Problem:
    if not number.isascii() or not number.isdigit():
        return _WORDS
    if number.startswith("1") and len(number) == 11:
        return _PREFIX
    if number.startswith("1") and len(number) > 5:
        return Problem("length", f"手机号应为11位，现在是{len(number)}位，请核对。")
    return _LINE
