"""The form of a kind: what it is, how it counts, and rows for what is asked besides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field
from grassroots.grid.models import DutyKind
from measures.models import OWN, Counting, Family, Kind
from measures.rules.fields import LABEL_LENGTH, MOST_FIELDS, TYPES, FieldRule
from measures.services.kinds import EDITABLE, column_choices

EMPTY_ROWS = 3


class FieldRowForm(forms.Form):
    """One extra field; a row without a name does not count."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    label = text_field("名称", LABEL_LENGTH)
    type = forms.ChoiceField(label="填什么", choices=list(TYPES.items()), required=False)
    choices = forms.CharField(
        label="选项", required=False, max_length=300, help_text="单选才填，用顿号隔开，如：上午、下午、晚上"
    )
    unit = text_field("单位", 6)
    required = forms.BooleanField(label="必填", required=False)

    def rule(self) -> FieldRule | None:
        """What was typed; None for an empty row."""
        data = self.cleaned_data
        if not data["label"]:
            return None
        words = [" ".join(one.split()) for one in re.split(r"[、,，;；\n]", data["choices"])]
        return FieldRule(
            data["key"],
            data["label"],
            data["type"],
            data["required"],
            tuple(filter(None, words)),
            data["unit"],
        )

    @staticmethod
    def shown(rule: FieldRule) -> dict[str, Any]:
        """A field as its row begins."""
        return {"key": rule.key, "label": rule.label, "type": rule.type, "choices": "、".join(rule.choices),
                "unit": rule.unit, "required": rule.required}  # fmt: skip


class KindForm(forms.Form):
    """A kind of measure or of venue."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    family = forms.ChoiceField(label="大类", choices=Family.choices, help_text="决定它列在哪一页、进哪本台账")
    name = text_field("名称", 20, required=True)
    unit = text_field("单位", 6, help_text="如：份、桌、平方米；只记次数的空着")
    counting = forms.ChoiceField(label="计数方式", choices=Counting.choices)
    column = forms.ChoiceField(
        label="计入统计表", required=False, help_text="“单独成列”会在统计表后面加上这个项目的今日数和累计数"
    )
    asks_place = forms.BooleanField(label="登记时填地点", required=False)
    asks_venue = forms.BooleanField(label="登记时选场所", required=False)
    due_every = forms.IntegerField(
        label="每个村几天一次",
        required=False,
        help_text="每天一次填 1，到时没有登记的列入“今日应做”；不定期的空着",
        error_messages={"invalid": "要填整数。"},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    due_duty = forms.ChoiceField(label="由哪一类包保人员办", required=False)
    order = forms.IntegerField(
        label="顺序",
        initial=50,
        min_value=0,
        max_value=999,
        help_text="小的排在前面",
        error_messages={"required": "请填写顺序。", "invalid": "要填整数。"},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, kind: Kind | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["column"].choices = self._columns()  # type: ignore[attr-defined]
        duties = [("", "不指定"), *DutyKind.objects.values_list("code", "name")]
        self.fields["due_duty"].choices = duties  # type: ignore[attr-defined]
        self.rows = self._rows()

    def _columns(self) -> list[Any]:
        """Every column of every family; whether it fits the family is said by the service."""
        others = column_choices(Family.PUBLICITY)
        return [
            ("", "不计入"),
            (OWN, "单独成列"),
            ("场所关停数", list(column_choices(Family.VENUE).items())),
            ("登记数量", sorted(others.items(), key=lambda one: one[1])),
        ]

    def _rows(self) -> list[FieldRowForm]:
        source: Mapping[str, Any] = self.data if self.is_bound else self.initial
        asked = str(source.get("rows", ""))
        rules = list(self.kind.rules) if self.kind else []
        if self.is_bound:
            number = int(asked) if asked.isdecimal() and len(asked) < 3 else 0
            return [FieldRowForm(self.data, prefix=f"r{at}") for at in range(min(number, MOST_FIELDS))]
        if asked.isdecimal() and len(asked) < 3:  # more rows were asked for: what was typed stays
            number = min(int(asked) + EMPTY_ROWS, MOST_FIELDS)
            names = FieldRowForm.base_fields
            typed = [{name: source.get(f"r{at}-{name}", "") for name in names} for at in range(number)]
            return [FieldRowForm(prefix=f"r{at}", initial=one) for at, one in enumerate(typed)]
        shown = [FieldRowForm.shown(rule) for rule in rules]
        number = min(len(shown) + EMPTY_ROWS, MOST_FIELDS)
        return [
            FieldRowForm(prefix=f"r{at}", initial=shown[at] if at < len(shown) else {})
            for at in range(number)
        ]

    def is_valid(self) -> bool:
        """The kind and each of its rows."""
        return all([super().is_valid(), *(row.is_valid() for row in self.rows)])

    @property
    def may_grow(self) -> bool:
        return len(self.rows) < MOST_FIELDS

    def entered(self) -> dict[str, Any]:
        """What was typed, as the services take it."""
        given = {name: self.cleaned_data[name] for name in EDITABLE}
        rules = [rule for row in self.rows if (rule := row.rule()) is not None]
        helps = {rule.key: rule.help for rule in self.kind.rules} if self.kind else {}
        kept = [FieldRule(**{**vars_of(rule), "help": helps.get(rule.key, "")}) for rule in rules]
        return {**given, "rules": kept}

    @staticmethod
    def shown(kind: Kind) -> dict[str, Any]:
        """A kind as its form begins."""
        known = {name: getattr(kind, name) for name in EDITABLE}
        return {**known, "version": kind.version, "column": OWN if kind.has_own_column else kind.column}


def vars_of(rule: FieldRule) -> dict[str, Any]:
    """The fields of a rule by name."""
    return {
        name: getattr(rule, name) for name in ("key", "label", "type", "required", "choices", "unit", "help")
    }
