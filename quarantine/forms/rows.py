"""Rows inside a form (行程, 密接): added and removed in the page, found again by their names 'legs-0-to_place'."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from grassroots.grid.forms.parts import day_field, text_field
from quarantine.models import CloseContact, Transport, TripLeg
from quarantine.services.returnees import ContactData, LegData

MOST_ROWS = 20
_NO_TRANSPORT = [("", "未填"), *Transport.choices]


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a date and a time."""

    input_type = "datetime-local"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


def moment_field(label: str, **options: Any) -> forms.DateTimeField:
    """A date and time of day in the office's zone; errors say how one is written."""
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
    return forms.DateTimeField(
        label=label,
        required=options.pop("required", False),
        input_formats=formats,
        widget=MomentInput(),
        error_messages={
            "required": f"请填写{label}。",
            "invalid": "时间请写成 2020-01-29 08:30 的样子。",
        },
        **options,
    )


class RowForm(forms.Form):
    """One row; one in which nothing was typed does not count."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def is_blank(self) -> bool:
        """Whether nothing was typed."""
        return not any(
            str(self.data.get(self.add_prefix(name), "")).strip() for name in self.fields if name != "pk"
        )


class LegForm(RowForm):
    """一段行程."""

    from_place = text_field("出发地", 60)
    to_place = text_field("到达地", 60)
    departed_at = moment_field("出发时间")
    arrived_at = moment_field("到达时间")
    transport = forms.ChoiceField(label="交通方式", required=False, choices=_NO_TRANSPORT)
    transport_no = text_field("车次/航班/车牌（座号）", 60)
    note = text_field("停留与接触", 100)

    @classmethod
    def initial_of(cls, leg: TripLeg) -> dict[str, Any]:
        """A saved leg as the form shows it."""
        return {name: getattr(leg, name) for name in (*cls.base_fields,)}

    def row(self) -> LegData:
        """What was typed, for the service."""
        return LegData(**self.cleaned_data)


class ContactForm(RowForm):
    """一位密切接触者. A registered phone is not shown: an empty field leaves it."""

    name = text_field("姓名", 50)
    relation = text_field("关系", 20)
    phone = forms.CharField(label="联系电话", required=False, max_length=40)
    where = text_field("所在地", 60)
    contact_on = day_field("末次接触日期")
    note = text_field("备注", 100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget.attrs.update(inputmode="tel", autocomplete="off")
        if masked := self.initial.get("masked"):
            self.fields["phone"].widget.attrs["placeholder"] = masked

    @classmethod
    def initial_of(cls, contact: CloseContact) -> dict[str, Any]:
        """A saved contact as the form shows it."""
        from households.rules.phones import mask_phone

        shown = {name: getattr(contact, name) for name in cls.base_fields if name != "phone"}
        return {**shown, "masked": mask_phone(contact.phone)}

    def row(self) -> ContactData:
        """What was typed, for the service."""
        data = dict(self.cleaned_data)
        phone = data.pop("phone") or (None if data["pk"] else "")
        return ContactData(phone=phone, **data)


def rows_typed(
    kind: type[RowForm],
    prefix: str,
    data: Mapping[str, Any],
    *,
    is_sent: bool = True,
    add: bool = False,
    remove: str = "",
) -> list[RowForm]:
    """The rows that a form was sent with, one more when `add`, without the one named `remove` ('legs-1').

    `is_sent` False: only to be shown again, so nothing is checked yet.
    """
    pattern = re.compile(rf"{prefix}-(\d{{1,4}})-")
    found = {int(match[1]) for key in data if (match := pattern.match(key))}
    numbers = [number for number in sorted(found) if f"{prefix}-{number}" != remove][:MOST_ROWS]
    if add and len(numbers) < MOST_ROWS:
        numbers.append(max(numbers, default=-1) + 1)
    if is_sent:
        return [kind(data, prefix=f"{prefix}-{number}") for number in numbers]
    initials = [
        {name: data.get(f"{prefix}-{number}-{name}", "") for name in kind.base_fields} for number in numbers
    ]
    return [
        kind(initial=initial, prefix=f"{prefix}-{number}")
        for number, initial in zip(numbers, initials, strict=True)
    ]


def rows_saved(
    kind: type[RowForm], prefix: str, rows: Sequence[dict[str, Any]], *, spare: int
) -> list[RowForm]:
    """Rows for a page that is shown first: those given, and empty ones to type into."""
    initials = [*rows, *({} for _ in range(spare))]
    return [kind(initial=initial, prefix=f"{prefix}-{number}") for number, initial in enumerate(initials)]
