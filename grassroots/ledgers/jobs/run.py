"""Running one job: claim it, check its requester's rights anew, run its kind, write the end."""

from __future__ import annotations

import errno
import logging
import uuid

from grassroots.grid.models import Staff
from grassroots.ledgers.jobs import files
from grassroots.ledgers.jobs.context import (
    JobCancelled,
    JobContext,
    JobFailed,
    JobInterrupted,
    JobStopped,
)
from grassroots.ledgers.jobs.registry import JobKind, job_kind
from grassroots.ledgers.jobs.rights import refusal
from grassroots.ledgers.jobs.services import (
    Attempt,
    job_claim,
    job_fail,
    job_finish,
    job_release,
    job_stop,
)

logger = logging.getLogger("grassroots.jobs")

BROKEN = "系统处理时出错，已记入日志（编号 {number}）。可以再试一次；还不行请把编号告诉管理员。"
NO_ROOM = "服务器的磁盘满了，文件写不下。请管理员清理后再试一次。"
UNKNOWN = "这个版本的系统不认识这种任务，请升级后再试。"


def job_work(job_uid: uuid.UUID) -> bool:
    """Run the job if it waits; returns whether this call was the one that did.

    Nothing is raised for what goes wrong in the job itself: its row says so. Database errors of the engine are raised;
    then the heartbeat stops and the tick takes the job up again.
    """
    attempt = job_claim(job_uid)
    if attempt is None:
        return False
    kind = job_kind(attempt.job.kind)
    requester = Staff.objects.get(pk=attempt.job.requester_id)
    words = UNKNOWN if kind is None else refusal(attempt.job, kind, requester)
    if kind is None or words:
        job_fail(attempt, words)
        return True
    _run(attempt, kind, requester)
    return True


def _run(attempt: Attempt, kind: JobKind, requester: Staff) -> None:
    context = JobContext(attempt.job, attempt.token, requester)
    context.pulse.start()
    is_uncertain = False
    try:
        try:
            context.progress(0)
            result = kind.run(context)
        finally:
            context.pulse.end()
        is_uncertain = (
            True  # should the database go away now, the row may name the file or not: the sweep will know
        )
        pulse = context.pulse
        job_finish(attempt, result=result, done_rows=pulse.done, total_rows=pulse.total, file=context.file)
    except JobCancelled:
        job_stop(attempt)
    except JobInterrupted:
        job_release(attempt)
    except JobStopped:  # lost: somebody else has it, and has written what there is to write
        logger.warning("job %s: this attempt was declared dead", attempt.job.uid)
    except JobFailed as failure:
        job_fail(attempt, str(failure))
    except Exception as error:
        logger.exception("job %s (%s) failed", attempt.job.uid, attempt.job.kind)
        is_full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        job_fail(attempt, NO_ROOM if is_full else BROKEN.format(number=attempt.job.uid.hex[:8]))
    finally:
        if context.file and not is_uncertain:
            files.unlink(context.file[0])
