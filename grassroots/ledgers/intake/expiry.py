"""What is kept of imports, and how long: files go before the lines that say what came of them."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from grassroots.ledgers.intake.source import source_drop
from grassroots.ledgers.models import BatchState, ImportBatch

#: A file is kept for so long after it came in: to fetch the result, to go on after a break.
KEEP_FILE = dt.timedelta(days=30)
#: What nobody confirms is given up after so long.
KEEP_OPEN = dt.timedelta(days=14)
AT_ONCE = 100


def _stale(at: dt.datetime) -> QuerySet[ImportBatch]:
    return ImportBatch.objects.unfinished().filter(created_at__lt=at - KEEP_OPEN).order_by("pk")


def _with_old_file(at: dt.datetime) -> QuerySet[ImportBatch]:
    over = Q(created_at__lt=at - KEEP_FILE) & ~Q(state=BatchState.APPLYING) | Q(state=BatchState.DISCARDED)
    return ImportBatch.objects.filter(over).exclude(source_path="").order_by("pk")


def imports_due(at: dt.datetime) -> list[QuerySet[ImportBatch]]:
    """What gives the step below something to do."""
    return [_stale(at), _with_old_file(at)]


def imports_expire(at: dt.datetime) -> dict[str, int]:
    """Give up what nobody confirmed, remove files whose time is over; what was written stays undoable."""
    given_up = 0
    for batch in list(_stale(at)[:AT_ONCE]):
        waiting = ImportBatch.objects.unfinished().filter(pk=batch.pk)
        if waiting.update(state=BatchState.DISCARDED):
            batch.pages.all().delete()
            given_up += 1
    dropped = 0
    for batch in list(_with_old_file(at)[:AT_ONCE]):
        source_drop(batch)
        batch.save(update_fields=["source_path"])
        dropped += 1
    return {"given_up": given_up, "files": dropped}
