"""The form of a record: what every kind asks, and what this kind asks besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from grassroots.grid.forms.parts import day_field, text_field
from grassroots.grid.forms.picks import AreaPickField, Candidate, PickField, PickForm, StaffPickField
from grassroots.grid.models import Area, Staff
from measures.models import Kind, Venue
from measures.rules import fields as rules
from measures.services.records import RecordData
from quarantine.forms.events import LongText

EXTRA = "x_"
FEW = 4


class VenuePickField(PickField):
    """A venue, found by name; known in the form by uid."""

    placeholder = "输入场所名称"

    def __init__(self, queryset: QuerySet[Venue], **options: Any) -> None:
        super().__init__(queryset, to_field_name="uid", **options)

    def searched(self, text: str) -> QuerySet[Any]:
        found = self.queryset.all()
        if text:
            found = found.filter(Q(name__icontains=text) | Q(address__icontains=text))
        return found.order_by("area__path", "name", "pk")

    def described(self, rows: list[Any]) -> list[Candidate]:
        return [Candidate(str(one.uid), one.name, f"{one.kind.name} · {one.area.name}") for one in rows]


def _number(rule: rules.FieldRule, step: str) -> forms.Field:
    attrs = {"inputmode": "numeric" if step == "1" else "decimal", "autocomplete": "off"}
    return forms.CharField(max_length=20, widget=forms.TextInput(attrs=attrs))


def _options(rule: rules.FieldRule) -> forms.Widget:
    """A few as radio buttons, more as a list to choose from."""
    choices = [(one, one) for one in rule.choices]
    return (
        forms.RadioSelect(choices=choices)
        if len(choices) <= FEW
        else forms.Select(choices=[("", "请选择"), *choices])
    )


#: How a field of each type is shown; what an answer must look like is said by measures/rules/fields.py.
_MAKERS: dict[str, Callable[[rules.FieldRule], forms.Field]] = {
    rules.TEXT: lambda rule: forms.CharField(),
    rules.LONG: lambda rule: forms.CharField(widget=LongText()),
    rules.INTEGER: lambda rule: _number(rule, "1"),
    rules.DECIMAL: lambda rule: _number(rule, "0.01"),
    rules.CHOICE: lambda rule: forms.CharField(widget=_options(rule)),
    rules.YES_NO: lambda rule: forms.CharField(
        widget=forms.RadioSelect(choices=[("是", "是"), ("否", "否")])
    ),
    rules.TIME: lambda rule: forms.CharField(widget=forms.TimeInput(attrs={"type": "time"})),
}


def extra_field(rule: rules.FieldRule) -> forms.Field:
    """The form field of an extra field; what an answer has to look like is checked by the rules alone."""
    field = _MAKERS[rule.type](rule)
    field.label, field.help_text, field.required = rule.caption, rule.help, rule.required
    field.error_messages["required"] = rules.missing_words(rule)
    return field


class RecordForm(PickForm):
    """A measure of one kind."""

    area = AreaPickField(Area.objects.none(), label="区域")
    on = day_field("日期", required=True, initial=timezone.localdate)
    quantity = forms.IntegerField(
        label="数量",
        error_messages={"required": "请填写数量。", "invalid": "数量要填整数。"},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    venue = VenuePickField(Venue.objects.none(), label="场所", required=False)
    place = text_field("地点", 60, help_text="如：幸福路口、3栋单元门")
    note = text_field("备注", 200, widget=LongText())
    by = StaffPickField(Staff.objects.none(), label="经办人", required=False, help_text="您自己办的不用选")
    field_order = ["area", "on", "quantity", "venue", "place"]

    def __init__(self, *args: Any, kind: Kind, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for rule in kind.rules:
            self.fields[EXTRA + rule.key] = extra_field(rule)
        self.order_fields([*self.field_order, *(EXTRA + rule.key for rule in kind.rules), "note", "by"])
        self.fields["area"].queryset = Area.objects.open().visible_to(staff)  # type: ignore[attr-defined]
        self.fields["by"].queryset = Staff.objects.active().visible_to(staff)  # type: ignore[attr-defined]
        self._fit(staff)
        self.fill_picks()

    def _fit(self, staff: Staff) -> None:
        """Leave out what the kind does not ask."""
        if self.kind.unit:
            words = "现有数量" if self.kind.is_stock else "数量"
            self.fields["quantity"].label = f"{words}（{self.kind.unit}）"
        else:
            del self.fields["quantity"]
        if self.kind.asks_venue:
            venues = Venue.objects.active().visible_to(staff).select_related("kind", "area")
            self.fields["venue"].queryset = venues  # type: ignore[attr-defined]
        else:
            del self.fields["venue"]
        if not self.kind.asks_place:
            del self.fields["place"]

    def entered(self) -> RecordData:
        """What was typed, as the services take it."""
        data = self.cleaned_data
        values = {rule.key: data.get(EXTRA + rule.key) for rule in self.kind.rules}
        return RecordData(
            area=data["area"], on=data["on"], quantity=data.get("quantity"), values=values,
            place=data.get("place") or "", venue=data.get("venue"), by=data.get("by"), note=data["note"],
        )  # fmt: skip

    def add_error(self, field: Any, error: Any) -> None:
        """Errors of extra fields come under their key."""
        if isinstance(field, str) and EXTRA + field in self.fields:
            field = EXTRA + field
        super().add_error(field, error)


class RecordCorrectForm(RecordForm):
    """The same with the reason for putting it right."""

    reason = text_field("更正原因", 100, required=True, help_text="如：数量填错")
