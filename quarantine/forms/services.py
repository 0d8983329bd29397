"""Forms on service requests (代办服务)."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field
from grassroots.grid.forms.picks import PickForm, StaffPickField
from grassroots.grid.models import Staff
from quarantine.forms.events import LongText
from quarantine.forms.rows import moment_field
from quarantine.models import ServiceHow, ServiceKind, ServiceSource, ServiceState

DUE_HELP = "到时没有办，会提醒办理人，再报上一级；没有时限的空着"


class ServiceForm(PickForm):
    """What is needed, how it reached the office, who brings it and by when."""

    kind = forms.ChoiceField(label="服务", choices=ServiceKind.choices, widget=forms.RadioSelect)
    request = text_field("内容", 200, required=True, widget=LongText(), help_text="如：米10斤、降压药一盒")
    source = forms.ChoiceField(
        label="提出方式", choices=ServiceSource.choices, widget=forms.RadioSelect, initial=ServiceSource.PHONE
    )
    assigned_to = StaffPickField(
        Staff.objects.none(), label="办理人", required=False, help_text="还没定可以先空着"
    )
    due_at = moment_field("办理时限", help_text=DUE_HELP)

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assigned_to"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self.fill_picks()


class ServiceAssignForm(PickForm):
    """Who brings it, and by when."""

    assigned_to = StaffPickField(Staff.objects.none(), label="办理人", required=True)
    due_at = moment_field("办理时限", help_text="不填就不改")

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assigned_to"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self.fill_picks()


class ServiceDoneForm(forms.Form):
    """How it went."""

    done_note = text_field(
        "办理情况", 200, required=True, widget=LongText(), help_text="如：已送到门口，本人签收"
    )


class ServiceReceivedForm(forms.Form):
    """How the resident confirmed it."""

    how = forms.ChoiceField(label="怎样确认的", choices=ServiceHow.choices, widget=forms.RadioSelect)
    note = text_field("说明", 200, widget=LongText(), help_text="如：少了一袋盐，下次补")


class ServiceDropForm(forms.Form):
    """Why it is not done."""

    state = forms.ChoiceField(
        label="结果",
        choices=[
            (ServiceState.DECLINED, "不予办理"),
            (ServiceState.WITHDRAWN, "本人撤回"),
        ],
        widget=forms.RadioSelect,
    )
    reason = text_field("原因", 200, required=True, widget=LongText(), help_text="如：家属已代为购买")
