"""Forms on inspections: one written along its checklist, and the checklist itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import REQUIRED, day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm, StaffPickField
from grassroots.grid.models import Area, Staff
from households.forms.photos import PhotosMixin, photo_box, photo_value
from measures.forms.checks import in_days
from measures.forms.records import VenuePickField
from measures.models import Checklist, ItemResult, Venue
from measures.services.inspections import Answer, InspectionData
from quarantine.forms.events import LongText

RESULT, PROBLEM, PHOTO = "result_", "problem_", "photo_"


class InspectionForm(PhotosMixin, PickForm):
    """Where and with whom, then the lines of the checklist, then what is asked of the village."""

    unit = text_field("被检查单位", 60, required=True, help_text="如：城厢社区东门劝导点")
    area = AreaPickField(
        Area.objects.none(), label="责任单位", help_text="问题由它整改：村（社区）、组或小区"
    )
    venue = VenuePickField(
        Venue.objects.none(), label="场所", required=False, help_text="检查登记过的场所时选"
    )
    on = day_field("检查日期", required=True, initial=timezone.localdate)
    clock = forms.TimeField(
        label="检查时间", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "请填写几点检查的。", "invalid": "时间请写成 15:30 的样子。"},
    )  # fmt: skip
    is_announced = forms.ChoiceField(
        label="方式", choices=[("0", "暗访（没有事先通知）"), ("1", "明查（事先通知）")], initial="0",
        widget=forms.RadioSelect, error_messages=REQUIRED,
    )  # fmt: skip
    second = StaffPickField(
        Staff.objects.none(), label="另一位检查人", help_text="督查要两人以上，第一位是您"
    )
    third = StaffPickField(Staff.objects.none(), label="第三位检查人", required=False)

    def __init__(self, *args: Any, checklist: Checklist, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checklist, self.staff = checklist, staff
        colleagues = Staff.objects.active().visible_to(staff).exclude(pk=staff.pk)
        for name, rows in (
            ("area", Area.objects.open().visible_to(staff)),
            ("venue", Venue.objects.active().visible_to(staff).select_related("kind", "area")),
            ("second", colleagues),
            ("third", colleagues),
        ):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        for number, words in enumerate(checklist.items):
            self.fields[f"{RESULT}{number}"] = forms.ChoiceField(
                label=words, choices=ItemResult.choices, widget=forms.RadioSelect,
                error_messages={"required": "请选择检查结果。", "invalid_choice": "请选择检查结果。"},
            )  # fmt: skip
            self.fields[f"{PROBLEM}{number}"] = text_field("存在的问题（有问题时填）", 200)
            self.fields[f"{PHOTO}{number}"] = photo_box("现场照片", "拍照")
        self.fields["summary"] = text_field("总的情况", 300, widget=LongText())
        self.fields["demand"] = text_field("整改要求（有问题时填）", 200)
        self.fields["due_on"] = day_field("整改时限（有问题时填）", initial=in_days)
        self.fill_picks()

    def entered(self) -> InspectionData:
        """What was typed, as the service takes it."""
        data = self.cleaned_data
        answers = [
            Answer(
                words,
                data[f"{RESULT}{number}"],
                data[f"{PROBLEM}{number}"],
                photo_value(data[f"{PHOTO}{number}"]),
            )
            for number, words in enumerate(self.checklist.items)
        ]
        at = timezone.make_aware(dt.datetime.combine(data["on"], data["clock"]))
        inspectors = [one for one in (self.staff, data["second"], data["third"]) if one is not None]
        return InspectionData(
            self.checklist, data["area"], data["unit"], at, inspectors, answers,
            is_announced=data["is_announced"] == "1", venue=data["venue"], summary=data["summary"],
            demand=data["demand"], due_on=data["due_on"],
        )  # fmt: skip

    def add_error(self, field: Any, error: Any) -> None:
        """What is wrong with the moment stands beside the day."""
        super().add_error("on" if field == "at" else field, error)


class ChecklistForm(forms.Form):
    """The lines of a checklist."""

    items = forms.CharField(
        label="检查内容", widget=forms.Textarea(attrs={"rows": 10}), help_text="一行一条",
        error_messages={"required": "请至少写一条检查内容。"},
    )  # fmt: skip
    is_open = forms.BooleanField(label="使用中", required=False)
