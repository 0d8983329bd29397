"""Forms of the ledgers: what is wanted, for which area and day, masked or not."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Field, Layout
from django import forms
from django.core.validators import MinValueValidator
from django.db.models import Q, QuerySet
from django.utils import timezone

from grassroots.grid.forms.parts import FIRST_DAY, ODD_YEAR, PurposeField
from grassroots.grid.models import Area, Level, Staff
from grassroots.grid.scope import scope_of
from grassroots.ledgers.engine import ledger_registry
from grassroots.ledgers.forms.cutoff import cutoff_field

FORMATS = (("xlsx", "Excel(可直接打印)"), ("csv", "CSV(UTF-8)"), ("csv-gb18030", "CSV(GB18030,旧版WPS)"))


def ledger_areas(staff: Staff) -> QuerySet[Area]:
    """Areas for which somebody asks for ledgers: the tops of his scope, and the villages and above inside it."""
    scope = scope_of(staff)
    areas: QuerySet[Area] = Area.objects.open().visible_to(staff)
    return areas.filter(Q(level__lte=Level.VILLAGE) | Q(path__in=scope.paths))


class AreaChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Areas indented by level."""

    def label_from_instance(self, obj: Area) -> str:
        return "\u3000" * max(0, obj.level - Level.STREET) + obj.name


def date_field(label: str) -> forms.DateField:
    """A day that is not in the future."""
    widget = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    messages = {"invalid": "日期看不懂，请写成 2020-01-29 这样。", "required": "请选择日期。"}
    first = MinValueValidator(FIRST_DAY, ODD_YEAR)
    return forms.DateField(label=label, widget=widget, error_messages=messages, validators=[first])


class AreaDayForm(forms.Form):
    """An area of one's own and a day."""

    area = AreaChoice(
        Area.objects.none(), label="区域", empty_label=None, widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "这个区域不在您的辖区内。", "required": "请选择区域。"},
    )  # fmt: skip
    on = date_field("日期")

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.staff = staff
        field = self.fields["area"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = ledger_areas(staff)
        self.initial.setdefault("on", timezone.localdate())

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on > timezone.localdate():
            raise forms.ValidationError("日期不能晚于今天。")
        return on


class DownloadForm(AreaDayForm):
    """A ledger to download."""

    key = forms.ChoiceField(
        label="台账", widget=forms.RadioSelect, error_messages={"required": "请选择要下载的台账。"}
    )  # fmt: skip
    file_format = forms.ChoiceField(label="文件格式", choices=FORMATS, initial="xlsx")
    unmasked = forms.BooleanField(label="不脱敏(显示完整证件号和电话)", required=False)
    purpose = PurposeField(200, required=False, help_text="不脱敏时必须填写，记入访问日志并印在表上")
    cutoff = cutoff_field(help_text="只用于统计表；空着为24时")
    observation = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ["key", "area", "on", "file_format", "cutoff", "unmasked", "purpose"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        definitions = ledger_registry.all()
        key = self.fields["key"]
        assert isinstance(key, forms.ChoiceField)
        key.choices = [(item.key, item.name) for item in definitions]
        may_unmask = self.staff.has_perm("ledgers.export_unmasked")
        if not may_unmask:
            del self.fields["unmasked"]
            self.fields["purpose"].help_text = "可不填；填了会记入访问日志并印在表上"
        self.helper = FormHelper()
        self.helper.form_tag = False
        private = ["unmasked"] if may_unmask else []
        self.helper.layout = Layout(
            Field("key", wrapper_class="choice-tiles choice-tiles--names"),
            HTML('<div class="field-grid field-grid--4">'), "area", "on", "file_format", "cutoff", HTML("</div>"),
            *private, "purpose", "observation",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("unmasked") and not data.get("purpose") and not self.has_error("purpose"):
            self.add_error("purpose", "下载未脱敏的台账须写明用途，例如：报区疾控核查。")
        return data
