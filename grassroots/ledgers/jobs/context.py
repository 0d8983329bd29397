"""What a running job is given: its parameters, a way to tell how far it is, a place for its file."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.grid.sealed_files import SealedWriter
from grassroots.ledgers.jobs import files
from grassroots.ledgers.models import Job

LOOK_SECONDS = 1.0  # how often a job looks whether it was cancelled, and writes how far it is
BEAT_SECONDS = 5.0  # how often it says that it is alive when there is nothing else to write
#: Without a call of `progress` for this long the job no longer counts as alive: it hangs.
STALLED_SECONDS = 600.0


class JobFailed(Exception):
    """The job cannot be done; the message is for the person who asked for it."""


class JobStopped(Exception):
    """Raised by `progress`: the job ends here."""


class JobCancelled(JobStopped):
    """Its requester has asked for it."""


class JobLost(JobStopped):
    """This attempt was declared dead and somebody else may have taken the job up: write nothing more."""


class JobInterrupted(JobStopped):
    """The worker shuts down; the job goes back to the queue."""


#: Set when this process's worker shuts down.
shutting_down = threading.Event()


class Pulse:
    """Tells the job's row that this attempt is alive and how far it is, at most once a second.

    A thread with a connection of its own does so, that a long statement or transaction of the job neither delays nor
    hides the heartbeat. Where the caller is inside a transaction the thread could not see the row: then `progress`
    itself beats, through the caller's connection.
    """

    def __init__(self, job: Job, token: uuid.UUID) -> None:
        self.rows = Job.objects.filter(pk=job.pk, attempt_token=token)
        self.done, self.total = 0, job.total_rows
        self.stopped: type[JobStopped] | None = None
        self._written: tuple[int, int | None] | None = None
        self._beaten = self._looked = self._moved = time.monotonic()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if not transaction.get_connection().in_atomic_block:
            self._thread = threading.Thread(target=self._keep_beating, name="job-pulse", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Stop beating; when it returns nothing more is written."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def move(self, done: int, total: int | None) -> None:
        """Take note of how far it is. Raises JobStopped when the job is to end."""
        self.done, self.total = done, total if total is not None else self.total
        self._moved = time.monotonic()
        if self._thread is None and self._moved - self._looked >= LOOK_SECONDS:
            self.beat()
        if self.stopped is None and shutting_down.is_set():
            self.stopped = JobInterrupted
        if self.stopped is not None:
            raise self.stopped

    def beat(self) -> None:
        """Look whether the job is still this attempt's and wanted; write what is new."""
        now = self._looked = time.monotonic()
        row = self.rows.values_list("cancel_asked_at").first()
        if row is None:
            self.stopped = JobLost
            return
        if row[0] is not None:
            self.stopped = JobCancelled
        state = (self.done, self.total)
        is_new = state != self._written or now - self._beaten >= BEAT_SECONDS
        if is_new and now - self._moved < STALLED_SECONDS:
            self.rows.update(heartbeat_at=timezone.now(), done_rows=state[0], total_rows=state[1])
            self._written, self._beaten = state, now

    def _keep_beating(self) -> None:
        try:
            while not self._ended.wait(LOOK_SECONDS):
                try:
                    self.beat()
                except DatabaseError:  # locked, or the server is away: the next beat tries again
                    connections.close_all()
        finally:
            connections.close_all()


class JobContext:
    """A job as its kind's `run` sees it."""

    def __init__(self, job: Job, token: uuid.UUID, requester: Staff) -> None:
        self.job = job
        self.token = token
        self.requester = requester
        self.params: dict[str, Any] = job.params
        self.pulse = Pulse(job, token)
        self.file: tuple[str, str, int] | None = None  # stored name, name for the download, size in clear

    def progress(self, done: int, total: int | None = None) -> None:
        """Say that `done` rows of `total` are finished. Cheap: call it for every row, or every thousand.

        Raises JobCancelled when the requester has asked for it, JobLost, JobInterrupted.
        """
        self.pulse.move(done, total)

    def hold(self) -> None:
        """Inside a transaction: lock the job's row until it ends. Raises JobLost when the job is no longer this
        attempt's, JobCancelled when it is no longer wanted. No attempt can take it over before the commit."""
        rows = Job.objects.select_for_update().filter(pk=self.job.pk, attempt_token=self.token)
        row = rows.first()
        if row is None:
            raise JobLost
        if row.cancel_asked_at is not None:
            raise JobCancelled

    @contextmanager
    def result_file(self, download_name: str) -> Iterator[SealedWriter]:
        """A stream for the job's file, encrypted on disk; it is the job's when the block ends well."""
        name = files.name_of(self.job, self.token)
        with SealedWriter(files.folder() / name) as out:
            yield out
        self.file = (name, download_name, out.size)
