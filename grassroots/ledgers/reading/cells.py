"""Single cells as clerks fill them in. Each function gives a `Parsed` and never raises.

Whether an identity number is right (check digit, birth date), or a phone can exist, is for the rules of the app
that keeps it; here a cell is only made readable, and what Excel has destroyed is recognised.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from grassroots.grid.text import fold
from grassroots.ledgers.reading.dates import parse_date, parse_datetime
from grassroots.ledgers.reading.parsed import NOTHING, Parsed, original_text, tidy

__all__ = [
    "Parsed",
    "parse_date",
    "parse_datetime",
    "parse_id",
    "parse_int",
    "parse_phone",
    "parse_sex",
    "parse_temperature",
    "parse_text",
    "parse_yes_no",
]

LOWEST, HIGHEST = Decimal("30"), Decimal("43")
#: Signs that stand around a word without saying anything.
_AROUND = "".join("。.;；,，()（） ")
_EXCEL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]*)?E\+?[0-9]{1,2}", re.IGNORECASE)
_ID_SIGNS = re.compile(r"[\s\-·.,'’‘`\"()]")
_LOOKS_LIKE_X = re.compile(r"(?<=[0-9]{17})[×✕ΧχХх╳*]$")
_TEMPERATURE = re.compile(
    r"(?:体温)?:?([0-9]{2})(?:[.,。、:·度]([0-9]{1,2})?)?(?:°C|℃|C|度|摄氏度)*", re.IGNORECASE
)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_UNITS = re.compile(r"[人户口个名次岁周天米辆条份]+$")
_PHONE = re.compile(r"(?<![0-9])(?:\+?86[ -]?)?(1[3-9][0-9](?:[ -]?[0-9]){8})(?![0-9])")
_LANDLINE = re.compile(r"(?<![0-9])((?:0[0-9]{2,3}[ -]?)?[2-8](?:[ -]?[0-9]){6,7}(?:转[0-9]{1,6})?)(?![0-9])")
_PHONE_SIGNS = re.compile(r"[\s\-()]")
_NO_PHONE = NOTHING | {"无手机", "没手机", "没有手机", "无电话", "没有电话", "没电话", "0"}
_NO_ID = NOTHING | {"无证件", "无身份证", "没有身份证", "待补", "未办"}
_YES = frozenset(
    [
        "是",
        "有",
        "√",
        "✓",
        "✔",
        "☑",
        "对",
        "Y",
        "YES",
        "TRUE",
        "V",
        "1",
        "已",
        "已签",
        "已签订",
        "已张贴",
        "已发",
        "已办",
        "会",
        "在",
        "确认",
        "●",
        "○是",
    ]
)
_NO = frozenset(
    [
        "否",
        "无",
        "×",
        "✗",
        "✘",
        "X",
        "☒",
        "N",
        "NO",
        "FALSE",
        "0",
        "未",
        "未签",
        "没有",
        "没",
        "不是",
        "不",
        "未签订",
        "未张贴",
        "未发",
        "不在",
        "-",
        "--",
        "/",
        "\\",
    ]
)
_SEX = {
    "男": "M", "女": "F", "M": "M", "F": "F", "MALE": "M", "FEMALE": "F", "男性": "M", "女性": "F",
    "1": "M", "2": "F", "♂": "M", "♀": "F",
}  # fmt: skip


def parse_text(value: object) -> Parsed[str]:
    """Text as it is kept: trimmed, line breaks as blanks, a whole float without its `.0`.

    Characters of names stay as they are. An error value of a formula is none, with a problem.
    """
    original = original_text(value)
    text = " ".join(original.replace("\u00a0", " ").replace("\u3000", " ").split())
    text = text.strip("\ufeff\u200b\u200e\u200f\u202a\u202c")
    if text.upper() in _EXCEL_ERRORS:
        return Parsed(None, f"单元格是公式错误“{text}”，请改成文字。", original)
    return Parsed(text or None, "", original)


def parse_int(value: object) -> Parsed[int]:
    """A whole number, also with a unit behind it (3人) or full-width."""
    original = original_text(value)
    text = unicodedata.normalize("NFKC", tidy(value)).replace(",", "").replace(" ", "")
    if text in NOTHING:
        return Parsed(None, "", original)
    text = re.sub(r"(?<=[0-9])\.0+$", "", _UNITS.sub("", text))
    if _INTEGER.fullmatch(text) and len(text) <= 15:
        return Parsed(int(text), "", original)
    return Parsed(None, f"“{original}”不是整数。", original)


def parse_temperature(value: object) -> Parsed[Decimal]:
    """Degrees Celsius: 36.5, 36.5℃, 36。5, 36,5, 36度5, full-width. 63.5 is a problem, not a number, and so
    is 365: a reading is asked for again, never repaired (DOMAIN.md §3).

    / and 无 are nothing, without a problem. Words (不在家) are a problem that says so: the caller may know them.
    """
    original = original_text(value)
    text = unicodedata.normalize("NFKC", tidy(value)).replace(" ", "").replace("℃", "C").replace("°", "")
    if text in NOTHING or text in {"未测", "未测量", "未检测"}:
        return Parsed(None, "", original)
    found = _TEMPERATURE.fullmatch(text)
    number: Decimal | None
    if found:
        number = Decimal(f"{found[1]}.{found[2] or 0}")
    else:
        number = _decimal(text)
        if number is None:
            return Parsed(None, f"“{original}”不是体温。", original)
    if not LOWEST <= number <= HIGHEST:
        return Parsed(None, f"体温“{original}”不在{LOWEST}至{HIGHEST}℃之间，请核对。", original)
    return Parsed(number.quantize(Decimal("0.1"), ROUND_HALF_UP), "", original)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 1000 else None


def parse_phone(value: object) -> Parsed[str]:
    """The digits of the first number in a cell; a number cell, blanks, dashes, +86 and brackets are understood.

    More than one number, or words beside it: a problem that says so, the first is the value. 无 is nothing.
    """
    original = original_text(value)
    text = unicodedata.normalize("NFKC", tidy(value))
    text = re.sub(r"(?<=[0-9])\.0+$", "", text)
    if text in _NO_PHONE:
        return Parsed(None, "", original)
    if "*" in text:
        return Parsed(None, "电话是遮盖过的号码，不能用。", original)
    if _SCIENTIFIC.fullmatch(text):
        return _whole_phone(text, original)
    found = [_PHONE_SIGNS.sub("", match) for match in _PHONE.findall(text)]
    if not found:
        found = [
            _PHONE_SIGNS.sub("", match)
            for match in _LANDLINE.findall(text.replace("(", "").replace(")", "-"))
        ]
    if not found:
        return Parsed(None, _phone_problem(text), original)
    problem = f"这一格有{len(found)}个号码，只取第一个。" if len(found) > 1 else ""
    return Parsed(found[0], problem, original)


def _whole_phone(text: str, original: str) -> Parsed[str]:
    number = Decimal(text)
    digits = str(int(number)) if number == int(number) else ""
    if _PHONE.fullmatch(digits) and not digits.endswith("00000"):
        return Parsed(digits, "", original)
    return Parsed(None, "电话被Excel改成了科学计数法，后面的数字已丢失，请重新填写。", original)


def _phone_problem(text: str) -> str:
    digits = re.sub(r"[^0-9]", "", text)
    if re.fullmatch(r"1[0-9]{5,}", digits):
        return (
            "没有这个号段的手机号，请核对。"
            if len(digits) == 11
            else f"手机号应为11位，现在是{len(digits)}位。"
        )
    return "电话号码认不出来，请核对。"


def parse_id(value: object) -> Parsed[str]:
    """A document number: half-width, upper-case, without blanks, tabs, quotes; the sign for a final X made one.

    Digits that Excel destroyed give a problem and no value: 5.10121E+17, or 18 digits ending in 000 whose check
    digit does not fit. Everything else is left to the rules of identity documents. 无 and 待补 are nothing.
    """
    original = original_text(value)
    text = fold(original).lstrip("'`’‘ ")
    if text in _NO_ID:
        return Parsed(None, "", original)
    if (isinstance(value, float) and abs(value) >= 10**15) or _SCIENTIFIC.fullmatch(text):
        problem = (
            "身份证号被Excel改成了科学计数法，后面的数字已丢失，请对照证件重新填写（单元格先设为文本）。"
        )
        return Parsed(None, problem, original)
    text = re.sub(r"(?<=[0-9])\.0+$", "", text)
    number = _LOOKS_LIKE_X.sub("X", fold(_ID_SIGNS.sub("", text)))
    if re.fullmatch(r"[0-9]{15}000", number) and not _is_checked(number):
        problem = "身份证号末三位是000且校验不符，多半是Excel把15位以后的数字改成了0，请对照证件重新填写。"
        return Parsed(None, problem, original)
    return Parsed(number or None, "", original)


def _is_checked(number: str) -> bool:
    """ISO 7064 MOD 11-2."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17]


def parse_yes_no(value: object) -> Parsed[bool]:
    """是 有 √ and the like are True; 否 无 × / are False; blank is nothing."""
    original = original_text(value)
    text = unicodedata.normalize("NFKC", tidy(value)).upper().strip(_AROUND)
    if not text:
        return Parsed(None, "", original)
    if text in _YES:
        return Parsed(True, "", original)
    if text in _NO:
        return Parsed(False, "", original)
    return Parsed(None, f"“{original}”看不出是“是”还是“否”。", original)


def parse_sex(value: object) -> Parsed[str]:
    """'M' or 'F'."""
    original = original_text(value)
    text = unicodedata.normalize("NFKC", tidy(value)).upper()
    if text in NOTHING:
        return Parsed(None, "", original)
    sex = _SEX.get(text)
    return Parsed(sex, "" if sex else f"性别“{original}”认不出来，请写男或女。", original)
