"""Forms on venues."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm, StaffPickField
from grassroots.grid.models import Area, Staff
from measures.models import Family, Kind, Venue
from quarantine.forms.events import LongText


class VenueForm(PickForm):
    """What is known of a venue. An empty phone leaves the one that is registered."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    kind = forms.ModelChoiceField(
        Kind.objects.none(),
        label="类型",
        empty_label="请选择",
        error_messages={"required": "请选择类型。", "invalid_choice": "没有这个类型，请重新选择。"},
    )
    name = text_field("场所名称", 50, required=True, help_text="没有招牌的写位置，如：桥头茶馆")
    area = AreaPickField(Area.objects.none(), label="区域", help_text="到村、组或小区都可以")
    address = text_field("地址", 80)
    contact = text_field("负责人", 20)
    phone = text_field("联系电话", 60)
    clear_phone = forms.BooleanField(label="没有电话了，删掉登记的号码", required=False)
    officer = StaffPickField(
        Staff.objects.none(), label="责任人", required=False, help_text="不指定的，由所在组的包保人员负责"
    )
    note = text_field("备注", 200, widget=LongText())

    def __init__(self, *args: Any, staff: Staff, venue: Venue | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = Kind.objects.open().of(Family.VENUE)
        if venue is not None:
            kinds = kinds | Kind.objects.filter(pk=venue.kind_id)
        self.fields["kind"].queryset = kinds  # type: ignore[attr-defined]
        self.fields["area"].queryset = Area.objects.open().visible_to(staff)  # type: ignore[attr-defined]
        self.fields["officer"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self.fields["phone"].widget.attrs["inputmode"] = "tel"
        if venue is None or not venue.phone:
            del self.fields["clear_phone"]
        else:
            self.fields["phone"].help_text = f"已登记 {venue.masked_phone}，不改就空着"
        self.fill_picks()

    def entered(self) -> dict[str, Any]:
        """What was typed, as the services take it; the phone only where it is to change."""
        given = {
            name: value for name, value in self.cleaned_data.items() if name not in ("version", "clear_phone")
        }
        if not given["phone"] and not self.cleaned_data.get("clear_phone"):
            del given["phone"]
        return given


class VenueEventForm(forms.Form):
    """When it happened, and how it was."""

    on = day_field("日期", required=True, initial=timezone.localdate)
    is_breach = forms.BooleanField(label="发现擅自营业", required=False)
    note = text_field(
        "情况", 200, widget=LongText(), help_text="如：门已锁、已贴通知；擅自营业的写明怎样处置"
    )

    def __init__(self, *args: Any, is_patrol: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_patrol:
            del self.fields["is_breach"]


class MeasureReasonForm(forms.Form):
    """Why something is taken back."""

    reason = text_field("原因", 100, required=True, widget=LongText(), help_text="如：重复登记、登记错了场所")
