"""What happens to a job's row. Every change is one conditional UPDATE: two who try at once have one effect."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from kombu.exceptions import KombuError

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.jobs import files
from grassroots.ledgers.models import Job, JobState

logger = logging.getLogger("grassroots.jobs")

MAX_ATTEMPTS = 3
#: How many waiting jobs one tick sends messages for, and how long such a message is worth anything.
NUDGES = 20
NUDGE_SECONDS = 300
DEAD_BATCH = 100
GAVE_UP = "后台处理了 {attempts} 次都在中途断掉（电脑关机、内存不足或程序被结束）。可以再试一次；还不行请告诉管理员。"


@dataclass(frozen=True)
class Attempt:
    """The right to run a job: only who holds the token may write to its row."""

    job: Job
    token: uuid.UUID


def job_nudge(job_uid: uuid.UUID) -> bool:
    """Tell the workers that a job waits; returns whether the broker took the message. A lost one is made up for by
    the tick, so a broker that is away is no error."""
    from grassroots.ledgers.tasks import job_run

    try:
        job_run.apply_async(
            (str(job_uid),), queue=settings.JOB_QUEUE, expires=NUDGE_SECONDS, retry=False, ignore_result=True
        )
    except (KombuError, OSError) as error:
        logger.warning("no message for job %s: %s", job_uid, type(error).__name__)
        return False
    return True


def _nudge_later(job_uid: uuid.UUID) -> None:
    transaction.on_commit(lambda: job_nudge(job_uid), robust=True)


def job_create(
    *,
    kind: str,
    requester: Staff,
    title: str,
    params: dict[str, Any],
    area: Area | None = None,
    total_rows: int | None = None,
) -> Job:
    """Put a job into the queue. `params` (JSON) and `title` hold nothing personal. Raises ValueError for a kind that
    nobody has registered."""
    from grassroots.ledgers.jobs.registry import job_kind

    if job_kind(kind) is None:
        raise ValueError(f"no job kind {kind}")
    job = Job.objects.create(
        kind=kind, requester=requester, title=title[:200], params=params, area=area, total_rows=total_rows
    )
    _nudge_later(job.uid)
    return job


def job_claim(job_uid: uuid.UUID, *, at: dt.datetime | None = None) -> Attempt | None:
    """Take a waiting job to run it; None when somebody else has it, or it waits no more."""
    at, token = at or timezone.now(), uuid.uuid4()
    claimed = (
        Job.objects.waiting()
        .filter(uid=job_uid)
        .update(
            state=JobState.RUNNING, attempt_token=token, attempts=F("attempts") + 1, started_at=at,
            heartbeat_at=at, done_rows=0, error="",
        )
    )  # fmt: skip
    if not claimed:
        return None
    job = Job.objects.select_related("requester", "area").get(uid=job_uid)
    return Attempt(job, token) if job.attempt_token == token else None


def _end(attempt: Attempt, state: JobState, at: dt.datetime | None, **values: Any) -> bool:
    """Let an attempt have its last word; False when the job is no longer its own."""
    own = Job.objects.running().filter(pk=attempt.job.pk, attempt_token=attempt.token)
    finished = {} if state == JobState.WAITING else {"finished_at": at or timezone.now()}
    return bool(own.update(state=state, attempt_token=None, **finished, **values))


def job_finish(
    attempt: Attempt,
    *,
    result: dict[str, Any],
    done_rows: int,
    total_rows: int | None = None,
    file: tuple[str, str, int] | None = None,
    at: dt.datetime | None = None,
) -> bool:
    """The job is done; `file` = (stored name, name for the download, size in clear), kept for EXPORT_DAYS.

    False when this attempt was declared dead in the meantime: then its file is removed and nothing is written.
    """
    at = at or timezone.now()
    values: dict[str, Any] = {"result": result, "done_rows": done_rows, "total_rows": total_rows}
    if file:
        stored, shown, size = file
        expires = at + dt.timedelta(days=settings.EXPORT_DAYS)
        values |= {"file_name": stored, "download_name": shown, "file_size": size, "expires_at": expires}
    is_ours = _end(attempt, JobState.DONE, at, **values)
    if file and not is_ours:
        files.unlink(file[0])
    return is_ours


def job_fail(attempt: Attempt, words: str, *, at: dt.datetime | None = None) -> bool:
    """The job cannot be done, for the reason in `words`; False when it is no longer this attempt's."""
    return _end(attempt, JobState.FAILED, at, error=words[:300])


def job_stop(attempt: Attempt, *, at: dt.datetime | None = None) -> bool:
    """The attempt has seen that the job was cancelled, and has stopped."""
    return _end(attempt, JobState.CANCELLED, at)


def job_release(attempt: Attempt, *, at: dt.datetime | None = None) -> bool:
    """The worker shuts down: the job waits for the next one, and this attempt does not count."""
    at = at or timezone.now()
    attempts = max(0, attempt.job.attempts - 1)
    return _end(attempt, JobState.WAITING, None, attempts=attempts, queued_at=at)


def job_cancel(job: Job, *, at: dt.datetime | None = None) -> Job:
    """Its requester no longer wants it: a waiting job ends at once, a running one when it looks next (a second).

    Returns the job as it is now. Cancelling a finished job changes nothing.
    """
    at = at or timezone.now()
    own = Job.objects.filter(pk=job.pk)
    if not own.waiting().update(state=JobState.CANCELLED, finished_at=at, cancel_asked_at=at):
        own.running().filter(cancel_asked_at=None).update(cancel_asked_at=at)
    return own.get()


def job_retry(job: Job, *, at: dt.datetime | None = None) -> Job:
    """Begin a job anew that failed, was cancelled, or whose file has expired. Raises ValidationError (Chinese)."""
    from grassroots.ledgers.jobs.registry import job_kind

    at = at or timezone.now()
    kind = job_kind(job.kind)
    if kind is None or not kind.may_retry(job):
        raise ValidationError("这项任务不能重做，请重新提交。")
    endings = (JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED)
    begun = Job.objects.filter(pk=job.pk, state__in=endings).update(
        state=JobState.WAITING, queued_at=at, attempts=0, started_at=None, heartbeat_at=None, finished_at=None,
        expires_at=None, cancel_asked_at=None, done_rows=0, error="", result={}, file_size=0, downloads=0,
    )  # fmt: skip
    if begun:
        _nudge_later(job.uid)
    return Job.objects.get(pk=job.pk)


def jobs_due(at: dt.datetime) -> list[QuerySet[Job]]:
    """What gives the step below something to do."""
    return [Job.objects.dead(at).order_by("heartbeat_at"), Job.objects.overlooked(at).order_by("queued_at")]


def job_take_up_dead(at: dt.datetime) -> dict[str, int]:
    """What the tick does for jobs whose worker is gone, or whose message is: back into the queue, or an end.

    A job that died MAX_ATTEMPTS times ends as failed; one that was to be cancelled is. Returns counts.
    """
    counts = {"requeued": 0, "given_up": 0, "cancelled": 0, "nudged": 0}
    for pk in list(Job.objects.dead(at).order_by("pk").values_list("pk", flat=True)[:DEAD_BATCH]):
        outcome = _bury(pk, at)
        if outcome:
            counts[outcome] += 1
    waiting = Job.objects.overlooked(at).order_by("queued_at", "pk").values_list("uid", flat=True)[:NUDGES]
    for uid in list(waiting):
        if not job_nudge(uid):
            break  # the broker is away for the others too
        counts["nudged"] += 1
    return counts


def _bury(pk: int, at: dt.datetime) -> str:
    """End the attempt of one dead job; says which way, '' when it was not dead after all."""
    with transaction.atomic():
        # Locked rows are those whose attempt is writing this moment: not dead.
        job = Job.objects.select_for_update(skip_locked=True).dead(at).filter(pk=pk).first()
        if job is None or job.attempt_token is None:
            return ""
        attempt = Attempt(job, job.attempt_token)
        if job.cancel_asked_at is not None:
            outcome = "cancelled" if job_stop(attempt, at=at) else ""
        elif job.attempts >= MAX_ATTEMPTS:
            words = GAVE_UP.format(attempts=job.attempts)
            outcome = "given_up" if job_fail(attempt, words, at=at) else ""
        else:
            is_back = _end(attempt, JobState.WAITING, None, queued_at=at)
            outcome = "requeued" if is_back else ""
            _nudge_later(job.uid)
    files.unlink(files.name_of(job, attempt.token))
    logger.warning("job %s (%s) was dead: %s", job.uid, job.kind, outcome)
    return outcome


def _sweeps(at: dt.datetime) -> bool:
    """Whether this minute looks for files that no job names: one of ten."""
    return timezone.localtime(at).minute % 10 == 0


def expiry_due(at: dt.datetime) -> list[QuerySet[Job]] | None:
    """What gives the step below something to do; None when it looks at files."""
    return None if _sweeps(at) else [Job.objects.outdated(at).order_by("expires_at")]


def job_expire(at: dt.datetime) -> dict[str, int]:
    """Remove files whose time is over, and every ten minutes files that no job names."""
    expired = 0
    for pk, name in list(Job.objects.outdated(at).values_list("pk", "file_name")[:DEAD_BATCH]):
        if Job.objects.outdated(at).filter(pk=pk).update(state=JobState.EXPIRED, file_name=""):
            files.unlink(name)
            expired += 1
    return {"expired": expired, "orphans": files.unlink_orphans(at) if _sweeps(at) else 0}
