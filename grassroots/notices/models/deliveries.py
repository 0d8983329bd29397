"""Deliveries: one a message and channel, with every attempt (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.scope import scope_of
from grassroots.notices.models.channels import Channel, OwnAddress
from grassroots.notices.models.reminders import KIND_LABELS, Message

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

STALE_AFTER = dt.timedelta(
    seconds=90
)  # longer than any request may take: whoever sends it is gone, or asleep
SUSPECTED_FOR = dt.timedelta(
    seconds=30
)  # how long one who wakes up, or waited for the database, may still record


class DeliveryState(models.TextChoices):
    WAITING = "WAITING", "待发送"
    SENDING = "SENDING", "发送中"
    SENT = "SENT", "已发送"
    FAILED = "FAILED", "失败"
    EXPIRED = "EXPIRED", "过期未发"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, at: dt.datetime) -> Self:
        """Those that wait and may be tried."""
        return self.filter(state=DeliveryState.WAITING, next_attempt_at__lte=at)

    def outdated(self, at: dt.datetime) -> Self:
        """Those that wait, but are no longer worth sending."""
        return self.filter(state=DeliveryState.WAITING, expires_at__lte=at)

    def stale(self, at: dt.datetime) -> Self:
        """Those being sent for longer than a request may take, and not under suspicion yet."""
        return self.filter(state=DeliveryState.SENDING, claimed_at__lte=at - STALE_AFTER, suspected_at=None)

    def abandoned(self, at: dt.datetime) -> Self:
        """Those under suspicion for so long that nobody will record their end any more."""
        return self.filter(state=DeliveryState.SENDING, suspected_at__lte=at - SUSPECTED_FOR)

    def visible_to(self, staff: Staff) -> Self:
        """Those to staff inside the person's scope, and those of robots that serve an area inside it."""
        from grassroots.grid.models import Staff

        seen = Staff.objects.visible_to(staff).order_by().values("pk")
        channels = Channel.objects.filter(scope_of(staff).in_areas()).values("pk")
        return self.filter(Q(recipient__in=seen) | Q(recipient=None, channel__in=channels))


class Delivery(models.Model):
    """A text on its way to a group or to one officer: counts, names of places and a link, no names of people."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.ForeignKey(
        Channel, verbose_name="渠道", on_delete=models.PROTECT, related_name="deliveries"
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    recipient = models.ForeignKey(
        "grid.Staff", verbose_name="接收人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    address = models.ForeignKey(
        OwnAddress, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    subject = models.CharField("对象", max_length=80)
    kind = models.CharField("种类", max_length=30)
    stage = models.PositiveSmallIntegerField("第几级", default=0)
    text = models.TextField("内容", max_length=2048)
    is_urgent = models.BooleanField("紧急", default=False)
    state = models.CharField(
        "状态", max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    reason = models.CharField("原因", max_length=200, blank=True, default="")
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField("应发时间")
    next_attempt_at = models.DateTimeField("下次尝试", default=timezone.now)
    expires_at = models.DateTimeField("过期时间")
    token = models.UUIDField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    suspected_at = models.DateTimeField(null=True, blank=True, editable=False)
    settled_at = models.DateTimeField("完成时间", null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = "对外发送"
        verbose_name_plural = "对外发送"
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_once_per_message"),
            models.UniqueConstraint(
                fields=["channel", "subject", "kind", "stage"],
                condition=Q(message=None),
                name="delivery_robot_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["WAITING", "SENDING", "SENT"]) | ~Q(reason=""),
                name="delivery_failed_with_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="SENDING") | Q(token__isnull=False, claimed_at__isnull=False),
                name="delivery_sent_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state="WAITING"), name="delivery_waiting"),
            models.Index(fields=["claimed_at"], condition=Q(state="SENDING"), name="delivery_sending"),
            models.Index(fields=["channel", "-id"], name="delivery_channel"),
            models.Index(fields=["due_at"], name="delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.kind} {self.subject}"

    @property
    def code(self) -> str:
        """The number in the text, by which the same message sent twice is recognised."""
        return self.uid.hex[:8].upper()

    @property
    def kind_label(self) -> str:
        return KIND_LABELS.get(self.kind, self.kind)

    @property
    def title(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0]


class DeliveryAttempt(models.Model):
    """One attempt at sending: recorded before the request goes out, ended after it. The rate is counted here."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    token = models.UUIDField(unique=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=8, blank=True, default=""
    )  # SENT, FAILED, LOST; '' while it goes on
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "发送尝试"
        verbose_name_plural = "发送尝试"
        indexes = [
            models.Index(fields=["channel", "-started_at"], name="attempt_channel"),
            models.Index(fields=["channel"], condition=Q(ended_at=None), name="attempt_in_flight"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.number}"
