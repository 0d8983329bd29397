"""Taking back groups and compounds that an import has made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q

from grassroots.grid.areas import area_close
from grassroots.grid.models import Area
from grassroots.grid.models.areas import path_range
from grassroots.ledgers.intake.undoing import REASON, Undo, UndoHandler, UndoRefused


def take_back(rows: Sequence[Any], undo: Undo) -> None:
    """An area that nothing points to any more goes; one to which voided rows still point is closed."""
    for area in reversed(rows):
        try:
            with transaction.atomic():
                Area.objects.filter(pk=area.pk).delete()  # treebeard's, which counts the children anew
                gone = Area.history.filter(id=area.pk, history_type="-")
                gone.update(history_user=undo.by, history_date=undo.at, history_change_reason=REASON)
        except (ProtectedError, IntegrityError):
            try:
                area_close(area=area, by=undo.by)
            except ValidationError as refused:
                raise UndoRefused(refused.messages) from refused


def blockers(rows: Sequence[Any], undo: Undo) -> list[str]:
    """Areas that somebody has added below since: they would go with what lies above them."""
    below = Q(pk__in=[])
    for area in rows:
        low, high = path_range(area.path)
        below |= Q(path__gt=low, path__lt=high)
    own = undo.batch.effects.filter(
        model="grid.area", action="CREATED", first_pk__lte=OuterRef("pk"), last_pk__gte=OuterRef("pk")
    )
    added = Area.objects.open().filter(below).exclude(Exists(own)).first()
    return [f"“{added.name}”是后来在这里增加的。"] if added is not None else []


# What is worked out of the rows goes with them.
AREA_UNDO = UndoHandler(
    take_back=take_back, blockers=blockers, owned=frozenset({"ledgers.arearollup", "ledgers.dirtyarea"})
)
