"""Template tags of the ground: the submission id that every form carries, and the button that calls an officer."""

import uuid
from typing import Any

from django import template
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grassroots.grid.calling import dial_ticket
from grassroots.grid.models import Staff
from grassroots.grid.paths import uid_path
from grassroots.grid.submissions import FIELD, KEPT, kept_uid

register = template.Library()


@register.simple_tag
def uid_url(name: str, uid: uuid.UUID) -> str:
    """`{% url %}` for a page named by one uid, in lists of hundreds: `{% uid_url "quarantine:visit_record" uid %}`."""
    return uid_path(name, uid)


@register.simple_tag(takes_context=True)
def submission_id(context: dict[str, Any]) -> SafeString:
    """A hidden field with a fresh submission id; a form shown again with errors keeps the one it came with.

    A form that mends what a device sent keeps that in mind until it is saved.
    """
    request = context.get("request")
    sent = request.POST.get(FIELD) if request is not None and request.method == "POST" else None
    try:
        uid = uuid.UUID(str(sent))
    except ValueError:
        uid = uuid.uuid4()
    if context.get("fresh_submission"):
        uid = uuid.uuid4()
    field = format_html('<input type="hidden" name="{}" value="{}">', FIELD, uid)
    kept = kept_uid(request) if request is not None and request.method == "POST" else None
    return field + format_html('<input type="hidden" name="{}" value="{}">', KEPT, kept) if kept else field


@register.inclusion_tag("grid/_dial.html", takes_context=True)
def dial(context: Any, officer: Staff, is_small: bool = False) -> dict[str, Any]:
    """拨打: a form of one button that logs the call and dials. Works inside `{% include … only %}` too."""
    request = context.request
    return {
        "officer": officer,
        "is_small": is_small,
        "ticket": dial_ticket(request.user, officer) if officer.phone else "",
        "csrf": get_token(request),
        "submission": uuid.uuid4(),  # its own: the page may show another form again with its id
    }
