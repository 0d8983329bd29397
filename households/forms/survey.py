"""The survey form (入户调查记录表): the knock, the household, and a card for each person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from households.forms.photos import LETTER_PHOTO, photo_field, photo_value
from households.forms.survey_members import (
    KEY,
    MemberForm,
    blank_values,
    card_values,
    new_key,
    widgets_dress,
)
from households.forms.survey_shown import AWAY, NO_SYMPTOM, PHOTO
from households.models import Household, HousingKind, Residency, SurveyMethod, SurveyOutcome
from households.rules.signature import Strokes, strokes_read
from households.services import MemberData, SurveyData, SurveyRefused
from households.services.data import PhotoData

# 三溪's seven steps, in the office's words (DOMAIN.md §1).
STEPS = (
    ("greet", "进", "入户"),
    ("scan", "扫", "扫码"),
    ("notice", "发", "发告知"),
    ("sign", "签", "签承诺"),
    ("ask", "询", "询问"),
    ("supervise", "督", "督导"),
    ("verify", "核", "核查"),
)
HOUSEHOLD = (
    "code", "building", "unit", "floor", "door", "share_no", "housing_kind", "landlord", "note",
)  # fmt: skip
PREFIX = "household_"
MOST_CARDS = 60
# 全家相同: one tap answers for everybody; what was answered already is overwritten.
FAMILY = {
    "home": ("at_home", "yes", "全家都在家"),
    "county": ("left_county", "no", "全家近14天未离县"),
    "contact": ("hubei_contact", "no", "全家无武汉（湖北）接触"),
}
# 全家如常: all of it and no symptom, but only where nothing was answered yet: one who differs stays as he is.
USUAL = "usual"
USUAL_STEPS = ("greet", "ask")


class SurveyForm(forms.Form):
    """Everything of the form but the people."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    base = forms.CharField(required=False, widget=forms.HiddenInput)

    outcome = forms.ChoiceField(
        label="本次结果",
        choices=SurveyOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择本次结果。"},
    )
    steps = forms.MultipleChoiceField(
        label="七步工作法",
        required=False,
        choices=[(code, f"{word} {hint}") for code, word, hint in STEPS],
        widget=forms.CheckboxSelectMultiple,
    )
    letter_number = text_field("承诺书编号", 40, help_text="纸上没有编号的留空，自动编号")
    signature = forms.CharField(label="手写签名", required=False, widget=forms.HiddenInput)
    letter_photo = photo_field("承诺书照片")
    respondent = text_field("被调查人(签字人)", 50)
    respondent_relation = text_field("代填人关系", 20, help_text="是本户的什么人，如：女儿")
    respondent_phone = forms.CharField(
        label="代填人电话",
        required=False,
        max_length=60,
        help_text="没有电话填“无”；包保人员本人代填的可不填",
    )
    slip_left = forms.BooleanField(label="已贴温馨提示", required=False)
    next_visit_on = day_field("下次上门", help_text="空置的填复核日期")
    method = forms.ChoiceField(
        label="排查方式", choices=SurveyMethod.choices, initial=SurveyMethod.AT_DOOR, widget=forms.RadioSelect
    )
    visited_at = forms.DateTimeField(
        label="上门时间",
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "请填写上门时间。", "invalid": "时间请写成 2020-01-29 15:30 的样子。"},
    )
    leaflets = forms.IntegerField(
        label="宣传单(份)",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "份数请填整数。"},
    )
    note = text_field("本次备注", 200)

    household_code = text_field("户编号", 40)
    household_building = text_field("楼栋", 20)
    household_unit = text_field("单元", 20)
    household_floor = text_field("楼层", 10)
    household_door = text_field("房号/门牌", 20, required=True)
    household_share_no = text_field("同门序号", 4, help_text="同一扇门内的第二户填 2")
    household_housing_kind = forms.ChoiceField(
        label="房屋性质", choices=HousingKind.choices, widget=forms.RadioSelect
    )
    household_landlord = text_field("房东/单位", 60)
    household_note = text_field("本户备注", 200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: dict[str, list[str]] = {}

    @property
    def has_household_trouble(self) -> bool:
        """Whether the folded part on the household must be seen."""
        return any(name.startswith(PREFIX) for name in self.errors)

    @property
    def has_visit_trouble(self) -> bool:
        """Whether the folded part on the knock itself must be seen."""
        return bool({"method", "visited_at", "leaflets", "note"} & set(self.errors))

    @property
    def has_proxy(self) -> bool:
        """Whether the folded part on 代填 must be seen."""
        names = ("respondent_relation", "respondent_phone")
        return any(self[name].value() or name in self.errors for name in names)

    @property
    def photo_kilobytes(self) -> int:
        """How large the photo of the letter is that was taken."""
        return len(self["letter_photo"].value() or "") * 3 // 4 // 1024

    def clean_signature(self) -> Strokes:
        try:
            return strokes_read(self.cleaned_data["signature"])
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def quiet(self) -> SurveyForm:
        """Show what was typed without checking it."""
        self._errors = forms.utils.ErrorDict()  # type: ignore[attr-defined]
        self.cleaned_data: dict[str, Any] = {}
        return self

    def survey_data(self, members: Iterable[MemberData], photos: Iterable[PhotoData]) -> SurveyData:
        """What was typed, for the service."""
        data = self.cleaned_data
        own = ("outcome", "visited_at", "method", "slip_left", "next_visit_on", "letter_number", "note")
        who = ("respondent", "respondent_relation", "respondent_phone", "signature")
        return SurveyData(
            **{name: data[name] for name in (*own, *who)},
            photos=list(photos),
            household={name: data[PREFIX + name] for name in HOUSEHOLD},
            members=list(members),
            steps=frozenset(data["steps"]),
            leaflets=data["leaflets"] or 0,
        )


_OFF = {"autocomplete": "off"}
SurveyForm.base_fields = widgets_dress(
    SurveyForm.base_fields,
    respondent={**_OFF, "list": "people-names"}, letter_number=_OFF, note=_OFF,
    respondent_relation={**_OFF, "list": "proxy-relations"}, respondent_phone={**_OFF, "inputmode": "tel"},
    household_share_no={"inputmode": "numeric"},
)  # fmt: skip


class SurveyEntry:
    """The survey form as a whole: one SurveyForm and a MemberForm for each card, in their order."""

    def __init__(
        self, survey: SurveyForm, members: list[MemberForm], photo_trouble: Mapping[str, str] | None = None
    ) -> None:
        self.survey = survey
        self.members = members
        self.photo_trouble = photo_trouble or {}

    @classmethod
    def from_register(cls, household: Household, residencies: Iterable[Residency]) -> SurveyEntry:
        """A fresh form, prefilled with what the register holds; readings and answers are never prefilled."""
        own = household_values(household)
        initial: dict[str, Any] = {PREFIX + name: value for name, value in own.items()}
        initial["version"] = household.version
        initial["base"] = json.dumps(own, ensure_ascii=False)
        initial["visited_at"] = timezone.localtime()
        members = [MemberForm(prefix=new_key(), initial=card_values(one)) for one in residencies]
        if not members:
            members = [MemberForm(prefix=new_key(), initial=blank_values(is_first=True))]
        return cls(SurveyForm(initial=initial), members)

    @classmethod
    def from_post(cls, data: QueryDict, photo_trouble: Mapping[str, str] | None = None) -> SurveyEntry:
        """What was sent; `photo_trouble` is what `photos_take` found wrong."""
        keys = [key for key in dict.fromkeys(data.getlist("members")) if KEY.fullmatch(key)][:MOST_CARDS]
        members = [MemberForm(data, prefix=key) for key in keys]
        return cls(SurveyForm(data), [one.quiet() if one.is_blank else one for one in members], photo_trouble)

    def quiet(self) -> SurveyEntry:
        """Show what was typed without checking it."""
        self.survey.quiet()
        for member in self.members:
            member.quiet()
        self._tell_photos()
        return self

    def is_valid(self) -> bool:
        """Check every part, so that everything wrong is told at once."""
        is_fine = all([self.survey.is_valid(), *[member.is_valid() for member in self.members]])
        return not self._tell_photos() and is_fine

    def _tell_photos(self) -> bool:
        """Say of each photo that was not taken why, beside its field."""
        for name, message in self.photo_trouble.items():
            if name == LETTER_PHOTO:
                self.survey.add_error(LETTER_PHOTO, message)
            for member in self.members:
                if name == member.add_prefix(PHOTO):
                    member.add_error(PHOTO, message)
        return bool(self.photo_trouble)

    def survey_data(self) -> SurveyData:
        """What was typed, for the service."""
        members = [one for one in self.members if not one.is_blank]
        photos = [
            PhotoData(photo_value(text), one.key) for one in members if (text := one.cleaned_data.get(PHOTO))
        ]
        if text := self.survey.cleaned_data[LETTER_PHOTO]:
            photos.append(PhotoData(photo_value(text)))
        return self.survey.survey_data((one.member_data() for one in members), photos)

    def refuse(self, refusal: SurveyRefused) -> None:
        """Put what the service refused, or asks about, beside the fields."""
        for name, messages in refusal.errors.get("", {}).items():
            field = name.replace("household.", PREFIX)
            self.survey.add_error(field if field in self.survey.fields else None, list(messages))
        for member in self.members:
            for name, messages in refusal.errors.get(member.key, {}).items():
                member.add_error(name if name in member.fields else None, list(messages))
            member.caution(refusal.cautions.get(member.key, ()))

    @property
    def trouble(self) -> list[tuple[str, str, str]]:
        """(whom and what, id of the control, message) of every error, for the summary above the form."""
        rows = _error_rows(self.survey, "")
        for number, member in enumerate(self.members, start=1):
            rows += _error_rows(member, f"{member['name'].value() or f'第{number}人'} ")
        return rows

    @property
    def questions(self) -> list[tuple[str, str, str]]:
        """The same for what must be confirmed."""
        rows = []
        for number, member in enumerate(self.members, start=1):
            whom = member["name"].value() or f"第{number}人"
            for messages in member.warnings.values():
                rows += [(f"{whom}", f"card-{member.key}", message) for message in messages]
        return rows


def _error_rows(form: forms.Form, whom: str) -> list[tuple[str, str, str]]:
    rows = []
    for name, messages in form.errors.items():
        if name == "__all__":
            rows += [(whom.strip(), "", str(message)) for message in messages]
        else:
            field = form[name]
            target = (not field.is_hidden and field.id_for_label) or f"div_{field.auto_id}"
            rows += [(f"{whom}{field.label}", target, str(message)) for message in messages]
    return rows


def household_values(household: Household) -> dict[str, str]:
    """The household's own fields as the form writes them."""
    return {name: str(getattr(household, name)) for name in HOUSEHOLD}


# --- buttons that work without script: each changes what was sent, and the form is shown again -------------


def member_added(data: QueryDict) -> None:
    """Add an empty card at the end."""
    key = new_key()
    is_first = not data.getlist("members")
    data.appendlist("members", key)
    card_fill(data, key, blank_values(is_first=is_first))


def member_removed(data: QueryDict, key: str) -> None:
    """Take a card off: somebody registered stays in sight until it is said where he went; a new one just goes."""
    if data.get(f"{key}-uid"):
        data[f"{key}-is_removed"] = "1"
    else:
        data.setlist("members", [one for one in data.getlist("members") if one != key])


def member_kept(data: QueryDict, key: str) -> None:
    """Undo a removal."""
    for name in ("is_removed", "removal", "removed_on", "removed_where"):
        data.pop(f"{key}-{name}", None)


def family_answered(data: QueryDict, which: str) -> None:
    """Give everybody who lives here the same answer."""
    keys = [
        key
        for key in data.getlist("members")
        if data.get(f"{key}-living") != AWAY and not data.get(f"{key}-is_removed")
    ]
    if which == USUAL:
        _usual_answered(data, keys)
    elif which in FAMILY:
        name, value, _label = FAMILY[which]
        for key in keys:
            data[f"{key}-{name}"] = value


def _usual_answered(data: QueryDict, keys: Iterable[str]) -> None:
    for key in keys:
        for name, value in (
            *((one, said) for one, said, _label in FAMILY.values()),
            ("symptoms", NO_SYMPTOM),
        ):
            if not data.get(f"{key}-{name}"):
                data[f"{key}-{name}"] = value
    steps = [*data.getlist("steps"), *USUAL_STEPS]
    data.setlist("steps", list(dict.fromkeys(steps)))


def card_fill(data: QueryDict, key: str, values: Mapping[str, str]) -> None:
    """Put values into what was sent, as if they had been typed into a card."""
    for name, value in values.items():
        data[f"{key}-{name}"] = value
