"""Identity documents (DOMAIN.md §4; GB 11643-1999, ISO 7064 MOD 11-2)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.db.models import TextChoices
from stdnum.cn import ric

from households.rules.problems import Problem
from households.rules.text import narrow


class IdKind(TextChoices):
    """证件类型."""

    RESIDENT_ID = "RESIDENT_ID", "居民身份证"
    HMT_RESIDENCE = "HMT_RESIDENCE", "港澳台居民居住证"
    HOME_RETURN = "HOME_RETURN", "回乡证"
    TAIWAN = "TAIWAN", "台胞证"
    PASSPORT = "PASSPORT", "护照"
    NONE = "NONE", "无证件/待补"


HMT_PREFIXES = ("810000", "820000", "830000")
_EIGHTEEN = re.compile(r"\d{17}[\dX]")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d+")
_PATTERNS = (
    (IdKind.HOME_RETURN, re.compile(r"[HM](\d{8}|\d{10})")),
    (IdKind.TAIWAN, re.compile(r"\d{8}|\d{10}")),
    (IdKind.PASSPORT, re.compile(r"[A-Z][A-Z0-9]?\d{6,8}|\d{9}")),
)
_LENGTH_HINT = "身份证号应为18位(旧证15位),请对照证件核对。"


@dataclass(frozen=True)
class IdNumber:
    """A number as read: normalised, with what can be told from it and what is wrong with it."""

    kind: IdKind
    number: str
    birth_date: dt.date | None = None
    sex: str = ""  # "M", "F" or "" where the number does not tell
    region_code: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether something is wrong that no reason overrides."""
        return any(not problem.is_warning for problem in self.problems)


def normalise_id_number(text: str) -> str:
    """Half-width, upper-case, without blanks, hyphens, dots, invisible characters or a leading apostrophe."""
    return re.sub(r"[\s\-·.'’`]", "", narrow(text)).upper() if "E+" not in text.upper() else narrow(text).upper()


def check_digit(first17: str) -> str:
    """The 18th character of a resident ID number, ISO 7064 MOD 11-2."""
    return str(ric.calc_check_digit(first17 + "0"))


def make_resident_id(region: str, birth: dt.date, sequence: int) -> str:
    """A resident ID number with a valid check digit; `sequence` 0 to 999, odd for men."""
    first17 = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return first17 + check_digit(first17)


def _birth(digits: str) -> dt.date | None:
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _resident(number: str, kind: IdKind, today: dt.date) -> IdNumber:
    birth = _birth(number[6:14])
    sex = "M" if int(number[16]) % 2 else "F"
    region = number[:6]
    problems = []
    is_valid = check_digit(number[:17]) == number[17]
    if not is_valid and number.endswith("000"):
        problems.append(
            Problem("damaged", "身份证号末几位是000且校验不符,多半被Excel改坏了(超过15位变成0),请对照证件重新填写。")
        )
    elif birth is None:
        problems.append(Problem("birth", f"身份证号中的出生日期“{number[6:14]}”不存在,请对照证件核对。"))
    elif birth > today:
        problems.append(Problem("birth_future", f"身份证号中的出生日期“{birth:%Y-%m-%d}”晚于今天,请对照证件核对。"))
    elif not is_valid:
        text = "身份证号末位校验不符,请对照证件核对;确为证件所印请填写原因。"
        problems.append(Problem("check_digit", text, is_warning=True))
    return IdNumber(kind, number, birth, sex, region, tuple(problems))


def _guess(number: str) -> IdKind:
    if number.startswith(HMT_PREFIXES) and _EIGHTEEN.fullmatch(number):
        return IdKind.HMT_RESIDENCE
    if _EIGHTEEN.fullmatch(number) or re.fullmatch(r"\d{15}", number):
        return IdKind.RESIDENT_ID
    for kind, pattern in _PATTERNS:
        if pattern.fullmatch(number):
            return kind
    return IdKind.RESIDENT_ID


def parse_id_number(text: str, kind: str | None = None, today: dt.date | None = None) -> IdNumber:
    """Read an identity number of the given kind (None: tell the kind from the number).

    Never raises: what is wrong stands in `problems`. A failed check digit is a warning, since real cards with wrong
    digits exist; an impossible birth date, a wrong length or digits destroyed by Excel are errors. The old 15-digit
    form becomes 18 digits. An empty text gives kind NONE.
    """
    today = today or dt.date.today()
    number = normalise_id_number(text)
    if not number:
        return IdNumber(IdKind(kind) if kind else IdKind.NONE, "")
    if _SCIENTIFIC.fullmatch(number):
        damaged = Problem("damaged", f"“{number}”是Excel把长数字改成了科学计数法,原号码已丢失,请重新填写。")
        return IdNumber(IdKind(kind) if kind else IdKind.RESIDENT_ID, number, problems=(damaged,))
    known = IdKind(kind) if kind else _guess(number)
    if known == IdKind.NONE:
        return IdNumber(known, number)
    if known == IdKind.RESIDENT_ID and number.startswith(HMT_PREFIXES):
        known = IdKind.HMT_RESIDENCE
    if known in {IdKind.RESIDENT_ID, IdKind.HMT_RESIDENCE}:
        if known == IdKind.RESIDENT_ID and re.fullmatch(r"\d{15}", number):
            first17 = f"{number[:6]}19{number[6:]}"
            number = first17 + check_digit(first17)
        if not _EIGHTEEN.fullmatch(number):
            text = f"现在是{len(number)}位。{_LENGTH_HINT}"
            return IdNumber(known, number, problems=(Problem("length", text),))
        return _resident(number, known, today)
    pattern = dict(_PATTERNS)[known]
    if not pattern.fullmatch(number):
        return IdNumber(known, number, problems=(Problem("form", f"{known.label}号码的格式不对,请对照证件核对。"),))
    return IdNumber(known, number)


def birth_and_sex(number: str) -> tuple[dt.date | None, str]:
    """Birth date and sex ('M', 'F') that an 18-digit number tells; (None, '') for others."""
    if not _EIGHTEEN.fullmatch(number):
        return None, ""
    return _birth(number[6:14]), "M" if int(number[16]) % 2 else "F"


def mask_id_number(number: str) -> str:
    """5101************1X: the first four and the last two stay; short numbers keep only the ends."""
    if len(number) < 7:
        return "*" * len(number)
    return f"{number[:4]}{'*' * (len(number) - 6)}{number[-2:]}"


def last_four(number: str) -> str:
    """The last four characters, by which people are found."""
    return number[-4:] if len(number) >= 4 else ""
