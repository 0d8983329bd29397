"""Whether the requester of a job may still have it: asked when it runs, and at every download."""

from __future__ import annotations

from grassroots.grid.models import Staff
from grassroots.grid.scope import scope_of
from grassroots.ledgers.jobs.registry import JobKind
from grassroots.ledgers.models import Job


def is_in_scope(job: Job, staff: Staff) -> bool:
    """Whether the job's area lies in the person's scope today."""
    return job.area is None or scope_of(staff).holds(job.area)


def has_rights(job: Job, kind: JobKind, staff: Staff) -> bool:
    """Whether the person's roles allow the job today."""
    return staff.has_perms(kind.permissions(job))


def refusal(job: Job, kind: JobKind, staff: Staff) -> str:
    """Why the job is refused, in the office's words; '' when it is not."""
    if not staff.is_active:
        return "申请人的账号已停用。"
    if not is_in_scope(job, staff):
        name = job.area.name if job.area else ""
        return f"“{name}”已不在申请人的辖区内。"
    if not has_rights(job, kind, staff):
        return "申请人的角色已没有这项权限。"
    return ""
