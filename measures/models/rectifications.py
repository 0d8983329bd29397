"""Rectification (整改): what was found wrong goes back to the village with a deadline, and is looked at again."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from measures.models.checks import CheckItem

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class RectificationState(models.TextChoices):
    OPEN = "OPEN", "待整改"
    DONE = "DONE", "待复核"
    CLOSED = "CLOSED", "已销号"


class RectificationAction(models.TextChoices):
    """What happened to it."""

    DONE = "DONE", "已整改"
    RETURNED = "RETURNED", "退回重改"
    CLOSED = "CLOSED", "复核销号"


class RectificationQuerySet(models.QuerySet["Rectification"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())

    def open(self) -> Self:
        """Not closed: to be done, or to be looked at again."""
        return self.exclude(state=RectificationState.CLOSED)

    def overdue(self, on: dt.date) -> Self:
        """Still to be done although the deadline has passed."""
        return self.filter(state=RectificationState.OPEN, due_on__lt=on)


class Rectification(models.Model):
    """A demand on a village: what was wrong, until when. Who says that it is done is not who closes it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    area = models.ForeignKey(Area, verbose_name="责任单位", on_delete=models.PROTECT, related_name="+")
    check_item = models.OneToOneField(
        CheckItem, null=True, blank=True, on_delete=models.PROTECT, related_name="rectification"
    )
    problem = models.CharField("存在问题", max_length=300)
    demand = models.CharField("整改要求", max_length=200)
    due_on = models.DateField("整改时限")
    state = models.CharField(
        "状态", max_length=10, choices=RectificationState.choices, default=RectificationState.OPEN
    )
    raised_at = models.DateTimeField("提出时间", default=timezone.now)
    raised_by = models.ForeignKey(
        "grid.Staff", verbose_name="提出人", on_delete=models.PROTECT, related_name="+"
    )
    done_by = models.ForeignKey(
        "grid.Staff",
        verbose_name="整改人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    closed_by = models.ForeignKey(
        "grid.Staff",
        verbose_name="复核人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    closed_at = models.DateTimeField("销号时间", null=True, blank=True)
    level_told = models.PositiveSmallIntegerField("已上报级数", default=0, editable=False)

    objects = RectificationQuerySet.as_manager()

    class Meta:
        verbose_name = "整改"
        verbose_name_plural = "整改"
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_by=None) | ~Q(closed_by=F("done_by")),
                name="rectification_closed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="CLOSED")
                | Q(closed_at__isnull=False, closed_by__isnull=False, done_by__isnull=False),
                name="rectification_closed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["area", "due_on"], condition=~Q(state="CLOSED"), name="rectification_open"),
            models.Index(fields=["due_on"], condition=Q(state="OPEN"), name="rectification_due"),
        ]

    def __str__(self) -> str:
        return self.problem


class RectificationStep(models.Model):
    """What was said to it, by whom, when. Rows are added, never changed."""

    rectification = models.ForeignKey(Rectification, on_delete=models.PROTECT, related_name="steps")
    action = models.CharField("事项", max_length=10, choices=RectificationAction.choices)
    words = models.CharField("说明", max_length=300)
    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey("grid.Staff", verbose_name="经办人", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "整改经过"
        verbose_name_plural = "整改经过"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {timezone.localtime(self.at):%m-%d %H:%M}"
