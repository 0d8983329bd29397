"""Forms of imports: a file or a text, its kind, its columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.forms.download import AreaChoice, date_field
from grassroots.ledgers.intake.content import LONGEST_TEXT
from grassroots.ledgers.intake.protocol import ImportKind, import_kind
from grassroots.ledgers.intake.recognise import SheetMap
from grassroots.ledgers.intake.services import kinds_for
from grassroots.ledgers.reading.limits import MB, UPLOAD

ANY_KIND = ("", "自动识别")
ACCEPTED = ".xlsx,.xlsm,.xls,.et,.ods,.csv,.txt"
HOW_WORDS = {
    "same": "名称相同", "synonym": "同义", "remembered": "按上次更正", "chosen": "您选的", "none": "没有对应",
}  # fmt: skip


class ImportForm(forms.Form):
    """What is brought in, and for which area."""

    area = AreaChoice(
        Area.objects.none(), label="导入到", empty_label=None, widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "这个区域不在您的辖区内。", "required": "请选择区域。"},
        help_text="表里不属于这个区域的行不会收",
    )  # fmt: skip
    kind = forms.ChoiceField(
        label="类型", required=False, widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "没有这个类型，或您的角色不能导入。"},
    )  # fmt: skip
    file = forms.FileField(
        label="表格文件", required=False, help_text="Excel(.xlsx、.xls)、WPS(.et)、CSV 或文本,30 MB 以内",
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ACCEPTED}),
        error_messages={"empty": "文件是空的，请重新选择。"},
    )  # fmt: skip
    text = forms.CharField(
        label="或粘贴文字", required=False, strip=False, help_text="从 Excel 复制的表格，或群接龙",
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 5}),
    )  # fmt: skip

    def __init__(self, *args: Any, staff: Staff, too_big: bool = False, **kwargs: Any) -> None:
        from grassroots.ledgers.forms.download import ledger_areas

        super().__init__(*args, **kwargs)
        self.too_big = too_big
        area, kind = self.fields["area"], self.fields["kind"]
        assert isinstance(area, forms.ModelChoiceField) and isinstance(kind, forms.ChoiceField)
        area.queryset = ledger_areas(staff)
        kind.choices = [ANY_KIND, *((one.key, one.name) for one in kinds_for(staff))]

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        if self.too_big or (file and file.size > UPLOAD.max_bytes):
            raise forms.ValidationError(f"文件超过{UPLOAD.max_bytes // MB} MB,请分成几个文件再传。")
        return file

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if len(text) > LONGEST_TEXT:
            raise forms.ValidationError("文字太长，请分成几次粘贴，或存成表格文件上传。")
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        has_text = bool((data.get("text") or "").strip())
        if not data.get("file") and not has_text and not self.errors.get("file"):
            self.add_error("file", "请选择文件，或在下面粘贴文字。")
        if data.get("file") and has_text:
            self.add_error("text", "文件和文字只能用一样，请清空一个。")
        return data


class ColumnsForm(forms.Form):
    """The kind of a sheet, its date, and what each of its columns holds: a field a column, `column-0-3`."""

    kind = forms.ChoiceField(
        label="类型", widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": "请选择类型。", "invalid_choice": "没有这个类型，或您的角色不能导入。"},
    )  # fmt: skip
    reference = date_field("表的日期")

    def __init__(
        self, *args: Any, staff: Staff, chosen: str, sheets: Sequence[SheetMap] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [("", "请选择"), *((one.key, one.name) for one in kinds_for(staff))]
        self.initial.setdefault("kind", chosen)
        self.fields["reference"].required = False
        self.fields["reference"].help_text = "没有写年份的日期按它推算"
        self.sheets = sheets
        if chosen:
            self._add_columns(import_kind(chosen))

    def _add_columns(self, kind: ImportKind) -> None:
        known = [(one.key, "/".join([*one.group, one.caption])) for one in kind.columns()]
        for sheet in self.sheets:
            for column in sheet.columns:
                own = (
                    []
                    if column.field in dict(known) or not column.field
                    else [(column.field, column.caption)]
                )
                field = forms.ChoiceField(
                    label=column.caption, required=False, choices=[("", "(不导入)"), *own, *known],
                    widget=forms.Select(attrs={"class": "form-select"}), initial=column.field,
                )  # fmt: skip
                self.fields[f"column-{sheet.index}-{column.column}"] = field

    def columns(self) -> Iterator[tuple[SheetMap, list[tuple[Any, str, str]]]]:
        """Each sheet with its columns: the bound field, how it was matched, the tone of that."""
        for sheet in self.sheets:
            rows = []
            for column in sheet.columns:
                name = f"column-{sheet.index}-{column.column}"
                if name in self.fields:
                    tone = "muted" if column.how == "none" else "ok" if column.how == "same" else "info"
                    rows.append((self[name], HOW_WORDS.get(column.how, ""), tone))
            yield sheet, rows

    def chosen_fields(self) -> dict[tuple[int, int], str]:
        """What was chosen for each column, by (sheet's place, column)."""
        found = {}
        for name, value in self.cleaned_data.items():
            if name.startswith("column-"):
                _prefix, sheet, column = name.split("-")
                found[int(sheet), int(column)] = value
        return found

    def clean_reference(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data.get("reference")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for sheet in self.sheets:
            taken: dict[str, str] = {}
            for column in sheet.columns:
                name = f"column-{sheet.index}-{column.column}"
                value = data.get(name)
                if not value or data.get("kind") != self.initial.get("kind"):
                    continue
                if value in taken:
                    self.add_error(name, f"与“{taken[value]}”一列选了同样的内容，只能选一次。")
                taken.setdefault(value, column.caption)
        return data
