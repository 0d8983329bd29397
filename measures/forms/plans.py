"""The form of a plan."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm, StaffPickField
from grassroots.grid.models import Area, Staff
from quarantine.forms.events import LongText


class PlanForm(PickForm):
    """Where, how often, and who sees to it."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    area = AreaPickField(Area.objects.none(), label="区域")
    place = text_field("区域/物品", 60, required=True, help_text="如：小区大门、电梯间、楼道扶手")
    every = forms.IntegerField(
        label="几天一次",
        min_value=1,
        max_value=31,
        initial=1,
        help_text="每天一次填 1",
        error_messages={"required": "请填写几天一次。", "invalid": "要填整数。", "min_value": "填 1 至 31。",
                        "max_value": "填 1 至 31。"},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    officer = StaffPickField(
        Staff.objects.none(), label="由谁办", required=False, help_text="不指定的，由所在组的包保人员安排"
    )
    note = text_field("要求", 200, widget=LongText(), help_text="如：84消毒液 500mg/L，作用30分钟")

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.open().visible_to(staff)  # type: ignore[attr-defined]
        self.fields["officer"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self.fill_picks()

    def entered(self) -> dict[str, Any]:
        """What was typed, as the services take it."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}
