"""Forms on incidents: reporting one of a kind, a follow-up, and words to it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from grassroots.grid.forms.parts import REQUIRED, day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, Candidate, PickField, PickForm
from grassroots.grid.models import Area, Staff
from households.models import Household
from measures.forms.orders import clock_field
from measures.forms.records import EXTRA, extra_field
from measures.models import Incident, Kind
from measures.rules.orders import SEVERITIES, is_graver, least_severity
from measures.services.incidents import DONE_LENGTH, RESULT_LENGTH, WHAT_LENGTH, WORDS_LENGTH, IncidentData
from quarantine.forms.events import LongText

#: Who hears at once, as the form says it.
HEARS = {"NORMAL": "一般：报村（社区）", "SERIOUS": "较大：同时报街道", "MAJOR": "重大：各级同时报到最上级"}


class DoorPickField(PickField):
    """A household, found by its door; known in the form by uid."""

    placeholder = "输入门牌，如 3-1-502"

    def __init__(self, queryset: QuerySet[Household], **options: Any) -> None:
        super().__init__(queryset, to_field_name="uid", **options)

    def searched(self, text: str) -> QuerySet[Any]:
        found = self.queryset.all()
        if text:
            found = found.filter(display__icontains=text)
        return found.order_by("area__path", "walk_key", "pk")

    def described(self, rows: list[Any]) -> list[Candidate]:
        return [Candidate(str(one.uid), one.display, one.area.name) for one in rows]


def _long(label: str, length: int, missing: str, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, widget=LongText(), max_length=length,
        error_messages={"required": missing, "max_length": f"{label}不能超过 {length} 个字。"}, **options,
    )  # fmt: skip


def _severities(least: str) -> list[tuple[str, str]]:
    return [(one, HEARS[one]) for one in SEVERITIES if not is_graver(least, one)]


class IncidentForm(PickForm):
    """What happened, where, when, how grave, and what was done already."""

    severity = forms.ChoiceField(label="等级", widget=forms.RadioSelect, error_messages=REQUIRED)
    area = AreaPickField(Area.objects.none(), label="在哪里")
    door = DoorPickField(
        Household.objects.none(), label="门牌", required=False, help_text="在某一户的，可查找点选"
    )
    place = text_field("地点", 60, help_text="如：村口劝导点、3栋楼下")
    what = _long(
        "发生了什么", WHAT_LENGTH, "请写明发生了什么。", help_text="经过和涉及人数；不写证件号和手机号"
    )
    done = _long(
        "已经采取的措施", DONE_LENGTH, "请写明已经做了什么，还没有的写“正赶往现场”。",
    )  # fmt: skip
    on = day_field("发生日期", required=True, initial=timezone.localdate)
    clock = clock_field("发生时间")

    def __init__(self, *args: Any, kind: Kind, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        least = least_severity(kind.code)
        self.fields["severity"].choices = _severities(least)  # type: ignore[attr-defined]
        self.fields["severity"].initial = least
        self.fields["clock"].initial = timezone.localtime().time().replace(second=0, microsecond=0)
        for rule in kind.rules:
            self.fields[EXTRA + rule.key] = extra_field(rule)
        extras = [EXTRA + rule.key for rule in kind.rules]
        self.order_fields(["severity", "area", "what", "done", *extras, "place", "door", "on", "clock"])
        doors = Household.objects.open().visible_to(staff).select_related("area")
        self.fields["area"].queryset = Area.objects.open().visible_to(staff)  # type: ignore[attr-defined]
        self.fields["door"].queryset = doors  # type: ignore[attr-defined]
        self.fill_picks()

    def entered(self) -> IncidentData:
        """What was typed, as the service takes it."""
        data = self.cleaned_data
        at = timezone.make_aware(dt.datetime.combine(data["on"], data["clock"]))
        return IncidentData(
            self.kind, data["area"], data["what"], data["done"], at, severity=data["severity"],
            household=data["door"], place=data["place"],
            values={rule.key: data.get(EXTRA + rule.key) for rule in self.kind.rules},
        )  # fmt: skip

    def add_error(self, field: Any, error: Any) -> None:
        """Errors of extra fields come under their key, those of the moment and of the door under theirs."""
        field = {"happened_at": "on", "household": "door"}.get(field, field)
        if isinstance(field, str) and EXTRA + field in self.fields:
            field = EXTRA + field
        super().add_error(field, error)


class FollowForm(forms.Form):
    """What is new; graver, if it has become so."""

    words = _long("新的情况", WORDS_LENGTH, "请写明新的情况。", help_text="不写证件号和手机号")
    severity = forms.ChoiceField(label="等级", widget=forms.RadioSelect, error_messages=REQUIRED)

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["severity"].choices = _severities(incident.severity)  # type: ignore[attr-defined]
        self.fields["severity"].initial = incident.severity


class FinalForm(forms.Form):
    """How it ended, as the reporter sees it."""

    words = _long("终报", WORDS_LENGTH, "请写明最后的情况。", help_text="不写证件号和手机号")

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class InstructForm(FinalForm):
    """What is to be done."""

    words = _long("批示", WORDS_LENGTH, "请写明怎样处置。")


class ResultForm(FinalForm):
    """The result with which it is closed."""

    words = _long("处理结果", RESULT_LENGTH, "请写明处理结果。")
