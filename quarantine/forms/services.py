"""Forms on service requests (代办服务)."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field
from grassroots.grid.forms.picks import PickForm, StaffPickField
from grassroots.grid.models import Staff
from quarantine.forms.events import LongText
from quarantine.models import ServiceKind


class ServiceForm(PickForm):
    """What is needed, and who brings it."""

    kind = forms.ChoiceField(label="服务", choices=ServiceKind.choices, widget=forms.RadioSelect)
    request = text_field("内容", 200, required=True, widget=LongText(), help_text="如：米10斤、降压药一盒")
    assigned_to = StaffPickField(
        Staff.objects.none(), label="办理人", required=False, help_text="还没定可以先空着"
    )

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assigned_to"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self.fill_picks()


class ServiceAssignForm(PickForm):
    """Who brings it."""

    assigned_to = StaffPickField(Staff.objects.none(), label="办理人", required=True)

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assigned_to"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self.fill_picks()


class ServiceDoneForm(forms.Form):
    """How it went."""

    done_note = text_field(
        "办理情况", 200, required=True, widget=LongText(), help_text="如：已送到门口，本人签收"
    )
