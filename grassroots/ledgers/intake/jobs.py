"""Long imports in the background: the kinds "import-plan", "import-apply" and "import-undo" (docs/jobs.md).

A worker may die at any point: planning begins anew, writing goes on after its last step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.ledgers.intake.protocol import import_kind
from grassroots.ledgers.intake.services import (
    RIGHT,
    BeingWritten,
    ImportRefused,
    PlanChanged,
    SourceGone,
    UndoRefused,
    UnreadableFile,
    batch_plan,
    batch_undo,
    batch_write,
)
from grassroots.ledgers.jobs import JobContext, JobFailed, JobKind, job_create, register_job_kind
from grassroots.ledgers.models import BatchState, ImportBatch, Job

PLAN, APPLY, UNDO = "import-plan", "import-apply", "import-undo"
_TITLES = {PLAN: "核对表格", APPLY: "导入表格", UNDO: "撤销导入"}
#: A file of more bytes is read and planned in the background.
BIG_BYTES = 150_000
#: So many steps of a kind are written at once, while the page waits; what is longer in the background.
SHORT_STEPS = 2


def is_long_to_read(size: int) -> bool:
    """Whether a file of so many bytes is read in the background."""
    return size > BIG_BYTES


def is_long_to_write(batch: ImportBatch) -> bool:
    """Whether what a batch would write is written in the background."""
    kind = import_kind(batch.kind)
    rows = batch.rows if kind.takes_rejected else batch.created + batch.updated
    return rows > kind.step_rows * SHORT_STEPS


def import_ask(batch: ImportBatch, staff: Staff, kind: str) -> Job:
    """Put a batch into the queue, unless it is there already. `kind` is PLAN, APPLY or UNDO."""
    if batch.job is not None and not batch.job.is_finished and batch.job.kind == kind:
        return batch.job
    title = _TITLES[kind]
    name = import_kind(batch.kind).name if batch.kind else ""
    batch.job = job_create(
        kind=kind, requester=staff, title=f"{title}{name and ':' + name}({batch.area.name})",
        params={"batch": str(batch.uid)}, area=batch.area, total_rows=batch.rows or None,
    )  # fmt: skip
    batch.save(update_fields=["job"])
    return batch.job


def _batch_of(job: Job) -> ImportBatch:
    return ImportBatch.objects.select_related("area", "staff").get(uid=job.params["batch"])


def run_plan(context: JobContext) -> dict[str, Any]:
    """Read a file and write its preview."""
    batch = _batch_of(context.job)
    try:
        batch_plan(batch=batch, by=context.requester, progress=context.progress)
    except (ImportRefused, SourceGone, UnreadableFile) as refused:
        ImportBatch.objects.filter(pk=batch.pk).update(problem=str(refused)[:200])
        raise JobFailed(str(refused)) from refused
    return {"rows": batch.rows}


def run_apply(context: JobContext) -> dict[str, Any]:
    """Write a batch that was confirmed, or go on with one."""
    batch = _batch_of(context.job)
    try:
        batch_write(batch, staff=context.requester, at=timezone.now(), progress=context.progress)
    except PlanChanged:
        return {"rows": 0, "changed": True}
    except BeingWritten as other:
        batch.refresh_from_db()
        if batch.state != BatchState.APPLIED:
            raise JobFailed("另一处正在写入这次导入，请稍后再看。") from other
    except (ImportRefused, SourceGone, UnreadableFile) as refused:
        raise JobFailed(str(refused)) from refused
    return {"rows": batch.rows}


def run_undo(context: JobContext) -> dict[str, Any]:
    """Take a batch back. A second attempt finds it taken back, or begins anew: it is one transaction."""
    batch = _batch_of(context.job)
    if batch.state == BatchState.UNDONE:
        return {"rows": batch.rows}
    try:
        batch_undo(batch=batch, by=context.requester)
    except UndoRefused as refused:
        raise JobFailed("不能撤销：" + "".join(refused.reasons)) from refused
    except ImportRefused as refused:
        raise JobFailed(str(refused)) from refused
    return {"rows": batch.rows}


def _permissions(job: Job) -> Sequence[str]:
    batch = ImportBatch.objects.filter(uid=job.params.get("batch")).first()
    own = import_kind(batch.kind).permissions if batch and batch.kind else ()
    return [RIGHT, *own]


def _page(job: Job) -> str:
    return reverse("ledgers:import_detail", args=[job.params["batch"]])


def _may_retry(job: Job) -> bool:
    """Whether the batch still waits for what the job was to do."""
    batch = ImportBatch.objects.filter(uid=job.params.get("batch")).first()
    waiting = {PLAN: BatchState.READ, APPLY: BatchState.APPLYING, UNDO: BatchState.APPLIED}
    return batch is not None and batch.state == waiting[job.kind]


for _key, _run in ((PLAN, run_plan), (APPLY, run_apply), (UNDO, run_undo)):
    register_job_kind(
        JobKind(_key, _TITLES[_key], _run, permissions=_permissions, page=_page, may_retry=_may_retry)
    )
