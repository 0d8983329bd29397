"""Alerts (异常事件)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.models import Area
from quarantine.models.observation import Observation
from quarantine.models.returnee import scoped_q
from quarantine.models.visits import Reading, Visit
from quarantine.rules.alerting import AlertKind

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class AlertState(models.TextChoices):
    OPEN = "OPEN", "待处置"
    ACKNOWLEDGED = "ACKNOWLEDGED", "已知悉"
    CLOSED = "CLOSED", "已办结"


class AlertOutcome(models.TextChoices):
    """What came of it; the words beside it say more."""

    NORMAL = "NORMAL", "复测正常，继续观察"
    TRANSFERRED = "TRANSFERRED", "已转送发热门诊"
    CONTACTED = "CONTACTED", "已联系上，情况正常"
    COMPLIED = "COMPLIED", "劝导后配合"
    RETURNED = "RETURNED", "已返回住处"
    CHECKED = "CHECKED", "已当面核对"
    MISTAKEN = "MISTAKEN", "录入有误，已更正"
    OTHER = "OTHER", "其他"


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        return self.exclude(state=AlertState.CLOSED)

    def unnoticed(self, at: dt.datetime) -> Self:
        """Nobody has taken notice of it, and the time for that is over."""
        return self.filter(state=AlertState.OPEN, acknowledge_due_at__lte=at)

    def unhandled(self, at: dt.datetime) -> Self:
        """Not closed, and the time for that is over."""
        return self.open().filter(handle_due_at__lte=at)

    def overdue(self, at: dt.datetime) -> Self:
        """One of its time limits is over."""
        return self.open().filter(
            Q(handle_due_at__lte=at) | Q(state=AlertState.OPEN, acknowledge_due_at__lte=at)
        )

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scoped_q(staff, "observation__"))


class Alert(models.Model):
    """Something abnormal, raised at once to the health worker and the township in parallel."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    observation = models.ForeignKey(Observation, on_delete=models.PROTECT, related_name="alerts")
    area = models.ForeignKey(Area, verbose_name="当时区域", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("类型", max_length=10, choices=AlertKind.choices)
    visit = models.ForeignKey(Visit, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts")
    reading = models.ForeignKey(
        Reading, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    state = models.CharField("状态", max_length=12, choices=AlertState.choices, default=AlertState.OPEN)
    raised_at = models.DateTimeField("发生时间", default=timezone.now)
    acknowledged_at = models.DateTimeField("知悉时间", null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(
        "处置结果", max_length=12, choices=AlertOutcome.choices, blank=True, default=""
    )
    result = models.CharField("结果说明", max_length=200, blank=True, default="")
    # The limits are those of the policy version that the observation runs under, laid down when it is raised; a row
    # without them (written in bulk) gets them from the next tick.
    round = models.PositiveSmallIntegerField("第几次", default=1)
    acknowledge_due_at = models.DateTimeField("知悉时限", null=True, blank=True)
    handle_due_at = models.DateTimeField("办结时限", null=True, blank=True)
    escalate_at = models.DateTimeField("下次上报", null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = "异常事件"
        verbose_name_plural = "异常事件"
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "kind"],
                condition=Q(visit__isnull=False),
                name="alert_once_per_visit_and_kind",
            ),
            models.CheckConstraint(
                condition=~Q(state="CLOSED") | (Q(closed_at__isnull=False) & ~Q(result="")),
                name="alert_closed_with_a_result",
            ),
        ]
        indexes = [
            models.Index(fields=["area", "raised_at"], condition=~Q(state="CLOSED"), name="alert_open_area"),
            models.Index(
                fields=["escalate_at"],
                condition=~Q(state="CLOSED") & Q(escalate_at__isnull=False),
                name="alert_escalate",
            ),
            models.Index(
                fields=["id"],
                condition=~Q(state="CLOSED") & Q(acknowledge_due_at__isnull=True),
                name="alert_without_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.raised_at:%F %R}"
