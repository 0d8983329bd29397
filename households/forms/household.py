"""Forms of a household: add a door, change it, close it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Level, Staff
from households.models import Household, HousingKind
from households.rules.addresses import Door, parse_door

PARTS = ("building", "unit", "floor", "door", "share_no")
OWN = (*PARTS, "housing_kind", "landlord", "code", "note")
UNREADABLE = "看不懂这个门牌。请按“3-2-501”“3栋2单元501”或“34号”填写，或展开“分开填写”。"


def areas_for_doors(staff: Staff) -> Any:
    """Areas of the person's scope that households may hang on: a village and what lies below."""
    return Area.objects.open().visible_to(staff).filter(level__gte=Level.VILLAGE)


class DoorFields(forms.Form):
    """What a door has, each part by itself."""

    building = forms.CharField(label="楼栋", max_length=20, required=False)
    unit = forms.CharField(label="单元", max_length=20, required=False)
    floor = forms.CharField(label="楼层", max_length=10, required=False, help_text="不填时按房号推算")
    door = forms.CharField(label="房号/门牌", max_length=20, required=False)
    share_no = forms.CharField(
        label="同门序号", max_length=4, required=False, help_text="同一扇门内的第二户填 2,只有一户不填"
    )
    housing_kind = forms.ChoiceField(
        label="房屋性质", choices=HousingKind.choices, initial=HousingKind.OWNED, widget=forms.RadioSelect
    )
    landlord = forms.CharField(label="房东/单位", max_length=60, required=False)
    code = forms.CharField(label="户编号", max_length=40, required=False)
    note = forms.CharField(
        label="备注",
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200}),
    )

    def values(self) -> dict[str, Any]:
        """The household's own fields as typed."""
        return {name: self.cleaned_data[name] for name in OWN}


class HouseholdCreateForm(PickForm, DoorFields):
    """A new door: typed in one line, or part by part. With `area` the place is settled and not asked for."""

    area = AreaPickField(Area.objects.none(), label="小区/组")
    door_text = forms.CharField(
        label="门牌",
        max_length=60,
        required=False,
        help_text="如 3-2-501、3栋2单元501、34号",
        widget=forms.TextInput(attrs={"autocomplete": "off", "enterkeyhint": "done"}),
    )

    field_order = ["area", "door_text"]

    def __init__(self, *args: Any, staff: Staff, area: Area | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = areas_for_doors(staff)  # type: ignore[attr-defined]
        self.place = area
        if area is not None:
            self.fields["area"] = forms.ModelChoiceField(areas_for_doors(staff), widget=forms.HiddenInput)
            self.initial["area"] = area.pk
        self.fill_picks()

    @property
    def has_parts(self) -> bool:
        """Whether something stands in the parts, so that they are shown open."""
        return any(self[name].value() or self[name].errors for name in PARTS)

    @property
    def has_more(self) -> bool:
        """Whether something stands in what is rarely needed, so that it is shown open."""
        return any(self[name].value() or self[name].errors for name in ("landlord", "code", "note"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        text = data.get("door_text", "")
        if data.get("door"):
            return data
        if not text:
            self.add_error("door_text", "请填写门牌。")
            return data
        read = parse_door(text)
        if not read.door:
            self.add_error("door_text", UNREADABLE)
            return data
        self._check_group(read, data.get("area"))
        for name in ("building", "unit", "floor", "door"):
            data[name] = data.get(name) or getattr(read, name)
        return data

    def _check_group(self, read: Door, area: Area | None) -> None:
        if read.group and area is not None and area.level >= Level.GROUP and area.name != f"{read.group}组":
            self.add_error(
                "door_text", f"这是{read.group}组的门牌，现在选的是“{area.name}”，请换区域或只填门牌号。"
            )

    def in_its_words(self, error: ValidationError) -> ValidationError:
        """What the service refused, put in the line where the door was typed."""
        if self.data.get("door") or not hasattr(error, "error_dict"):
            return error
        renamed: dict[str, list[ValidationError]] = {}
        for name, problems in error.error_dict.items():
            renamed.setdefault("door_text" if name in PARTS[:4] else name, []).extend(problems)
        return ValidationError(renamed)


class HouseholdEditForm(DoorFields):
    """A registered door; `version` is the one that the page was opened with."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    next_visit_on = day_field("下次上门日期", help_text="无人户、空置户才需要")

    def __init__(self, *args: Any, household: Household, **kwargs: Any) -> None:
        names = [*OWN, "next_visit_on", "version"]
        kwargs.setdefault("initial", {name: getattr(household, name) for name in names})
        super().__init__(*args, **kwargs)
        self.fields["door"].required = True

    def values(self) -> dict[str, Any]:
        return {**super().values(), "next_visit_on": self.cleaned_data["next_visit_on"]}


class HouseholdCloseForm(forms.Form):
    """销户: from when, and why."""

    on = day_field("销户日期", required=True, initial=timezone.localdate)
    reason = text_field("销户原因", 100, required=True, help_text="如:拆迁、并户、登记重复")
