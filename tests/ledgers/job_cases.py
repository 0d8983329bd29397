"""What the tests of jobs share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from grassroots.ledgers.jobs import files, job_create
from grassroots.ledgers.jobs.services import Attempt, job_claim
from grassroots.ledgers.models import Job
from tests.factories import OfficeCast

SECOND = dt.timedelta(seconds=1)


def make_job(office: OfficeCast, kind: str = "test-steps", **params: Any) -> Job:
    return job_create(kind=kind, requester=office.jia, title="测试", params=params, area=office.group)


def claim(job: Job, at: dt.datetime | None = None) -> Attempt:
    attempt = job_claim(job.uid, at=at)
    assert attempt is not None
    return attempt


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def stored_files() -> list[str]:
    return sorted(path.name for path in files.folder().glob("*")) if files.folder().exists() else []
