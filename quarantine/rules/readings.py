"""Reading a thermometer: what is a temperature, what is fever, what must be measured again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import TextChoices

from quarantine.rules.policy import NO_SYMPTOM, FeverOperator, PolicyTerms

# What a thermometer on a living person can show, ℃. No policy's threshold: it tells slips from readings.
LOWEST = Decimal("30.0")
HIGHEST = Decimal("43.0")

_TENTH = Decimal("0.1")
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{0,12})?")
_SPOKEN = re.compile(r"(\d{2})度(\d)")
_UNIT = re.compile(r"(?:摄氏度|°c|°|度|c)$", re.IGNORECASE)


class ReadingClass(TextChoices):
    """What one reading says. A low one is never called normal: it asks to be repeated."""

    NOT_MEASURED = "NOT_MEASURED", "未测"
    NORMAL = "NORMAL", "正常"
    LOW = "LOW", "偏低待复测"
    SYMPTOMS = "SYMPTOMS", "有症状"
    FEVER = "FEVER", "体温异常"

    @property
    def is_abnormal(self) -> bool:
        """Whether it raises an alert: fever, or a symptom at any temperature."""
        return self in (ReadingClass.FEVER, ReadingClass.SYMPTOMS)


def check_temperature(value: str | Decimal | float | None) -> tuple[Decimal | None, str]:
    """What was typed as ℃ with one decimal, and ''; or None and a Chinese sentence saying what to check.

    Full-width digits, a Chinese full stop or comma for the point, blanks and ℃/度 are understood ("36。5℃",
    "36度5"). A value outside 30.0–43.0 is refused, never repaired: nobody but the one who holds the
    thermometer knows what it showed. A second decimal is refused too (rounding 37.25 would make a fever),
    except a zero or the binary noise of a number that a spreadsheet worked out.
    """
    typed = _typed(value)
    if not typed:
        return None, "请填写体温；没有测到的，请选“不在家”“拒测”等情况"
    if not _NUMBER.fullmatch(typed):
        return None, f"“{_shown(value)}”不是一个体温读数，请只填数字，如 36.5 的样子"
    found = Decimal(typed)
    if not LOWEST <= found <= HIGHEST:
        return None, f"{_shown(value)} 不在30.0至43.0℃之间，请对照体温计重填{_hint(found)}"
    if found != found.quantize(_TENTH):
        return None, f"{_shown(value)} 小数太多，体温只填一位小数，请对照体温计重填"
    return found.quantize(_TENTH), ""


def is_fever(temperature: Decimal, terms: PolicyTerms) -> bool:
    """At or above the policy's threshold, or only above it, as its operator says (“≥37.3℃” or “>37.3”)."""
    if terms.fever_operator == FeverOperator.GT:
        return temperature > terms.fever_threshold
    return temperature >= terms.fever_threshold


def is_low(temperature: Decimal, terms: PolicyTerms) -> bool:
    """Below the policy's low limit: forehead guns in the cold read 32–35."""
    return temperature < terms.low_limit


def needs_second(temperature: Decimal, terms: PolicyTerms) -> bool:
    """Whether to measure again at once: fever to be sure of it, a low reading because it is no reading."""
    return is_fever(temperature, terms) or is_low(temperature, terms)


def present_symptoms(symptoms: Iterable[str]) -> tuple[str, ...]:
    """The symptoms that were named, in their order, once each, without “无” and blanks."""
    named = (symptom.strip() for symptom in symptoms)
    return tuple(dict.fromkeys(symptom for symptom in named if symptom not in ("", NO_SYMPTOM)))


def classify(temperature: Decimal | None, symptoms: Iterable[str], terms: PolicyTerms) -> ReadingClass:
    """What a reading says, the gravest first: fever, symptoms, low, normal; or not measured.

    Source: DOMAIN.md §3 (发热、咳嗽、气促 go to a designated hospital at once). A low reading with a
    symptom is SYMPTOMS; `needs_second` still asks for a second measurement. A symptom that is not on the
    policy's list counts as well.
    """
    if temperature is not None and is_fever(temperature, terms):
        return ReadingClass.FEVER
    if present_symptoms(symptoms):
        return ReadingClass.SYMPTOMS
    if temperature is None:
        return ReadingClass.NOT_MEASURED
    return ReadingClass.LOW if is_low(temperature, terms) else ReadingClass.NORMAL


def _typed(value: str | Decimal | float | None) -> str:
    """The value as ASCII digits and a point, as far as it can be; the check refuses the rest."""
    if value is None:
        return ""
    if isinstance(value, float):
        value = repr(round(value, 6))
    text = "".join(unicodedata.normalize("NFKC", str(value)).split())
    text = _SPOKEN.sub(r"\1.\2", _UNIT.sub("", text))
    return re.sub(r"[。,、·]", ".", text)


def _shown(value: object) -> str:
    """What was typed, short enough to be quoted back."""
    text = str(value).strip()
    return text if len(text) <= 12 else f"{text[:12]}…"


def _hint(found: Decimal) -> str:
    """What a value out of range looks like; the right value is never offered, the thermometer has it."""
    if Decimal(300) <= found <= Decimal(430):
        return "：是否漏了小数点"
    if Decimal(3) <= found < Decimal("4.5"):
        return "：小数点的位置是否写错"
    if Decimal(93) <= found <= Decimal(109):
        return "：体温计是否显示华氏度"
    tens, ones = divmod(int(found), 10)
    if found < 100 and LOWEST <= ones * 10 + tens <= HIGHEST:
        return "：前两位数字是否写反"
    return ""
