"""What happens to layouts when areas move (grassroots/grid/registry.py, AreaHooks)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


def holds_data(area_ids: Sequence[int]) -> bool:
    """Layouts hold nothing that is counted: they neither keep an area from closing nor make it need a successor."""
    return False


def succeeded(successors: Mapping[int, int], at: dt.datetime, by: Staff) -> None:
    """Layouts in use, and what was said about captions, go over to the successor of their area."""
    from grassroots.ledgers.models import CaptionMemory, EmptyForm, LedgerLayout

    for row in LedgerLayout.objects.filter(closed_at=None, area__in=successors):
        row.area_id = successors[row.area_id]
        row._history_user = by  # type: ignore[attr-defined]
        row.save(update_fields=["area"])
    for memory in CaptionMemory.objects.filter(area__in=successors):
        memory.area_id = successors[memory.area_id]
        memory.save(update_fields=["area"])
    for form in EmptyForm.objects.filter(area__in=successors):
        form.area_id = successors[form.area_id]
        form.save(update_fields=["area"])
