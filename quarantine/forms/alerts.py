"""Forms of dealing with an alert: one a step."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field
from quarantine.forms.events import DESTINATIONS, LongText
from quarantine.forms.readings import ReadingForm
from quarantine.forms.rows import moment_field
from quarantine.models import AlertOutcome
from quarantine.services.alerts import RESULT_LONGEST

VEHICLES = ("120救护车", "负压救护车", "街道应急专车")


class CloseForm(forms.Form):
    """What came of it: a choice and words."""

    outcome = forms.ChoiceField(
        choices=AlertOutcome.choices,
        error_messages={"required": "请选择处置结果。", "invalid_choice": "请从列出的结果中选择。"},
    )
    result = forms.CharField(
        max_length=RESULT_LONGEST,
        error_messages={
            "required": "请填写结果说明，例如：复测36.8℃，无症状，继续观察。",
            "max_length": f"结果说明最多{RESULT_LONGEST}字，请写短一些。",
        },
    )


class SecondForm(ReadingForm):
    """A second measurement; a normal one may close the alert."""

    is_closing = forms.BooleanField(required=False)


class NoteForm(forms.Form):
    """电话联系, 其他处置: what was done, and how things stand."""

    note = text_field("情况", 200, required=True, widget=LongText(), help_text="不写身份证号和电话号码")
    happened_at = moment_field("时间", help_text="刚刚办的不用填")

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


class TransferForm(forms.Form):
    """转送发热门诊: by protected transport, never alone."""

    vehicle = text_field("车辆", 40, required=True, help_text="如：120救护车、应急专车及车牌")
    escort = text_field("随车人员", 60, required=True, help_text="谁陪送；不能让本人自行前往")
    destination = text_field("送往", 80, required=True)
    departed_at = moment_field("出发时间", required=True)
    arrived_at = moment_field("到达时间", help_text="还没到的先空着，到了再登记")
    receiver = text_field("接收人", 60, help_text="发热门诊谁接的")
    note = text_field("说明", 200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vehicle"].widget.attrs.update(list="vehicles", autocomplete="off")
        self.fields["destination"].widget.attrs.update(list="destinations", autocomplete="off")
        self.suggestions = {"vehicles": VEHICLES, "destinations": DESTINATIONS[:2]}

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


class ArriveForm(forms.Form):
    """The transfer has arrived."""

    arrived_at = moment_field("到达时间", required=True)
    receiver = text_field("接收人", 60, required=True, help_text="发热门诊谁接的")
    note = text_field("说明", 200)

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


class AnnulForm(forms.Form):
    """Why a step was recorded wrongly."""

    reason = text_field("更正原因", 200, required=True, widget=LongText())

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)
