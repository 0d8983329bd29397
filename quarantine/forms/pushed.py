"""Forms on pushed lists: what a list is called, who checks a row, what the answer is wanted for."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import PurposeField, day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm, StaffPickField
from grassroots.grid.models import Area, Staff
from quarantine.models import PushedCode
from quarantine.services.pushed import NOTE_LONGEST


class PushedAnswerForm(forms.Form):
    """The one answer to a row, by one tap; the version says what was on the page."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    code = forms.ChoiceField(
        label="答复",
        choices=PushedCode.choices,
        error_messages={"required": "请点选一种答复。", "invalid_choice": "没有这种答复，请重新点选。"},
    )
    note = text_field("备注", NOTE_LONGEST, help_text="随名单一起反馈给推送单位，可不填")


class PushedListForm(forms.Form):
    """What a list is called, who sent it, until when it must be answered."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    title = text_field("名称", 80, required=True)
    sender = text_field("推送单位", 60, help_text="如：县公安局、县疫情防控指挥部")
    due_on = day_field("反馈期限", help_text="这一天早上会再提醒没有答复的核查人")


class PushedAssignForm(PickForm):
    """Where a row is to be checked, and by whom if not by the officer of that place."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    area = AreaPickField(
        Area.objects.none(), label="核查区域", help_text="按名单写的落脚地选到村(社区)、组或小区"
    )
    to = StaffPickField(
        Staff.objects.none(), label="核查人", required=False, help_text="不选就按这个区域的包保责任人"
    )

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.open().visible_to(by)  # type: ignore[attr-defined]
        self.fields["to"].queryset = Staff.objects.active().visible_to(by)  # type: ignore[attr-defined]
        self.fill_picks()


class PushedFileForm(forms.Form):
    """What the answer is downloaded for: it holds the sender's data in clear."""

    purpose = PurposeField(help_text="如：反馈县公安局 1 月 29 日推送名单")
    interim = forms.BooleanField(
        label="还有未答复的行，先下载中间稿", required=False, help_text="没有答复的行空着，备注写“待核查”"
    )
