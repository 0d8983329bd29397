"""The time of day up to which figures are counted (统计截止时间)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

MIDNIGHT = "截止时间0时就是前一天的24时，请改选前一天并把截止时间空着。"


def cutoff_field(**options: Any) -> forms.TimeField:
    """A 统计截止时间; left empty it is 24时. The start of a day is refused: it is the end of the day before."""
    widget = forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M")
    messages = {"invalid": "截止时间看不懂，请写成 17:00 这样。"}
    return forms.TimeField(
        label="统计截止时间", required=False, widget=widget, error_messages=messages,
        validators=[_not_midnight], **options,
    )  # fmt: skip


def _not_midnight(value: dt.time) -> None:
    if value == dt.time():
        raise forms.ValidationError(MIDNIGHT)
