"""Forms of the events of an observation. Each carries the version that the page was opened with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet

from grassroots.grid.forms.parts import text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Level, Staff
from households.models import Household
from households.rules.addresses import door_key, parse_door
from quarantine.forms.rows import moment_field
from quarantine.models import Place, Visit

REASON_LENGTH = 200
DESTINATIONS = ("县人民医院发热门诊", "定点医院", "集中隔离点")


class LongText(forms.Textarea):
    """A few lines."""

    def __init__(self) -> None:
        super().__init__(attrs={"rows": 3})


class EventForm(forms.Form):
    """What every event asks: why, and when when it was not just now."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = text_field("原因", REASON_LENGTH, required=True, widget=LongText())
    at = moment_field("发生时间", help_text="刚刚发生的不用填；补录以前的事，填当时的时间")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("context", None)
        super().__init__(*args, **kwargs)

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


class ReasonForm(forms.Form):
    """Just a reason."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label="原因", widget=LongText())

    def __init__(self, *args: Any, words: str = "原因", length: int = REASON_LENGTH, **kwargs: Any) -> None:
        kwargs.pop("context", None)
        super().__init__(*args, **kwargs)
        self.fields["reason"] = text_field(words, length, required=True, widget=LongText())

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


class ExtendForm(EventForm):
    """延长."""

    days = forms.IntegerField(
        label="延长几天",
        min_value=1,
        error_messages={
            "required": "请填写延长几天。",
            "invalid": "请填整数。",
            "min_value": "至少延长 1 天。",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    field_order = ("days", "reason", "at")


class TransferForm(EventForm):
    """转送."""

    destination = text_field("转送到", 80, required=True)
    field_order = ("destination", "reason", "at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["destination"].widget.attrs.update(list="destinations", autocomplete="off")
        self.suggestions = {"destinations": DESTINATIONS}


class DoorForm(PickForm):
    """A form with an area and a door in it: the household behind the door is found when it is checked."""

    household: Household | None = None

    def clean(self) -> dict[str, Any]:
        """Find the household behind the door that was typed."""
        data = super().clean() or {}
        typed, area = data.get("door"), data.get("area")
        if typed and area is not None:
            read = parse_door(typed)
            key = door_key(read.building, read.unit, read.door) if read.door else ""
            here = (
                Household.objects.open().filter(area=area).with_door(key) if key else Household.objects.none()
            )
            self.household = here.order_by("share_no", "pk").first()
            if self.household is None:
                self.add_error(
                    "door", f"“{area.name}”里没有门牌“{typed}”，请核对，或把地址写在“详细地址”里。"
                )
        return data

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        data = dict(self.cleaned_data)
        data.pop("door")
        return {**data, "household": self.household}


class MoveForm(DoorForm):
    """转往他处观察, inside one's own areas."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    area = AreaPickField(
        Area.objects.none(),
        label="转到哪个区域",
        help_text="只列出您辖区内的区域；要转到别的村（社区），请办“移交外村”",
    )
    door = text_field("门牌", 40, help_text="转到登记过的住户家时填，如：3-2-501、12组34号")
    place = forms.ChoiceField(label="观察地点", choices=Place.choices, widget=forms.RadioSelect)
    place_note = text_field("详细地址", 120, help_text="没有登记过的地方、集中隔离点写在这里")
    reason = text_field("原因", REASON_LENGTH, required=True, widget=LongText())
    at = moment_field("发生时间", help_text="刚刚发生的不用填；补录以前的事，填当时的时间")

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = Area.objects.open().visible_to(staff).filter(level__gte=Level.VILLAGE)
        self.fields["area"].queryset = areas  # type: ignore[attr-defined]
        self.fill_picks()


class StaffChoiceField(forms.ModelChoiceField):
    """A colleague by uid, shown with his post."""

    def label_from_instance(self, staff: Any) -> str:
        words = " ".join(filter(None, (staff.organisation, staff.post)))
        return f"{staff.name}({words})" if words else str(staff.name)


class ReleaseForm(EventForm):
    """期满解除: who reviews it."""

    reviewer = StaffChoiceField(
        Staff.objects.none(),
        label="审核人",
        to_field_name="uid",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "请选择审核人。", "invalid_choice": "请从名单中选择审核人。"},
    )
    field_order = ("reviewer", "reason", "at")

    def __init__(self, *args: Any, reviewers: QuerySet[Staff], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewer"].queryset = reviewers  # type: ignore[attr-defined]
        self.fields["reason"].required = False
        self.fields["reason"].label = "备注"
        self.fields["reason"].help_text = "如：期满无症状，本人已签字"


class EndForm(EventForm):
    """失联, 死亡."""

    outcome = forms.ChoiceField(
        label="结局",
        choices=[("LOST", "失联"), ("DIED", "死亡")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择失联或死亡。"},
    )
    field_order = ("outcome", "reason", "at")


class VisitChoiceField(forms.ModelMultipleChoiceField):
    """Slots by uid, shown as 1月22日上午."""

    labels: Mapping[str, str] = {}

    def label_from_instance(self, visit: Any) -> str:
        return f"{visit.date.month}月{visit.date.day}日{self.labels.get(visit.slot, visit.slot)}"


class ExplainForm(forms.Form):
    """为什么没有测: one explanation for the slots that are ticked."""

    visits = VisitChoiceField(
        Visit.objects.none(),
        label="哪几次",
        to_field_name="uid",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少勾选一次漏测。", "invalid_choice": "请从名单中勾选。"},
    )
    explanation = text_field("原因", 100, required=True, help_text="如：大雪封路，电话询问体温正常、无症状")

    def __init__(
        self, *args: Any, missed: QuerySet[Visit], labels: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["visits"]
        assert isinstance(field, VisitChoiceField)
        field.queryset, field.labels = missed, dict(labels)
