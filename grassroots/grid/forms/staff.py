"""Forms on staff and postings."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Role, Staff

PHONE = RegexValidator(
    r"^(1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|\d{7,8}|\d{3,6})$",
    "电话请填 11 位手机号，或带区号的座机，如 028-84921234。",
)
USERNAME = RegexValidator(r"^[A-Za-z][A-Za-z0-9_.-]{2,39}$", "账号用字母开头，3 至 40 位字母、数字或 _ . -。")
ROLE_WORDS = {
    Role.ADMINISTRATOR: "管理区域、人员与包保",
    Role.SUPERVISOR: "看全街道、安排包保、确认解除、下载台账",
    Role.OFFICER: "入户登记、随访、填报",
    Role.HEALTH_WORKER: "上门测温、确认解除",
    Role.POLICE: "查看本段、处理异常",
    Role.INSPECTOR: "只看，督导核查",
    Role.AUDITOR: "看访问日志与变更记录",
}


class PhoneField(forms.CharField):
    """A staff phone; full-width digits and blanks are put right."""

    default_validators = [PHONE]

    def to_python(self, value: Any) -> str:
        return unicodedata.normalize("NFKC", super().to_python(value) or "").replace(" ", "")


class StaffForm(forms.Form):
    """Who somebody is."""

    name = text_field("姓名", 50, required=True)
    organisation = text_field("单位", 80, help_text="如：卫生院、派出所、城厢社区")
    post = text_field("职务", 60)
    phone = PhoneField(
        label="联系电话", required=False, max_length=30, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )


def role_field(label: str = "角色") -> forms.MultipleChoiceField:
    """Roles as boxes to tick, with what each is for."""
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        choices=[(role.value, f"{role.label} — {ROLE_WORDS[role]}") for role in Role],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "没有这样的角色。"},
    )


class StaffCreateForm(StaffForm, PickForm):
    """Somebody new, with or without an account, posted to an area of the administrator's scope."""

    username = forms.CharField(
        label="账号",
        required=False,
        max_length=40,
        validators=[USERNAME],
        help_text="不登录系统的责任人可不填",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    roles = role_field()
    area = AreaPickField(
        Area.objects.none(), label="任职区域", help_text="他能看到这个区域和它下面的全部内容"
    )

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.open().visible_to(by)  # type: ignore[attr-defined]
        self.fill_picks()

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if username and Staff.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError("该账号已被使用，请换一个。")
        return username

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("roles") and not data.get("username") and "username" not in self.errors:
            self.add_error("username", "给了角色，就要填登录账号。")
        return data


class StaffRolesForm(forms.Form):
    """What somebody may do."""

    roles = role_field()


class PostingForm(PickForm):
    """Where somebody works, from when to when."""

    area = AreaPickField(
        Area.objects.none(), label="任职区域", help_text="他能看到这个区域和它下面的全部内容"
    )
    valid_from = day_field("开始日期", required=True, initial=timezone.localdate)
    valid_to = day_field("结束日期(含)", help_text="不填表示一直有效")

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.open().visible_to(by)  # type: ignore[attr-defined]
        self.fill_picks()


class EndForm(forms.Form):
    """From which day something no longer holds."""

    on = day_field(
        "从哪天起不再负责", required=True, initial=timezone.localdate, help_text="这一天起就看不到了"
    )

    def __init__(self, *args: Any, since: dt.date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.since = since

    def clean_on(self) -> dt.date:
        on: dt.date = self.cleaned_data["on"]
        if self.since and on < self.since:
            raise forms.ValidationError(f"不能早于开始日期 {self.since:%Y-%m-%d}。")
        return on


class LeaveForm(forms.Form):
    """From which day somebody is gone."""

    on = day_field("从哪天起离岗", required=True, initial=timezone.localdate)

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on > timezone.localdate():
            raise forms.ValidationError("离岗日期不能晚于今天；还没到的日子，请先办交接。")
        return on


class StaffSearchForm(forms.Form):
    """A name or part of one; sent by POST, so that it stands in no address and no log."""

    q = forms.CharField(
        label="姓名",
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs={"placeholder": "姓名或单位"}),
    )
