"""Imports, step by step: take in, plan, choose, confirm, write, take back, give up. Who may is checked here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.grid.scope import scope_of
from grassroots.ledgers.captions import remember, remembered_for_many
from grassroots.ledgers.intake.applying import BeingWritten, PlanChanged, batch_write
from grassroots.ledgers.intake.at_once import batch_bring_in
from grassroots.ledgers.intake.content import Content, content_of
from grassroots.ledgers.intake.planning import Held, Progress, batch_replan, no_progress, sheets_of
from grassroots.ledgers.intake.protocol import ImportKind, import_kind, import_kinds
from grassroots.ledgers.intake.recognise import recognise, recognise_text, text_reference
from grassroots.ledgers.intake.source import SourceGone, source_drop, source_store
from grassroots.ledgers.intake.undoing import UndoRefused, batch_take_back
from grassroots.ledgers.models import BatchState, ImportBatch
from grassroots.ledgers.reading.files import UnreadableFile

__all__ = [
    "BeingWritten",
    "Held",
    "ImportRefused",
    "PlanChanged",
    "SourceGone",
    "UndoRefused",
    "UnreadableFile",
    "batch_choose",
    "batch_confirm",
    "batch_discard",
    "batch_import",
    "batch_plan",
    "batch_start",
    "batch_undo",
    "batch_write",
    "check_import",
    "kinds_for",
]

RIGHT = "ledgers.import_ledger"
CHOSEN = "chosen"
WHICH = "看不出是哪一类表，请选择类型。"


class ImportRefused(Exception):
    """The import is not allowed; the words are for the person who asked."""


def kinds_for(staff: Staff) -> list[ImportKind]:
    """The kinds of sheets that somebody may import."""
    if not staff.has_perm(RIGHT):
        return []
    return [kind for kind in import_kinds() if staff.has_perms(kind.permissions)]


def check_import(*, area: Area, staff: Staff, kind: str = "") -> None:
    """Raise ImportRefused unless the person may import into this area (a sheet of this kind)."""
    if not scope_of(staff).holds(area):
        raise ImportRefused(f"“{area.name}”不在{staff.name}的辖区内。")
    if not area.is_open:
        raise ImportRefused(f"“{area.name}”已停用，请选择现在的区域。")
    if not staff.has_perm(RIGHT):
        raise ImportRefused(f"{staff.name}的角色不能导入表格。")
    if kind and kind not in {one.key for one in import_kinds()}:
        known = "、".join(f"{one.key}({one.name})" for one in import_kinds())
        raise ImportRefused(f"没有“{kind}”这一类表，可用的有：{known}。")
    if kind and not staff.has_perms(import_kind(kind).permissions):
        raise ImportRefused(f"{staff.name}的角色不能导入“{import_kind(kind).name}”。")


def batch_start(
    *, area: Area, staff: Staff, name: str, chunks: Iterable[bytes], is_text: bool = False, kind: str = "",
    at: dt.datetime | None = None,
) -> ImportBatch:  # fmt: skip
    """Take in a file (or pasted text): it is sealed on disk, nothing is read yet. Raises ImportRefused."""
    check_import(area=area, staff=staff, kind=kind)
    batch = ImportBatch(
        area=area, staff=staff, source_name=name.strip()[-100:], is_text=is_text, kind=kind,
        is_kind_chosen=bool(kind), created_at=at or timezone.now(),
    )  # fmt: skip
    source_store(batch, chunks)
    try:
        batch.save()
    except BaseException:
        source_drop(batch)
        raise
    return batch


def batch_plan(
    *, batch: ImportBatch, by: Staff, at: dt.datetime | None = None, progress: Progress = no_progress,
    held: Held | None = None,
) -> ImportBatch:  # fmt: skip
    """Read the file, find out what it is unless that is known, hold it against the register, write the preview.

    `held` keeps the plan for a `batch_write` that follows at once. Where the kind cannot be told the batch stays as
    read, with the reason in `problem`. Raises ImportRefused, UnreadableFile, SourceGone.
    """
    content = _read(batch, by)
    if batch.kind:
        batch_replan(
            batch, staff=by, at=at or timezone.now(), progress=progress, content=content, held=held
        )  # fmt: skip
    return batch


def batch_import(
    *, batch: ImportBatch, by: Staff, at: dt.datetime | None = None, progress: Progress = no_progress,
    writing: Progress = no_progress,
) -> ImportBatch:  # fmt: skip
    """Read, plan and write a file in one go: for a command, which is its own confirmation. Where the kind cannot be
    told nothing is written, and the reason is in `problem`. Raises ImportRefused, UnreadableFile, SourceGone,
    PlanChanged, BeingWritten."""
    at = at or timezone.now()
    content = _read(batch, by)
    if batch.kind and not batch_bring_in(batch, staff=by, at=at, content=content, progress=writing):
        held = Held()
        batch_replan(batch, staff=by, at=at, progress=progress, content=content, held=held)
        batch_confirm(batch=batch, by=by, digest=batch.plan_digest)
        batch_write(batch, staff=by, at=at, progress=writing, is_shown=False, held=held)
    return batch


def _read(batch: ImportBatch, by: Staff) -> Content:
    """What a batch holds; its kind and columns are told unless they are known."""
    _check_open(batch)
    check_import(area=batch.area, staff=by, kind=batch.kind)
    try:
        content = content_of(batch)
    except (UnreadableFile, SourceGone) as unreadable:
        _fail(batch, str(unreadable))
        raise
    if not batch.mapping and not batch.planned_at:
        _recognise(batch, content, by)
    if batch.kind:
        check_import(area=batch.area, staff=by, kind=batch.kind)
    return content


def _fail(batch: ImportBatch, words: str) -> None:
    """A file that cannot be read is the end of its import."""
    source_drop(batch)
    batch.state, batch.problem = BatchState.FAILED, words[:200]
    batch.save(update_fields=["state", "problem", "source_path"])


def _check_open(batch: ImportBatch) -> None:
    if not batch.is_open:
        raise ImportRefused("已经导入或放弃，不能再改。")


def _recognise(batch: ImportBatch, content: Content, by: Staff) -> None:
    """Set kind, columns and the sheet's own date as far as they can be told, and save them."""
    kinds = [import_kind(batch.kind)] if batch.kind else kinds_for(by)
    today = timezone.localdate(batch.created_at)
    told = recognise_text(content.text, kinds, today) if content.is_chat else None
    if told is not None:
        batch.kind, batch.mapping, batch.reference = told.key, [], text_reference(content.text, today)
    else:
        found = recognise(content.grids, kinds, remembered_for(batch.area, kinds), today)
        batch.kind = found.kind.key if found.kind else batch.kind
        batch.mapping = [sheet.packed() for sheet in found.sheets] if batch.kind else []
        batch.reference = found.reference
    batch.problem = "" if batch.kind else WHICH
    batch.save(update_fields=["kind", "mapping", "reference", "problem"])


def remembered_for(area: Area, kinds: Iterable[ImportKind]) -> Mapping[str, Mapping[str, str]]:
    """Corrections of columns that were made before, by kind."""
    return remembered_for_many(area, [kind.key for kind in kinds])


def batch_choose(
    *, batch: ImportBatch, by: Staff, kind: str, fields: Mapping[tuple[int, int], str] | None = None,
    reference: dt.date | None = None,
) -> ImportBatch:  # fmt: skip
    """Say what kind it is, or which column holds what: `fields` by (sheet's place, column), '' for none.

    Corrections are remembered. The preview must be made anew (`batch_plan`). Raises ImportRefused, UnreadableFile.
    """
    check_import(area=batch.area, staff=by, kind=kind)
    _check_open(batch)
    if kind != batch.kind:
        batch.kind, batch.is_kind_chosen, batch.mapping = kind, True, []
        _recognise(batch, content_of(batch), by)
    else:
        remember(batch.area, batch.kind, _correct(batch, fields or {}), by=by)
    if reference is not None:
        batch.reference = reference
    batch.state, batch.plan_digest, batch.planned_at, batch.problem = BatchState.READ, "", None, ""
    batch.save()
    return batch


def _correct(batch: ImportBatch, fields: Mapping[tuple[int, int], str]) -> dict[str, str]:
    """Put the chosen fields into the columns; returns what was changed, by caption."""
    sheets = sheets_of(batch)
    known = {one.key for one in import_kind(batch.kind).columns()}
    corrections: dict[str, str] = {}
    for sheet in sheets:
        for column in sheet.columns:
            chosen = fields.get((sheet.index, column.column))
            if chosen is None or chosen == column.field or (chosen and chosen not in known):
                continue
            column.field, column.how = chosen, CHOSEN
            corrections[column.key] = chosen
    batch.mapping = [sheet.packed() for sheet in sheets]
    return corrections


@transaction.atomic
def batch_confirm(*, batch: ImportBatch, by: Staff, digest: str) -> None:
    """Say yes to the preview of that digest: from now on the batch is being written (`batch_write`).

    Raises ImportRefused, and PlanChanged where the preview is no longer the one that was confirmed.
    """
    check_import(area=batch.area, staff=by, kind=batch.kind)
    planned = ImportBatch.objects.filter(pk=batch.pk, state=BatchState.PLANNED, plan_digest=digest)
    if not planned.update(state=BatchState.APPLYING, problem="", applied_rows=0):
        raise PlanChanged
    batch.refresh_from_db()


def batch_undo(*, batch: ImportBatch, by: Staff, at: dt.datetime | None = None) -> ImportBatch:
    """Take back what was written. Raises ImportRefused, and UndoRefused with the reasons."""
    check_import(area=batch.area, staff=by, kind=batch.kind)
    batch_take_back(batch, by=by, at=at or timezone.now())
    return batch


def batch_discard(*, batch: ImportBatch, by: Staff) -> ImportBatch:
    """Give up what was not written; the file is removed. Raises ImportRefused."""
    open_states = [BatchState.READ, BatchState.PLANNED]
    if not ImportBatch.objects.filter(pk=batch.pk, state__in=open_states).update(state=BatchState.DISCARDED):
        raise ImportRefused("已经导入的不能放弃，可以撤销。")
    batch.refresh_from_db()
    batch.pages.all().delete()
    source_drop(batch)
    batch.save(update_fields=["source_path"])
    return batch
