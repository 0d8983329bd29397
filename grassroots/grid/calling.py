"""Whom somebody may call: his own people, the officers above him, and whomever a page has just shown him.

A chain of responsibility names officers from anywhere: a doctor of another village who answers for one person, the
leader above a household that somebody answers for alone. Whoever may see the chain may call them, so the button that
the page shows carries a ticket: signed, for this viewer and this officer, good for one working day.
"""

from __future__ import annotations

from django.core import signing

from grassroots.grid.models import Staff

TICKET_SECONDS = 12 * 3600
_SALT = "grid.dial"


def dial_ticket(viewer: Staff, officer: Staff) -> str:
    """Return what the 拨打 button of a page sends back: proof that the page showed this officer to this viewer."""
    return signing.dumps([viewer.pk, officer.pk], salt=_SALT)


def may_dial(viewer: Staff, officer: Staff, ticket: str = "") -> bool:
    """Return whether the viewer may call the officer: by his own scope, or with the ticket of a page (12 hours)."""
    try:
        if signing.loads(ticket, salt=_SALT, max_age=TICKET_SECONDS) == [viewer.pk, officer.pk]:
            return True
    except signing.BadSignature:
        pass
    return Staff.objects.callable_by(viewer).filter(pk=officer.pk).exists()
