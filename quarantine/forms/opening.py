"""Opening an observation: from which dates, where, and what is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from grassroots.grid.forms.parts import day_field, text_field
from households.services import Caution
from quarantine.forms.events import LongText
from quarantine.forms.rows import moment_field
from quarantine.models import Place
from quarantine.services.plans import TERM_OVER, StartDates

DATES = ("last_contact_on", "left_on", "arrived_on")


class OpeningForm(forms.Form):
    """The dates come from the file; changing them here changes the preview, and the file stays as it is."""

    last_contact_on = day_field("末次接触日期")
    left_on = day_field("离开日期")
    arrived_on = day_field("返回日期")
    at = moment_field("开始管控时间", help_text="现在开始的不用填")
    place = forms.ChoiceField(
        label="观察地点", choices=Place.choices, initial=Place.HOME, widget=forms.RadioSelect
    )
    place_note = text_field("详细地址", 120, help_text="与登记的住处相同就不用填")
    reason = text_field("原因", 200, widget=LongText(), help_text="如：湖北返乡，居家医学观察")
    confirmed = forms.BooleanField(label="已核对日期，仍要开始观察", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: dict[str, list[str]] = {}
        self.asks_to_confirm = False

    def dates(self) -> StartDates:
        """The dates as typed, as far as they can be read."""
        if not self.is_bound:
            return StartDates(**{name: self.initial.get(name) for name in DATES})
        self.is_valid()
        return StartDates(**{name: self.cleaned_data.get(name) for name in DATES})

    def caution(self, cautions: Sequence[Caution]) -> None:
        """Show what is to be confirmed beside its field."""
        for caution in cautions:
            self.warnings.setdefault(caution.field, []).append(caution.message)
        self.asks_to_confirm = any(caution.code == TERM_OVER for caution in cautions)

    def check(self, cautions: Sequence[Caution]) -> None:
        """Raise errors for what has not been confirmed."""
        for caution in cautions:
            if caution.by_reason and not self.cleaned_data.get(caution.field, "").strip():
                self.add_error(caution.field, "不在政策范围内，要开始观察请写明原因。")
            elif not caution.by_reason and not self.cleaned_data.get("confirmed"):
                self.add_error("confirmed", "请核对日期；确需开始的，请勾选确认。")
