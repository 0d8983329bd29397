"""Template tags of doors: presentation only."""

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grassroots.grid.templatetags.looks import look_of
from grassroots.grid.templatetags.ui import icon
from households.doors import STATE_WORDS
from households.models import Followup
from households.picture import DoorPicture

SHORT = {Followup.RETURNEE: "返乡", Followup.OBSERVED: "观察"}  # the legend spells them out

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


@register.simple_tag
def door_follow(code: Any) -> SafeString:
    """The follow-up on a tile of the picture: icon and two characters."""
    return format_html("{}{}", icon(look_of(str(code)).icon), SHORT.get(str(code), ""))  # type: ignore[call-overload]


@register.simple_tag
def possible_count(picture: DoorPicture, building: str) -> int:
    """How many doors may be missing in a building of the picture."""
    return picture.possible_in(building)
