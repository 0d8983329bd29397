"""Forms of many fields, quickly: the survey form of a family shows some 200 controls and options.

Django renders each control, each of its options and their attributes by templates of their own, over half of the time
of that page. The functions here write the same HTML (tests/grid/test_quick_widgets.py compares them); a widget with
another template is rendered by Django as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from django.forms.fields import Field
from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape

Widget = Mapping[str, Any]
_WIDGETS = "django/forms/widgets/"


def escaped(value: Any) -> str:
    """Django's `conditional_escape`, for plain text without its detours: a page of a family asks 2,700 times."""
    return escape(value) if type(value) is str else conditional_escape(value)


def _attributes(attrs: Mapping[str, Any]) -> str:
    parts = []
    for name, value in attrs.items():
        if value is True:
            parts.append(f" {escaped(name)}")
        elif value is not False:
            parts.append(f' {escaped(name)}="{escaped(value)}"')
    return "".join(parts)


def _input(widget: Widget) -> str:
    value = "" if widget["value"] is None else f' value="{escaped(widget["value"])}"'
    kind, name = escaped(widget["type"]), escaped(widget["name"])
    return f'<input type="{kind}" name="{name}"{value}{_attributes(widget["attrs"])}>'


def _input_option(widget: Widget) -> str:
    if not widget.get("wrap_label"):
        return _input(widget)
    number = widget["attrs"].get("id")
    target = f' for="{escaped(number)}"' if number else ""
    return f"<label{target}>{_input(widget)} {escaped(widget['label'])}</label>"


def _select_option(widget: Widget) -> str:
    attributes = _attributes(widget["attrs"])
    return f'<option value="{escaped(widget["value"])}"{attributes}>{escaped(widget["label"])}</option>'


def _textarea(widget: Widget) -> str:
    value = escaped(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{escaped(widget["name"])}"{_attributes(widget["attrs"])}>\n{value}</textarea>'


_INPUTS = (
    "input",
    "text",
    "number",
    "email",
    "url",
    "password",
    "hidden",
    "date",
    "datetime",
    "time",
    "checkbox",
)
_SIMPLE: dict[str, Callable[[Widget], str]] = {
    **{f"{_WIDGETS}{name}.html": _input for name in _INPUTS},
    **{f"{_WIDGETS}{name}_option.html": _input_option for name in ("input", "radio", "checkbox")},
    f"{_WIDGETS}select_option.html": _select_option,
    f"{_WIDGETS}textarea.html": _textarea,
}
_GROUPED = {f"{_WIDGETS}{name}.html" for name in ("radio", "checkbox_select", "multiple_input")}


class SharedFields(dict[str, Field]):
    """The fields of a form class; each form gets copies of its own, but not of what no form changes.

    Django copies the choices too, pair by pair, and the messages: a form may change those of one form here only by
    putting others in their place.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Field]:
        return {name: self._copied(field) for name, field in self.items()}

    @staticmethod
    def _copied(field: Field) -> Field:
        own, widget = object.__new__(type(field)), object.__new__(type(field.widget))
        own.__dict__.update(field.__dict__)
        widget.__dict__.update(field.widget.__dict__, attrs=field.widget.attrs.copy())
        own.widget = widget
        return own


class QuickRenderer(DjangoTemplates):
    """Django's renderer of forms, with the common widgets written directly."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """The HTML of a widget, form or field."""
        if (write := _SIMPLE.get(template_name)) is not None:
            return write(context["widget"])
        if template_name == f"{_WIDGETS}select.html":
            return self._select(context["widget"])
        if template_name in _GROUPED:
            return self._options(context["widget"])
        return super().render(template_name, context, request)

    def _option(self, option: Widget) -> str:
        return self.render(option["template_name"], {"widget": option})

    def _select(self, widget: Widget) -> str:
        lines = [f'<select name="{escaped(widget["name"])}"{_attributes(widget["attrs"])}>']
        for group, options, _index in widget["optgroups"]:
            if group:
                lines.append(f'  <optgroup label="{escaped(group)}">')
            lines += [f"  {self._option(option)}" for option in options]
            if group:
                lines.append("  </optgroup>")
        return "\n".join([*lines, "</select>"])

    def _options(self, widget: Widget) -> str:
        own = {key: value for key, value in widget["attrs"].items() if key in {"id", "class"} and value}
        lines = [f"<div{_attributes(dict(sorted(own.items(), reverse=True)))}>"]
        for group, options, _index in widget["optgroups"]:
            if group:
                lines.append(f"  <div><label>{escaped(group)}</label>")
            lines += [f"<div>\n    {self._option(option)}</div>" for option in options]
            if group:
                lines.append("  </div>")
        return "\n".join([*lines, "</div>"])
