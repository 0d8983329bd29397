"""Forms on truth checks and rectifications."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Staff
from households.forms.photos import PhotosMixin, photo_box, photo_value
from measures.frames import Period
from measures.models import CheckItem, CheckMethod, CheckOutcome, CheckSubject
from measures.models.checks import MISMATCHES
from measures.rules.quiz import QUESTIONS
from measures.services.checks import MOST, Finding, Wanted
from quarantine.forms.events import LongText

QUIZ = "quiz_"
RIGHT, WRONG = "1", "0"
DUE_DAYS = 3
DONE_PHOTOS = ("photo_1", "photo_2", "photo_3")


def week_ago() -> dt.date:
    """Six days before today."""
    return timezone.localdate() - dt.timedelta(days=6)


def in_days() -> dt.date:
    """The usual deadline."""
    return timezone.localdate() + dt.timedelta(days=DUE_DAYS)


class DrawForm(PickForm):
    """What to draw a sample from."""

    subject = forms.ChoiceField(
        label="抽查内容",
        choices=CheckSubject.choices,
        widget=forms.RadioSelect,
        initial=CheckSubject.HOUSEHOLDS,
        error_messages={"required": "请选择抽查什么。", "invalid_choice": "没有这一项，请重新选择。"},
    )
    area = AreaPickField(Area.objects.none(), label="抽查范围", help_text="按村（社区）分层，每个村都抽到")
    since = day_field("自", required=True, initial=week_ago, help_text="上报数字只看最后一天")
    until = day_field("至", required=True, initial=timezone.localdate)
    number = forms.IntegerField(
        label="抽取数量",
        min_value=1,
        max_value=MOST,
        initial=30,
        error_messages={
            "required": "请填写抽多少个。",
            "invalid": "请填整数。",
            "min_value": "至少抽 1 个。",
            "max_value": f"一次最多抽 {MOST} 个。",
        },
    )
    note = text_field("备注", 200)

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.open().visible_to(staff)  # type: ignore[attr-defined]
        self.fields["number"].widget.attrs["inputmode"] = "numeric"
        self.fill_picks()

    def entered(self) -> Wanted:
        """What was asked for, as the service takes it."""
        data = self.cleaned_data
        return Wanted(
            CheckSubject(data["subject"]), data["area"], Period(data["since"], data["until"]), data["number"],
            data["note"],
        )  # fmt: skip


class FindingForm(forms.Form):
    """What the checker found: first whether it is right, then what is wrong and how he knows."""

    outcome = forms.ChoiceField(
        label="是否一致",
        choices=CheckOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择是否一致。"},
    )
    method = forms.ChoiceField(
        label="怎么核实的",
        choices=CheckMethod.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择电话还是上门。"},
    )
    mismatch = forms.ChoiceField(label="哪里不一致", required=False)
    found = text_field("核实到的情况", 200, widget=LongText(), help_text="不一致时必填，如：实际住 4 人")
    evidence = text_field("依据", 200, help_text="不一致时必填，如：户主本人电话告知；门上没有观察牌")

    def __init__(self, *args: Any, item: CheckItem, **kwargs: Any) -> None:
        if args and args[0] is None and "initial" not in kwargs:
            kwargs["initial"] = self._known(item)
        super().__init__(*args, **kwargs)
        kinds = MISMATCHES[item.check_of.subject]
        self.fields["mismatch"].choices = [("", "请选择"), *((one.value, one.label) for one in kinds)]  # type: ignore[attr-defined]
        if item.household_id is not None:
            for key, (question, answer) in QUESTIONS.items():
                self.fields[QUIZ + key] = forms.ChoiceField(
                    label=question, required=False, help_text=f"答对：{answer}",
                    choices=[("", "没问"), (RIGHT, "答对"), (WRONG, "答错")],
                )  # fmt: skip

    @staticmethod
    def _known(item: CheckItem) -> dict[str, Any]:
        quiz = {QUIZ + key: RIGHT if right else WRONG for key, right in item.quiz.items()}
        names = ("outcome", "method", "mismatch", "found", "evidence")
        return {name: getattr(item, name) for name in names} | quiz

    def entered(self) -> Finding:
        """What was found, as the service takes it."""
        data = self.cleaned_data
        quiz = {key: data[QUIZ + key] == RIGHT for key in QUESTIONS if data.get(QUIZ + key)}
        return Finding(
            CheckOutcome(data["outcome"]),
            data["method"],
            data["mismatch"],
            data["found"],
            data["evidence"],
            quiz,
        )


class FreezeForm(forms.Form):
    """Until when what is wrong has to be put right."""

    due_on = day_field("整改时限", required=True, initial=in_days)
    demand = text_field("整改要求", 200, required=True, initial="重新入户核对，改正台账，书面说明原因。")


class WordsForm(forms.Form):
    """What was done, or what came out."""

    words = text_field("情况", 300, required=True, widget=LongText())

    def entered(self) -> dict[str, Any]:
        """What was typed, as the services take it."""
        return dict(self.cleaned_data)


class DoneForm(PhotosMixin, WordsForm):
    """What was done, with up to DONE_PHOTOS photos of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, number in zip(DONE_PHOTOS, "一二三", strict=True):
            self.fields[name] = photo_box(f"整改后照片{number}", "拍照")

    def entered(self) -> dict[str, Any]:
        photos = [photo_value(self.cleaned_data[name]) for name in DONE_PHOTOS if self.cleaned_data[name]]
        return {"words": self.cleaned_data["words"], "photos": photos}


class ReturnForm(WordsForm):
    """Why it is not right yet, and the new deadline."""

    due_on = day_field("新的整改时限", required=True, initial=in_days)
