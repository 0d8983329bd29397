"""Forms on duties, their kinds, and handing them over."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import PickForm, StaffPickField
from grassroots.grid.models import DutyKind, Level, Staff


class DutyEditForm(PickForm):
    """Section, deputy and dates of a duty."""

    section = text_field("片/段", 40, help_text="包片、包段时填片区或路段名")
    deputy = StaffPickField(
        Staff.objects.none(), label="B角", required=False, help_text="责任人不在时顶上的人"
    )
    standin_from = day_field("B角代岗开始", help_text="代岗期间，拨打和提醒都找B角")
    standin_to = day_field("B角代岗结束(含)")
    valid_to = day_field("结束日期(含)", help_text="不填表示一直有效")

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, StaffPickField):
                field.queryset = Staff.objects.active().visible_to(by)
        self.fill_picks()


class DutyForm(DutyEditForm):
    """A new duty on an area."""

    kind = forms.ModelChoiceField(
        DutyKind.objects.all(),
        label="包保类别",
        empty_label="请选择",
        error_messages={"required": "请选择包保类别。", "invalid_choice": "没有这个类别。"},
    )
    staff = StaffPickField(Staff.objects.none(), label="责任人")
    valid_from = day_field("开始日期", required=True, initial=timezone.localdate)
    field_order = [
        "kind",
        "staff",
        "section",
        "valid_from",
        "valid_to",
        "deputy",
        "standin_from",
        "standin_to",
    ]


class DutyKindForm(forms.ModelForm):
    """A link of the chain."""

    code = forms.CharField(
        label="代码",
        max_length=30,
        help_text="小写字母、数字和短横线，定了就不要再改",
        validators=[RegexValidator(r"^[a-z][a-z0-9-]*$", "代码只能用小写字母、数字和短横线，字母开头。")],
    )
    level = forms.TypedChoiceField(
        label="通常落在哪一级", coerce=int, choices=Level.choices, initial=Level.VILLAGE
    )

    class Meta:
        model = DutyKind
        fields = [
            "code",
            "name",
            "officer_title",
            "level",
            "order",
            "is_measuring",
            "is_expected",
            "description",
        ]
        help_texts = {
            "is_measuring": "勾选后，他的“今日测温”里会列出所包的观察对象",
            "is_expected": "勾选后，没有人负责的区域会列入“谁也没人负责”",
        }
        error_messages = {
            "name": {"unique": "已经有这个名称的类别。", "required": "请填写名称。"},
            "officer_title": {"required": "请填写责任人称谓。"},
            "order": {"required": "请填写次序。", "invalid": "请填整数。"},
        }

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if DutyKind.objects.filter(code=code).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("已经有这个代码的类别。")
        return code


class HandoverForm(PickForm):
    """From whom, to whom, from which day."""

    leaver = StaffPickField(Staff.objects.none(), label="交出人")
    successor = StaffPickField(Staff.objects.none(), label="接手人")
    on = day_field("从哪天起由接手人负责", required=True, initial=timezone.localdate)

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leaver"].queryset = Staff.objects.manageable_by(by)  # type: ignore[attr-defined]
        self.fields["successor"].queryset = Staff.objects.active().visible_to(by)  # type: ignore[attr-defined]
        self.fill_picks()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("leaver") and data.get("leaver") == data.get("successor"):
            self.add_error("successor", "接手人不能就是交出人。")
        return data
