"""What is asked before a file is printed."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field


class PrintForm(forms.Form):
    """What it is for, and whether the full numbers are printed."""

    purpose = text_field("用途", 100, required=True, help_text="如：装订存档、交接给医护人员、上级检查")
    in_full = forms.BooleanField(
        label="打印完整的证件号和电话", required=False, help_text="不勾就隐去中间几位；勾了另记“查看明文”"
    )

    def __init__(self, *args: Any, may_unmask: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_unmask:
            del self.fields["in_full"]

    def clean_purpose(self) -> str:
        purpose = str(self.cleaned_data["purpose"]).strip()
        if len(purpose) < 2:
            raise forms.ValidationError("请把用途写清楚，至少 2 个字。")
        return purpose
