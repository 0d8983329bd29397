"""The kinds of jobs, as their apps register them in ready()."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grassroots.ledgers.jobs.context import JobContext
from grassroots.ledgers.models import Job


def _nothing(_job: Job) -> Sequence[str]:
    return ()


def _always(_job: Job) -> bool:
    return True


def _nowhere(_job: Job) -> str:
    return ""


@dataclass(frozen=True)
class JobKind:
    """A kind of job.

    `permissions(job)` are the rights that its requester needs while it runs and, for a file, at every download.
    `may_retry(job)` says whether a job that failed, was cancelled or has expired may be begun anew. `makes_file`
    puts it on 我的下载. `page(job)` is the URL of a page of its own that shows what came of it, '' for none.
    """

    key: str
    label: str
    run: Callable[[JobContext], dict[str, Any]]
    permissions: Callable[[Job], Sequence[str]] = _nothing
    may_retry: Callable[[Job], bool] = _always
    makes_file: bool = False
    page: Callable[[Job], str] = _nowhere


_kinds: dict[str, JobKind] = {}


def register_job_kind(kind: JobKind) -> JobKind:
    """Enter a kind. Raises ValueError when its key is taken."""
    if kind.key in _kinds:
        raise ValueError(f"job kind {kind.key} is registered already")
    _kinds[kind.key] = kind
    return kind


def job_kind(key: str) -> JobKind | None:
    """The kind of that key; None for one that this version of the program does not know."""
    return _kinds.get(key)


def file_kinds() -> list[str]:
    """Keys of the kinds that make files to download."""
    return [kind.key for kind in _kinds.values() if kind.makes_file]
