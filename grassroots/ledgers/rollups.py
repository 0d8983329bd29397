"""Rollups: services mark an area dirty, the tick recomputes it, pages say "截至 HH:MM" (docs/ledgers.md)."""

from __future__ import annotations

from collections.abc import Iterable

from grassroots.ledgers.models import DirtyArea


def mark_dirty(area_ids: Iterable[int]) -> None:
    """Note that rows of these areas have changed; one statement, safe to repeat."""
    rows = [DirtyArea(area_id=area_id) for area_id in sorted(set(area_ids))]
    if rows:
        DirtyArea.objects.bulk_create(rows, ignore_conflicts=True)
