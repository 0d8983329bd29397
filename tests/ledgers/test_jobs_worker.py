"""Long exports in a real worker process over a real broker: watched, cancelled, killed, taken up again."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection
from django.utils import timezone
from python_calamine import CalamineWorkbook

from grassroots.celery import app
from grassroots.grid.sealed_files import SealedReader
from grassroots.ledgers.jobs import files
from grassroots.ledgers.jobs.services import MAX_ATTEMPTS, job_take_up_dead
from grassroots.ledgers.models import Job
from grassroots.ledgers.models.jobs import DEAD_AFTER
from grassroots.notices.tick import tick
from tests.factories import OfficeCast, make_office
from tests.ledgers.job_kinds import GATE, SLOW, SLOW_ROWS, SLOW_STOP
from tests.ledgers.test_pages import DOWNLOAD, asked, signed_in
from tests.reference import clear_access_log

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("job_ground")]
PATIENCE_S = 90


def database_url() -> str:
    """The test's own database, for another process."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    account = f"{database['USER']}:{database['PASSWORD']}"
    return f"postgresql://{account}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


class Workers:
    """Starts workers for one queue, one after the other; `open_gate` lets the slow ledger run through."""

    def __init__(self, queue: str, folder: Path) -> None:
        self.queue = queue
        self.gate = folder / "gate"
        self.log = (folder / "worker.log").open("w")
        self.process: subprocess.Popen[bytes] | None = None
        self.frozen: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "GRASSROOTS_VAR": str(project.VAR_DIR),
            "DJANGO_SETTINGS_MODULE": "grassroots.settings",
            GATE: str(self.gate),
        }
        command = [
            sys.executable, "-m", "celery", "-A", "grassroots", "worker", "--queues", self.queue, "--pool", "threads",
            "--concurrency", "1", "--hostname", f"{uuid.uuid4().hex}@test", "--without-gossip", "--without-mingle",
            "--without-heartbeat", "--include", "tests.ledgers.job_worker",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, env=environment, cwd=project.BASE_DIR, stdout=self.log, stderr=self.log
        )

    def open_gate(self) -> None:
        self.gate.touch()

    def end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
            self.process = None

    def said(self) -> str:
        """What the workers have logged."""
        return Path(self.log.name).read_text()

    def freeze(self) -> subprocess.Popen[bytes]:
        """Stop the worker in its tracks, as a computer that sleeps; another may be started beside it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        self.frozen.append(self.process)
        self.process = None
        return self.frozen[-1]

    def clear(self) -> None:
        self.open_gate()
        self.end(signal.SIGKILL)
        for process in self.frozen:
            process.kill()
            process.wait(timeout=30)
        self.log.close()


@pytest.fixture
def workers(settings: Any, tmp_path: Path) -> Iterator[Workers]:
    """A queue of this test's own, and workers that share the test's var folder."""
    settings.JOB_QUEUE = f"jobs-{uuid.uuid4().hex[:12]}"
    settings.EXPORT_ROOT = project.VAR_DIR / "exports"
    found = Workers(settings.JOB_QUEUE, tmp_path)
    yield found
    found.clear()
    drop_queue(found.queue)


def drop_queue(name: str) -> None:
    with app.connection_for_write() as broker:
        own = app.amqp.queues.new_missing(name)(broker.default_channel)
        own.declare()
        own.purge()
        own.delete()


@pytest.fixture
def cast(reference: None) -> Iterator[OfficeCast]:
    yield make_office()
    clear_access_log()


def send(cast: OfficeCast) -> Job:
    """Ask for the slow ledger through the form."""
    form = asked(cast.village, key=SLOW, submission_id=str(uuid.uuid4()), unmasked="on", purpose="核对")
    response = signed_in(cast.ding).post(DOWNLOAD, form)
    assert response.status_code == 302
    return Job.objects.get(uid=response.url.split("/")[-2])  # type: ignore[attr-defined]


def wait(job: Job, until: Callable[[Job], bool]) -> Job:
    """The job as soon as it is so; fails when it takes too long."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        job = Job.objects.get(pk=job.pk)
        if until(job):
            return job
        time.sleep(0.1)
    raise AssertionError(f"still {job.state}, {job.done_rows} rows, {job.error}")


def in_the_middle(job: Job) -> bool:
    return job.state == "RUNNING" and job.done_rows >= SLOW_STOP - 1_000


def own_files(job: Job) -> list[str]:
    return sorted(path.name for path in files.folder().glob(f"{job.uid.hex}*"))


def rows_in_file(job: Job) -> list[list[Any]]:
    """The slow ledger's rows as they come out of the finished file."""
    with SealedReader(files.path_of(job)) as file:
        sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)  # type: ignore[arg-type]
        return [row for row in sheet.to_python() if len(row) > 1 and str(row[1]).startswith("第")]


def later() -> dt.datetime:
    """When the heartbeat of whoever has just died counts as over."""
    return timezone.now() + DEAD_AFTER + dt.timedelta(seconds=1)


def test_a_long_export_runs_its_progress_moves_and_the_file_is_right(
    cast: OfficeCast, workers: Workers
) -> None:
    job = send(cast)
    workers.start()
    first = wait(job, in_the_middle)
    assert first.total_rows == SLOW_ROWS
    url = f"/ledgers/jobs/{job.uid}/progress/"
    assert "aria-valuenow" in signed_in(cast.ding).get(url, headers={"HX-Request": "true"}).content.decode()
    second = wait(job, lambda now: now.state == "RUNNING" and now.done_rows > first.done_rows)
    assert second.heartbeat_at > first.heartbeat_at  # type: ignore[operator]
    workers.open_gate()
    done = wait(job, lambda now: now.is_finished)
    assert (done.state, done.error, done.attempts, done.result["rows"]) == ("DONE", "", 1, SLOW_ROWS)
    assert own_files(done) == [done.file_name]
    rows = rows_in_file(done)
    assert len(rows) == SLOW_ROWS and rows[-1][1:] == [f"第{SLOW_ROWS - 1}行", "510121195001010011"]


def test_cancelling_in_the_middle_stops_it_and_leaves_no_file(cast: OfficeCast, workers: Workers) -> None:
    job = send(cast)
    workers.start()
    wait(job, in_the_middle)
    assert len(own_files(job)) == 1
    signed_in(cast.ding).post(f"/ledgers/jobs/{job.uid}/cancel/", {"submission_id": str(uuid.uuid4())})
    job = wait(job, lambda now: now.is_finished)
    assert (job.state, job.file_name) == ("CANCELLED", "")
    assert job.done_rows < SLOW_ROWS
    assert own_files(job) == []


def test_a_worker_killed_in_the_middle_the_tick_takes_the_job_up_and_the_file_is_right(
    cast: OfficeCast, workers: Workers
) -> None:
    job = send(cast)
    workers.start()
    wait(job, in_the_middle)
    workers.end(signal.SIGKILL)
    half = own_files(job)
    assert len(half) == 1
    job_take_up_dead(timezone.now())
    assert Job.objects.get(pk=job.pk).state == "RUNNING"  # it may be alive still
    tick(later())
    assert Job.objects.get(pk=job.pk).state == "WAITING"
    assert own_files(job) == []
    workers.open_gate()
    workers.start()
    done = wait(job, lambda now: now.is_finished)
    assert (done.state, done.error, done.attempts) == ("DONE", "", 2)
    assert len(rows_in_file(done)) == SLOW_ROWS
    assert own_files(done) == [done.file_name] != half


@pytest.mark.postgres
@pytest.mark.redis
def test_killed_every_time_it_ends_as_failed_with_the_reason_and_a_retry_works(
    cast: OfficeCast, workers: Workers
) -> None:
    job = send(cast)
    for number in range(1, MAX_ATTEMPTS + 1):
        workers.start()
        assert wait(job, in_the_middle).attempts == number
        workers.end(signal.SIGKILL)
        tick(later())
    job.refresh_from_db()
    assert (job.state, own_files(job)) == ("FAILED", [])
    client = signed_in(cast.ding)
    page = client.get(f"/ledgers/jobs/{job.uid}/").content.decode()
    assert "中途断掉" in page and "重新生成" in page
    client.post(f"/ledgers/jobs/{job.uid}/retry/", {"submission_id": str(uuid.uuid4())})
    workers.open_gate()
    workers.start()
    done = wait(job, lambda now: now.is_finished)
    assert (done.state, done.attempts, len(rows_in_file(done))) == ("DONE", 1, SLOW_ROWS)


@pytest.mark.postgres
@pytest.mark.redis
def test_a_worker_that_slept_and_wakes_up_after_another_has_finished_changes_nothing(
    cast: OfficeCast, workers: Workers
) -> None:
    job = send(cast)
    workers.start()
    wait(job, in_the_middle)
    sleeper = workers.freeze()
    tick(later())  # the broker may hand this message to the sleeper, who still asks for one
    workers.open_gate()
    workers.start()
    tick(later() + dt.timedelta(seconds=10))
    done = wait(job, lambda now: now.is_finished)
    assert (done.state, done.attempts) == ("DONE", 2)
    sleeper.send_signal(signal.SIGCONT)
    end = time.monotonic() + PATIENCE_S
    while "declared dead" not in workers.said() and time.monotonic() < end:
        time.sleep(0.2)
    assert "declared dead" in workers.said()
    after = Job.objects.get(pk=job.pk)
    assert (after.state, after.attempts, after.finished_at, after.result) == (
        "DONE", 2, done.finished_at, done.result,
    )  # fmt: skip
    assert own_files(job) == [done.file_name]
    assert len(rows_in_file(after)) == SLOW_ROWS


@pytest.mark.postgres
@pytest.mark.redis
def test_a_lost_message_is_made_up_for_by_the_tick(cast: OfficeCast, workers: Workers) -> None:
    job = send(cast)
    drop_queue(workers.queue)
    workers.open_gate()
    workers.start()
    time.sleep(3)
    assert Job.objects.get(pk=job.pk).state == "WAITING"
    tick(timezone.now() + dt.timedelta(seconds=10))
    assert wait(job, lambda now: now.is_finished).state == "DONE"


@pytest.mark.postgres
@pytest.mark.redis
def test_a_worker_that_is_asked_to_stop_gives_the_job_back_at_once(
    cast: OfficeCast, workers: Workers
) -> None:
    job = send(cast)
    workers.start()
    wait(job, in_the_middle)
    workers.end(signal.SIGTERM)
    job.refresh_from_db()
    assert (job.state, job.attempts, own_files(job)) == ("WAITING", 0, [])
    workers.open_gate()
    workers.start()
    tick(timezone.now() + dt.timedelta(seconds=10))
    assert wait(job, lambda now: now.is_finished).state == "DONE"
