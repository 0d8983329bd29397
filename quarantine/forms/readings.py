"""Forms of the round: what was typed for one person in one slot."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import Method, VisitState
from quarantine.rules.policy import NO_SYMPTOM, PolicyTerms
from quarantine.rules.readings import check_temperature
from quarantine.rules.times import check_clock

SYMPTOM_LENGTH = 20
_BETWEEN = re.compile(r"[、，,;；/\s]+")
_NO_POINT = re.compile(r"3\d\d|4[0-3]\d")


def with_point(typed: str) -> str:
    """366 as 36.6; anything but three digits between 300 and 439 as it is."""
    digits = unicodedata.normalize("NFKC", typed).strip()
    return f"{digits[:2]}.{digits[2]}" if _NO_POINT.fullmatch(digits) else typed


def symptom_names(terms: PolicyTerms) -> list[str]:
    """The policy's symptoms that can be ticked; 无 is no tick at all."""
    return [name for name in terms.symptoms if name != NO_SYMPTOM]


class ReadingForm(forms.Form):
    """A temperature as typed, with symptoms and method. There is no default value, ever."""

    temperature = forms.CharField(label="体温", required=False, max_length=30)
    method = forms.ChoiceField(label="方式", choices=Method.choices)
    symptoms = forms.MultipleChoiceField(label="症状", required=False)
    is_rechecked = forms.BooleanField(label="已复测", required=False)

    def __init__(self, *args: Any, terms: PolicyTerms, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = symptom_names(terms)
        # What was ticked under an earlier version of the policy stays valid beside today's list.
        sent = self.data.getlist("symptoms") if hasattr(self.data, "getlist") else []
        extra = [name for name in sent if name not in names and 0 < len(name) <= SYMPTOM_LENGTH]
        self.fields["symptoms"].choices = [(name, name) for name in (*names, *extra)]  # type: ignore[attr-defined]

    def clean_temperature(self) -> Decimal:
        value, problem = check_temperature(self.cleaned_data["temperature"])
        if value is None:
            raise forms.ValidationError(problem)
        return value


def measured_moment(typed: str, on: dt.date) -> dt.datetime | None:
    """The moment that a time of day on a date means; None when it is not known. Raises forms.ValidationError."""
    value, problem = check_clock(typed)
    if problem:
        raise forms.ValidationError(problem)
    return None if value is None else timezone.make_aware(dt.datetime.combine(on, value))


class BackfillForm(ReadingForm):
    """A reading from paper: when it was measured, if that is known, and by whom.

    Here three digits are a temperature without its point (366 is 36.6), so that the number pad does: the page says so
    and shows what was taken. At the door, where the thermometer can be looked at again, they are asked about.
    """

    measured_at = forms.CharField(label="测量时间", required=False, max_length=12)
    by = forms.UUIDField(label="测量人", error_messages={"required": "请先在上方选择测量人。"})

    def __init__(self, *args: Any, on: dt.date, viewer: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on, self.viewer = on, viewer

    def clean_temperature(self) -> Decimal:
        self.cleaned_data["temperature"] = with_point(self.cleaned_data["temperature"])
        return super().clean_temperature()

    def clean_measured_at(self) -> dt.datetime | None:
        return measured_moment(self.cleaned_data["measured_at"], self.on)

    def clean_by(self) -> Staff:
        found = Staff.objects.active().visible_to(self.viewer).filter(uid=self.cleaned_data["by"]).first()
        if found is None:
            raise forms.ValidationError("测量人不在您的辖区，请重新选择。")
        return found


class PaperLineForm(BackfillForm):
    """A box of a printed sheet: symptoms are written in words, as on the paper."""

    symptom_words = forms.CharField(label="症状", required=False, max_length=60)
    confirmed = forms.CharField(required=False, max_length=60)

    def __init__(self, *args: Any, terms: PolicyTerms, **kwargs: Any) -> None:
        super().__init__(*args, terms=terms, **kwargs)
        self.names = symptom_names(terms)

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or {}
        words = sent.get("symptom_words", "")
        found = [word for word in _BETWEEN.split(words) if word and word != NO_SYMPTOM]
        odd = [word for word in found if word not in self.names]
        if too_long := [word for word in odd if len(word) > SYMPTOM_LENGTH]:
            self.add_error("symptom_words", f"“{too_long[0][:10]}…”太长，症状之间请用顿号分开。")
        elif odd and sent.get("confirmed") != words:
            known = "、".join(self.names)
            self.add_error(
                "symptom_words", f"“{odd[0]}”不在症状名单里（{known}）。纸上确是这样写的，再按一次保存。"
            )
        sent["symptoms"] = found
        return sent


class CorrectionForm(ReadingForm):
    """What the reading should have been, and why it was wrong."""

    measured_at = forms.CharField(
        label="测量时间", required=False, max_length=12, help_text="如 8:30;留空则沿用原来的时间"
    )
    reason = forms.CharField(
        label="更正原因", max_length=100, error_messages={"required": "请写明更正原因，例如：录入时看错。"}
    )

    def __init__(self, *args: Any, on: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        del self.fields["method"], self.fields["is_rechecked"]

    def clean_measured_at(self) -> dt.datetime | None:
        return measured_moment(self.cleaned_data["measured_at"], self.on)


class MarkForm(forms.Form):
    """Why there is nothing to record: one tap."""

    state = forms.ChoiceField(
        choices=[
            (VisitState.AWAY, "不在家"),
            (VisitState.REFUSED, "拒测"),
            (VisitState.PHONE, "电话联系"),
        ]
    )


class ExplainForm(forms.Form):
    """Why somebody was not measured in a slot that has closed."""

    explanation = forms.CharField(max_length=100, error_messages={"required": "请写明未测原因。"})
