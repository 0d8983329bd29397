"""Forms of 填上级表: a file with its area and day; what each of its columns is filled with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from grassroots.grid.forms.parts import PurposeField
from grassroots.grid.models import Staff
from grassroots.ledgers.engine import ledger_registry
from grassroots.ledgers.filling.forms import LIMITS, Form
from grassroots.ledgers.filling.words import HOW_WORDS
from grassroots.ledgers.forms.download import AreaDayForm
from grassroots.ledgers.reading import Match
from grassroots.ledgers.reading.limits import MB

EMPTY = ("", "（空着）")
TONES = {"same": "ok", "synonym": "info", "remembered": "info", "none": "muted"}
SELECT = {"class": "form-select"}


class EmptyFormForm(AreaDayForm):
    """An empty form, and for which area and day it is filled."""

    file = forms.FileField(
        label="空表", help_text=f"Excel工作簿（.xlsx），{LIMITS.max_bytes // MB} MB 以内",
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".xlsx,.xlsm"}),
        error_messages={"empty": "文件是空的，请重新选择。", "required": "请选择上级发来的空表。"},
    )  # fmt: skip
    field_order = ["file", "area", "on"]

    def __init__(self, *args: Any, too_big: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.too_big = too_big

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        if self.too_big or (file and file.size > LIMITS.max_bytes):
            raise forms.ValidationError(f"文件超过{LIMITS.max_bytes // MB} MB。空表里的图片请先删去。")
        return file


@dataclass(frozen=True)
class ColumnRow:
    """A column of the form as the page shows it: its field, how it was understood, and a value as it will stand."""

    match: Match
    field: Any
    words: str
    tone: str
    sample: str


class FillForm(AreaDayForm):
    """What the columns are filled with, from which ledger, which rows, masked or not."""

    ledger = forms.ChoiceField(
        label="数据来源",
        widget=forms.Select(attrs=SELECT),
        error_messages={"invalid_choice": "没有这个台账。"},
    )
    drawn = forms.CharField(
        required=False, widget=forms.HiddenInput
    )  # the ledger that the columns below are of
    unmasked = forms.BooleanField(label="不脱敏（填完整证件号和电话）", required=False)
    purpose = PurposeField(200, required=False, help_text="不脱敏时必须填写，记入访问日志并印在页脚")

    def __init__(self, *args: Any, staff: Staff, sheet: Form, **kwargs: Any) -> None:
        super().__init__(*args, staff=staff, **kwargs)
        self.sheet = sheet
        ledger = self.fields["ledger"]
        assert isinstance(ledger, forms.ChoiceField)
        ledger.choices = [(item.key, item.name) for item in ledger_registry.all()]
        self.initial.setdefault("ledger", sheet.source.key)
        self.initial["drawn"] = sheet.source.key
        if not staff.has_perm("ledgers.export_unmasked"):
            del self.fields["unmasked"]
            self.fields["purpose"].help_text = "可不填；填了会记入访问日志并印在页脚"
        self._add_filters()
        self._add_columns()

    def _add_filters(self) -> None:
        for item in self.sheet.source.definition.filters:
            if item.is_offered:
                self.fields[f"f_{item.key}"] = forms.MultipleChoiceField(
                    label=item.label, choices=item.options(), required=False, widget=forms.CheckboxSelectMultiple,
                    error_messages={"invalid_choice": "没有这个选项。"},
                )  # fmt: skip

    def _add_columns(self) -> None:
        choices = _choices(self.sheet)
        for match in self.sheet.matches:
            self.fields[f"column-{match.caption.column}"] = forms.ChoiceField(
                label=match.caption.text, required=False, choices=choices, initial=match.field or "",
                widget=forms.Select(attrs={**SELECT, "aria-label": f"“{match.caption.text}”填入"}),
                error_messages={"invalid_choice": "没有这个内容，请重新选择。"},
            )  # fmt: skip

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("f_")]

    def columns(self, samples: Mapping[int, str]) -> Iterator[ColumnRow]:
        """The columns of the form in their order; `samples` by column."""
        for match in self.sheet.matches:
            column = match.caption.column
            words, tone = HOW_WORDS[match.how], TONES[match.how]
            if match.how == "remembered" and not match.field:
                words = "以前选了空着"
            yield ColumnRow(match, self[f"column-{column}"], words, tone, samples.get(column, ""))

    def chosen(self) -> dict[int, str]:
        """What each column is to be filled with, by column."""
        data = self.cleaned_data
        names = [name for name in self.fields if name.startswith("column-")]
        return {int(name.removeprefix("column-")): data[name] for name in names if name in data}

    def filters(self) -> dict[str, list[str]]:
        """The chosen filters by key."""
        data = self.cleaned_data
        names = [name for name in self.fields if name.startswith("f_")]
        return {name.removeprefix("f_"): data[name] for name in names if data.get(name)}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("unmasked") and not data.get("purpose") and not self.has_error("purpose"):
            self.add_error("purpose", "不脱敏须写明用途，例如：报县指挥部核查。")
        return data


def _choices(sheet: Form) -> list[Any]:
    """Every column of the ledger, those of one group together."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for column in sheet.source.columns:
        caption = column.caption.replace("\n", "")
        groups.setdefault("-".join(column.path), []).append((column.key, caption))
    plain = groups.pop("", [])
    return [EMPTY, *plain, *groups.items()]
