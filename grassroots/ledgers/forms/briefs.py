"""Forms of the daily brief: what is written by hand, and what a 更正 says besides."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.ledgers.briefs import Typed
from grassroots.ledgers.models.publications import PARAGRAPH_LENGTH
from grassroots.ledgers.services.briefs import FIELDS, Draft

MOST_ACCEPTED, LONGEST_WORD = 50, 50
NO_NAMES = "不写姓名、证件号、电话和门牌号。没有可写“无”。"


def _paragraph(label: str, help_text: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 4, "class": "form-control", "autocomplete": "off"})
    return forms.CharField(
        label=label, required=False, max_length=PARAGRAPH_LENGTH, widget=widget, help_text=help_text
    )


def _signer(label: str, help_text: str = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"})
    return forms.CharField(label=label, required=False, max_length=30, widget=widget, help_text=help_text)


class BriefDraftForm(forms.Form):
    """The hand-written part, as it was opened at a version. `found_words` are offered to be accepted as no names."""

    problems = _paragraph("七、存在问题", NO_NAMES)
    plans = _paragraph("八、明日安排", NO_NAMES)
    reporter = _signer("填报人")
    reviewer = _signer("审核人", "没有就空着，打印后手签")
    phone = _signer("办公电话", "座机，印在日报末尾")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Any = None, *, draft: Draft, **kwargs: Any) -> None:
        initial = {**vars(draft.typed), "version": draft.version}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.found_words: list[str] = []
        ticked = data.getlist("accepted") if data is not None else []
        self.accepted = sorted({*draft.accepted, *(word[:LONGEST_WORD] for word in ticked[:MOST_ACCEPTED])})

    def typed(self) -> Typed:
        """What was typed."""
        return Typed(**{name: self.cleaned_data.get(name, "") for name in FIELDS})


class CorrectionForm(forms.Form):
    """A remark that goes into 更正说明 beside what changed."""

    remark = forms.CharField(
        label="补充说明", required=False, max_length=200, help_text="可不填。变动的数字会自动写进更正说明。",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )  # fmt: skip
