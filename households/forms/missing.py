"""The form that says which possible doors do not exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import cached_property

from grassroots.grid.forms.parts import text_field
from households.picture import Possible

OTHER = "其他"
REASONS = ("没有这个号", "两户打通", "公共用房", OTHER)


class DismissForm(forms.Form):
    """Possible doors to be ticked, and why there is none."""

    doors = forms.MultipleChoiceField(
        label="不存在的门牌",
        error_messages={
            "required": "请勾选不存在的门牌。",
            "invalid_choice": "勾选的门牌刚才已有人处理，请看现在的名单后再勾。",
        },
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.ChoiceField(
        label="原因",
        choices=[(word, word) for word in REASONS],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择原因。", "invalid_choice": "没有这个选项，请重新选择。"},
    )
    note = text_field("说明", 80, help_text="选“其他”时必填，如：消防通道")

    def __init__(self, *args: Any, possible: Sequence[Possible], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.possible = {one.value: one for one in possible}
        self.fields["doors"].choices = [(value, one.display) for value, one in self.possible.items()]  # type: ignore[attr-defined]

    @cached_property
    def ticked(self) -> set[str]:
        """What is ticked, also while something is wrong."""
        return set(self["doors"].value() or [])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("reason") == OTHER and not data.get("note"):
            self.add_error("note", "请写明原因。")
        return data

    def chosen(self) -> list[Possible]:
        return [self.possible[value] for value in self.cleaned_data["doors"]]

    def why(self) -> str:
        """The reason in one line."""
        word, note = self.cleaned_data["reason"], self.cleaned_data["note"]
        if word == OTHER:
            return str(note)
        return f"{word}：{note}" if note else str(word)
