"""What was done about an alert, step by step, and whom it went up to: rows are added, never changed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from quarantine.models.alerts import Alert, AlertOutcome
from quarantine.models.returnee import scoped_q
from quarantine.models.visits import Reading
from quarantine.rules.escalation import Cause

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class ActionKind(models.TextChoices):
    ACKNOWLEDGED = "ACKNOWLEDGED", "知悉"
    SECOND = "SECOND", "复测"
    TRANSFER = "TRANSFER", "转送发热门诊"
    ARRIVED = "ARRIVED", "到达发热门诊"
    PHONE = "PHONE", "电话联系"
    OTHER = "OTHER", "其他处置"
    CLOSED = "CLOSED", "办结"
    REOPENED = "REOPENED", "再次异常"
    ANNULLED = "ANNULLED", "更正"


class AlertActionQuerySet(models.QuerySet["AlertAction"]):
    def standing(self) -> Self:
        """Actions that no later one annuls, annulments themselves left out."""
        annulled = AlertAction.objects.filter(kind=ActionKind.ANNULLED).values("refers_to_id")
        return self.exclude(kind=ActionKind.ANNULLED).exclude(pk__in=annulled)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scoped_q(staff, "alert__observation__"))


class AlertAction(models.Model):
    """One dated step by one person. A wrong one is annulled by a further one that names it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="actions")
    kind = models.CharField("处置", max_length=12, choices=ActionKind.choices)
    happened_at = models.DateTimeField("发生时间", default=timezone.now)
    recorded_at = models.DateTimeField("录入时间", default=timezone.now)
    by = models.ForeignKey("grid.Staff", verbose_name="经办人", on_delete=models.PROTECT, related_name="+")
    note = models.CharField("说明", max_length=200, blank=True, default="")
    # 复测
    reading = models.ForeignKey(Reading, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # 转送: by protected transport, never alone (DOMAIN.md §3)
    vehicle = models.CharField("车辆", max_length=40, blank=True, default="")
    escort = models.CharField("随车人员", max_length=60, blank=True, default="")
    destination = models.CharField("送往", max_length=80, blank=True, default="")
    departed_at = models.DateTimeField("出发时间", null=True, blank=True)
    arrived_at = models.DateTimeField("到达时间", null=True, blank=True)
    receiver = models.CharField("接收人", max_length=60, blank=True, default="")
    # 办结
    outcome = models.CharField("结果", max_length=12, choices=AlertOutcome.choices, blank=True, default="")
    refers_to = models.ForeignKey(
        "self",
        verbose_name="所指的处置",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="later",
    )

    objects = AlertActionQuerySet.as_manager()

    class Meta:
        verbose_name = "异常处置"
        verbose_name_plural = "异常处置"
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="TRANSFER")
                | Q(departed_at__isnull=False) & ~Q(vehicle="") & ~Q(escort="") & ~Q(destination=""),
                name="alertaction_transfer_is_protected",
            ),
            models.CheckConstraint(
                condition=Q(arrived_at=None) | Q(departed_at=None) | Q(arrived_at__gte=F("departed_at")),
                name="alertaction_arrives_after_leaving",
            ),
            models.CheckConstraint(
                condition=~Q(kind="SECOND") | Q(reading__isnull=False),
                name="alertaction_second_has_a_reading",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["ANNULLED", "ARRIVED"]) | Q(refers_to__isnull=False),
                name="alertaction_names_what_it_follows",
            ),
            models.UniqueConstraint(
                fields=["refers_to"], condition=Q(kind="ANNULLED"), name="alertaction_annulled_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_at:%F %R}"


class AlertEscalation(models.Model):
    """An alert went up: why, to which level, whom it told, and whom it passed over because he is disabled."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="escalations")
    round = models.PositiveSmallIntegerField("第几次", default=1)
    cause = models.CharField("原因", max_length=10, choices=Cause.choices)
    stage = models.PositiveSmallIntegerField("第几级")
    level = models.PositiveSmallIntegerField("层级")
    title = models.CharField("上报到", max_length=60)
    told = models.ManyToManyField("grid.Staff", verbose_name="接收人", related_name="+", blank=True)
    skipped = models.CharField("跳过", max_length=200, blank=True, default="")
    due_at = models.DateTimeField("应上报时间")
    at = models.DateTimeField("上报时间")

    class Meta:
        verbose_name = "异常上报"
        verbose_name_plural = "异常上报"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "round", "cause", "stage"], name="alertescalation_once_per_stage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} {self.title}"
