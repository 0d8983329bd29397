"""Template tags of doors: presentation only."""

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grassroots.grid.templatetags.looks import look_of
from grassroots.grid.templatetags.ui import icon
from households.doors import STATE_WORDS

register = template.Library()


@register.simple_tag(takes_context=True)
def panel(context: Context, name: str, values: dict[str, Any]) -> SafeString:
    """A box that an app above has registered: its template with its own values, inside the page's context."""
    assert context.template is not None
    with context.push(**values):
        return context.template.engine.get_template(name).render(context)


@register.simple_tag
def door_state(code: Any) -> SafeString:
    """A state as a tile has room for it: icon and two or three characters."""
    look = look_of(str(code))
    return format_html("{}{}", icon(look.icon), STATE_WORDS.get(str(code), look.word))
