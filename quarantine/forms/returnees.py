"""The file of a returnee: facts, route, contacts; and who he is when he is not in the register yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Level, Staff
from households.models import ResidencyKind, Sex
from households.rules.identity import IdKind
from households.services import Caution, PersonData
from quarantine.forms.rows import ContactForm, LegForm, RowForm
from quarantine.models import KeyReason, Returnee, Transport
from quarantine.services.returnees import ReturneeData

YES_NO = (("yes", "有"), ("no", "无"), ("", "没问"))
SPARE_ROWS = 1


def yes_no_field(label: str, **options: Any) -> forms.TypedChoiceField:
    """有, 无 or not asked, which is not the same as no."""
    return forms.TypedChoiceField(
        label=label,
        required=False,
        choices=YES_NO,
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        empty_value=None,
        **options,
    )


def yes_no(value: bool | None) -> str:
    """A stored answer as the form's value."""
    return "" if value is None else "yes" if value else "no"


class ReturneeForm(forms.Form):
    """Where from, when, which way, how he was on arrival."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    origin = text_field(
        "从何地返回", 80, required=True, help_text="写到市或区，如：武汉市江夏区、湖北省荆州市、广东东莞"
    )
    native_place = text_field("籍贯", 80, help_text="湖北籍按湖北管理")
    registered_place = text_field("户籍地", 80)
    left_on = day_field("离开日期", help_text="离开武汉（湖北）等地的那一天")
    arrived_on = day_field("返回日期")
    last_contact_on = day_field("末次接触日期", help_text="最后一次接触病例或可疑暴露，没有就空着")
    transport = forms.ChoiceField(
        label="交通方式", required=False, choices=[("", "未填"), *Transport.choices]
    )
    transport_no = text_field("车次/航班/车牌（座号）", 60)
    stops = text_field("沿途停留地点", 200)
    companions = text_field("同行人员", 200)
    hubei_history = yes_no_field("武汉（湖北）旅居史")
    case_contact = yes_no_field("接触确诊/疑似病例")
    arrival_temperature = forms.CharField(label="到家体温(℃)", required=False, max_length=20)
    arrival_symptoms = forms.MultipleChoiceField(
        label="到家症状", required=False, widget=forms.CheckboxSelectMultiple, help_text="没有症状就都不勾"
    )
    reasons = forms.MultipleChoiceField(
        label="重点类别",
        required=False,
        choices=KeyReason.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="按来源地和回答自动推荐，可以改",
    )
    information_source = text_field("信息来源", 60, help_text="如：入户排查、公安推送、群众反映")
    notice_no = text_field("告知书编号", 40)
    door_card_posted = forms.BooleanField(label="观察牌已贴在门上", required=False)
    note = text_field("备注", 200)

    def __init__(self, *args: Any, symptoms: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [*symptoms, *(self.initial.get("arrival_symptoms") or ())]
        symptom_field = self.fields["arrival_symptoms"]
        assert isinstance(symptom_field, forms.MultipleChoiceField)
        symptom_field.choices = [(name, name) for name in dict.fromkeys(known)]
        self.fields["arrival_temperature"].widget.attrs.update(inputmode="decimal", autocomplete="off")
        for name in ("transport_no", "stops", "companions", "information_source"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["information_source"].widget.attrs["list"] = "information-sources"

    @classmethod
    def initial_of(cls, returnee: Returnee) -> dict[str, Any]:
        """A saved file as the form shows it."""
        values = {name: getattr(returnee, name) for name in cls.base_fields}
        for name in ("hubei_history", "case_contact"):
            values[name] = yes_no(values[name])
        return values


class NewPersonForm(PickForm):
    """Somebody who is not registered yet, and where he stays now."""

    name = text_field("姓名", 50, required=True)
    sex = forms.ChoiceField(label="性别", required=False, choices=Sex.choices, widget=forms.RadioSelect)
    id_kind = forms.ChoiceField(label="证件类型", choices=IdKind.choices, initial=IdKind.RESIDENT_ID)
    id_number = forms.CharField(
        label="证件号码", required=False, max_length=60, help_text="填了身份证号，性别和出生日期可不填"
    )
    id_check_reason = text_field("号码校验不符的说明", 100, help_text="对照证件无误时填")
    id_shared_reason = text_field("两人同号的说明", 100, help_text="两个人的证件确实同号时填")
    birth_date = day_field("出生日期")
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
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    phone = forms.CharField(label="联系电话", required=False, max_length=60, help_text="没有手机填“无”")
    work_unit = text_field("工作单位/学校", 80)
    residency_kind = forms.ChoiceField(
        label="居住类型",
        choices=ResidencyKind.choices,
        initial=ResidencyKind.TEMPORARY,
        widget=forms.RadioSelect,
    )
    area = AreaPickField(Area.objects.none(), label="现住区域", required=True)
    address_text = text_field("现住址", 120, help_text="写到门牌，如：3组27号")

    def __init__(self, *args: Any, staff: Staff, in_household: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cautions: list[Caution] = []
        self.warnings: dict[str, list[str]] = {}
        self.fields["id_number"].widget.attrs["autocomplete"] = "off"
        self.fields["phone"].widget.attrs.update(inputmode="tel", autocomplete="off")
        if in_household:
            del self.fields["area"], self.fields["address_text"]
        else:
            areas = Area.objects.open().visible_to(staff).filter(level__gte=Level.VILLAGE)
            self.fields["area"].queryset = areas  # type: ignore[attr-defined]
            self.fields["address_text"].required = True
            self.fill_picks()

    def caution(self, cautions: Sequence[Caution]) -> None:
        """Show what must be confirmed: beside its field, with a box to tick or a reason to fill in."""
        self.cautions = [caution for caution in cautions if not caution.by_reason]
        for caution in cautions:
            self.warnings.setdefault(caution.field, []).append(caution.message)

    def confirmed(self) -> frozenset[str]:
        """Codes of the cautions that were ticked."""
        return frozenset(self.data.getlist("confirmed")) if hasattr(self.data, "getlist") else frozenset()

    def person_data(self) -> PersonData:
        """Who he is, for the service."""
        own = ("name", "sex", "birth_date", "stated_age", "id_kind", "id_number", "phone", "work_unit")
        return PersonData(
            **{name: self.cleaned_data[name] for name in (*own, "id_check_reason", "id_shared_reason")}
        )


class ReturneeEntry:
    """The forms of one file as one: checked together, errors put beside the field that they name."""

    management_form = True  # tells the summary above the form that there are several

    def __init__(
        self,
        main: ReturneeForm,
        legs: list[RowForm],
        contacts: list[RowForm],
        person: NewPersonForm | None = None,
    ) -> None:
        self.main, self.legs, self.contacts, self.person = main, legs, contacts, person

    def __iter__(self) -> Iterator[forms.Form]:
        """Every form, in the page's order."""
        if self.person is not None:
            yield self.person
        yield self.main
        yield from self._filled(self.legs)
        yield from self._filled(self.contacts)

    def __getitem__(self, name: str) -> forms.BoundField:
        """A field by name, for the piece of the page that 查找 brings."""
        return (
            self.person[name] if self.person is not None and name in self.person.fields else self.main[name]
        )

    def non_form_errors(self) -> list[str]:
        """There are none beyond those of the forms."""
        return []

    @staticmethod
    def _filled(rows: Sequence[RowForm]) -> list[RowForm]:
        return [row for row in rows if row.is_bound and not row.is_blank()]

    def is_valid(self) -> bool:
        """Whether every form is, so that all errors show at once."""
        results = [form.is_valid() for form in self]
        return all(results)

    @property
    def fields(self) -> dict[str, Any]:
        """Names that an error may carry, rows as 'legs-0-to_place' by their place among those filled in."""
        names: dict[str, Any] = dict(self.main.fields)
        if self.person is not None:
            names |= self.person.fields
        for prefix, rows in (("legs", self.legs), ("contacts", self.contacts)):
            for index, row in enumerate(self._filled(rows)):
                names |= {f"{prefix}-{index}-{name}": field for name, field in row.fields.items()}
        return names

    def add_error(self, name: str | None, error: Any) -> None:
        """Put an error beside its field."""
        for prefix, rows in (("legs", self.legs), ("contacts", self.contacts)):
            if name and name.startswith(f"{prefix}-"):
                _prefix, index, field = name.split("-", 2)
                self._filled(rows)[int(index)].add_error(field, error)
                return
        if name and self.person is not None and name in self.person.fields and name not in self.main.fields:
            self.person.add_error(name, error)
        else:
            self.main.add_error(name, error)

    def data(self, *, is_new: bool) -> ReturneeData:
        """What was typed, for the service; on a new file without ticks the reasons are worked out."""
        values = dict(self.main.cleaned_data)
        values.pop("version")
        if is_new and not values["reasons"]:
            values["reasons"] = None
        legs = [row.row() for row in self._filled(self.legs) if isinstance(row, LegForm)]
        contacts = [row.row() for row in self._filled(self.contacts) if isinstance(row, ContactForm)]
        return ReturneeData(**values, legs=legs, contacts=contacts)
