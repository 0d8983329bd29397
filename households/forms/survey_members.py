"""One person's card of the survey form: what the register says of him, and what he answers at the door."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.quick import SharedFields
from households.forms.photos import photo_field
from households.forms.survey_shown import AWAY, LIVES, NO_SYMPTOM, REGISTER, SEALED, CardShown
from households.models import Relation, Residency, ResidencyKind, Sex
from households.rules.answers import SYMPTOMS, temperature_read
from households.rules.identity import IdKind
from households.rules.text import narrow
from households.services import Caution, MemberData, PersonData, Removal

YES_NO = (("yes", "是"), ("no", "否"))
KEY = re.compile(r"m[0-9a-f]{8}")


def new_key() -> str:
    """A fresh key for a card: cards come and go in the page, so a running number would clash."""
    return f"m{secrets.token_hex(4)}"


def widgets_dress(fields: Mapping[str, forms.Field], **attributes: dict[str, str]) -> SharedFields:
    """Give the controls of a form class the looks of the visual system (docs/visual-system.md), and their own."""
    for name, field in fields.items():
        field.widget.attrs.update(attributes.get(name, {}))
        widget = field.widget
        ticks = forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple
        if isinstance(widget, ticks):
            widget.attrs["class"] = "form-check-input"
        elif not widget.is_hidden:
            widget.attrs["class"] = "form-select" if isinstance(widget, forms.Select) else "form-control"
            if not isinstance(widget, forms.Select):
                widget.attrs["enterkeyhint"] = "next"
    return SharedFields(fields)


class BirthField(forms.DateField):
    """A birth date typed with the numeric pad: 19500304, 1950-3-4, 1950.3.4, 1950年3月4日."""

    def to_python(self, value: Any) -> Any:
        parts = re.fullmatch(
            r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?", narrow(value) if isinstance(value, str) else ""
        )
        return super().to_python("-".join(parts.groups()) if parts else value)


class TemperatureField(forms.CharField):
    """Degrees Celsius as typed; what no thermometer shows is refused in words, never repaired."""

    def clean(self, value: Any) -> Any:
        try:
            return temperature_read(value or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error


def yes_no(label: str, **options: Any) -> forms.ChoiceField:
    """A question that may stay unanswered: nobody is made to guess."""
    return forms.ChoiceField(label=label, required=False, choices=YES_NO, widget=forms.RadioSelect, **options)


class MemberForm(CardShown, forms.Form):
    """A card. Its prefix is its key; `uid` is empty for somebody new. Numbers in the register are not sent back."""

    uid = forms.UUIDField(required=False, widget=forms.HiddenInput)
    base = forms.CharField(required=False, widget=forms.HiddenInput)
    is_removed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    removal = forms.ChoiceField(
        label="去向", required=False, choices=Removal.CHOICES, widget=forms.RadioSelect
    )
    removed_on = day_field("离开本户日期")
    removed_where = text_field("外出地", 60)

    name = text_field("姓名", 60, required=True)
    relation = forms.ChoiceField(
        label="与户主关系",
        choices=[("", "请选择"), *Relation.choices],
        error_messages={"required": "请选择与户主关系。"},
    )
    id_kind = forms.ChoiceField(label="证件类型", choices=IdKind.choices)
    id_number = forms.CharField(label="证件号码", required=False, max_length=60)
    id_check_reason = text_field("校验不符的原因", 100, help_text="如:证件上就是这样印的")
    id_shared_reason = text_field("两人同号的说明", 100, help_text="如:派出所已核实为重号")
    sex = forms.ChoiceField(label="性别", required=False, choices=Sex.choices[:2], widget=forms.RadioSelect)
    birth_date = BirthField(
        label="出生日期",
        required=False,
        error_messages={"invalid": "出生日期请写成 1950-03-04 或 19500304。"},
        widget=forms.DateInput(format="%Y-%m-%d"),
    )
    stated_age = forms.IntegerField(
        label="或年龄",
        required=False,
        widget=forms.TextInput,
        error_messages={"invalid": "年龄请填整数。"},
    )
    photo = photo_field("证件照片")
    phone = forms.CharField(label="联系电话", required=False, max_length=60)
    no_phone = forms.BooleanField(label="无手机", required=False)
    kind = forms.ChoiceField(label="居住类型", choices=ResidencyKind.choices, widget=forms.RadioSelect)
    living = forms.ChoiceField(
        label="现在是否住在本户", choices=((LIVES, "常住在家"), (AWAY, "外出未归")), widget=forms.RadioSelect
    )
    away_where = text_field("外出地", 60)
    away_until = day_field("预计返回")

    at_home = yes_no("此刻在家")
    left_county = yes_no("近14天离开过本县")
    hubei_contact = yes_no("武汉(湖北)旅居或接触史")
    temperature = TemperatureField(label="体温(℃)", required=False)
    symptoms = forms.MultipleChoiceField(
        label="症状",
        required=False,
        choices=[(name, name) for name in (NO_SYMPTOM, *SYMPTOMS)],
        widget=forms.CheckboxSelectMultiple,
    )
    returned_from = text_field("从何地返回", 60, help_text="如:湖北武汉、浙江温州")
    left_on = day_field("离开日期")
    returned_on = day_field("返回日期")
    transport = text_field("交通工具及班次", 60, help_text="如:D2206 次 5车12A")
    companions = text_field("同行人员", 100)
    note = text_field("备注", 200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: dict[str, list[str]] = {}
        self.cautions: list[Caution] = []
        self.masked = self._base_values()
        for name in SEALED:
            if self.masked.get(name):
                self.fields[name].widget.attrs["placeholder"] = f"{self.masked[name]}(不改留空)"

    @property
    def key(self) -> str:
        """The card's key, which names its fields."""
        return self.prefix or ""

    @property
    def is_blank(self) -> bool:
        """Whether an empty card was left standing: nobody is meant by it."""
        return not self.is_known and not any(self[name].value() for name in TELLING)

    @property
    def is_gone(self) -> bool:
        """Whether the card has been taken off the list and waits for where he went."""
        return str(self["is_removed"].value()).lower() in ("1", "true", "on")

    def quiet(self) -> MemberForm:
        """Show what was typed without checking it: after a card was added or removed."""
        self._errors = forms.utils.ErrorDict()  # type: ignore[attr-defined]
        self.cleaned_data: dict[str, Any] = {}
        return self

    def _base_values(self) -> dict[str, Any]:
        try:
            found = json.loads(self["base"].value() or "{}")
        except ValueError:
            found = {}
        return found if isinstance(found, dict) else {}

    def clean_symptoms(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["symptoms"]
        if NO_SYMPTOM in chosen and len(chosen) > 1:
            raise ValidationError("选了“无”，又选了症状，请核对。")
        return chosen

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("is_removed"):
            self._errors = forms.utils.ErrorDict()  # type: ignore[attr-defined]
            if not data.get("removal"):
                self.add_error("removal", "请选择这个人的去向。")
        return data

    def caution(self, cautions: Sequence[Caution]) -> None:
        """Show what must be confirmed before it is saved."""
        self.cautions = [caution for caution in cautions if not caution.by_reason]
        for caution in cautions:
            self.warnings.setdefault(caution.field, []).append(caution.message)

    def member_data(self) -> MemberData:
        """What was typed, for the service."""
        data = self.cleaned_data
        removal = data.get("removal", "") if data.get("is_removed") else ""
        is_away = data.get("living") == AWAY
        answers: dict[str, Any] = {
            name: _answer(data.get(name)) for name in ("at_home", "left_county", "hubei_contact")
        }
        others = ("returned_from", "transport", "companions", "note", "left_on", "returned_on", "temperature")
        typed: dict[str, Any] = {
            name: data.get(name) or (None if name in OPTIONAL else "") for name in others
        }
        return MemberData(
            key=self.key,
            person_uid=str(data.get("uid") or ""),
            data=self._person_data(),
            relation=data.get("relation") or Relation.OTHER,
            kind=data.get("kind") or ResidencyKind.REGISTERED,
            is_away=is_away,
            away_where=data.get("removed_where", "")
            if removal == Removal.AWAY
            else data.get("away_where", ""),
            away_until=data.get("away_until"),
            removal=removal,
            removed_on=data.get("removed_on"),
            confirmed=frozenset(self.confirmed),
            symptoms=data.get("symptoms") or (),
            **answers,
            **typed,
        )

    def _person_data(self) -> PersonData:
        data = self.cleaned_data
        phone: str | None = data.get("phone") or None
        if data.get("no_phone") and phone is None:
            phone = ""
        plain = ("name", "sex", "id_kind", "id_check_reason", "id_shared_reason")
        typed: dict[str, Any] = {name: data.get(name) or "" for name in plain}
        return PersonData(
            **typed,
            birth_date=data.get("birth_date"),
            stated_age=data.get("stated_age"),
            id_number=data.get("id_number") or None,
            phone=phone,
        )


_OFF = {"autocomplete": "off"}
MemberForm.base_fields = widgets_dress(
    MemberForm.base_fields,
    id_number={**_OFF, "inputmode": "text"}, phone={**_OFF, "inputmode": "tel"},
    temperature={**_OFF, "inputmode": "decimal"}, stated_age={**_OFF, "inputmode": "numeric"},
    birth_date={**_OFF, "inputmode": "numeric", "placeholder": "如 19500304"},
    name=_OFF, companions=_OFF, returned_from=_OFF, away_where=_OFF, note=_OFF,
)  # fmt: skip

# Without any of these a card says nothing of anybody, whatever was answered for the whole family.
TELLING = (
    "name", "id_number", "phone", "birth_date", "stated_age", "temperature", "symptoms", "returned_from",
    "away_where", "note",
)  # fmt: skip
OPTIONAL = ("left_on", "returned_on", "temperature")


def _answer(value: str | None) -> bool | None:
    return {"yes": True, "no": False}.get(value or "")


def register_values(residency: Residency) -> dict[str, str]:
    """What the register says of a member, as the card's fields write it; numbers masked."""
    person = residency.person
    return {
        "name": person.name,
        "relation": residency.relation,
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat() if person.birth_date else "",
        "stated_age": "" if person.birth_date or person.stated_age is None else str(person.age()),
        "id_kind": person.id_kind,
        "kind": residency.kind,
        "living": AWAY if residency.is_away else LIVES,
        "away_where": residency.away_where,
        "id_number": person.masked_id_number,
        "phone": person.masked_phone,
    }


def card_values(residency: Residency) -> dict[str, str]:
    """What a card holds for a registered member before anything is typed."""
    values = register_values(residency)
    shown = {name: values[name] for name in REGISTER}
    until = residency.away_until.isoformat() if residency.away_until else ""
    base = json.dumps(values, ensure_ascii=False)
    return {**shown, "away_until": until, "uid": str(residency.person.uid), "base": base}


def blank_values(*, is_first: bool) -> dict[str, str]:
    """What a card holds for somebody new: the first one of a household is its head."""
    return {
        "relation": Relation.HEAD if is_first else "",
        "id_kind": IdKind.RESIDENT_ID,
        "kind": ResidencyKind.REGISTERED,
        "living": LIVES,
    }
