"""Who answers for which doors of an area (责任田)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property

from grassroots.grid.forms.parts import day_field
from grassroots.grid.forms.picks import PickForm, StaffPickField
from grassroots.grid.models import DutyKind, Staff
from households.fields import FieldUnit
from households.models import Household

USUAL = "group"


class FieldForm(PickForm):
    """Doors that are ticked, and who answers for them from when; or answers for them no longer."""

    doors = forms.MultipleChoiceField(
        label="门牌",
        error_messages={
            "required": "请勾选门牌。",
            "invalid_choice": "勾选的门牌有变化，请看现在的名单后再勾。",
        },
        widget=forms.CheckboxSelectMultiple,
    )
    what = forms.ChoiceField(
        label="办理", choices=[("ASSIGN", "由他负责"), ("END", "不再由他负责")], initial="ASSIGN",
        widget=forms.RadioSelect, error_messages={"required": "请选择怎样办理。"},
    )  # fmt: skip
    kind = forms.ModelChoiceField(
        DutyKind.objects.all(), label="包保类别", empty_label=None,
        error_messages={"required": "请选择包保类别。", "invalid_choice": "没有这个类别。"},
    )  # fmt: skip
    staff = StaffPickField(
        Staff.objects.none(), label="责任人", help_text="没有账号的楼栋长、党员、志愿者也可以，先在人员里登记"
    )
    on = day_field("自哪天起", required=True, initial=timezone.localdate)

    def __init__(self, *args: Any, by: Staff, units: Sequence[FieldUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.households = {str(one.household.uid): [one.household] for unit in units for one in unit.doors}
        self.households |= {unit.value: [one.household for one in unit.doors] for unit in units}
        self.fields["doors"].choices = [(value, value) for value in self.households]  # type: ignore[attr-defined]
        self.fields["staff"].queryset = Staff.objects.active().visible_to(by)  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial.setdefault("kind", DutyKind.objects.filter(code=USUAL).first())
        self.fill_picks()

    @cached_property
    def ticked(self) -> set[str]:
        """What is ticked, also while something is wrong."""
        value = self["doors"].value() or []
        return {value} if isinstance(value, str) else set(value)

    def chosen(self) -> list[Household]:
        """The doors, those of whole units with them, each once."""
        found = [one for value in self.cleaned_data["doors"] for one in self.households[value]]
        return list({one.pk: one for one in found}.values())
