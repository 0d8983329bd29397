"""Plans: what is to be done at a place every so many days (消毒计划 and the like)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from measures.models.kinds import Kind

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class PlanQuerySet(models.QuerySet["Plan"]):
    def open(self, on: dt.date | None = None) -> Self:
        """Those that hold on a day (None: that have not been ended)."""
        if on is None:
            return self.filter(ended_on=None)
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=on), started_on__lte=on)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())


class Plan(models.Model):
    """A place where a measure is taken every so many days, and who sees to it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.ForeignKey(Kind, verbose_name="项目", on_delete=models.PROTECT, related_name="plans")
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    place = models.CharField("区域/物品", max_length=60)
    every = models.PositiveSmallIntegerField("几天一次", default=1)
    officer = models.ForeignKey(
        "grid.Staff",
        verbose_name="由谁办",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    note = models.CharField("要求", max_length=200, blank=True, default="")
    started_on = models.DateField("开始日期", default=timezone.localdate)
    ended_on = models.DateField("结束日期", null=True, blank=True, editable=False)
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = "措施计划"
        verbose_name_plural = "措施计划"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "area", "place"], condition=Q(ended_on=None), name="measure_plan_once_a_place"
            ),
            models.CheckConstraint(condition=Q(every__range=(1, 31)), name="measure_plan_within_month"),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on")), name="measure_plan_ends_late"
            ),
        ]
        indexes = [models.Index(fields=["area"], condition=Q(ended_on=None), name="measure_plan_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"

    @property
    def rhythm(self) -> str:
        """每天, or 每3天."""
        return "每天一次" if self.every == 1 else f"每{self.every}天一次"
