"""Forms on areas."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Level, Staff


class AreaForm(forms.Form):
    """What an area is called and how many households are expected there."""

    name = text_field("名称", 60, required=True)
    kind = text_field("类型", 20, help_text="如：社区、行政村、小区、散居院落")
    code = text_field("区划代码", 32, help_text="没有可不填")
    expected_households = forms.IntegerField(
        label="应排查户数",
        required=False,
        min_value=0,
        max_value=1_000_000,
        help_text="按台账应有的户数，排查完成率以实际建户为准",
        error_messages={"invalid": "请填整数。", "min_value": "户数不能小于 0。"},
    )


class AreaCreateForm(AreaForm):
    """A new area below `parent`: only levels below the parent's can be chosen."""

    level = forms.TypedChoiceField(label="级别", coerce=int, error_messages={"required": "请选择级别。"})
    field_order = ["level", "name", "kind", "code", "expected_households"]

    def __init__(self, *args: Any, parent: Area, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        below = [(level.value, level.label) for level in Level if level > parent.level]
        self.fields["level"].choices = below  # type: ignore[attr-defined]
        if below:
            self.fields["level"].initial = below[0][0]


class AreaEditForm(AreaForm):
    """Changes to an area; `version` is what the page was opened with."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class AreaMoveForm(PickForm):
    """Where an area goes: an open area above it in level, inside the person's scope, and not inside itself."""

    parent = AreaPickField(Area.objects.none(), label="移到哪个区域下面")

    def __init__(self, *args: Any, area: Area, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parent"]
        above = Area.objects.open().visible_to(by).filter(level__lt=area.level)
        field.queryset = above.exclude(path__startswith=area.path).exclude(path=area.path[: -Area.steplen])  # type: ignore[attr-defined]
        self.fill_picks()


class AreaCloseForm(forms.Form):
    """From which day an area is no more."""

    on = day_field("从哪天起停用", required=True, initial=timezone.localdate)

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on > timezone.localdate():
            raise forms.ValidationError("停用日期不能晚于今天。")
        return on
