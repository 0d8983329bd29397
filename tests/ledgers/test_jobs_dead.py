"""Dead, late and hanging workers, and two who want the same job at once."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from grassroots.ledgers.jobs import JobCancelled, JobContext, JobLost, context, files
from grassroots.ledgers.jobs.run import job_work
from grassroots.ledgers.jobs.services import (
    MAX_ATTEMPTS,
    job_cancel,
    job_claim,
    job_fail,
    job_finish,
    job_retry,
    job_take_up_dead,
)
from grassroots.ledgers.models import Job, JobState
from grassroots.ledgers.models.jobs import DEAD_AFTER, OVERLOOKED_AFTER
from tests.factories import OfficeCast
from tests.ledgers.job_cases import SECOND, claim, fresh, make_job, stored_files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("job_ground")]


# --- dead and late workers


def test_a_job_without_heartbeat_goes_back_to_the_queue_and_one_with_it_does_not(
    office: OfficeCast, sent: list[uuid.UUID], django_capture_on_commit_callbacks: Any
) -> None:
    at = timezone.now()
    dead, alive = make_job(office), make_job(office)
    claim(dead, at - DEAD_AFTER - SECOND)
    claim(alive, at - DEAD_AFTER + SECOND)
    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        counts = job_take_up_dead(at)
    assert (counts["requeued"], counts["given_up"]) == (1, 0)
    assert (fresh(dead).state, fresh(alive).state) == ("WAITING", "RUNNING")
    assert sent == [dead.uid]
    assert job_take_up_dead(at)["requeued"] == 0


def test_the_third_death_is_the_last_and_a_retry_begins_anew(
    office: OfficeCast, sent: list[uuid.UUID]
) -> None:
    job = make_job(office)
    at = timezone.now()
    for number in range(MAX_ATTEMPTS):
        assert fresh(job).state == "WAITING"
        claim(job, at)
        at += DEAD_AFTER + SECOND
        counts = job_take_up_dead(at)
        assert counts["given_up"] == (number == MAX_ATTEMPTS - 1)
    job = fresh(job)
    assert (job.state, "3 次" in job.error, job.attempts) == ("FAILED", True, 3)
    assert (job_retry(job).state, fresh(job).attempts, fresh(job).error) == ("WAITING", 0, "")
    assert job_work(job.uid) and fresh(job).state == "DONE"


def test_a_worker_that_wakes_up_late_can_neither_finish_nor_fail_nor_write_progress(
    office: OfficeCast, sent: list[uuid.UUID]
) -> None:
    job = make_job(office)
    at = timezone.now()
    zombie = claim(job, at - DEAD_AFTER - SECOND)
    late = JobContext(zombie.job, zombie.token, office.jia)
    late.pulse._looked = -10.0
    job_take_up_dead(at)
    second = claim(job, at)
    with pytest.raises(JobLost):
        late.progress(999, 1000)
    with pytest.raises(JobLost), transaction.atomic():
        late.hold()
    with late.result_file("late.txt") as out:
        out.write(b"late")
    assert not job_finish(zombie, result={"rows": 999}, done_rows=999, file=late.file)
    assert not job_fail(zombie, "too late")
    assert stored_files() == []
    row = fresh(job)
    assert (row.state, row.done_rows, row.attempt_token) == ("RUNNING", 0, second.token)
    assert job_finish(second, result={"rows": 1}, done_rows=1)
    assert (fresh(job).state, fresh(job).result) == ("DONE", {"rows": 1})


def test_the_file_of_a_dead_attempt_is_removed(office: OfficeCast, sent: list[uuid.UUID]) -> None:
    job = make_job(office)
    at = timezone.now()
    attempt = claim(job, at - DEAD_AFTER - SECOND)
    files.folder().mkdir(parents=True)
    (files.folder() / files.name_of(job, attempt.token)).write_bytes(b"half")
    job_take_up_dead(at)
    assert stored_files() == []


def test_a_waiting_job_whose_message_was_lost_gets_another_but_a_fresh_one_does_not(
    office: OfficeCast, sent: list[uuid.UUID]
) -> None:
    at = timezone.now()
    old, new = make_job(office), make_job(office)
    Job.objects.filter(pk=old.pk).update(queued_at=at - OVERLOOKED_AFTER - SECOND)
    Job.objects.filter(pk=new.pk).update(queued_at=at - SECOND)
    sent.clear()
    assert job_take_up_dead(at)["nudged"] == 1
    assert sent == [old.uid]


# --- heartbeat


def test_progress_writes_at_most_once_a_second(office: OfficeCast, django_assert_num_queries: Any) -> None:
    attempt = claim(make_job(office))
    own = JobContext(attempt.job, attempt.token, office.jia)
    with django_assert_num_queries(0):
        for done in range(5_000):
            own.progress(done, 5_000)
    own.pulse._looked = -10.0
    with django_assert_num_queries(2):
        own.progress(5_000, 5_000)
    assert (fresh(attempt.job).done_rows, fresh(attempt.job).total_rows) == (5_000, 5_000)


def test_a_job_that_hangs_stops_beating(office: OfficeCast, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = claim(make_job(office), timezone.now() - dt.timedelta(seconds=30))
    own = JobContext(attempt.job, attempt.token, office.jia)
    before = fresh(attempt.job).heartbeat_at
    monkeypatch.setattr(context, "STALLED_SECONDS", 0.0)
    own.pulse._beaten = -10.0
    own.pulse.beat()
    assert fresh(attempt.job).heartbeat_at == before
    monkeypatch.setattr(context, "STALLED_SECONDS", 600.0)
    own.pulse.beat()
    assert fresh(attempt.job).heartbeat_at != before


# --- two at once, for real


def together(*calls: Any) -> list[Any]:
    """Run calls at the same moment, each in a thread with a connection of its own."""
    gate = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def one(at: int) -> None:
        gate.wait()
        try:
            results[at] = calls[at]()
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[at]) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_take_a_dead_job_up_once(
    reference: None, office: OfficeCast, sent: list[uuid.UUID]
) -> None:
    at = timezone.now()
    job = make_job(office)
    claim(job, at - DEAD_AFTER - SECOND)
    sent.clear()
    results = together(*[lambda: job_take_up_dead(at)] * 3)
    assert sorted(counts["requeued"] for counts in results) == [0, 0, 1]
    assert sent.count(job.uid) == 1


@pytest.mark.django_db(transaction=True)
def test_of_four_workers_at_once_one_gets_the_job(
    reference: None, office: OfficeCast, sent: list[uuid.UUID]
) -> None:
    job = make_job(office)
    attempts = together(*[lambda: job_claim(job.uid)] * 4)
    assert sum(attempt is not None for attempt in attempts) == 1
    assert fresh(job).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_beside_a_long_statement(
    reference: None, office: OfficeCast, monkeypatch: pytest.MonkeyPatch, sent: list[uuid.UUID]
) -> None:
    """While the job itself says nothing, its row stays fresh; and a cancellation reaches it."""
    monkeypatch.setattr(context, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(context, "BEAT_SECONDS", 0.02)
    job = make_job(office)
    attempt = claim(job, timezone.now() - dt.timedelta(seconds=30))
    own = JobContext(attempt.job, attempt.token, office.jia)
    own.progress(7, 10)
    own.pulse.start()
    try:
        deadline = timezone.now() + dt.timedelta(seconds=20)
        while fresh(job).done_rows != 7 and timezone.now() < deadline:
            threading.Event().wait(0.05)
        assert timezone.now() - fresh(job).heartbeat_at < dt.timedelta(seconds=20)  # type: ignore[operator]
        job_cancel(job)
        while own.pulse.stopped is None and timezone.now() < deadline:
            threading.Event().wait(0.05)
        with pytest.raises(JobCancelled):
            own.progress(8, 10)
    finally:
        own.pulse.end()
    assert fresh(job).state == JobState.RUNNING
