"""Forms of notices."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import REQUIRED, day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm, StaffPickField
from grassroots.grid.models import Area, Staff
from grassroots.notices.channels import OwnChoice
from grassroots.notices.models import Channel, ChannelKind, OwnAddress
from grassroots.notices.outside.quiet import own_hours

BOTH_OR_NONE = "免打扰的开始和结束要么都填，要么都不填。"


def time_field(label: str, **options: Any) -> forms.TimeField:
    """A time of day, may be empty."""
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "时间请写成 21:00 的样子。"}, **options,
    )  # fmt: skip


class ChannelForm(PickForm):
    """A channel. Its address is never shown again: empty means that it stays."""

    name = text_field("名称", 40, required=True, help_text="如：街道防控群、短信平台")
    kind = forms.ChoiceField(
        label="种类", choices=[("", "请选择"), *ChannelKind.choices], error_messages=REQUIRED
    )
    area = AreaPickField(Area.objects.none(), label="服务的区域")
    address = forms.CharField(
        label="地址",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text="群机器人：粘贴完整的 Webhook 网址（钉钉加签的，第二行写 密钥=SEC…）。短信网关：第一行网址，"
        "下面每行一个字段，如 mobile={手机} 和 content={内容}。电子邮件：第一行 服务器:端口，"
        "下面写 账号=、密码=、发件人=。保存后加密存放，不再显示。",
    )
    success_mark = text_field(
        "成功回执里的文字", 60, help_text="仅短信网关需要：对方收下时回执里必有的文字，如 \"code\":0"
    )  # fmt: skip
    per_minute = forms.IntegerField(
        label="每分钟最多", min_value=1, max_value=600, initial=20,
        help_text="群机器人一般为 20 条；超出的排队稍后发送，不会丢",
        error_messages={"required": "请填写条数。", "invalid": "请填整数。", "min_value": "至少 1 条。",
                        "max_value": "最多 600 条。"},
    )  # fmt: skip
    quiet_from = time_field("免打扰开始", help_text="紧急的异常提醒不受免打扰限制")
    quiet_to = time_field("免打扰结束")
    is_enabled = forms.BooleanField(label="启用", required=False, initial=True)

    def __init__(self, *args: Any, by: Staff, channel: Channel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        self.fields["area"].queryset = Area.objects.visible_to(by)  # type: ignore[attr-defined]
        self.fill_picks()

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        same = Channel.objects.filter(name=name)
        if (same.exclude(pk=self.channel.pk) if self.channel else same).exists():
            raise forms.ValidationError("已经有这个名称的渠道，请换一个。")
        return name

    def filled(self) -> Channel:
        """The channel with what was typed."""
        channel, data = self.channel or Channel(), self.cleaned_data
        for name in self.fields:
            if name != "address" or data["address"]:
                setattr(channel, name, data[name])
        return channel


class OwnForm(forms.Form):
    """Where and when somebody wants to be told: for each gateway whether, where to, and only what is urgent."""

    quiet_from = time_field(
        "免打扰开始", help_text="这段时间里不发短信和邮件，站内消息照常；紧急的异常提醒照发"
    )
    quiet_to = time_field("免打扰结束")

    def __init__(self, *args: Any, staff: Staff, gateways: list[Channel], **kwargs: Any) -> None:
        own = {row.channel_id: row for row in OwnAddress.objects.filter(staff=staff)}
        hours = own_hours(staff) or ("", "")
        kwargs["initial"] = {"quiet_from": hours[0], "quiet_to": hours[1]}
        super().__init__(*args, **kwargs)
        self.gateways = gateways
        for channel in gateways:
            self._add(channel, own.get(channel.pk))
        self.order_fields([name for name in self.fields if not name.startswith("quiet")])

    def _add(self, channel: Channel, own: OwnAddress | None) -> None:
        is_mail, key = channel.kind == ChannelKind.MAIL, channel.pk
        self.fields[f"on_{key}"] = forms.BooleanField(
            label=f"通过“{channel.name}”（{channel.get_kind_display()}）通知我", required=False,
            initial=own is not None and own.is_enabled,
        )  # fmt: skip
        self.fields[f"target_{key}"] = forms.CharField(
            label="邮箱" if is_mail else "手机号码", required=False, max_length=100, initial=own.target if own else "",
            help_text="" if is_mail else "留空则用登记的办公手机",
            widget=forms.TextInput(attrs={"inputmode": "email" if is_mail else "tel", "autocomplete": "off"}),
        )  # fmt: skip
        self.fields[f"urgent_{key}"] = forms.BooleanField(
            label="只发紧急的（发热、拒测等异常）",
            required=False,
            initial=own.only_urgent if own else not is_mail,
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if (data.get("quiet_from") is None) != (data.get("quiet_to") is None):
            self.add_error("quiet_to", BOTH_OR_NONE)
        return data

    def choices(self) -> dict[Channel, OwnChoice]:
        """What was chosen for each gateway."""
        data = self.cleaned_data
        return {
            one: OwnChoice(data[f"on_{one.pk}"], data[f"target_{one.pk}"].strip(), data[f"urgent_{one.pk}"])
            for one in self.gateways
        }

    def quiet(self) -> tuple[dt.time, dt.time] | None:
        """The quiet hours, None for none."""
        begin, end = self.cleaned_data["quiet_from"], self.cleaned_data["quiet_to"]
        return (begin, end) if begin is not None and end is not None else None


class LeaveForm(PickForm):
    """Who is away from when to when, and who stands in."""

    staff = StaffPickField(Staff.objects.none(), label="请假人")
    deputy = StaffPickField(Staff.objects.none(), label="代岗人")
    from_on = day_field("开始日期", required=True, initial=timezone.localdate)
    to_on = day_field("结束日期（含）", required=True)
    reason = text_field("事由", 60, help_text="可不填")

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].queryset = leave_takers(by)  # type: ignore[attr-defined]
        self.fields["deputy"].queryset = Staff.objects.active().visible_to(by)  # type: ignore[attr-defined]
        self.fill_picks()


def leave_takers(by: Staff) -> Any:
    """Whose leave somebody may enter: his own, and as a superior that of those whom he may manage."""
    if by.has_perm("grid.change_areaduty"):
        return Staff.objects.active().manageable_by(by) | Staff.objects.filter(pk=by.pk)
    return Staff.objects.filter(pk=by.pk)
