"""Forms on duties that concern one household or one person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.forms.parts import day_field
from grassroots.grid.forms.picks import PickForm, StaffPickField
from grassroots.grid.models import DutyKind, Staff


class OwnDutyEditForm(PickForm):
    """Deputy and dates of a duty. Only active staff of the person's scope can be chosen."""

    deputy = StaffPickField(
        Staff.objects.none(), label="B角", required=False, help_text="责任人不在时顶上的人"
    )
    standin_from = day_field("B角代岗开始", help_text="代岗期间，拨打和提醒都找B角")
    standin_to = day_field("B角代岗结束(含)")
    valid_to = day_field("结束日期(含)", help_text="不填表示一直有效")

    def __init__(self, *args: Any, by: Staff, keeps: int | None = None, **kwargs: Any) -> None:
        """`keeps`: the deputy of now, who may stay whatever the scope of the one who edits."""
        super().__init__(*args, **kwargs)
        visible = Staff.objects.active().visible_to(by)
        for field in self.fields.values():
            if isinstance(field, StaffPickField):
                field.queryset = visible
        if keeps is not None:
            either = Q(pk__in=visible.order_by().values("pk")) | Q(pk=keeps)
            self.fields["deputy"].queryset = Staff.objects.filter(either)  # type: ignore[attr-defined]
        self.fill_picks()


class OwnDutyForm(OwnDutyEditForm):
    """A new duty."""

    kind = forms.ModelChoiceField(
        DutyKind.objects.all(),
        label="包保类别",
        empty_label=None,
        error_messages={"required": "请选择包保类别。", "invalid_choice": "没有这个类别。"},
    )
    staff = StaffPickField(Staff.objects.none(), label="责任人")
    valid_from = day_field("开始日期", required=True, initial=timezone.localdate)
    field_order = ["kind", "staff", "valid_from", "valid_to", "deputy", "standin_from", "standin_to"]
