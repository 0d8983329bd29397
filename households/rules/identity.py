"""Identity documents (DOMAIN.md §4; GB 11643-1999, ISO 7064 MOD 11-2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import TextChoices

from households.rules.problems import Problem
from households.rules.text import fold


class IdKind(TextChoices):
    """证件类型."""

    RESIDENT_ID = "RESIDENT_ID", "居民身份证"
    HMT_RESIDENCE = "HMT_RESIDENCE", "港澳台居民居住证"
    HOME_RETURN = "HOME_RETURN", "回乡证"
    TAIWAN = "TAIWAN", "台胞证"
    PASSPORT = "PASSPORT", "护照"
    NONE = "NONE", "无证件/待补"


_KINDS = {kind.value: kind for kind in IdKind}
HMT_PREFIXES = ("810000", "820000", "830000")
OLDEST_YEARS = 130
_ZONE = ZoneInfo("Asia/Shanghai")
# GB/T 2260, first two digits: the provinces, and 91 for foreigners with permanent residence.
_PROVINCES = frozenset(
    f"{tens}{ones}" for tens, all_ones in (
        (1, "12345"), (2, "123"), (3, "1234567"), (4, "123456"), (5, "01234"), (6, "12345"), (7, "1"), (8, "123"),
        (9, "1"),
    ) for ones in all_ones
)  # fmt: skip
# ISO 7064 MOD 11-2 as GB 11643-1999 has it: the check character by the rest that the weighed digits leave. Their
# weights 7, 9, 10, 5, … 4, 2 are the powers of 2 modulo 11, and so are those of 13: read to base 13 they are weighed.
_CHECKS = "10X98765432"
_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN = re.compile(r"[0-9]{15}")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]*)?E\+?[0-9]{1,2}")
_BLANKS_AND_SIGNS = re.compile(r"[\s\-·.,'’‘`\"()]")
# What people type for the final X: a multiplication sign, the Greek and the Cyrillic letter.
_LOOKS_LIKE_X = re.compile(r"(?<=[0-9]{17})[×✕ΧχХх╳]$")
_NOTHING = frozenset(
    {"无", "没有", "无证件", "无身份证", "没有身份证", "待补", "无证件/待补", "未办", "不详", "/", "\\"}
)
_PATTERNS = {
    IdKind.HOME_RETURN: re.compile(r"[HM]([0-9]{8}|[0-9]{10})"),
    IdKind.TAIWAN: re.compile(r"[0-9]{8}|[0-9]{10}[A-Z]?"),
    # Passports of other countries have their own forms, so only the alphabet and the length are asked for.
    IdKind.PASSPORT: re.compile(r"(?=.*[0-9])[A-Z0-9]{5,17}"),
}
_GUESSES = (
    (IdKind.HOME_RETURN, _PATTERNS[IdKind.HOME_RETURN]),
    (IdKind.PASSPORT, re.compile(r"[A-Z][A-Z0-9]?[0-9]{6,8}")),
)

_DAMAGED_TAIL = Problem(
    "damaged", "身份证号末三位是000且校验不符，多半是Excel把15位以后的数字改成了0,请对照证件重新填写。"
)
_DAMAGED_FORM = Problem(
    "damaged", "身份证号被Excel改成了科学计数法，后面的数字已丢失，请对照证件重新填写(单元格先设为文本)。"
)
_MASKED = Problem("masked", "证件号里有星号，是遮盖过的号码，请对照证件填写完整。")
_CHARACTERS = Problem(
    "characters", "身份证号只能是数字，末位可以是X;请看看是不是把0打成了字母O、把1打成了字母I。"
)
_CHECK_DIGIT = Problem(
    "check_digit", "身份证号末位校验不符，请对照证件核对；确为证件所印请填写原因。", is_warning=True
)
_REGION = Problem(
    "region", "身份证号前两位不是省级代码，请对照证件核对；确为证件所印请填写原因。", is_warning=True
)
_BIRTH = Problem("birth", "身份证号中的出生日期(第7至14位)不存在，请对照证件核对。")
_BIRTH_OLD_FORM = Problem(
    "birth", "按15位旧身份证号看，出生日期(第7至12位)不存在；如是18位的新证，请看看是不是少填了3位。"
)
_BIRTH_FUTURE = Problem("birth_future", "身份证号中的出生日期晚于今天，请对照证件核对。")
_BIRTH_EARLY = Problem(
    "birth_early", f"身份证号中的出生日期(第7至14位)距今超过{OLDEST_YEARS}年，请对照证件核对。"
)
_TAIWAN_GUESSED = Problem(
    "kind_guessed",
    "没有填证件类型，按位数看是台胞证号码；是的话请选“台胞证”，是身份证则缺了几位。",
    is_warning=True,
)
_HMT_FORM = Problem("form", "港澳台居民居住证号码应为18位，以810000、820000或830000开头，请对照证件核对。")


class IdNumber(NamedTuple):
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
    """Half-width, upper-case, without blanks, hyphens, dots, invisible characters or a leading apostrophe.

    The sign for a final X becomes one; Excel's trailing `.0` goes; `5.10121E+17` keeps its dot and plus.
    """
    tidy = fold(text).lstrip("'`’‘ ")
    if _SCIENTIFIC.fullmatch(tidy):
        return tidy
    tidy = re.sub(r"(?<=[0-9])\.0+$", "", tidy)
    return _LOOKS_LIKE_X.sub("X", fold(_BLANKS_AND_SIGNS.sub("", tidy)))


def check_digit(first17: str) -> str:
    """The 18th character of a resident ID number, ISO 7064 MOD 11-2."""
    return _CHECKS[int(first17[:17], 13) * 2 % 11]


def make_resident_id(region: str, birth: dt.date, sequence: int) -> str:
    """A resident ID number with a valid check digit; `sequence` 0 to 999, odd for men.

    Raises ValueError when the region does not have six digits or the sequence more than three.
    """
    first17 = f"{region}{birth.year:04d}{birth.month:02d}{birth.day:02d}{sequence:03d}"
    if not re.fullmatch(r"[0-9]{17}", first17) or len(region) != 6:
        raise ValueError("a resident ID number needs a region of six digits and a sequence of 0 to 999")
    return first17 + check_digit(first17)


def parse_id_number(text: str, kind: str | None = None, today: dt.date | None = None) -> IdNumber:
    """Read an identity number of the given kind (None or unknown: tell the kind from the number).

    Never raises: what is wrong stands in `problems`, in words that repeat no digit. A failed check digit is a
    warning, since real cards with wrong digits exist; an impossible birth date, a wrong length or digits destroyed
    by Excel are errors (DOMAIN.md §4). The old 15-digit form becomes 18 digits. A resident number that starts with
    810000, 820000 or 830000 is of kind HMT_RESIDENCE. Digits of unknown kind in the length of a 台胞证 are taken for
    one, with a warning. Empty text and words such as 无 or 待补 give an empty number.
    `today` (default: now in Shanghai) is what a birth date is held against.
    """
    told = _KINDS.get(kind) if kind else None
    if told in (None, IdKind.RESIDENT_ID) and _EIGHTEEN.fullmatch(text) and not text.startswith(HMT_PREFIXES):
        return _resident(text, IdKind.RESIDENT_ID, today or dt.datetime.now(_ZONE).date(), is_old_form=False)
    number = normalise_id_number(text)
    if number in _NOTHING:
        return IdNumber(IdKind.NONE, "")
    if not number or told == IdKind.NONE:
        return IdNumber(told or IdKind.NONE, number)
    if _SCIENTIFIC.fullmatch(number):
        return IdNumber(told or IdKind.RESIDENT_ID, number, problems=(_DAMAGED_FORM,))
    if "*" in number:
        return IdNumber(told or IdKind.RESIDENT_ID, number, problems=(_MASKED,))
    if told is None and _is_like_taiwan(number):
        return IdNumber(IdKind.TAIWAN, number, problems=(_TAIWAN_GUESSED,))
    known = told or _guess(number)
    if known not in {IdKind.RESIDENT_ID, IdKind.HMT_RESIDENCE}:
        return _document(number, known)
    if known == IdKind.RESIDENT_ID and number.startswith(HMT_PREFIXES):
        known = IdKind.HMT_RESIDENCE
    if known == IdKind.HMT_RESIDENCE and not number.startswith(HMT_PREFIXES):
        return IdNumber(known, number, problems=(_HMT_FORM,))
    is_old_form = known == IdKind.RESIDENT_ID and bool(_FIFTEEN.fullmatch(number))
    if is_old_form:
        number = _eighteen(number)
    if not _EIGHTEEN.fullmatch(number):
        return IdNumber(known, number, problems=(_why_not_eighteen(number, known),))
    return _resident(number, known, today or dt.datetime.now(_ZONE).date(), is_old_form)


def flawless_residents(cells: Iterable[tuple[object, str | None]], today: dt.date) -> list[IdNumber | None]:
    """Of many cells, each with the kind that stands beside it, those that are resident numbers with nothing wrong about
    them, as `parse_id_number` reads them, in a sixth of its time; None for all others, which it is for."""
    found: list[IdNumber | None] = []
    note, is_eighteen, kind, oldest = (
        found.append,
        _EIGHTEEN.fullmatch,
        IdKind.RESIDENT_ID,
        today.year - OLDEST_YEARS,
    )
    for cell, told in cells:
        if (
            type(cell) is str and is_eighteen(cell) and (told is None or told == kind)
            and cell[:2] in _PROVINCES and not cell.startswith(HMT_PREFIXES)
            and _CHECKS[int(cell[:17], 13) * 2 % 11] == cell[17]
            and (birth := _day(cell[6:14])) and birth <= today and birth.year >= oldest
        ):  # fmt: skip
            note(IdNumber(kind, cell, birth, "M" if cell[16] in "13579" else "F", cell[:6]))
        else:
            note(None)
    return found


def birth_and_sex(number: str) -> tuple[dt.date | None, str]:
    """Birth date and sex ('M', 'F') that a normalised number of 18 or 15 digits tells; (None, '') for others."""
    number = _eighteen(number) if _FIFTEEN.fullmatch(number) else number
    if not _EIGHTEEN.fullmatch(number):
        return None, ""
    return _birth(number), "M" if int(number[16]) % 2 else "F"


def mask_id_number(number: str) -> str:
    """5101************1X: the first four and the last two stay; of short numbers only the first and the last."""
    head, tail = (4, 2) if len(number) >= 12 else (1, 1)
    hidden = len(number) - head - tail
    if hidden < 3:
        return "*" * len(number)
    return number[:head] + "*" * hidden + number[-tail:]


def last_four(number: str) -> str:
    """The last four characters, by which people are found; '' for a number shorter than that."""
    return number[-4:] if len(number) >= 4 else ""


def _eighteen(fifteen: str) -> str:
    """GB 11643-1999: the old form has neither century nor check digit; all of it was given out before 2000."""
    first17 = f"{fifteen[:6]}19{fifteen[6:]}"
    return first17 + check_digit(first17)


def _birth(number: str) -> dt.date | None:
    return _day(number[6:14])


@lru_cache(maxsize=50_000)
def _day(digits: str) -> dt.date | None:
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _resident(number: str, kind: IdKind, today: dt.date, is_old_form: bool) -> IdNumber:
    """What a number of 18 digits tells."""
    birth, sex = _day(number[6:14]), "M" if number[16] in "13579" else "F"
    is_checked = check_digit(number) == number[17]
    if is_checked and birth and birth <= today and birth.year >= today.year - OLDEST_YEARS:
        problems = () if number[:2] in _PROVINCES else (_REGION,)
        return IdNumber(kind, number, birth, sex, number[:6], problems)
    return _doubtful(number, kind, today, is_old_form, is_checked)


def _doubtful(number: str, kind: IdKind, today: dt.date, is_old_form: bool, is_checked: bool) -> IdNumber:
    """A number of 18 digits of which something cannot be."""
    birth, sex = birth_and_sex(number)
    if not is_checked and number.endswith("000"):
        # Excel keeps 15 digits: the birth date is among them, the digit that tells the sex is not.
        return IdNumber(kind, number, birth, "", number[:6], (_DAMAGED_TAIL,))
    problems = []
    if birth is None:
        problems.append(_BIRTH_OLD_FORM if is_old_form else _BIRTH)
    elif birth > today:
        problems.append(_BIRTH_FUTURE)
    elif birth.year < today.year - OLDEST_YEARS:
        problems.append(_BIRTH_EARLY)
    if not problems and number[:2] not in _PROVINCES:
        problems.append(_REGION)
    if not is_checked and not any(not problem.is_warning for problem in problems):
        problems.append(_CHECK_DIGIT)
    return IdNumber(kind, number, birth, sex, number[:6], tuple(problems))


def _document(number: str, kind: IdKind) -> IdNumber:
    """A number of a document that tells nothing about its holder."""
    if _PATTERNS[kind].fullmatch(number):
        return IdNumber(kind, number)
    if kind != IdKind.PASSPORT and (guess := _guess(number)) != kind:
        return IdNumber(kind, number, problems=(_other_kind(kind, guess),))
    return IdNumber(
        kind, number, problems=(Problem("form", f"{kind.label}号码的格式不对，请对照证件核对。"),)
    )


def _guess(number: str) -> IdKind:
    """The kind that a number looks like. Digits alone are taken for a resident ID, complete or not."""
    return next((kind for kind, pattern in _GUESSES if pattern.fullmatch(number)), IdKind.RESIDENT_ID)


def _is_like_taiwan(number: str) -> bool:
    """Whether digits of unknown kind have a length of 台胞证 and are not a birth date in the wrong cell."""
    is_date = bool(re.fullmatch(r"(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]", number))
    return not is_date and bool(_PATTERNS[IdKind.TAIWAN].fullmatch(number))


def _why_not_eighteen(number: str, kind: IdKind) -> Problem:
    if kind == IdKind.HMT_RESIDENCE:
        return _HMT_FORM
    if (guess := _guess(number)) != kind:
        return _other_kind(kind, guess)
    if len(number) in (15, 18):
        return _CHARACTERS
    return Problem("length", f"身份证号应为18位(旧证15位)，现在是{len(number)}位，请对照证件核对。")


def _other_kind(kind: IdKind, guess: IdKind) -> Problem:
    return Problem(
        "kind", f"这不像{kind.label}号码，像是{guess.label}号码；请核对，或把证件类型改为“{guess.label}”。"
    )
