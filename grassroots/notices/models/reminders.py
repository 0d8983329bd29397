"""Reminders, the in-app inbox, and the record of ticks."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class ReminderState(models.TextChoices):
    CLAIMED = "CLAIMED", "处理中"
    SENT = "SENT", "已送达"
    FAILED = "FAILED", "失败"
    EXPIRED = "EXPIRED", "过期未发"


# Kinds that apps send; one that is not listed shows by its code.
KIND_LABELS = {
    "round": "测温提醒",
    "alert": "异常提醒",
    "escalation": "异常上报提醒",
    "release": "期满待解除提醒",
    "pushed": "推送核查提醒",
    "unacknowledged": "无人确认上报",
    "unreachable": "收不到提醒上报",
    "leave": "请假代岗",
    "order": "指令",
    "order-urged": "指令催办",
    "order-answer": "指令反馈",
    "order-unread": "指令未签收上报",
    "order-late": "指令逾期上报",
    "order-upward": "指令未办上报",
    "order-withdrawn": "指令撤回",
    "incident": "突发情况",
    "incident-step": "突发情况续报批示",
    "test": "测试消息",
}


class Acknowledgement(models.TextChoices):
    SEEN = "SEEN", "知道了"
    DONE = "DONE", "已处理"


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def visible_to(self, staff: Staff) -> Self:
        """Reminders of the staff inside the person's scope."""
        from grassroots.grid.models import Staff

        seen = Staff.objects.visible_to(staff)
        return self.filter(recipient__in=seen.order_by().values("pk"))


class Reminder(models.Model):
    """One thing to tell one person once: unique per recipient, subject, kind and stage."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(
        "grid.Staff", verbose_name="接收人", on_delete=models.PROTECT, related_name="reminders"
    )
    subject = models.CharField("对象", max_length=80, help_text="e.g. slot:2020-01-29:AM or alert:<uid>")
    kind = models.CharField("种类", max_length=30)
    stage = models.PositiveSmallIntegerField("第几级", default=0)
    state = models.CharField(
        "状态", max_length=8, choices=ReminderState.choices, default=ReminderState.CLAIMED
    )
    due_at = models.DateTimeField("应发时间")
    claimed_at = models.DateTimeField("受理时间", default=timezone.now)
    settled_at = models.DateTimeField("完成时间", null=True, blank=True)
    reason = models.CharField("原因", max_length=200, blank=True, default="")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = "提醒"
        verbose_name_plural = "提醒"
        constraints = [
            models.UniqueConstraint(fields=["recipient", "subject", "kind", "stage"], name="reminder_once"),
            models.CheckConstraint(
                condition=Q(state__in=["CLAIMED", "SENT"]) | ~Q(reason=""),
                name="reminder_failed_with_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="reminder_state_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def kind_label(self) -> str:
        """What it was about, for one that never became a message: 测温提醒 2020-01-29 AM."""
        name = KIND_LABELS.get(self.kind, self.kind)
        parts = self.subject.split(":")
        return f"{name} {parts[1]} {parts[2]}" if parts[0] == "slot" and len(parts) > 2 else name


class MessageQuerySet(models.QuerySet["Message"]):
    def unread(self) -> Self:
        return self.filter(read_at=None)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(recipient=staff)

    def unanswered(self) -> Self:
        """Messages that ask for 知道了 or 已处理 and have not got it."""
        return self.filter(needs_answer=True, answer="")


class Message(models.Model):
    """A line in somebody's in-app inbox. Carries counts and a link, never an ID number or a phone."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(
        "grid.Staff", verbose_name="接收人", on_delete=models.PROTECT, related_name="messages"
    )
    reminder = models.OneToOneField(
        Reminder, null=True, blank=True, on_delete=models.PROTECT, related_name="message"
    )
    title = models.CharField("标题", max_length=100)
    body = models.CharField("内容", max_length=500, blank=True, default="")
    url = models.CharField("链接", max_length=200, blank=True, default="")
    is_urgent = models.BooleanField("紧急", default=False)
    created_at = models.DateTimeField("时间", default=timezone.now)
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)
    needs_answer = models.BooleanField("须确认", default=False)
    answer = models.CharField("确认", max_length=4, choices=Acknowledgement.choices, blank=True, default="")
    answered_at = models.DateTimeField("确认时间", null=True, blank=True)
    escalate_at = models.DateTimeField("下次上报", null=True, blank=True, editable=False)
    escalated = models.PositiveSmallIntegerField("已上报几级", default=0, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = "消息"
        verbose_name_plural = "消息"
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="message_recipient"),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="message_unread"),
            models.Index(
                fields=["escalate_at"], condition=Q(escalate_at__isnull=False), name="message_escalate"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class TickRun(models.Model):
    """One step of one tick: when, what it did, or why it failed. Old rows are swept by the tick itself."""

    step = models.CharField(max_length=60)
    at = models.DateTimeField()
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "定时任务记录"
        verbose_name_plural = "定时任务记录"
        indexes = [models.Index(fields=["step", "-at"], name="tickrun_step")]

    def __str__(self) -> str:
        return f"{self.step} {self.at:%F %R}"

    @property
    def words(self) -> str:
        """Its counts: missed 3, alerts 1."""
        return ", ".join(f"{name} {number}" for name, number in self.counts.items() if number)

    @property
    def seconds(self) -> str:
        """How long it took, in seconds with one decimal."""
        return f"{(self.finished_at - self.started_at).total_seconds():.1f}" if self.finished_at else "—"
