"""Long work in the background: the row is the truth, queue messages only nudge (docs/jobs.md)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

#: A heartbeat older than this: the process that ran the job is gone. Workers beat every few seconds.
DEAD_AFTER = dt.timedelta(seconds=60)
#: A job that waits longer than this: its message may be lost, the tick sends another.
OVERLOOKED_AFTER = dt.timedelta(seconds=5)


class JobState(models.TextChoices):
    WAITING = "WAITING", "等待中"
    RUNNING = "RUNNING", "进行中"
    DONE = "DONE", "已完成"
    FAILED = "FAILED", "失败"
    CANCELLED = "CANCELLED", "已取消"
    EXPIRED = "EXPIRED", "已过期"


UNFINISHED = (JobState.WAITING, JobState.RUNNING)
FINISHED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED)


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, staff: Staff) -> Self:
        """One's own: a job's file and errors are for whoever asked for it. The auditor has the access log."""
        return self.filter(requester=staff)

    def waiting(self) -> Self:
        return self.filter(state=JobState.WAITING)

    def running(self) -> Self:
        return self.filter(state=JobState.RUNNING)

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def overlooked(self, at: dt.datetime) -> Self:
        """Waiting although a worker should have come by now."""
        return self.waiting().filter(queued_at__lt=at - OVERLOOKED_AFTER)

    def dead(self, at: dt.datetime) -> Self:
        """Running by what the row says, but nobody has said so for a while."""
        return self.running().filter(heartbeat_at__lt=at - DEAD_AFTER)

    def outdated(self, at: dt.datetime) -> Self:
        """Done, with a file whose time is over."""
        return self.filter(state=JobState.DONE, expires_at__lte=at)


class Job(models.Model):
    """One piece of long work that somebody asked for: an export, an import."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("种类", max_length=40, help_text="a key of grassroots.ledgers.jobs.registry")
    requester = models.ForeignKey(
        "grid.Staff", verbose_name="申请人", on_delete=models.PROTECT, related_name="+"
    )
    area = models.ForeignKey(
        "grid.Area", verbose_name="区域", null=True, on_delete=models.PROTECT, related_name="+"
    )
    title = models.CharField("内容", max_length=200)
    params: Any = models.JSONField("参数", default=dict, blank=True, help_text="nothing personal")
    state = models.CharField("状态", max_length=9, choices=JobState.choices, default=JobState.WAITING)
    created_at = models.DateTimeField("申请时间", default=timezone.now)
    queued_at = models.DateTimeField("排队时间", default=timezone.now)
    started_at = models.DateTimeField("开始时间", null=True)
    heartbeat_at = models.DateTimeField("最近一次心跳", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)
    expires_at = models.DateTimeField("文件到期", null=True)
    cancel_asked_at = models.DateTimeField("申请取消", null=True)
    attempts = models.PositiveSmallIntegerField("第几次", default=0)
    attempt_token = models.UUIDField(null=True, help_text="of the worker that runs it; nobody else may write")
    done_rows = models.PositiveIntegerField("已完成行数", default=0)
    total_rows = models.PositiveIntegerField("总行数", null=True)
    error = models.CharField("失败原因", max_length=300, blank=True, default="")
    result: Any = models.JSONField(
        "结果", default=dict, blank=True, help_text="rows, sheets …; nothing personal"
    )
    file_name = models.CharField("存放名", max_length=120, blank=True, default="")
    file_size = models.PositiveBigIntegerField("文件大小", default=0)
    download_name = models.CharField("文件名", max_length=200, blank=True, default="")
    downloads = models.PositiveIntegerField("下载次数", default=0)

    objects: ClassVar[JobQuerySet] = JobQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "后台任务"
        verbose_name_plural = "后台任务"
        indexes = [
            models.Index(fields=["requester", "-id"], name="job_of_requester"),
            models.Index(fields=["state", "heartbeat_at"], name="job_by_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(
                    state=JobState.RUNNING, attempt_token__isnull=False, heartbeat_at__isnull=False,
                    started_at__isnull=False,
                )
                | (~Q(state=JobState.RUNNING) & Q(attempt_token__isnull=True)),
                name="job_runs_under_a_token",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED, finished_at__isnull=True)
                | Q(state__in=FINISHED, finished_at__isnull=False),
                name="job_finished_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(file_name="") | Q(state=JobState.DONE, expires_at__isnull=False),
                name="job_file_only_while_done",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED

    @property
    def has_file(self) -> bool:
        return bool(self.file_name)

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 99 while it runs; None when it is not known how much there is."""
        if self.state == JobState.DONE:
            return 100
        if not self.total_rows:
            return None
        return min(99, self.done_rows * 100 // self.total_rows)
