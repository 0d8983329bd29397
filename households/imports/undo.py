"""Taking back people and residencies that an import has made: voided, not deleted, so that earlier figures explain
themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F

from grassroots.ledgers.intake.undoing import REASON, Undo, UndoHandler, rows_delete
from grassroots.ledgers.rollups import mark_dirty
from households.models import Household, Person, Residency, SupportStatus
from households.services.history import rows_note


def take_back_people(rows: Sequence[Any], undo: Undo) -> None:
    """As by `person_void`, for many at once; their residencies are rows of the import of their own."""
    Person.objects.filter(pk__in=[row.pk for row in rows]).update(voided_at=undo.at, void_reason=REASON)
    for row in rows:
        row.voided_at, row.void_reason = undo.at, REASON
    rows_note(rows, by=undo.by, at=undo.at, reason=REASON)


def take_back_residencies(rows: Sequence[Any], undo: Undo) -> None:
    """They end on the day on which they began."""
    keys = [row.pk for row in rows]
    Residency.objects.filter(pk__in=keys).update(ended_on=F("started_on"), end_recorded_at=undo.at)
    for row in rows:
        row.ended_on, row.end_recorded_at = row.started_on, undo.at
    rows_note(rows, by=undo.by, at=undo.at, reason=REASON)
    homes = {row.household_id for row in rows if row.household_id}
    Household.objects.filter(pk__in=homes).update(version=F("version") + 1)


def take_back_households(rows: Sequence[Any], undo: Undo) -> None:
    """They are closed on the day on which they were opened; nobody lives there any more by then."""
    keys = [row.pk for row in rows]
    changed = {"closed_on": F("opened_on"), "close_recorded_at": undo.at, "version": F("version") + 1}
    Household.objects.filter(pk__in=keys).update(**changed)
    for row in rows:
        row.closed_on, row.close_recorded_at, row.version = row.opened_on, undo.at, row.version + 1
    rows_note(rows, by=undo.by, at=undo.at, reason=REASON)


def take_back_supports(rows: Sequence[Any], undo: Undo) -> None:
    """They go; the figures of where these people live are counted anew."""
    homes = Residency.objects.open().filter(person__in=[row.person_id for row in rows])
    rows_delete(SupportStatus, rows, undo)
    mark_dirty(set(homes.order_by().values_list("area_id", flat=True)))


HOUSEHOLD_UNDO = UndoHandler(take_back=take_back_households)
SUPPORT_UNDO = UndoHandler(take_back=take_back_supports)
PERSON_UNDO = UndoHandler(take_back=take_back_people)
RESIDENCY_UNDO = UndoHandler(take_back=take_back_residencies)
