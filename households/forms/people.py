"""Forms on people: the file, unmasking, residencies, support."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import PurposeField, day_field, text_field
from households.models import Person, Sex, SupportKind
from households.rules.identity import IdKind
from households.services import Caution, Difference, PersonData

PURPOSES = ("核对身份", "联系本人或家属", "上报卫生、公安部门", "填写上级下发的表格")


class PersonForm(forms.Form):
    """A registered person. ID number and phone are not shown: an empty field leaves what is registered.

    `seen` tells which save the page was opened after; a later one by somebody else shows both values.
    """

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = text_field("姓名", 50, required=True)
    sex = forms.ChoiceField(label="性别", required=False, choices=Sex.choices, widget=forms.RadioSelect)
    birth_date = day_field("出生日期", help_text="填了身份证号可不填")
    stated_age = forms.IntegerField(
        label="自报年龄",
        required=False,
        min_value=0,
        max_value=130,
        help_text="不知道出生日期时填",
        error_messages={
            "invalid": "请填整数。",
            "min_value": "年龄不能小于 0。",
            "max_value": "年龄不能大于 130。",
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    id_kind = forms.ChoiceField(label="证件类型", choices=IdKind.choices)
    id_number = forms.CharField(label="证件号码", required=False, max_length=60)
    id_check_reason = text_field(
        "号码校验不符的说明", 100, help_text="对照证件无误时填，如：证件本身如此、旧证未换"
    )
    id_shared_reason = text_field("两人同号的说明", 100, help_text="两个人的证件确实同号时填")
    phone = forms.CharField(label="联系电话", required=False, max_length=60)
    clear_phone = forms.BooleanField(label="没有电话了，删掉登记的号码", required=False)
    phone_owner = text_field("电话机主", 20, help_text="不是本人的号码时填:如 儿子、邻居")
    work_unit = text_field("工作单位/学校", 80)
    note = text_field("备注", 200)

    def __init__(self, *args: Any, person: Person, seen: int | None, **kwargs: Any) -> None:
        own = ("name", "sex", "birth_date", "id_kind", "id_check_reason", "id_shared_reason", "phone_owner")
        initial = {name: getattr(person, name) for name in (*own, "work_unit", "note")}
        initial["stated_age"] = person.age() if person.stated_age is not None else None
        kwargs.setdefault("initial", {**initial, "seen": seen})
        super().__init__(*args, **kwargs)
        self.person = person
        self.cautions: list[Caution] = []
        self.warnings: dict[str, list[str]] = {}
        for name, masked in (("id_number", person.masked_id_number), ("phone", person.masked_phone)):
            field = self.fields[name]
            field.widget.attrs.update(autocomplete="off", placeholder=masked or "未登记")
            field.help_text = "已登记，留空表示不改" if masked else ""
        self.fields["phone"].widget.attrs["inputmode"] = "tel"
        if not person.phone:
            del self.fields["clear_phone"]

    @property
    def shows_check_reason(self) -> bool:
        return self._concerns("id_check_reason")

    @property
    def shows_shared_reason(self) -> bool:
        return self._concerns("id_shared_reason") or "id_number" in self.errors

    def _concerns(self, name: str) -> bool:
        return bool(self[name].value() or self[name].errors or name in self.warnings)

    def caution(self, cautions: Sequence[Caution]) -> None:
        """Show what must be confirmed: beside its field, with a box to tick or a reason to fill in."""
        self.cautions = [caution for caution in cautions if not caution.by_reason]
        for caution in cautions:
            self.warnings.setdefault(caution.field, []).append(caution.message)

    def confirmed(self) -> frozenset[str]:
        """Codes of the cautions that were ticked."""
        return frozenset(self.data.getlist("confirmed")) if hasattr(self.data, "getlist") else frozenset()

    def differences(self, current: Person) -> list[Difference]:
        """Where what was typed differs from what stands in the register now; numbers stay masked."""
        found = []
        for name in (
            "name",
            "sex",
            "birth_date",
            "stated_age",
            "id_kind",
            "phone_owner",
            "work_unit",
            "note",
        ):
            mine, theirs = self.cleaned_data.get(name), getattr(current, name)
            if (mine or "") != (theirs or ""):
                found.append(
                    Difference(
                        name, str(self[name].label), self._shown(name, mine), self._shown(name, theirs)
                    )
                )
        for name, theirs in (("id_number", current.masked_id_number), ("phone", current.masked_phone)):
            if self.cleaned_data.get(name):
                found.append(Difference(name, str(self[name].label), "新填的号码", theirs or "未登记"))
        return found

    def _shown(self, name: str, value: Any) -> str:
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value) or "空")

    def person_data(self) -> PersonData:
        """What was typed, for the service."""
        data = self.cleaned_data
        phone: str | None = data["phone"] or None
        if data.get("clear_phone") and not data["phone"]:
            phone = ""
        own = ("name", "sex", "birth_date", "stated_age", "id_kind", "id_check_reason", "id_shared_reason")
        return PersonData(
            **{name: data[name] for name in (*own, "phone_owner", "work_unit", "note")},
            id_number=data["id_number"] or None,
            phone=phone,
        )


class UnmaskForm(forms.Form):
    """What somebody needs the full numbers for."""

    purpose = PurposeField(help_text="写明用来做什么，会记入访问日志，本人可能被问到")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purposes = PURPOSES
        self.fields["purpose"].widget.attrs.update(list="purposes", autocomplete="off")


class ResidencyEndForm(forms.Form):
    """迁出: from when, and where to."""

    on = day_field("迁出日期", required=True, initial=timezone.localdate)
    reason = text_field("去向或原因", 100, help_text="如:搬到官仓、出嫁、去世")


class ResidencyAwayForm(forms.Form):
    """外出未归: where, and until when."""

    away_where = text_field("外出地", 60, required=True, help_text="如:广东东莞")
    away_until = day_field("预计返回", help_text="不知道可不填")


class SupportForm(forms.Form):
    """困难群体: which kind, since when."""

    kind = forms.ChoiceField(label="类别", choices=SupportKind.choices, widget=forms.RadioSelect)
    started_on = day_field("开始日期", required=True, initial=timezone.localdate)
    note = text_field("备注", 100)


class SupportEndForm(forms.Form):
    """From when a support is no more."""

    on = day_field("结束日期", required=True, initial=timezone.localdate)


class ResidencyReturnForm(forms.Form):
    """已返回. The box is shown only when the service asks: he is registered as living elsewhere."""

    moves_in = forms.BooleanField(label="确认:以本户为现住处", required=False, widget=forms.HiddenInput)

    def ask(self, sentences: list[str]) -> None:
        """Show what must be confirmed."""
        self.fields["moves_in"].widget = forms.CheckboxInput()
        self.warnings = {"moves_in": sentences}
