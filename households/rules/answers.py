"""What can be answered at the door, and what cannot be true: pure functions, no database."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation

from households.rules.text import narrow

# The list of 《社区疫情排查情况登记表》 (2020); 发热 is what its temperature column says, and its question
# 有无咳嗽、胸闷等不适症状 adds two.
SYMPTOMS = (
    "发热", "咳嗽", "胸闷", "乏力", "干咳", "肌痛", "寒战", "呼吸困难",
    "咽痛", "头疼", "眩晕", "腹痛", "腹泻", "恶心", "呕吐", "鼻塞",
)  # fmt: skip
# What a thermometer can show of a living person, in ℃ (also a constraint of the database).
LOWEST, HIGHEST = Decimal("30"), Decimal("43")
# Forehead guns in the cold read 32 to 35: measured again before it is believed (DOMAIN.md §3).
MEASURE_AGAIN_BELOW = Decimal("35.5")


def temperature_read(text: str) -> Decimal | None:
    """Read a typed temperature such as `36.5`, `36.5℃`, `36。5` in ℃; None for an empty one.

    Raises ValueError with a Chinese sentence. A misplaced point is pointed out and never repaired: a reading
    that the system makes up is no reading.
    """
    plain = unicodedata.normalize("NFKC", narrow(text)).replace("。", ".").replace(",", ".")
    plain = re.sub(r"\s|°C|℃|度$|C$", "", plain, flags=re.IGNORECASE)
    if not plain:
        return None
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise ValueError(f"“{text.strip()[:12]}”不是体温，请填数字，如 36.5。") from None
    if not value.is_finite():
        raise ValueError("请填数字，如 36.5。")
    return temperature_check(value)


def temperature_check(value: Decimal) -> Decimal:
    """Return a temperature in ℃ with one decimal. Raises ValueError for what nobody alive can have."""
    if not LOWEST <= value <= HIGHEST:
        raise ValueError(f"{value.normalize():f}℃ 不是人的体温(30–43℃)，请核对体温计{_slip_hint(value)}。")
    if value != value.quantize(Decimal("0.1")):
        raise ValueError("体温只填一位小数，如 36.5。")
    return value.quantize(Decimal("0.1"))


def _slip_hint(value: Decimal) -> str:
    if LOWEST <= value * 10 <= HIGHEST or LOWEST <= value / 10 <= HIGHEST:
        return ",是不是小数点的位置错了"
    tens, ones = divmod(int(value), 10)
    if value < 100 and LOWEST <= ones * 10 + tens <= HIGHEST:
        return ",是不是前两位写颠倒了"
    return ""


def travel_problem(
    *, left_on: dt.date | None, returned_on: dt.date | None, today: dt.date
) -> tuple[str, str]:
    """Return (field, sentence) when the dates of a journey cannot be true, else ('', '')."""
    if left_on and left_on > today:
        return "left_on", "离开日期不能晚于今天。"
    if returned_on and returned_on > today:
        return "returned_on", "返回日期不能晚于今天。"
    if left_on and returned_on and returned_on < left_on:
        return "returned_on", f"返回日期早于离开日期({left_on:%m月%d日})，请核对。"
    return "", ""
