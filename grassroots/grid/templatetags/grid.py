"""Template tags of the ground: the submission id that every form carries."""

import uuid
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grassroots.grid.submissions import FIELD

register = template.Library()


@register.simple_tag(takes_context=True)
def submission_id(context: dict[str, Any]) -> SafeString:
    """A hidden field with a fresh submission id; a form shown again with errors keeps the one it came with."""
    request = context.get("request")
    sent = request.POST.get(FIELD) if request is not None and request.method == "POST" else None
    try:
        uid = uuid.UUID(str(sent))
    except ValueError:
        uid = uuid.uuid4()
    if context.get("fresh_submission"):
        uid = uuid.uuid4()
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, uid)
