"""Forms on care: a visit, what is known around somebody, and how often each kind is visited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import PickForm, StaffPickField
from grassroots.grid.models import Staff
from households.models import SupportKind
from measures.models import CareFile, CareResult, CareWay
from measures.rules.care import LONGEST, WrongGoods, parse_goods
from measures.services.care import CareData
from quarantine.forms.events import LongText


def _radio(label: str, choices: Any, initial: str | None = None) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        initial=initial,
        widget=forms.RadioSelect,
        error_messages={"required": f"请选择{label}。", "invalid_choice": f"请选择{label}。"},
    )


class CareVisitForm(PickForm):
    """One visit. What was found is never filled in beforehand."""

    on = day_field("走访日期", required=True, initial=timezone.localdate)
    way = _radio("走访方式", CareWay.choices, CareWay.VISIT)
    result = _radio("走访结果", CareResult.choices)
    needs = text_field("困难及需求", 200, widget=LongText(), help_text="如：降压药只够三天、没有口罩")
    done = text_field("处理情况", 200, widget=LongText(), help_text="如：已联系卫生院送药；当场解决的也写明")
    is_open = forms.BooleanField(label="还没有解决，下次接着办", required=False)
    goods = forms.CharField(
        label="发放物资", required=False, max_length=300, widget=LongText(),
        help_text="什么、多少，用顿号隔开，如：大米2袋、食用油1桶、口罩10个",
        error_messages={"max_length": "最多 300 个字，请分两次登记。"},
    )  # fmt: skip
    received_by = text_field("物资签收人", 20, help_text="本人签收写本人姓名")
    next_on = day_field("下次走访", help_text="不填的，按类别规定的天数算")
    note = text_field("备注", 200, widget=LongText())
    by = StaffPickField(Staff.objects.none(), label="走访人", required=False, help_text="您自己去的不用选")

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["by"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self.fill_picks()

    def clean_goods(self) -> Any:
        """What was handed over, read."""
        try:
            return parse_goods(self.cleaned_data["goods"])
        except WrongGoods as wrong:
            raise forms.ValidationError(str(wrong)) from wrong

    def entered(self) -> CareData:
        """What was typed, as the services take it."""
        return CareData(**{name: value for name, value in self.cleaned_data.items() if name != "reason"})


class CareCorrectForm(CareVisitForm):
    """The same with the reason for putting it right."""

    reason = text_field("更正原因", 100, required=True, help_text="如：物资数量填错")


class CareFileForm(PickForm):
    """What is known around somebody. An empty phone leaves the one that is registered."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    guardian = text_field("监护人/亲属", 20, help_text="如：王某（女儿）")
    guardian_phone = text_field("监护人电话", 60)
    clear_phone = forms.BooleanField(label="没有电话了，删掉登记的号码", required=False)
    health = text_field("健康状况", 100, help_text="如：高血压、行动不便")
    help = text_field("帮扶措施", 200, widget=LongText(), help_text="如：每周送菜两次、代取药")
    officer = StaffPickField(
        Staff.objects.none(), label="帮扶责任人", required=False, help_text="不指定的，由所在组的包保人员负责"
    )
    note = text_field("备注", 200, widget=LongText())

    def __init__(self, *args: Any, staff: Staff, care_file: CareFile | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["officer"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self.fields["guardian_phone"].widget.attrs["inputmode"] = "tel"
        if care_file is None or not care_file.guardian_phone:
            del self.fields["clear_phone"]
        else:
            self.fields["guardian_phone"].help_text = f"已登记 {care_file.masked_phone}，不改就空着"
        self.fill_picks()

    def entered(self) -> dict[str, Any]:
        """What was typed, as the services take it; the phone only where it is to change."""
        given = {
            name: value for name, value in self.cleaned_data.items() if name not in ("version", "clear_phone")
        }
        if not given["guardian_phone"] and not self.cleaned_data.get("clear_phone"):
            del given["guardian_phone"]
        return given


class CareRhythmForm(forms.Form):
    """Days between two visits of each kind; empty for no fixed rhythm."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"] = forms.CharField(required=False, widget=forms.HiddenInput)
        words = f"填 1 至 {LONGEST}，不定期走访的空着。"
        for kind, label in SupportKind.choices:
            self.fields[kind] = forms.IntegerField(
                label=f"{label}（几天一次）",
                required=False,
                error_messages={"invalid": "要填整数。"},
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                help_text=words if kind == SupportKind.DESTITUTE else "",
            )

    def entered(self) -> dict[str, int | None]:
        """Days by kind."""
        return {kind: self.cleaned_data.get(kind) for kind in SupportKind.values}
