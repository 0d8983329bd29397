"""Cells of imported sheets that could not be taken over, beside the person that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grassroots.ledgers.intake.covering import covered
from grassroots.ledgers.models import ImportNote

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Person

SHOWN = 10


def originals_of(person: Person, *, in_full: bool = False) -> list[dict[str, Any]]:
    """The latest such cells of a person, long numbers covered unless they are asked for in full (one query)."""
    show = str if in_full else covered
    return [
        {
            "column": note.column,
            "text": show(note.text),
            "message": show(note.message),
            "row": note.row,
            "source": note.batch.source_name or "粘贴的文字",
            "at": note.batch.applied_at,
        }
        for note in ImportNote.objects.about(person)[:SHOWN]
    ]


def originals_panel(person: Person, staff: Staff) -> tuple[str, dict[str, Any]] | None:
    """The box on a person's page; none where everything was taken over."""
    notes = originals_of(person)
    return ("households/_import_originals.html", {"notes": notes}) if notes else None
