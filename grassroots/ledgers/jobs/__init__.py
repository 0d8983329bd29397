"""Long work in the background (docs/jobs.md). What a kind of job needs:

    def run(context: JobContext) -> dict[str, Any]:
        area = context.job.area                      # params: context.params, who asked: context.requester
        for done, row in enumerate(rows, 1):
            context.progress(done, total)            # call it often: it costs nothing, and stops a cancelled job
        with context.result_file("台账.xlsx") as out:  # where the kind makes a file: a sealed stream, cannot seek
            out.write(…)
        return {"rows": done}                        # kept as job.result; nothing personal

    register_job_kind(JobKind(key="import-grid", label="导入", run=run, permissions=…))
    job = job_create(kind="import-grid", requester=staff, area=area, title="导入网格", params={"upload": uid})

Before `run` the engine checks anew that the requester is active, has the area in his scope and holds the kind's
permissions. `run` writes in short transactions of its own and expects to be run again from the beginning (or from where
its own rows say it stopped): a worker may die at any point. For a last write that must happen once although a worker
declared dead may wake up, take `context.hold()` inside its transaction: it locks the job's row and raises JobLost
for whoever no longer owns it. `raise JobFailed("words for the office")` ends it as failed; any other exception does
with general words, and is logged. `context.progress` raises JobStopped; let it pass.
"""

from grassroots.ledgers.jobs.context import (
    JobCancelled,
    JobContext,
    JobFailed,
    JobInterrupted,
    JobLost,
    JobStopped,
)
from grassroots.ledgers.jobs.registry import JobKind, job_kind, register_job_kind
from grassroots.ledgers.jobs.services import (
    job_cancel,
    job_create,
    job_retry,
)

__all__ = [
    "JobCancelled", "JobContext", "JobFailed", "JobInterrupted", "JobKind", "JobLost", "JobStopped", "job_cancel",
    "job_create", "job_kind", "job_retry", "register_job_kind",
]  # fmt: skip
