"""Celery is just another interface: fetch by uid, call one function."""

import uuid
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from grassroots.ledgers.jobs.context import shutting_down
from grassroots.ledgers.jobs.run import job_work


@shared_task(name="ledgers.job_run")
def job_run(job_uid: str) -> None:
    """Run a job if it still waits. The message only nudges: it may come twice, late, or never."""
    job_work(uuid.UUID(job_uid))


@worker_shutting_down.connect
def _give_jobs_back(**_kwargs: Any) -> None:
    """A worker that is asked to stop does not wait for long jobs: they go back to the queue."""
    shutting_down.set()
