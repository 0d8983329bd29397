"""The widgets written without templates say what Django's templates say."""

import datetime as dt
import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.safestring import mark_safe

from grassroots.grid.forms.quick import QuickRenderer, SharedFields

CHOICES = [("", "请选择"), ("M", "男 & 女"), ("村", [("a'b", '"引号"'), ("c", mark_safe("<b>粗</b>"))])]
CASES = {
    "text": (forms.TextInput({"class": "form-control", "required": True, "disabled": False}), '<王> & "伟"'),
    "text without value": (forms.TextInput({"data-x": 3}), None),
    "number": (forms.NumberInput({"step": "0.1"}), 36.5),
    "password": (forms.PasswordInput(), "never shown"),
    "hidden": (forms.HiddenInput(), "7"),
    "many hidden": (forms.MultipleHiddenInput({"id": "x"}), ["1", "2"]),
    "date": (forms.DateInput(format="%Y-%m-%d"), dt.date(2020, 1, 29)),
    "time": (forms.TimeInput(format="%H:%M"), dt.time(9, 5)),
    "file": (forms.FileInput(), None),
    "clearable file": (forms.ClearableFileInput(), None),
    "box": (forms.CheckboxInput({"class": "form-check-input"}), True),
    "open box": (forms.CheckboxInput(), False),
    "area": (forms.Textarea({"rows": 3}), "第一行\n<二>"),
    "empty area": (forms.Textarea(), None),
    "select": (forms.Select({"class": "form-select"}, choices=CHOICES), "M"),
    "several": (forms.SelectMultiple(choices=CHOICES), ["M", "c"]),
    "yes no": (forms.NullBooleanSelect(), True),
    "radio": (forms.RadioSelect({"id": "id_sex", "class": "form-check-input"}, choices=CHOICES), "M"),
    "radio without id": (forms.RadioSelect(choices=CHOICES), None),
    "boxes": (forms.CheckboxSelectMultiple({"id": "id_steps"}, choices=CHOICES), ["M", "a'b"]),
    "split": (forms.SplitDateTimeWidget(), dt.datetime(2020, 1, 29, 10, 0)),
}


def squeezed(html):
    return re.sub(r"\s+(?=<|$)|(?<=>)\s+", "", re.sub(r"\s+", " ", html))


@pytest.mark.parametrize("case", CASES)
def test_it_writes_what_djangos_templates_write(case):
    widget, value = CASES[case]
    attrs = {"id": "id_it"} if "id" not in widget.attrs and "without" not in case else {}
    quick = widget.render("it", value, attrs, renderer=QuickRenderer())
    assert squeezed(quick) == squeezed(widget.render("it", value, attrs, renderer=DjangoTemplates()))


@pytest.mark.parametrize("case", ["radio", "boxes", "select"])
def test_its_options_one_by_one_as_well(case):
    class Form(forms.Form):
        it = forms.ChoiceField(choices=CHOICES, widget=type(CASES[case][0]))

    quick, slow = (Form({"it": "M"}, renderer=renderer) for renderer in (QuickRenderer(), DjangoTemplates()))
    tags = [[squeezed(option.tag()) for option in form["it"]] for form in (quick, slow)]
    assert len(tags[0]) >= 3
    assert tags[0] == tags[1]


def test_forms_use_it():
    assert isinstance(get_default_renderer(), QuickRenderer)


def test_forms_share_their_fields_and_none_changes_those_of_another() -> None:
    class Door(forms.Form):
        name = forms.CharField(widget=forms.TextInput(attrs={"class": "form-control"}))
        kind = forms.ChoiceField(choices=[("A", "甲"), ("B", "乙")])

    plain = Door().as_p()
    Door.base_fields = SharedFields(Door.base_fields)
    one, other = Door({"kind": "C"}), Door()
    assert one.fields["kind"].widget.choices is not None
    one.fields["name"].widget.attrs["placeholder"] = "只此一家"
    one.fields["name"].required = False
    one.fields["kind"].choices = [("C", "丙")]
    assert one.is_valid() and not Door({"kind": "C"}).is_valid()
    assert "只此一家" in one.as_p() and "丙" in one.as_p()
    assert other.as_p() == Door().as_p() == plain
