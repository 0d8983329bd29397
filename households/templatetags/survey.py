"""Fields of the survey form, written without templates: a family of three shows ninety of them, one of ten 300."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.forms.boundfield import BoundField, BoundWidget
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from grassroots.grid.forms.quick import escaped
from grassroots.grid.templatetags.ui import field_warnings, icon

register = template.Library()
REQUIRED = '<span class="asteriskField" title="必填">*</span>'
OOB = ' hx-swap-oob="true"'


def _problems(field: BoundField, warnings: Iterable[str] = ()) -> str:
    """What is wrong with a field, and what to look at again."""
    parts = []
    for number, error in enumerate(field.errors):
        own = format_html(' id="{}_error"', field.auto_id) if not number else ""
        sign = icon("exclamation-circle-fill", label="有误")
        parts.append(format_html('<p class="field-error"{}>{}{}</p>', own, sign, error))
    for warning in warnings:
        sign = icon("exclamation-triangle-fill", label="请核对")
        parts.append(format_html('<p class="field-warning">{}{}</p>', sign, warning))
    return "".join(parts)


def _tone(field: BoundField, warnings: Iterable[str] = ()) -> str:
    if field.errors:
        return " field--error"
    return " field--warn" if warnings else ""


def _label(field: BoundField) -> str:
    return f"{escaped(field.label)}{REQUIRED if field.field.required else ''}"


@register.simple_tag
def survey_problems(field: BoundField, warnings: Iterable[str] | None = None) -> SafeString:
    """What is wrong with a field that is drawn by its own template."""
    return mark_safe(_problems(field, warnings or ()))


@register.simple_tag
def survey_field(field: BoundField, css: str = "", oob: bool = False) -> SafeString:
    """A field as crispy draws it."""
    warnings = field_warnings(field)
    at = escaped(field.auto_id)
    words = (
        f'<div id="{at}_helptext" class="form-text">{escaped(field.help_text)}</div>'
        if field.help_text
        else ""
    )
    return mark_safe(
        f'<div id="div_{at}" class="field{_tone(field, warnings)}{f" {escaped(css)}" if css else ""}"'
        f"{OOB if oob else ''}>"
        f'<label class="form-label" for="{escaped(field.id_for_label)}">{_label(field)}</label>{words}'
        f"{_problems(field, warnings)}{field}</div>"
    )


def _option(option: BoundWidget) -> str:
    target, words = escaped(option.id_for_label), escaped(option.choice_label)
    return f'<div class="form-check">{option.tag()}<label class="form-check-label" for="{target}">{words}</label></div>'


@register.simple_tag
def survey_choice(field: BoundField, css: str = "", oob: bool = False) -> SafeString:
    """A choice among a few: tiles. `css`: choice-tiles, choice-tiles--2, chip-choices …"""
    warnings = field_warnings(field)
    words = f'<div class="form-text">{escaped(field.help_text)}</div>' if field.help_text else ""
    options = "".join(
        _option(option) for option in field if option.data["value"] or option.data["value"] == 0
    )
    return mark_safe(
        f'<fieldset id="div_{escaped(field.auto_id)}" class="field{_tone(field, warnings)} '
        f'{escaped(css or "choice-tiles")}"{OOB if oob else ""}><legend class="form-label">{_label(field)}</legend>'
        f'{words}{_problems(field, warnings)}<div class="choices">{options}</div></fieldset>'
    )


@register.simple_tag
def survey_yes_no(field: BoundField) -> SafeString:
    """A question with two answers in one line: the words on the left, the tiles under the right thumb."""
    at = escaped(field.auto_id)
    options = "".join(
        f'<span class="yes-no__option">{option.tag()}<label for="{escaped(option.id_for_label)}">'
        f"{escaped(option.choice_label)}</label></span>"
        for option in field
    )
    return mark_safe(
        f'<div id="div_{at}" class="field yes-no{_tone(field)}" role="radiogroup" aria-labelledby="label_{at}">'
        f'<span class="yes-no__label" id="label_{at}">{escaped(field.label)}</span>{options}{_problems(field)}</div>'
    )
