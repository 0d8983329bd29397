"""The visual system: what its tags say, the order of a field, and that pages only use what it has."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory

from grassroots.grid.templatetags.looks import LOOKS, TONES
from grassroots.grid.templatetags.ui import error_rows, masked, percent_of, temp, thousands

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
SPRITE = Path(settings.BASE_DIR, "static/img/icons.svg").read_text()
STYLES = "".join(path.read_text() for path in Path(settings.BASE_DIR, "static/css").glob("*.css"))


def show(text: str, **context: object) -> str:
    request = RequestFactory().get("/")
    return Template(text).render(Context({"request": request, **context}))


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("13800001234", "phone", "138****1234"),
        ("510121197702103311", "id", "5101************11"),
        ("51012119770210331X", "", "5101************1X"),
        ("张建华", "name", "张*华"),
        ("李敏", "name", "李*"),
        ("", "phone", ""),
        (None, "", ""),
    ],
)
def test_masking_leaves_too_little_to_guess_the_rest(value: object, kind: str, shown: str) -> None:
    assert masked(value, kind) == shown


def test_figures_are_written_as_offices_write_them() -> None:
    assert [thousands(43171), thousands(None), thousands("约 30")] == ["43,171", "—", "约 30"]
    assert [percent_of(271, 306), percent_of(1, 2), percent_of(0, 0)] == ["88.6%", "50%", "—"]
    assert [temp("36.5"), temp(37), temp(None)] == ["36.5 ℃", "37.0 ℃", "—"]


def test_a_state_is_told_by_icon_and_word_and_not_by_colour_alone() -> None:
    html = show('{% badge "MISSED" %}{% badge "danger" "待处置" %}{% badge "UNHEARD_OF" %}')
    assert "漏测" in html and "待处置" in html and "UNHEARD_OF" in html
    assert html.count("<use") == 3


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
    used = {look.icon for look in [*LOOKS.values(), *TONES.values()]}
    for path in TEMPLATES:
        for pair in re.findall(r'{% icon "([^"]+)"|icon(?:_name)?="([^"]+)"', path.read_text()):
            used |= set(pair)
    assert used - {""} - drawn == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_page_carries_script_or_style_of_its_own_or_of_somebody_else(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
    assert not re.search(r'\sstyle="|\son[a-z]+="|hx-on', text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


def test_styles_need_nothing_that_chrome_79_lacks() -> None:
    assert not re.search(r":has\(|:is\(|:where\(|aspect-ratio:|\binset:|color-mix|(?<!-)\bgap:", STYLES)


class Form(forms.Form):
    door = forms.CharField(label="门牌", help_text="如 3-2-501")
    id_number = forms.CharField(label="证件号码", required=False)
    warnings = {"id_number": ["校验位不符"]}


def test_a_field_reads_label_help_error_control() -> None:
    form = Form({"door": ""})
    html = show("{% load crispy_forms_filters %}{{ form|crispy }}", form=form)
    order = [html.index(part) for part in ("门牌", "如 3-2-501", "error_1_id_door", 'name="door"')]
    assert order == sorted(order)
    assert "field--error" in html


def test_a_warning_stands_beside_its_field_without_blocking_the_form() -> None:
    form = Form({"door": "3-2-501"})
    html = show("{% load crispy_forms_filters %}{{ form|crispy }}", form=form)
    assert form.is_valid()
    assert "field--warn" in html and "校验位不符" in html


def test_the_summary_links_each_error_to_its_control() -> None:
    assert error_rows(Form({})) == [("门牌", "id_door", form_error(Form({}), "door"))]
    assert 'href="#id_door"' in show(
        '{% include "_partials/form_errors.html" with form=form only %}', form=Form({})
    )


def form_error(form: forms.Form, name: str) -> str:
    return form.errors[name][0]
