"""Parts that several forms share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from grassroots.grid.logs import has_personal_number

# Outside of these a year was mistyped (0202, 20200), and times worked out from it have no end.
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2100, 12, 31)
ODD_YEAR = "年份看起来不对，请核对。"
REQUIRED = {"required": "请填写。", "invalid": "格式不对，请检查。"}


class DayInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


def day_field(label: str, *, required: bool = False, help_text: str = "", **options: Any) -> forms.DateField:
    """A date; errors say how one is written."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=DayInput(),
        error_messages={"required": "请填写日期。", "invalid": "日期请写成 2020-01-29 的样子。"},
        validators=[MinValueValidator(FIRST_DAY, ODD_YEAR), MaxValueValidator(LAST_DAY, ODD_YEAR)],
        **options,
    )


def text_field(label: str, length: int, *, required: bool = False, **options: Any) -> forms.CharField:
    """A line of text of at most `length` characters."""
    return forms.CharField(
        label=label,
        max_length=length,
        required=required,
        error_messages={"required": f"请填写{label}。", "max_length": f"{label}不能超过 {length} 个字。"},
        **options,
    )


class PurposeField(forms.CharField):
    """用途: what personal data is wanted for. It stands in the access log in clear, so it holds no numbers itself."""

    SHORTEST = 2

    def __init__(self, length: int = 100, **options: Any) -> None:
        messages = {"required": "请填写用途。", "max_length": f"用途不能超过 {length} 个字。"}
        super().__init__(label="用途", max_length=length, error_messages=messages, **options)

    def clean(self, value: Any) -> str:
        purpose: str = super().clean(value)
        if has_personal_number(purpose):
            raise forms.ValidationError(
                "用途记入访问日志，不加密保存：请删去证件号、手机号，写明用来做什么即可。"
            )
        if self.required and len(purpose) < self.SHORTEST:
            raise forms.ValidationError(f"请把用途写清楚，至少 {self.SHORTEST} 个字。")
        return purpose
