"""Handing out the file of a finished job."""

from __future__ import annotations

import logging
from typing import Any

from django.db.models import F
from django.http import HttpRequest

from grassroots.grid.crypto import DecryptionError
from grassroots.grid.models import AccessAction
from grassroots.grid.sealed_files import SealedReader
from grassroots.grid.trail import access_log
from grassroots.ledgers.jobs import files
from grassroots.ledgers.models import Job

logger = logging.getLogger("grassroots.jobs")


class FileGone(Exception):
    """The job has no file (any more)."""


def job_fetch(job: Job, *, request: HttpRequest) -> SealedReader:
    """Open the job's file for its requester and write down that he took it. The caller has checked his rights.

    Raises FileGone, and DecryptionError for a file that cannot be read.
    """
    if not job.has_file:
        raise FileGone
    try:
        file = SealedReader(files.path_of(job))
    except (OSError, DecryptionError) as error:
        logger.error("the file of job %s cannot be read: %s", job.uid, type(error).__name__)
        raise FileGone from error
    Job.objects.filter(pk=job.pk).update(downloads=F("downloads") + 1)
    access_log(
        action=AccessAction.EXPORT, staff=job.requester, subject=job, area=job.area_id, request=request,
        detail=_facts(job),
    )  # fmt: skip
    return file


def _facts(job: Job) -> dict[str, Any]:
    """What the access log keeps of a download, as it does when the file is made."""
    params = job.params
    facts = {
        "step": "下载文件", "key": job.title, "on": params.get("on"), "format": params.get("format"),
        "rows": job.result.get("rows"), "unmasked": params.get("unmasked"),
    }  # fmt: skip
    return {key: value for key, value in facts.items() if value is not None}
