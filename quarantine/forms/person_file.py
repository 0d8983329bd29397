"""What is asked before a file is printed."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import PurposeField


class PrintForm(forms.Form):
    """What it is for, and whether the full numbers are printed."""

    purpose = PurposeField(help_text="如：装订存档、交接给医护人员、上级检查")
    in_full = forms.BooleanField(
        label="打印完整的证件号和电话", required=False, help_text="不勾就隐去中间几位；勾了另记“查看明文”"
    )

    def __init__(self, *args: Any, may_unmask: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_unmask:
            del self.fields["in_full"]
