"""The form of a layout: everything but its columns (forms/columns.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field
from grassroots.grid.models import Staff
from grassroots.ledgers.engine import Chosen, Column, Layout, LayoutError, LedgerDefinition, clean_text
from grassroots.ledgers.engine.placeholders import WORDS, allowed_in, from_words, to_words, unknown_in
from grassroots.ledgers.forms.download import AreaChoice, ledger_areas
from grassroots.ledgers.models.layouts import NAME_LENGTH, NOTE_LENGTH

PAGES = (
    ("A4-landscape", "A4 横向"), ("A4-portrait", "A4 纵向"), ("A3-landscape", "A3 横向"), ("A3-portrait", "A3 纵向"),
)  # fmt: skip
MAX_LINE, MAX_LINES, MAX_PIECES = 300, 10, 12
PARTED = "用竖线 | 分开的几段均匀排在一行"
_BAR = re.compile(r"[|｜]")
#: What an error of the engine is about, and the field of the form beside which it is said.
_FIELDS = {"paper": "page", "orientation": "page", "freeze_columns": "freeze_columns", "title": "title"}


def split_line(line: str) -> tuple[str, ...]:
    """The pieces of a line, blank ones left out."""
    return tuple(piece for piece in (part.strip() for part in _BAR.split(line)) if piece)


class LinesField(forms.CharField):
    """Some lines of text, blank ones left out; each no longer than a sheet may hold."""

    def __init__(self, **options: Any) -> None:
        rows = options.pop("rows", 2)
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": rows}), **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value) or ""
        lines = [line for line in (clean_text(part).strip() for part in text.splitlines()) if line]
        if len(lines) > MAX_LINES:
            raise forms.ValidationError(f"最多 {MAX_LINES} 行。")
        if too_long := next((line for line in lines if len(line) > MAX_LINE), None):
            raise forms.ValidationError(f"“{too_long[:12]}…”这一行超过 {MAX_LINE} 个字。")
        if any(len(split_line(line)) > MAX_PIECES for line in lines):
            raise forms.ValidationError(f"一行最多分成 {MAX_PIECES} 段。")
        return tuple(from_words(line) for line in lines)


class LayoutForm(forms.Form):
    """Name and look of a layout; `standard` is the ledger's own, whose placeholders it may use."""

    name = text_field("版式名称", NAME_LENGTH, required=True, help_text="例如：区里日报、社区公示")
    is_default = forms.BooleanField(
        label="作为本区域的默认版式", required=False, help_text="下载时先选中它，下级区域也一样"
    )
    title = text_field("标题", 200, required=True)
    header_lines = LinesField(label="标题下的说明", help_text="一行一句，可不填")
    unit_line = text_field("填报行", MAX_LINE, help_text=PARTED)
    footer_lines = LinesField(label="表尾签字行", help_text=f"{PARTED}；可以有几行")
    notes = LinesField(label="附注", help_text="一行一条")
    totals_label = text_field("合计行名称", 20, help_text="清空则没有合计行")
    page = forms.ChoiceField(label="纸张", choices=PAGES)
    freeze_columns = forms.IntegerField(
        label="左右滚动时固定前几列", min_value=0, max_value=20,
        error_messages={"required": "请填数字，不固定填 0。", "invalid": "请填整数。",
                        "min_value": "不能小于 0。", "max_value": "最多固定 20 列。"},
    )  # fmt: skip
    note = text_field("修改说明", NOTE_LENGTH, help_text="为什么改，以后翻版本时看得懂")

    def __init__(
        self,
        *args: Any,
        definition: LedgerDefinition,
        standard: Layout,
        staff: Staff,
        is_new: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.definition, self.standard = definition, standard
        if is_new:
            self.fields["area"] = AreaChoice(
                ledger_areas(staff), label="适用区域", empty_label=None, help_text="它和它下面的区域都可以用",
                error_messages={"invalid_choice": "这个区域不在您的辖区内。", "required": "请选择区域。"},
            )  # fmt: skip
        else:
            self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
        for item in definition.filters:
            if item.is_offered:
                self.fields[f"filter_{item.key}"] = forms.MultipleChoiceField(
                    label=item.label, choices=item.options(), required=False, widget=forms.CheckboxSelectMultiple,
                    error_messages={"invalid_choice": "没有这个选项。"},
                )  # fmt: skip

    @classmethod
    def initial_of(cls, layout: Layout, filters: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """A layout as the form shows it."""
        footers = [" | ".join(pieces) for pieces in layout.footer_lines]
        lines = {"header_lines": layout.header_lines, "footer_lines": footers, "notes": layout.notes}
        return {
            "title": to_words(layout.title),
            "unit_line": to_words(" | ".join(layout.unit_line)),
            "totals_label": layout.totals_label,
            "page": f"{layout.paper}-{layout.orientation}",
            "freeze_columns": layout.freeze_columns,
            **{name: to_words("\n".join(value)) for name, value in lines.items()},
            **{f"filter_{key}": list(values) for key, values in filters.items()},
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("title", "unit_line"):
            data[name] = from_words(clean_text(data.get(name) or ""))
        allowed = allowed_in(self.standard)
        offered = "、".join(f"{{{WORDS.get(name, name)}}}" for name in sorted(allowed))
        for name in ("title", "header_lines", "unit_line", "footer_lines", "notes"):
            lines = data.get(name) or ()
            for line in (lines,) if isinstance(lines, str) else lines:
                if unknown := unknown_in(line, allowed):
                    self.add_error(name, f"花括号里的“{unknown[0][:20]}”不认识，可用的有：{offered}。")
        return data

    def layout(self, columns: Sequence[Column]) -> Layout:
        """The layout as typed, with these columns. Raises LayoutError. Call it on a valid form."""
        data = self.cleaned_data
        if columns and data["freeze_columns"] >= len(columns):
            raise LayoutError("固定的列数要少于表的列数", field="freeze_columns")
        paper, _dash, orientation = data["page"].partition("-")
        return Layout(
            title=data["title"], columns=tuple(columns), header_lines=data["header_lines"],
            unit_line=split_line(data["unit_line"]),
            footer_lines=tuple(split_line(line) for line in data["footer_lines"]), notes=data["notes"],
            totals_label=data["totals_label"], freeze_columns=data["freeze_columns"], paper=paper,
            orientation=orientation,
        )  # fmt: skip

    def filters(self) -> Chosen:
        """The filters ticked; those that leave nothing out are none."""
        given = {name.removeprefix("filter_"): values for name, values in self.cleaned_data.items()
                 if name.startswith("filter_")}  # fmt: skip
        return self.definition.read_filters(given)

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("filter_")]

    def blame(self, error: LayoutError) -> None:
        """Say an error of the engine beside the field that it is about, or above the form."""
        self.add_error(_FIELDS.get(error.field), f"{error}。")
