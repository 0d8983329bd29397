"""Planning an import: its rows held against the register; nothing is written but the preview."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.ledgers.intake.content import Content, content_of, source_of
from grassroots.ledgers.intake.patience import patient
from grassroots.ledgers.intake.preview import Line, PlanDigest, PreviewWriter
from grassroots.ledgers.intake.protocol import ImportContext, ImportKind, Planned, Record, import_kind
from grassroots.ledgers.intake.recognise import SheetMap, records_of, text_records
from grassroots.ledgers.intake.records import numbers_of
from grassroots.ledgers.models import BatchState, ImportBatch

Progress = Callable[[int, int | None], None]
COUNTS = ("rows", "created", "updated", "unchanged", "rejected", "warnings", "proposed")


@dataclass(slots=True)
class Held:
    """A plan that its maker writes at once: what was read, and what its rows will do."""

    content: Content | None = None
    planned: list[Planned] | None = None


def no_progress(done: int, total: int | None) -> None:
    """Nobody watches."""


def sheets_of(batch: ImportBatch) -> list[SheetMap]:
    """The sheets of a batch with their columns, as recognised and corrected."""
    return [SheetMap.unpacked(data) for data in batch.mapping or []]


def reference_of(batch: ImportBatch) -> dt.date:
    """The day by which dates without a year are read: the sheet's own, else the day on which it came in."""
    return batch.reference or timezone.localdate(batch.created_at)


def records_for(batch: ImportBatch, kind: ImportKind, content: Content) -> Sequence[Record]:
    """The rows of a batch for a kind; blank rows, sums and signatures are none."""
    if content.is_chat and kind.read_text is not None:
        return text_records(content.text, kind, reference_of(batch))
    return records_of(content.grids, sheets_of(batch))


def context_for(
    batch: ImportBatch, *, staff: Staff, at: dt.datetime, progress: Progress = no_progress, **more: Any
) -> ImportContext:
    """What a kind is told about an import."""
    options: Mapping[str, Any] = {"batch": batch.uid, "has_reference": batch.reference is not None}
    return ImportContext(
        area=batch.area, staff=staff, at=at, reference=reference_of(batch), progress=progress,
        source=source_of(batch), options=options, **more,
    )  # fmt: skip


def plan_rows(kind: ImportKind, context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """The kind's plan, one row a record in their order: a plan that loses or doubles a row is refused."""
    planned = iter(kind.plan(context, records))
    for number in numbers_of(records):
        row = next(planned, None)
        if row is None or row.row != number:
            raise AssertionError(f"{kind.key} planned another row than {number}")
        yield row
    if next(planned, None) is not None:
        raise AssertionError(f"{kind.key} planned more rows than there are")


def digest_of(planned: Sequence[Planned]) -> str:
    """The digest of a plan that is held in memory."""
    digest = PlanDigest()
    for index, row in enumerate(planned):
        digest.add(Line.of(index, row))
    return digest.value()


@transaction.atomic
def _begin(batch: ImportBatch) -> None:
    ImportBatch.objects.filter(pk=batch.pk).update(state=BatchState.READ, plan_digest="", planned_at=None)
    batch.state, batch.plan_digest, batch.planned_at = BatchState.READ, "", None


def preview_write(batch: ImportBatch, lines: Iterator[Line], at: dt.datetime) -> None:
    """Write the pages of a plan and mark the batch as planned, with its counts and digest.

    Cut off in the middle, the batch stays as read, and its pages are written anew the next time.
    """
    _begin(batch)
    writer = PreviewWriter(batch)
    for line in lines:
        writer.add(line)
    batch.plan_digest = writer.finish()
    batch.state, batch.planned_at, batch.problem = BatchState.PLANNED, at, ""
    batch.save(update_fields=["plan_digest", "state", "planned_at", "problem", *COUNTS])


def batch_replan(
    batch: ImportBatch,
    *,
    staff: Staff,
    at: dt.datetime,
    progress: Progress = no_progress,
    content: Content | None = None,
    held: Held | None = None,
) -> None:
    """Hold the rows against the register and write the preview; `held` keeps the plan for `batch_write`. Raises
    SourceGone, UnreadableFile."""
    kind = import_kind(batch.kind)
    content = content or content_of(batch)
    records = records_for(batch, kind, content)
    context = context_for(batch, staff=staff, at=at, progress=progress)
    total = len(records)
    kept: list[Planned] | None = None
    if held is not None:
        kept = held.planned = []
        held.content = content

    def lines() -> Iterator[Line]:
        for index, row in enumerate(plan_rows(kind, context, records)):
            if index % 500 == 0:
                progress(index, total)
            if kept is not None:
                kept.append(row)
            yield Line.of(index, row)

    with patient(total):
        preview_write(batch, lines(), at)
    progress(total, total)
