"""Writing an import that was confirmed: whole on PostgreSQL, in steps that may be cut off anywhere on SQLite.

The mark of how far it has come is written with each step, and only by who finds it where he left it: a run that was
killed goes on after its last step, and two runs at once never write a row twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from django.db import IntegrityError, connection, transaction

from grassroots.grid.models import Staff
from grassroots.ledgers.intake.content import Content, content_of
from grassroots.ledgers.intake.effects import EffectRecorder
from grassroots.ledgers.intake.patience import patient
from grassroots.ledgers.intake.planning import (
    COUNTS,
    Held,
    Progress,
    context_for,
    digest_of,
    no_progress,
    plan_rows,
    preview_write,
    records_for,
)
from grassroots.ledgers.intake.preview import Line, PreviewWriter, all_lines
from grassroots.ledgers.intake.protocol import Effect, ImportKind, Planned, PlanStale, import_kind
from grassroots.ledgers.models import BatchState, ImportBatch

WRITTEN = frozenset({Effect.CREATED, Effect.UPDATED})
TRIES = 3
CHANGED = "预览之后登记有了变化，已重新核对，请看过后再确认。"
CUT_OFF = "写到一半中断了，已写入的行不会重复，请点“继续写入”。"


class PlanChanged(Exception):
    """Nothing was written: the register has changed since the preview, and a new one stands to be confirmed."""


class BeingWritten(Exception):
    """Somebody else is writing this import at this moment, or has written it."""


class Run:
    """One attempt at writing a batch, from its mark to the end."""

    def __init__(self, batch: ImportBatch, staff: Staff, at: dt.datetime, progress: Progress) -> None:
        self.batch, self.staff, self.at, self.progress = batch, staff, at, progress
        self.kind: ImportKind = import_kind(batch.kind)
        self.content: Content | None = None
        self.planned: list[Planned] = []

    def take(self, held: Held) -> None:
        """Take over a plan that has just been made. What has changed since is found when the rows are locked."""
        self.content, self.planned = held.content, held.planned or []
        held.content = held.planned = None

    def plan(self) -> None:
        """Hold the rows against the register as it is now. Raises SourceGone, UnreadableFile."""
        self.content = self.content or content_of(self.batch)
        records = records_for(self.batch, self.kind, self.content)
        context = context_for(self.batch, staff=self.staff, at=self.at)
        with patient(len(records)):
            self.planned = list(plan_rows(self.kind, context, records))

    def lines(self) -> Iterator[Line]:
        """The plan as the preview shows it."""
        return (Line.of(index, row) for index, row in enumerate(self.planned))

    def write(self) -> None:
        """Write from the mark on: whole where the database can, else step by step. Raises BeingWritten, PlanStale."""
        start = self.batch.applied_rows
        if connection.vendor == "postgresql" or connection.in_atomic_block:
            with transaction.atomic():
                _lock(self.batch)
                whole = self.kind.whole(len(self.planned)) if self.kind.whole else nullcontext()
                with whole:
                    self._write_steps(self.kind.whole_step_rows or self.kind.step_rows)
                self._finish(start)
        else:
            self._write_steps(self.kind.step_rows)
            with transaction.atomic():
                self._finish(start)

    def _write_steps(self, size: int) -> None:
        total = len(self.planned)
        for end, rows in _steps(self.planned, self.batch.applied_rows, size):
            with transaction.atomic():
                self._write_step(rows, end)
            self.batch.applied_rows = end
            self.progress(end, total)

    def _write_step(self, rows: Sequence[Planned], end: int) -> None:
        mine = ImportBatch.objects.filter(
            pk=self.batch.pk, state=BatchState.APPLYING, applied_rows=self.batch.applied_rows
        )
        if not mine.update(applied_rows=end):
            raise BeingWritten
        recorder = EffectRecorder(self.batch)
        context = context_for(
            self.batch, staff=self.staff, at=self.at, note_created=recorder.created, note_range=recorder.range,
            note_updated=recorder.updated, keep_original=recorder.original,
        )  # fmt: skip
        if not self.kind.takes_rejected:
            rows = [row for row in rows if row.effect in WRITTEN]
        if rows:
            self.kind.apply(context, rows)
        recorder.flush()

    def _finish(self, start: int) -> None:
        """Applied. Of rows written by earlier runs the preview says what they did; of the others this run's plan."""
        if start:
            before = sorted(
                (line for line in all_lines(self.batch) if line.index < start), key=lambda line: line.index
            )
            writer = PreviewWriter(self.batch)
            for line in [*before, *(line for line in self.lines() if line.index >= start)]:
                writer.add(line)
            self.batch.plan_digest = writer.finish()
        self.batch.state, self.batch.problem = BatchState.APPLIED, ""
        self.batch.applied_at, self.batch.applied_by = self.at, self.staff
        self.batch.save(
            update_fields=["state", "problem", "applied_at", "applied_by", "plan_digest", *COUNTS]
        )  # fmt: skip


def batch_write(
    batch: ImportBatch,
    *,
    staff: Staff,
    at: dt.datetime,
    progress: Progress = no_progress,
    is_shown: bool = True,
    held: Held | None = None,
) -> None:
    """Write a batch that was confirmed (state APPLYING), or go on where a run was cut off.

    The rows are planned anew first. Where the plan is no longer the one that was shown, nothing is written and the new
    one is shown (PlanChanged); `is_shown` false: whatever comes of it was confirmed beforehand, as on the command
    line, where `held` is the plan that was made for it a moment ago. Raises BeingWritten, SourceGone, UnreadableFile;
    what stopped it stands in `problem`.
    """
    run = Run(batch, staff, at, progress)
    for attempt in range(TRIES):
        batch.refresh_from_db()
        if batch.state != BatchState.APPLYING:
            raise BeingWritten
        try:
            if held is not None and held.planned is not None and not batch.applied_rows:
                run.take(held)
            else:
                run.plan()
            if is_shown and not batch.applied_rows and digest_of(run.planned) != batch.plan_digest:
                _show_anew(run)
            with patient(len(run.planned)):
                run.write()
            return
        except (PlanStale, IntegrityError):
            batch.refresh_from_db()
            if (is_shown and not batch.applied_rows) or attempt == TRIES - 1:
                run.plan()
                _show_anew(run)
        except (PlanChanged, BeingWritten):
            raise
        except BaseException:
            _release(batch)
            raise


def _show_anew(run: Run) -> None:
    """Back to the preview, unless some of it stands in the register already: then it can only go on."""
    if run.batch.applied_rows:
        _release(run.batch)
    else:
        preview_write(run.batch, run.lines(), run.at)
        run.batch.problem = CHANGED
        run.batch.save(update_fields=["problem"])
    raise PlanChanged


def _release(batch: ImportBatch) -> None:
    """After a run that did not end: back to the preview, or halfway, to be continued."""
    ImportBatch.objects.filter(pk=batch.pk, state=BatchState.APPLYING, applied_rows=0).update(
        state=BatchState.PLANNED
    )
    ImportBatch.objects.filter(pk=batch.pk, state=BatchState.APPLYING).update(problem=CUT_OFF)
    batch.refresh_from_db()


def _lock(batch: ImportBatch) -> None:
    """Whoever writes the same batch waits here, and finds it written."""
    row = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if row.state != BatchState.APPLYING or row.applied_rows != batch.applied_rows:
        raise BeingWritten


def _steps(planned: Sequence[Planned], start: int, size: int) -> Iterator[tuple[int, list[Planned]]]:
    """From the mark on: steps of about `size` rows, with the mark after each; rows that belong together stay so."""
    at = start
    while at < len(planned):
        end = min(at + size, len(planned))
        while end < len(planned) and planned[end].joins_previous:
            end += 1
        yield end, list(planned[at:end])
        at = end
