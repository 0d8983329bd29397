"""Switching a policy on and off."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field

LONGEST_REGION = 30


def split_words(text: str) -> list[str]:
    """Words between blanks, commas and the like, in their order, once each."""
    parts = [part.strip() for part in re.split(r"[\s、,，;；]+", text)]
    return list(dict.fromkeys(filter(None, parts)))


def regions_of(text: str) -> list[str]:
    """Names of regions. Raises ValidationError for one that is too long to be a name."""
    names = split_words(text)
    if long := next((name for name in names if len(name) > LONGEST_REGION), ""):
        raise forms.ValidationError(f"“{long[:12]}…”太长，请一行写一个地区。")
    return names


class PolicySwitchForm(forms.Form):
    """From when to when, for whom; everything else is the template's."""

    effective_from = day_field("执行起", required=True, help_text="按返回日期算：这一天起返回的人适用")
    effective_to = day_field("执行止（含）", help_text="没有期限就空着")
    cutoff_on = day_field("排查起始日期", help_text="早于这一天返回的不追溯；不限就空着")
    regions = forms.CharField(
        label="管控地区",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="一行一个或用顿号隔开，如：湖北、温州；空着表示不限来源地",
    )
    document_no = text_field("文号", 60, help_text="请对照正式文件填写")

    def clean_regions(self) -> list[str]:
        """Names in their order, once each."""
        return regions_of(self.cleaned_data["regions"])


class PolicyWithdrawForm(forms.Form):
    """Until when a policy holds."""

    effective_to = day_field("执行到（含）", required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"effective_to": timezone.localdate()})
        super().__init__(*args, **kwargs)
