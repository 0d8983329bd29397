"""Services on people: save somebody, and mark an entry as a mistake."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from households.services.data import PersonData, PersonSaved

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Person


def person_save(
    *,
    person: Person | None,
    data: PersonData,
    by: Staff,
    confirmed: frozenset[str] = frozenset(),
    at: dt.datetime | None = None,
) -> PersonSaved:
    """Save a new person (None) or a registered one; normalises names, ID number and phone, fills in from the ID.

    Raises ValidationError by field, and ConfirmationNeeded when a caution is neither in `confirmed` nor has its
    reason: id-check (by id_check_reason), id-birth, id-sex. A number that somebody else carries is an error on
    id_number unless `id_shared_reason` is given.
    """
    raise NotImplementedError


def person_void(*, person: Person, reason: str, by: Staff, at: dt.datetime | None = None) -> None:
    """Mark somebody as entered by mistake: residencies end on the day they began, the row stays."""
    raise NotImplementedError
