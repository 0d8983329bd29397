"""Forms of the life of an observation: shortened, started again, handed over, back from a transfer; follow-ups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Level, Staff
from quarantine.forms.events import REASON_LENGTH, DoorForm, EventForm, LongText
from quarantine.forms.rows import moment_field
from quarantine.models import FollowupHow, FollowupResult, Handover, Observation, Place
from quarantine.rules.life import RestartCause
from quarantine.rules.policy import ReturnClock
from quarantine.rules.readings import check_temperature
from quarantine.rules.words import day_words
from quarantine.services.aftercare import Told
from quarantine.services.returns import return_plan


class ShortenForm(EventForm):
    """缩短."""

    last_on = day_field("新的最后一天", required=True, help_text="最早填昨天：已经观察过的日子不能取消")
    field_order = ("last_on", "reason", "at")


class RestartForm(EventForm):
    """重新起算."""

    cause = forms.ChoiceField(
        label="为什么重新起算",
        choices=RestartCause.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择为什么重新起算。"},
    )
    basis_on = day_field("从哪天起重新算", required=True, help_text="外出返回的那天，或最后一次暴露的那天")
    field_order = ("cause", "basis_on", "reason", "at")


class ObservationHandoverForm(PickForm):
    """移交外村: to any village of the office; its name tells nothing of anybody."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    to_area = AreaPickField(Area.objects.none(), label="移交给哪个村（社区）")
    place = forms.ChoiceField(
        label="到那边的观察地点", choices=Place.choices, widget=forms.RadioSelect, initial=Place.HOME
    )
    place_note = text_field("去向地址", 120, help_text="知道多少写多少，如：龚家村2组外婆家")
    reason = text_field("移交原因", REASON_LENGTH, required=True, widget=LongText())

    def __init__(self, *args: Any, observation: Observation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        villages = Area.objects.open().filter(level=Level.VILLAGE)
        own = [area.pk for area in villages.filter(path__in=observation.area.ancestor_paths())]
        self.fields["to_area"].queryset = villages.exclude(pk__in=own)  # type: ignore[attr-defined]
        self.fill_picks()

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


class AcceptForm(DoorForm):
    """接收: into which of one's own areas inside the village that was asked."""

    area = AreaPickField(Area.objects.none(), label="放在哪个组（小区）")
    door = text_field("门牌", 40, help_text="住进登记过的住户家时填，如：3-2-501、12组34号")
    place_note = text_field("详细地址", 120, help_text="没有登记过的地方写在这里")
    note = text_field("接收说明", REASON_LENGTH, help_text="如：已上门核实，本人在家")

    def __init__(self, *args: Any, handover: Handover, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inside = Area.objects.open().visible_to(staff).within(handover.to_area)
        self.fields["area"].queryset = inside  # type: ignore[attr-defined]
        self.fill_picks()


class WhyForm(forms.Form):
    """Just why."""

    reason = forms.CharField(label="原因")

    def __init__(self, *args: Any, words: str = "原因", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = text_field(words, REASON_LENGTH, required=True, widget=LongText())


class ReturnForm(forms.Form):
    """返回观察: how the days go on, said with their dates for a return today."""

    clock = forms.ChoiceField(
        label="天数怎么算",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择天数怎么算。", "invalid_choice": "请从下面选一种。"},
    )
    reason = text_field(
        "返回情况", REASON_LENGTH, required=True, widget=LongText(), help_text="如：出院，两次核酸阴性"
    )
    at = moment_field("返回时间", help_text="刚刚回来的不用填")

    def __init__(self, *args: Any, observation: Observation, **kwargs: Any) -> None:
        kwargs.setdefault("initial", None)
        super().__init__(*args, **kwargs)
        default = observation.policy.parsed().return_clock
        self.fields["clock"].choices = [  # type: ignore[attr-defined]
            (clock.value, f"{clock.label}：{_days_words(observation, clock)}") for clock in ReturnClock
        ]
        self.initial = {"clock": default, **(self.initial or {})}

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


def _days_words(observation: Observation, clock: ReturnClock) -> str:
    today = timezone.localdate()
    try:
        term = return_plan(observation=observation, clock=clock, returned_on=today).term
    except ValidationError as refused:
        return "；".join(refused.messages).rstrip("。")
    first, last = (day_words(day, today.year) for day in (term.day_one_on, term.last_on))
    return f"今天返回的话，第1天{first}，最后一天{last}"


class FollowupForm(forms.Form):
    """解除后随访."""

    how = forms.ChoiceField(
        label="方式",
        choices=FollowupHow.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择电话还是上门。", "invalid_choice": "请选择电话还是上门。"},
    )
    result = forms.ChoiceField(
        label="结果",
        choices=FollowupResult.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择随访结果。", "invalid_choice": "请选择随访结果。"},
    )
    temperature = forms.CharField(
        label="体温（℃）",
        required=False,
        max_length=12,
        help_text="问到、测到的才填",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    note = text_field("备注", REASON_LENGTH, widget=LongText())
    at = moment_field("随访时间", help_text="刚刚做的不用填；补登以前的，填当时的时间")

    def clean_temperature(self) -> Any:
        """As it was told; refused, never repaired."""
        typed = self.cleaned_data["temperature"].strip()
        if not typed:
            return None
        found, problem = check_temperature(typed)
        if found is None:
            raise forms.ValidationError(f"{problem}。")
        return found

    def told(self) -> Told:
        """What the service takes."""
        return Told(**self.cleaned_data)
