"""The row of a job: who may run it, how it ends, when its file goes."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from grassroots.grid.models import AreaDuty, Posting
from grassroots.grid.sealed_files import SealedReader
from grassroots.ledgers.jobs import JobCancelled, JobContext, JobKind, context, files, registry
from grassroots.ledgers.jobs.run import job_work
from grassroots.ledgers.jobs.services import (
    job_cancel,
    job_claim,
    job_expire,
    job_finish,
    job_retry,
    job_take_up_dead,
)
from grassroots.ledgers.models import Job
from grassroots.ledgers.models.jobs import DEAD_AFTER
from tests.factories import OfficeCast
from tests.ledgers import job_kinds
from tests.ledgers.job_cases import SECOND, claim, fresh, make_job, stored_files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("job_ground")]


def test_a_job_runs_and_leaves_a_sealed_file(office: OfficeCast) -> None:
    job = make_job(office, steps=5, file="结果.txt")
    assert job_work(job.uid)
    job = fresh(job)
    assert (job.state, job.result, job.done_rows, job.total_rows, job.attempts) == (
        "DONE",
        {"rows": 5},
        5,
        5,
        1,
    )
    assert (job.download_name, job.file_size, job.percent) == ("结果.txt", 10, 100)
    assert job.expires_at is not None and job.finished_at is not None
    assert job.expires_at - job.finished_at == dt.timedelta(days=7)
    with SealedReader(files.path_of(job)) as file:
        assert file.read() == b"0\n1\n2\n3\n4\n"


def test_a_job_is_run_by_one_only_however_often_the_message_comes(office: OfficeCast) -> None:
    job = make_job(office)
    first = claim(job)
    assert job_claim(job.uid) is None
    assert not job_work(job.uid)
    assert job_finish(first, result={}, done_rows=0)
    assert not job_work(job.uid)
    assert fresh(job).attempts == 1
    assert not job_work(uuid.uuid4())


def test_a_job_of_a_kind_that_nobody_registered_is_refused_and_one_in_the_queue_fails(
    office: OfficeCast,
) -> None:
    with pytest.raises(ValueError, match="no-such"):
        make_job(office, "no-such")
    job = make_job(office)
    Job.objects.update(kind="gone")
    assert job_work(job.uid)
    assert (fresh(job).state, "不认识" in fresh(job).error) == ("FAILED", True)


def test_words_of_a_failure_reach_the_requester_and_a_crash_says_nothing_personal(
    office: OfficeCast, caplog: pytest.LogCaptureFixture
) -> None:
    told, crashed = make_job(office, fail="表太大了。"), make_job(office, crash=True)
    job_work(told.uid)
    job_work(crashed.uid)
    assert (fresh(told).state, fresh(told).error) == ("FAILED", "表太大了。")
    assert fresh(crashed).state == "FAILED"
    said, number = fresh(crashed).error, crashed.uid.hex[:8]
    assert number in said and "139" not in said.replace(number, "")


@pytest.mark.parametrize("loss", ["left", "moved", "role"])
def test_rights_are_worked_out_anew_when_it_runs(office: OfficeCast, loss: str) -> None:
    job = make_job(office, "test-rights")
    if loss == "left":
        type(office.jia).objects.filter(pk=office.jia.pk).update(is_active=False)
    elif loss == "moved":
        Posting.objects.filter(staff=office.jia).update(area=office.other_group)
        AreaDuty.objects.filter(staff=office.jia).delete()
    else:
        office.jia.groups.clear()
    assert job_work(job.uid)
    words = {"left": "停用", "moved": "辖区", "role": "权限"}[loss]
    assert (fresh(job).state, words in fresh(job).error) == ("FAILED", True)


def test_with_its_rights_the_same_job_is_done(office: OfficeCast) -> None:
    job = make_job(office, "test-rights")
    assert job_work(job.uid)
    assert fresh(job).state == "DONE"


# --- cancel and retry


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_when_it_looks(
    office: OfficeCast, sent: list[uuid.UUID]
) -> None:
    waiting, running = make_job(office), make_job(office)
    attempt = claim(running)
    assert job_cancel(waiting).state == "CANCELLED"
    assert not job_work(waiting.uid)
    asked = job_cancel(running)
    assert (asked.state, asked.cancel_asked_at is not None) == ("RUNNING", True)
    own = JobContext(attempt.job, attempt.token, office.jia)
    own.pulse._looked = -10.0
    with pytest.raises(JobCancelled):
        own.progress(1, 3)
    with pytest.raises(JobCancelled), transaction.atomic():
        own.hold()


def test_a_running_job_that_is_cancelled_ends_so_and_leaves_no_file(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(office, file="x.txt")
    monkeypatch.setattr(context, "LOOK_SECONDS", 0.0)
    real = job_kinds.run_steps

    def cancelled_on_the_way(own: JobContext) -> dict[str, Any]:
        real(own)
        job_cancel(own.job)
        own.progress(3, 3)
        raise AssertionError("progress let a cancelled job go on")

    kind = JobKind("test-steps", "", cancelled_on_the_way, makes_file=True)
    monkeypatch.setitem(registry._kinds, "test-steps", kind)
    assert job_work(job.uid)
    assert (fresh(job).state, fresh(job).file_name) == ("CANCELLED", "")
    assert stored_files() == []


def test_a_job_that_was_to_be_cancelled_when_its_worker_died_is_cancelled(
    office: OfficeCast, sent: list[uuid.UUID]
) -> None:
    job = make_job(office)
    at = timezone.now()
    claim(job, at - DEAD_AFTER - SECOND)
    job_cancel(job)
    assert job_take_up_dead(at)["cancelled"] == 1
    assert fresh(job).state == "CANCELLED"


def test_what_is_done_can_be_neither_cancelled_nor_retried(office: OfficeCast) -> None:
    job = make_job(office)
    job_work(job.uid)
    assert job_cancel(job).state == "DONE"
    assert job_retry(job).state == "DONE"


def test_a_kind_may_forbid_a_retry(office: OfficeCast) -> None:
    job = make_job(office, "test-rights", fail="不行")
    job_work(job.uid)
    with pytest.raises(ValidationError):
        job_retry(fresh(job))
    assert fresh(job).state == "FAILED"


def test_a_worker_that_shuts_down_gives_its_job_back_and_the_attempt_does_not_count(
    office: OfficeCast, sent: list[uuid.UUID]
) -> None:
    job = make_job(office, file="x.txt")
    context.shutting_down.set()
    try:
        assert job_work(job.uid)
    finally:
        context.shutting_down.clear()
    assert (fresh(job).state, fresh(job).attempts, stored_files()) == ("WAITING", 0, [])
    assert job_work(job.uid) and fresh(job).state == "DONE"


# --- files


def test_files_expire_are_unlinked_and_can_be_made_anew(office: OfficeCast, sent: list[uuid.UUID]) -> None:
    job = make_job(office, file="x.txt")
    job_work(job.uid)
    job = fresh(job)
    assert job.expires_at is not None
    assert job_expire(job.expires_at - SECOND)["expired"] == 0
    assert len(stored_files()) == 1
    assert job_expire(job.expires_at)["expired"] == 1
    assert (fresh(job).state, fresh(job).file_name, stored_files()) == ("EXPIRED", "", [])
    assert job_retry(fresh(job)).state == "WAITING"
    assert job_work(job.uid) and len(stored_files()) == 1


def test_files_that_no_job_names_are_swept_and_those_of_running_jobs_are_not(office: OfficeCast) -> None:
    done, running = make_job(office, file="x.txt"), make_job(office)
    job_work(done.uid)
    attempt = claim(running)
    for name in (files.name_of(running, attempt.token), "0123-lost.sealed"):
        (files.folder() / name).write_bytes(b"")
    old = (timezone.now() - dt.timedelta(days=2)).timestamp()
    for path in files.folder().glob("*"):
        os.utime(path, (old, old))
    sweep = timezone.now().replace(minute=0)
    assert job_expire(sweep + dt.timedelta(minutes=1))["orphans"] == 0
    assert job_expire(sweep)["orphans"] == 1
    assert stored_files() == sorted([fresh(done).file_name, files.name_of(running, attempt.token)])


# --- the database's own rules


@pytest.mark.parametrize(
    "values",
    [
        {"state": "NONSENSE"},
        {"state": "RUNNING"},
        {"attempt_token": uuid.uuid4()},
        {"state": "DONE"},
        {"finished_at": timezone.now()},
        {"file_name": "x.sealed"},
    ],
)
def test_the_database_refuses_rows_that_contradict_themselves(
    office: OfficeCast, values: dict[str, Any]
) -> None:
    job = make_job(office)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**values)


def test_only_the_requester_sees_a_job(office: OfficeCast) -> None:
    job = make_job(office)
    assert list(Job.objects.visible_to(office.jia)) == [job]
    for other in (office.yi, office.ding, office.admin, office.auditor):
        assert not Job.objects.visible_to(other).exists()
