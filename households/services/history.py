"""Writing rows in bulk with a line of history for each: two statements, however many rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

BATCH_ROWS = 500


def rows_create(rows: Sequence[models.Model], *, by: Staff, at: dt.datetime, reason: str = "") -> None:
    """Insert rows of one model with their history; their keys are filled in."""
    if rows:
        model: Any = type(rows[0])
        model._default_manager.bulk_create(rows, batch_size=BATCH_ROWS)
        _write_lines(rows, by=by, at=at, reason=reason, is_update=False)


def rows_update(
    rows: Sequence[models.Model], fields: Sequence[str], *, by: Staff, at: dt.datetime, reason: str = ""
) -> None:
    """Update the same fields of rows of one model, with their history."""
    if rows:
        model: Any = type(rows[0])
        model._default_manager.bulk_update(rows, fields, batch_size=BATCH_ROWS)
        _write_lines(rows, by=by, at=at, reason=reason, is_update=True)


def rows_note(rows: Sequence[models.Model], *, by: Staff, at: dt.datetime, reason: str = "") -> None:
    """Write a line of history for rows that a conditional UPDATE has already changed."""
    if rows:
        _write_lines(rows, by=by, at=at, reason=reason, is_update=True)


def _write_lines(
    rows: Sequence[models.Model], *, by: Staff, at: dt.datetime, reason: str, is_update: bool
) -> None:
    model: Any = type(rows[0])
    model.history.bulk_history_create(
        rows,
        batch_size=BATCH_ROWS,
        update=is_update,
        default_user=by,
        default_date=at,
        default_change_reason=reason[:100],
    )
