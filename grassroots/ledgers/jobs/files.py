"""Where the files of jobs lie: sealed, named by job and attempt, so that two attempts never write the same file."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

from django.conf import settings

from grassroots.ledgers.models import Job

SUFFIX = ".sealed"
#: A file that no row names is left for this long: its job may be about to name it.
ORPHAN_AFTER = dt.timedelta(days=1)


def folder() -> Path:
    return Path(settings.EXPORT_ROOT) / "jobs"


def name_of(job: Job, token: uuid.UUID) -> str:
    """The name under which an attempt writes its file."""
    return f"{job.uid.hex}-{token.hex[:12]}{SUFFIX}"


def path_of(job: Job) -> Path:
    """The finished file of a job that has one."""
    return folder() / job.file_name


def unlink(name: str) -> None:
    """Remove a file; one that is gone already is no error."""
    if name:
        (folder() / name).unlink(missing_ok=True)


def unlink_orphans(at: dt.datetime) -> int:
    """Remove files that no job names any more (a process was killed between writing and saying so)."""
    if not folder().is_dir():
        return 0
    latest = (at - ORPHAN_AFTER).timestamp()
    old = {path.name for path in folder().glob(f"*{SUFFIX}") if path.stat().st_mtime < latest}
    if not old:
        return 0
    named = set(Job.objects.exclude(file_name="").values_list("file_name", flat=True))
    unfinished = {uid.hex for uid in Job.objects.unfinished().values_list("uid", flat=True)}
    orphans = [name for name in old - named if name.partition("-")[0] not in unfinished]
    for name in orphans:
        unlink(name)
    return len(orphans)
