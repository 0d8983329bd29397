"""Writing what is known around somebody who is cared for, and how often each kind is visited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from grassroots.grid.versions import StaleVersion, check_version
from households.models import SupportKind
from households.rules.phones import PhoneKind, parse_phone
from measures.models import CareFile, CareRhythm
from measures.rules.care import EVERY, LONGEST

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Person

EDITABLE = ("guardian", "guardian_phone", "health", "help", "officer", "note")


def _filled(row: CareFile, given: Mapping[str, Any]) -> None:
    """Raises ValidationError by field."""
    for name, value in given.items():
        if name not in EDITABLE:
            raise TypeError(f"{name} of a care file is not entered")
        if name == "guardian_phone" and value:
            phone = parse_phone(value)
            if phone.kind == PhoneKind.UNKNOWN:
                raise ValidationError({"guardian_phone": phone.problems[0].message})
            value = phone.number
        setattr(row, name, " ".join(value.split()) if isinstance(value, str) else value)


@transaction.atomic
def care_file_save(*, person: Person, version: int, by: Staff, **given: Any) -> CareFile | None:
    """Save what is known around somebody; where nothing is left the file is gone (its history stays).

    `version` is 0 for a file that does not exist yet. Raises ValidationError by field, StaleVersion when somebody was
    faster.
    """
    type(person).objects.select_for_update().get(pk=person.pk)
    row = CareFile.objects.select_for_update().filter(person=person).first()
    if row is None:
        row = CareFile(person=person, version=0)
    check_version(row, version)
    _filled(row, given)
    row._history_user = by  # type: ignore[attr-defined]
    if not any(getattr(row, name) for name in EDITABLE):
        if row.pk:
            row.delete()
        return None
    row.version += 1
    row.save()
    return row


def rhythm() -> dict[str, int | None]:
    """Days between two visits by kind of support, None for no fixed rhythm (one query)."""
    found: dict[str, int | None] = dict(EVERY)
    found.update(CareRhythm.objects.values_list("kind", "every"))
    return found


def rhythm_mark(every: Mapping[str, int | None]) -> str:
    """By what a page says which rhythms it was opened with."""
    return ";".join(f"{kind}={every[kind] or ''}" for kind in SupportKind.values)


@transaction.atomic
def rhythm_set(*, every: Mapping[str, int | None], seen: str, by: Staff) -> None:
    """Set how often each kind is visited; None: no fixed rhythm. `seen`: the mark of what the page showed.

    Raises ValidationError by kind, StaleVersion (with the rhythms of now) when somebody was faster.
    """
    errors = {
        kind: f"填 1 至 {LONGEST}，不定期走访的空着。"
        for kind, days in every.items()
        if days is not None and not 1 <= days <= LONGEST
    }
    if errors:
        raise ValidationError(errors)
    list(CareRhythm.objects.select_for_update().order_by("pk"))  # whoever saves beside waits here
    current = rhythm()
    if rhythm_mark(current) != seen:
        raise StaleVersion(current)
    for kind, days in every.items():
        if kind in SupportKind.values and current[kind] != days:
            row = CareRhythm.objects.filter(kind=kind).first() or CareRhythm(kind=kind)
            row.every = days
            row._history_user = by  # type: ignore[attr-defined]
            row.save()
