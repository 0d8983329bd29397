"""A file that nobody looks at before it is written: while one step is taken in by the database the next is planned.

For a command, which is its own confirmation, and only where nothing that the plan is held against can change
meanwhile: the tables are empty and nobody else's (`ImportKind.whole` answers a `Filling`), and everything is one
transaction. Everywhere else a plan stands whole before any of it is written (`applying`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction

from grassroots.grid.first_fill import Filling
from grassroots.grid.lane import Lane, lane
from grassroots.grid.models import Staff
from grassroots.grid.packing import PackerGone, packer
from grassroots.ledgers.intake.applying import WRITTEN
from grassroots.ledgers.intake.content import Content
from grassroots.ledgers.intake.effects import EffectRecorder
from grassroots.ledgers.intake.patience import patient
from grassroots.ledgers.intake.planning import (
    COUNTS,
    Progress,
    context_for,
    plan_rows,
    records_for,
    sheets_of,
)
from grassroots.ledgers.intake.preview import Line, PreviewWriter
from grassroots.ledgers.intake.protocol import ImportContext, Planned, PlanStale, import_kind
from grassroots.ledgers.models import BatchState, ImportBatch


def batch_bring_in(
    batch: ImportBatch, *, staff: Staff, at: dt.datetime, content: Content, progress: Progress
) -> bool:
    """Plan and write a batch whose kind is known, in one go; whether that could be done. Where not, nothing is
    written, and it goes the usual way."""
    kind = import_kind(batch.kind)
    if (
        kind.whole is None
        or content.is_chat
        or connection.vendor != "postgresql"
        or connection.in_atomic_block
    ):
        return False
    most = sum(len(content.grids[sheet.index].rows) for sheet in sheets_of(batch))
    try:
        with patient(most), transaction.atomic():
            row = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
            if row.state != BatchState.READ:
                return False
            run = AtOnce(batch, staff, at, progress)
            with kind.whole(most) as filling:
                if not isinstance(filling, Filling):
                    return False
                run.write(content, filling)
            run.finish()
    except (PlanStale, IntegrityError, PackerGone):
        batch.refresh_from_db()
        return False
    return True


class AtOnce:
    """One such run."""

    def __init__(self, batch: ImportBatch, staff: Staff, at: dt.datetime, progress: Progress) -> None:
        self.batch, self.staff, self.at, self.progress = batch, staff, at, progress
        self.kind = import_kind(batch.kind)
        self.recorder = EffectRecorder(batch)
        self.preview = PreviewWriter(batch, pages_at_once=math.inf)
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self.later: list[Callable[[], None]] = []
        self.rest: list[Callable[[], None]] = []
        self.finished: Sequence[type[Any]] = ()
        self.planned: list[Planned] = []

    def write(self, content: Content, filling: Filling) -> None:
        """Plan and write everything, step by step. Raises PlanStale."""
        records = records_for(self.batch, self.kind, content)
        size = self.kind.whole_step_rows or self.kind.step_rows
        with packer() as packing, lane(packer=packing) as beside:
            context = context_for(
                self.batch, staff=self.staff, at=self.at, lane=beside, later=self.later.append, at_end=self._at_end,
                note_created=self.recorder.created, note_range=self.recorder.range,
                note_updated=self.recorder.updated, keep_original=self.recorder.original,
            )  # fmt: skip
            step: list[Planned] = []
            for row in plan_rows(self.kind, context, records):
                if len(step) >= size and not row.joins_previous:
                    self._step(context, beside, step, len(records))
                    step = []
                step.append(row)
            self._step(context, beside, step, len(records))
            # While the database makes its indexes, the rest is put together, and the preview.
            beside.do(partial(filling.done, self.finished))
            for write in self.rest:
                write()
            self.packing = self.pool.submit(self._pack)

    def _at_end(self, write: Callable[[], None], finished: Sequence[type[Any]]) -> None:
        self.rest.append(write)
        self.finished = finished

    def _step(self, context: ImportContext, beside: Lane, rows: Sequence[Planned], total: int) -> None:
        beside.wait()
        written = rows if self.kind.takes_rejected else [row for row in rows if row.effect in WRITTEN]
        if written:
            self.kind.apply(context, written)
        for row in rows:
            row.work = None
        self.planned += rows
        self.progress(len(self.planned), total)

    def _pack(self) -> None:
        for index, row in enumerate(self.planned):
            self.preview.add(Line.of(index, row))
        self.preview.close()

    def finish(self) -> None:
        """What waited for the rows to stand there, the preview, and the batch's end."""
        for do in self.later:
            do()
        self.recorder.flush()
        self.packing.result()
        self.pool.shutdown()
        batch = self.batch
        batch.plan_digest, batch.applied_rows = self.preview.finish(), len(self.planned)
        batch.state, batch.problem = BatchState.APPLIED, ""
        batch.planned_at = batch.applied_at = self.at
        batch.applied_by = self.staff
        batch.save(
            update_fields=[
                "plan_digest", "applied_rows", "state", "problem", "planned_at", "applied_at", "applied_by", *COUNTS,
            ]
        )  # fmt: skip
