"""The terms of a policy as a form: plain fields, and rows for phases, slots and steps. Nobody types JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from grassroots.grid.forms.parts import day_field, text_field
from quarantine.forms.policies import regions_of, split_words
from quarantine.forms.rows import RowForm
from quarantine.rules.alerting import DEFAULT_LIMITS
from quarantine.rules.policy import FeverOperator, Notify, Place, PolicyTerms, ReturnClock, Slot, StartBasis

NUMBER = {"invalid": "请填整数。", "required": "请填写。", "min_value": "不能小于 %(limit_value)s。"}
DIGITS = {"inputmode": "numeric", "autocomplete": "off"}
YES_NO = (("1", "是"), ("0", "否"))


def number_field(label: str, *, least: int = 0, most: int = 10_000, **options: Any) -> forms.IntegerField:
    """A whole number; errors say what is expected."""
    errors = {**NUMBER, "max_value": "不能大于 %(limit_value)s。"}
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, error_messages=errors, widget=forms.TextInput(attrs=DIGITS),
        **options,
    )  # fmt: skip


def numbers_of(text: str) -> list[int]:
    """1、4、7 as whole numbers. Raises ValidationError naming what is none."""
    words = split_words(text)
    wrong = next((word for word in words if not word.isdecimal() or len(word) > 4), "")
    if wrong:
        raise forms.ValidationError(f"“{wrong[:12]}”不是天数，请写成 1、4、7 的样子。")
    return [int(word) for word in words]


def hours_of(text: str) -> list[int]:
    """2、4、8 as hours; nothing for the usual ones. Raises ValidationError naming what is none."""
    words = split_words(text)
    wrong = next((word for word in words if not word.isdecimal() or len(word) > 4), "")
    if wrong:
        raise forms.ValidationError(f"“{wrong[:12]}”不是小时数，请写成 2、4、8 的样子。")
    return [int(word) for word in words]


class PolicyRow(RowForm):
    """A row that counts once something was typed into one of its `typed` fields."""

    typed: tuple[str, ...] = ()

    def is_blank(self) -> bool:
        return not any(str(self.data.get(self.add_prefix(name), "")).strip() for name in self.typed)

    def json(self) -> dict[str, Any]:
        """The row as terms hold it."""
        return {name: value for name, value in self.cleaned_data.items() if name != "pk"}


class PhaseRow(PolicyRow):
    """一个阶段."""

    typed = ("days", "test_days")
    place = forms.ChoiceField(label="地点", choices=Place.choices)
    days = number_field("天数", least=1, most=366)
    test_days = text_field("第几天检测", 60, help_text="按本阶段的天数算，如 1、4、7；不检测就空着")

    def clean_test_days(self) -> list[int]:
        return numbers_of(self.cleaned_data["test_days"])


class TimeInput(forms.TimeInput):
    """The browser's own field for a time of day."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def time_field(label: str) -> forms.TimeField:
    """A time of day."""
    return forms.TimeField(
        label=label, widget=TimeInput(), input_formats=["%H:%M", "%H:%M:%S"],
        error_messages={"required": "请填写时间。", "invalid": "时间请写成 06:00 的样子。"},
    )  # fmt: skip


class SlotRow(PolicyRow):
    """一个测温时段."""

    typed = ("label", "opens", "closes", "code")
    label = text_field("名称", 10, required=True)
    opens = time_field("开始")
    closes = time_field("截止")
    code = text_field("代码", 4, required=True, help_text="如 AM、PM；用过的代码不要改作别的时段")

    def json(self) -> dict[str, Any]:
        row = super().json()
        return {
            **row,
            "opens": f"{row['opens']:%H:%M}",
            "closes": f"{row['closes']:%H:%M}",
            "code": row["code"].upper(),
        }


class StepRow(PolicyRow):
    """一步上报."""

    typed = ("stage", "after_minutes")
    stage = number_field("第几级", least=1, most=20)
    after_minutes = number_field("几分钟后", most=7 * 24 * 60)
    notify = forms.ChoiceField(label="报给谁", choices=Notify.choices)


BASES = 4
FLAGS = {
    "block_on_missed": ("release", "漏测没有说明原因时不能解除"),
    "block_on_open_alert": ("release", "异常没有办结时不能解除"),
    "block_on_pending_extension": ("release", "延长、重算的建议没有处理时不能解除"),
    "on_left_home": ("restart", "擅自外出可以重新起算"),
    "on_new_exposure": ("restart", "有新的暴露可以重新起算"),
    "is_allowed": ("extension", "可以延长"),
}


class PolicyForm(forms.Form):
    """What a policy says besides its rows."""

    code = forms.SlugField(
        label="代码", max_length=30, help_text="小写字母、数字、横线，如 home-14；同一政策的各版代码相同",
        error_messages={"required": "请填写代码。", "invalid": "代码只能用字母、数字和横线。"},
    )  # fmt: skip
    name = text_field("名称", 60, required=True)
    document_no = text_field("文号", 60, help_text="请对照正式文件填写")
    source = text_field("依据", 600, widget=forms.Textarea(attrs={"rows": 2}))
    is_measure_on = forms.TypedChoiceField(
        label="是否实行观察",
        choices=YES_NO,
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        initial="1",
    )
    effective_from = day_field("执行起", help_text="启用时还可以改；按返回日期算")
    effective_to = day_field("执行止（含）", help_text="没有期限就空着")
    regions = forms.CharField(
        label="管控地区", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="一行一个或用顿号隔开；空着表示不限来源地",
    )  # fmt: skip
    cutoff_on = day_field("排查起始日期", help_text="早于这一天返回的不追溯；不限就空着")
    day_one_is_next_day = forms.TypedChoiceField(
        label="第1天", choices=(("1", "次日为第1天"), ("0", "当日为第1天")), coerce=lambda value: value == "1",
        widget=forms.RadioSelect, initial="1",
    )  # fmt: skip
    fever_operator = forms.ChoiceField(label="发热的算法", choices=FeverOperator.choices)
    fever_threshold = text_field("发热界限（℃）", 6, required=True)
    low_limit = text_field("偏低界限（℃）", 6, required=True, help_text="低于它要求复测")
    symptoms = text_field(
        "症状", 600, widget=forms.Textarea(attrs={"rows": 2}), help_text="用顿号隔开，按登记表的顺序"
    )
    full_term_time = text_field("最后一天几点期满", 5, required=True, help_text="24:00 是当天过完")
    longest_days = number_field("一次最多延长几天", least=1, most=366)
    shares_clock = forms.BooleanField(
        label="同住人共用期限：一人延长、重新起算或转送，建议同住人一起改", required=False
    )
    return_clock = forms.ChoiceField(label="转送后返回，天数怎么算", choices=ReturnClock.choices)
    followup_days = text_field("解除后第几天随访", 60, help_text="如 1、2、3、7、14；不随访就空着")
    next_level_minutes = number_field("上一级无人处理，几分钟后再报上一级", least=1, most=7 * 24 * 60)
    handover_hours = text_field(
        "移交没有答复，几小时后提醒", 30,
        help_text="三个数，由小到大：提醒双方、报对方上一级、再报上一级；空着就按 2、4、8",
    )  # fmt: skip
    identical_days = number_field("体温连续几天完全相同要提醒核实", most=60, help_text="填 0 就不提醒")
    example_on = day_field("举例：返回日期", help_text="只用来看下面的推算，不保存")

    def __init__(self, *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["code"]
        labels = ("先看", "没有就看", "再没有就看", "最后看")
        for number in range(BASES):
            self.fields[f"basis_{number}"] = forms.ChoiceField(
                label=labels[number], required=False, choices=[("", "（不用）"), *StartBasis.choices]
            )
        for name, (_group, label) in FLAGS.items():
            self.fields[name] = forms.BooleanField(label=label, required=False)
        for limits in DEFAULT_LIMITS:
            for step, words in (("acknowledge", "知悉"), ("handle", "办结")):
                self.fields[f"{limits.kind}_{step}"] = number_field(
                    f"{limits.kind.label}：几分钟内{words}", least=1, most=30 * 24 * 60
                )

    def clean_regions(self) -> list[str]:
        return regions_of(self.cleaned_data["regions"])

    def clean_symptoms(self) -> list[str]:
        return split_words(self.cleaned_data["symptoms"])

    def clean_followup_days(self) -> list[int]:
        return numbers_of(self.cleaned_data["followup_days"])

    def clean_handover_hours(self) -> list[int]:
        return hours_of(self.cleaned_data["handover_hours"])

    @property
    def bases(self) -> list[Any]:
        """The fields of the order in which dates are looked at."""
        return [self[f"basis_{number}"] for number in range(BASES)]

    @property
    def limits(self) -> list[tuple[str, Any, Any]]:
        """(kind in words, field of taking notice, field of dealing with it)."""
        kinds = [limits.kind for limits in DEFAULT_LIMITS]
        return [(str(kind.label), self[f"{kind}_acknowledge"], self[f"{kind}_handle"]) for kind in kinds]

    def flags(self, group: str) -> list[Any]:
        """The ticks of one group of rules."""
        return [self[name] for name, (own, _label) in FLAGS.items() if own == group]

    @property
    def release_flags(self) -> list[Any]:
        return self.flags("release")

    @property
    def restart_flags(self) -> list[Any]:
        return self.flags("restart")


def initial_of(terms: PolicyTerms) -> dict[str, Any]:
    """Terms as the plain fields of the form show them."""
    values: dict[str, Any] = {
        "name": terms.name, "document_no": terms.document_no, "source": terms.source,
        "is_measure_on": "1" if terms.is_measure_on else "0", "effective_from": terms.effective_from,
        "effective_to": terms.effective_to, "regions": "、".join(terms.regions), "cutoff_on": terms.cutoff_on,
        "day_one_is_next_day": "1" if terms.day_one_is_next_day else "0", "fever_operator": terms.fever_operator,
        "fever_threshold": terms.fever_threshold, "low_limit": terms.low_limit,
        "symptoms": "、".join(terms.symptoms), "full_term_time": terms.release.full_term_time,
        "longest_days": terms.extension.longest_days, "shares_clock": terms.shares_clock,
        "return_clock": terms.return_clock, "followup_days": "、".join(map(str, terms.followup_days)),
        "next_level_minutes": terms.alerts.next_level_minutes, "identical_days": terms.alerts.identical_days,
        "handover_hours": "、".join(map(str, terms.handover_hours)),
    }  # fmt: skip
    values |= {f"basis_{number}": basis for number, basis in enumerate(terms.start_basis)}
    values |= {name: getattr(getattr(terms, group), name) for name, (group, _label) in FLAGS.items()}
    for limits in terms.alerts.limits:
        values[f"{limits.kind}_acknowledge"] = limits.acknowledge_minutes
        values[f"{limits.kind}_handle"] = limits.handle_minutes
    return values


def slot_initial(slot: Slot) -> dict[str, Any]:
    """A slot as its row shows it."""
    return {"label": slot.label, "opens": slot.opens, "closes": slot.closes, "code": slot.code}


def terms_of(values: Mapping[str, Any], rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The terms as JSON, from the plain fields and the rows; checked by `policy_terms_from_json`."""
    terms: dict[str, Any] = {
        name: values[name]
        for name in (
            "is_measure_on", "regions", "day_one_is_next_day", "fever_operator", "fever_threshold", "low_limit",
            "symptoms", "shares_clock", "return_clock", "followup_days", "handover_hours",
        )
    }  # fmt: skip
    terms["cutoff_on"] = values["cutoff_on"].isoformat() if values["cutoff_on"] else None
    terms["start_basis"] = [basis for n in range(BASES) if (basis := values[f"basis_{n}"])]
    for group in ("release", "restart", "extension"):
        terms[group] = {name: values[name] for name, (own, _label) in FLAGS.items() if own == group}
    terms["release"]["full_term_time"] = values["full_term_time"]
    terms["extension"]["longest_days"] = values["longest_days"]
    terms["alerts"] = {
        "limits": {
            limits.kind.value: {
                "acknowledge_minutes": values[f"{limits.kind}_acknowledge"],
                "handle_minutes": values[f"{limits.kind}_handle"],
            }
            for limits in DEFAULT_LIMITS
        },
        "next_level_minutes": values["next_level_minutes"],
        "identical_days": values["identical_days"],
    }
    return {**terms, **rows}


_ROW = re.compile(r"(phases|slots|escalation)\[(\d+)\]\.(\w+)")
_LIMIT = re.compile(r"alerts\.limits\.(\w+)\.(acknowledge|handle)_minutes")


def place_of(field: str) -> tuple[str, int, str]:
    """Where a problem of the terms belongs: (rows, number, field) or ('', 0, field of the form); '' when to neither."""
    if row := _ROW.match(field):
        return row[1], int(row[2]), row[3]
    if limit := _LIMIT.match(field):
        return "", 0, f"{limit[1]}_{limit[2]}"
    name = field.split("[")[0].rsplit(".", 1)[-1]
    return "", 0, {"start_basis": "basis_0"}.get(name, name)
