"""Taking back staff that an import has made: as long as they have never signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grassroots.grid.models import Staff
from grassroots.ledgers.intake.undoing import REASON, Undo, UndoHandler


def blockers(rows: Sequence[Any], undo: Undo) -> list[str]:
    """Those who have signed in: what they did names them."""
    return [f"{one.name}已登录过，请在“人员”里停用。" for one in rows if one.last_login is not None]


def take_back(rows: Sequence[Any], undo: Undo) -> None:
    """They go with their roles; their history says who took them back."""
    ids = [one.pk for one in rows]
    Staff.objects.filter(pk__in=ids).delete()
    gone = Staff.history.filter(id__in=ids, history_type="-")
    gone.update(history_user=undo.by, history_date=undo.at, history_change_reason=REASON)


STAFF_UNDO = UndoHandler(take_back=take_back, blockers=blockers)
