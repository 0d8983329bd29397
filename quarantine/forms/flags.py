"""Forms of the page on readings that ask for a second look."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from quarantine.forms.events import LongText
from quarantine.models import Conclusion

USUAL_DAYS, MOST_DAYS = 7, 92


class FlagPeriodForm(forms.Form):
    """From which day to which, both included."""

    since = day_field("从")
    until = day_field("到（含）")

    def clean(self) -> dict[str, Any]:
        """The last week where nothing is said; not longer than a quarter."""
        data = super().clean() or {}
        if self.errors:
            return data
        until = data.get("until") or timezone.localdate()
        since = data.get("since") or until - dt.timedelta(days=USUAL_DAYS - 1)
        if since > until:
            self.add_error("since", "开始日期晚于结束日期，请核对。")
        elif (until - since).days >= MOST_DAYS:
            self.add_error("since", f"一次最多看{MOST_DAYS}天，请缩短时间段。")
        return {"since": since, "until": until}


class FlagCheckForm(forms.Form):
    """What came out when somebody asked."""

    conclusion = forms.ChoiceField(
        label="核实情况",
        choices=Conclusion.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择核实情况。"},
    )
    note = text_field(
        "说明", 200, required=True, widget=LongText(), help_text="向谁了解的、情况怎样；不写身份证号和电话"
    )
