"""Exports in the background: the kind "export" (docs/jobs.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grassroots.grid.models import Staff
from grassroots.ledgers.engine import UnknownLedger
from grassroots.ledgers.engine.columns import LayoutError
from grassroots.ledgers.engine.stream import TooManyRows
from grassroots.ledgers.exports import ExportRefused
from grassroots.ledgers.jobs import JobContext, JobFailed, JobKind, job_create, register_job_kind
from grassroots.ledgers.models import Job
from grassroots.ledgers.wanted import Wanted

EXPORT = "export"


def export_permissions(job: Job) -> Sequence[str]:
    """The rights that making and fetching the file need."""
    needed = ["ledgers.export_ledger"]
    if job.params.get("unmasked"):
        needed.append("ledgers.export_unmasked")
    return needed


def run_export(context: JobContext) -> dict[str, Any]:
    """Write the ledger into the job's sealed file."""
    wanted = Wanted.from_job(context.job)
    try:
        with context.result_file(wanted.file_name) as out:
            result = wanted.write(out, staff=context.requester, progress=context.progress, job=context.job)
    except (ExportRefused, TooManyRows, LayoutError) as refused:
        raise JobFailed(str(refused)) from refused
    except UnknownLedger as unknown:
        raise JobFailed("系统里已经没有这种台账。") from unknown
    context.progress(result.rows, result.rows)
    return {
        "rows": result.rows,
        "sheets": result.sheets,
        "cleaned": result.cleaned,
        "shortened": result.shortened,
    }


def export_ask(wanted: Wanted, staff: Staff) -> Job:
    """The job that makes this file: a new one, or the person's own that is on its way already."""
    own = Job.objects.visible_to(staff).unfinished().filter(kind=EXPORT, cancel_asked_at=None)
    for job in own.select_related("area"):
        if wanted.is_same(job):
            return job
    return job_create(
        kind=EXPORT, requester=staff, title=wanted.title, params=wanted.params(), area=wanted.area
    )


register_job_kind(JobKind(EXPORT, "下载台账", run_export, permissions=export_permissions, makes_file=True))
