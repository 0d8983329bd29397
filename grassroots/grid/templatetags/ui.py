"""Template tags of the visual system (docs/visual-system.md): presentation only, in every template."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grassroots.grid.templatetags.looks import look_of

register = template.Library()

ICONS = "img/icons.svg"
DASH = "—"


def _stamp(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        return ""
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10]


@register.simple_tag
def asset(path: str) -> str:
    """URL of a static file with a stamp of its content, so that browsers fetch a changed file at once."""
    return _address(path) if settings.DEBUG else _address_cached(path)


def _address(path: str) -> str:
    stamp = _stamp(path)
    return f"{static(path)}?v={stamp}" if stamp else static(path)


_address_cached = lru_cache(maxsize=200)(_address)


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon of the sprite. Decorative unless `label` says what it means and no word stands beside it."""
    return _icon(f"{asset(ICONS)}#{name}", label, f"icon {css}".strip())


@lru_cache(maxsize=500, typed=True)  # typed: text marked as safe is not the same as text
def _icon(href: str, label: str, classes: str) -> SafeString:
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', classes, label, href
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', classes, href
    )


@register.simple_tag
def badge(state: Any, label: Any = "") -> SafeString:
    """A state in a word: `{% badge visit.state visit.get_state_display %}`, `{% badge "ok" "…" %}`."""
    look = look_of(str(state))
    return _badge(look.tone, icon(look.icon), str(label) or look.word or str(state))


@lru_cache(maxsize=500, typed=True)  # typed: text marked as safe is not the same as text
def _badge(tone: str, drawn: SafeString, word: str) -> SafeString:
    return format_html(
        '<span class="state state--{}">{}<span class="state__word">{}</span></span>', tone, drawn, word
    )


@register.filter
def tone(state: Any) -> str:
    """The tone of a state code, for a class name: `class="cell cell--{{ household.survey_state|tone }}"`."""
    return look_of(str(state)).tone


@register.filter
def temp(value: Any) -> str:
    """Degrees Celsius with one decimal and the unit; a dash when there is none."""
    if value in (None, ""):
        return DASH
    try:
        return f"{Decimal(str(value)):.1f} ℃"
    except InvalidOperation:
        return str(value)


@register.simple_tag
def temperature(value: Any, is_abnormal: Any = False, is_low: Any = False) -> SafeString:
    """A reading; the caller, who knows the policy, says whether it is abnormal or low. In words as well."""
    if is_abnormal:
        return format_html(
            '<span class="temp temp--abnormal">{}{} <span class="temp__word">发热</span></span>',
            icon("thermometer-high"),
            temp(value),
        )
    if is_low:
        return format_html(
            '<span class="temp temp--low">{}{} <span class="temp__word">偏低</span></span>',
            icon("thermometer-low"),
            temp(value),
        )
    return format_html('<span class="temp">{}</span>', temp(value))


@register.filter
def masked(value: Any, kind: str = "") -> str:
    """Hide the middle: 138****1234, 5101**********1X, 张*三. `kind`: `phone`, `id`, `name`; else by shape."""
    text = str(value or "").strip()
    if not text:
        return ""
    if kind == "name":
        return text[0] + "*" + (text[-1] if len(text) > 2 else "")
    if kind == "phone" or (not kind and re.fullmatch(r"[\d\- +]{7,14}", text)):
        return f"{text[:3]}****{text[-4:]}" if len(text) >= 10 else f"****{text[-2:]}"
    if len(text) < 8:
        return text[:1] + "*" * (len(text) - 1)
    keep_front, keep_back = (4, 2) if len(text) >= 15 else (2, 2)
    return text[:keep_front] + "*" * (len(text) - keep_front - keep_back) + text[-keep_back:]


@register.filter
def thousands(value: Any) -> str:
    """A count with separators: 43,171; a dash when there is none."""
    if value in (None, ""):
        return DASH
    try:
        return f"{int(value):,}"
    except (TypeError, ValueError):
        return str(value)


@register.filter
def percent_of(part: Any, whole: Any) -> str:
    """`part` of `whole` as a percentage with one decimal (no needless .0); a dash when there is no whole."""
    try:
        share = Decimal(str(part)) * 100 / Decimal(str(whole))
    except (InvalidOperation, ZeroDivisionError, TypeError):
        return DASH
    return f"{share:.1f}".removesuffix(".0") + "%"


@register.filter
def or_dash(value: Any) -> Any:
    """The value, or a dash where a form was left empty."""
    return DASH if value in (None, "") else value


@register.filter
def acting_on(duty: Any, on: dt.date) -> Any:
    """The officer to call for a duty on a date: the deputy while he stands in."""
    return duty.acting(on)


@register.filter
def field_warnings(field: BoundField) -> list[str]:
    """What the form wants looked at again in this field: `form.warnings = {"id_number": ["…"]}`."""
    return list(getattr(field.form, "warnings", {}).get(field.name, []))


@register.filter
def error_rows(form: Any) -> list[tuple[str, str, str]]:
    """(label, id of the control, message) of every error of a form or formset, for the summary above it."""
    forms = list(form) if hasattr(form, "management_form") else [form]
    rows: list[tuple[str, str, str]] = []
    for one in forms:
        for name, messages in one.errors.items():
            if name == "__all__":
                rows += [("", "", message) for message in messages]
                continue
            field = one[name]
            target = field.id_for_label or field.auto_id
            rows += [(str(field.label or ""), target, message) for message in messages]
    if hasattr(form, "non_form_errors"):
        rows += [("", "", message) for message in form.non_form_errors()]
    return rows


@register.inclusion_tag("_partials/stat_card.html")
def stat(label: str, value: Any, **options: Any) -> dict[str, Any]:
    """A figure: `{% stat "今日未测" due url=… unit="户" tone="warn" hint="…" icon="clock" of=12 %}`."""
    return {"label": label, "value": value, **options}


@register.inclusion_tag("_partials/meter.html")
def meter(part: Any, whole: Any, label: str = "", tone: str = "") -> dict[str, Any]:
    """A bar of progress with its figures beside it; drawn as SVG, so that no style attribute is needed."""
    try:
        share = max(Decimal(0), min(Decimal(100), Decimal(str(part)) * 100 / Decimal(str(whole))))
    except (InvalidOperation, ZeroDivisionError, TypeError):
        share = Decimal(0)
    return {"part": part, "whole": whole, "label": label, "tone": tone, "width": f"{share:.2f}"}
