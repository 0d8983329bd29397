"""Forms of papers: issuing for an area, voiding, an office's own words."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Staff
from quarantine.models import PaperKind
from quarantine.models.papers import OF_AREA
from quarantine.rules.papers import Words

FAR = 31  # days; nobody prints the round of a day further ahead
BODY_LENGTH = 3000


class BatchForm(PickForm):
    """Which paper, for which area; for sheets of a round: of which day and slot."""

    kind = forms.ChoiceField(label="文书", choices=PaperKind.choices, widget=forms.RadioSelect)
    area = AreaPickField(Area.objects.none(), label="范围", required=True)
    on = day_field("测温日期", help_text="只用于测温登记表和路线单；不填为今天")
    slot = forms.ChoiceField(label="时段", required=False, help_text="只用于本时段测温登记表")

    def __init__(
        self, *args: Any, staff: Staff, slots: list[tuple[str, str]], today: dt.date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["area"].queryset = Area.objects.open().visible_to(staff)  # type: ignore[attr-defined]
        self.fields["slot"].choices = slots  # type: ignore[attr-defined]
        self.fill_picks()

    def clean_on(self) -> dt.date:
        on: dt.date = self.cleaned_data["on"] or self.today
        if abs((on - self.today).days) > FAR:
            raise forms.ValidationError(f"只能打印前后 {FAR} 天以内的单子，请核对日期。")
        return on

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or {}
        if sent.get("kind") in OF_AREA and not self.fields["slot"].choices:  # type: ignore[attr-defined]
            self.add_error("kind", "没有正在执行的防控政策，也就没有测温时段，不能打印测温单。")
        elif sent.get("kind") == PaperKind.ROUND and not sent.get("slot"):
            self.add_error("slot", "请选择时段。")
        return sent


class VoidForm(forms.Form):
    """Why a paper does not hold any more."""

    reason = text_field("作废原因", 100, required=True, help_text="如：住址写错，已重新出具")


class TextForm(forms.Form):
    """The words of one kind of paper."""

    title = text_field("标题", 40, required=True)
    mark = text_field(
        "编号字头", 10, required=True, help_text="如“居观告”，印成：城厢社区居观告〔2020〕0001号"
    )
    body = forms.CharField(
        label="正文",
        max_length=BODY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text="一行一段，自动空两格；第一行是称呼（20 字以内、以冒号结尾）的顶格",
        error_messages={"required": "请填写正文。", "max_length": f"正文不能超过 {BODY_LENGTH} 个字。"},
    )
    signs = forms.CharField(
        label="签字栏",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="一行一栏，如“被告知人（签字）”",
    )
    stamp = text_field("落款单位（盖章处）", 60, help_text="如 {单位}；不盖章的留空")
    keepers = forms.CharField(
        label="各联由谁留存",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="一行一联；三行就是一式三份",
    )

    def words(self) -> Words:
        """What was typed."""
        return Words(**{name: self.cleaned_data[name] for name in self.fields})
