"""Forms on absent households: a try, a call, a contact, a long absence, the next date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from households.forms.survey_members import widgets_dress
from households.models import AbsentContact, CallResult, ContactRelation

MOMENT = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]


def moment_field(label: str) -> forms.DateTimeField:
    """A day and a time, now unless something else is said."""
    return forms.DateTimeField(
        label=label,
        initial=timezone.localtime,
        input_formats=MOMENT,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": f"请填写{label}。", "invalid": "时间请写成 2020-01-29 19:30 的样子。"},
    )


class DressedForm(forms.Form):
    """Controls in the classes of the visual system."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widgets_dress(self.fields)


class KnockForm(DressedForm):
    """又去了一次，没人. `version` tells whether somebody has saved the household since."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    visited_at = moment_field("上门时间")
    slip_left = forms.BooleanField(label="已贴温馨提示", required=False)
    next_on = day_field("下次上门")
    note = text_field("备注", 200, help_text="如：邻居说晚上八点后有人")


class CallForm(DressedForm):
    """电话记录."""

    contact = forms.ModelChoiceField(
        AbsentContact.objects.none(), label="打给谁", required=False, empty_label="户内人员"
    )
    result = forms.ChoiceField(
        label="结果",
        choices=CallResult.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择电话结果。"},
    )
    called_at = moment_field("通话时间")
    next_on = day_field("下次日期", help_text="约好了上门或再打的日子时填")
    note = text_field("说了什么", 200)

    def __init__(self, *args: Any, contacts: Sequence[AbsentContact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["contact"]
        choices.queryset = AbsentContact.objects.standing().filter(pk__in=[row.pk for row in contacts])


class ContactForm(DressedForm):
    """邻居、亲属的电话."""

    relation = forms.ChoiceField(label="关系", choices=ContactRelation.choices)
    name = text_field("称呼", 50, required=True, help_text="如：隔壁王阿姨、儿子")
    phone = forms.CharField(
        label="电话",
        max_length=60,
        error_messages={"required": "请填写电话号码。"},
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    note = text_field("备注", 100)


class AwayForm(DressedForm):
    """长期外出."""

    where = text_field("去向", 60, required=True, help_text="如：广东东莞务工")
    since_on = day_field("外出日期")
    back_on = day_field("预计返回")
    next_on = day_field("下次联系", help_text="不填的，到预计返回那天提醒")
    told_by = text_field("信息来源", 40, help_text="如：邻居、本人电话")


class NextForm(DressedForm):
    """下次上门 or, of an empty flat, 复核日期."""

    next_on = day_field("日期", required=True)
