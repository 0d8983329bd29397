"""Shifts at checkpoints (劝导点值守): who stands where and when, and who has come."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class ShiftQuerySet(models.QuerySet["Shift"]):
    def standing(self) -> Self:
        """Those that were not called off."""
        return self.filter(cancelled_at=None)

    def visible_to(self, staff: Staff) -> Self:
        """Shifts of one's areas, and those on which one stands."""
        return self.filter(
            scope_of(staff).in_areas() | Q(pk__in=ShiftPost.objects.filter(staff=staff).values("shift"))
        )

    def on(self, day: dt.date) -> Self:
        """Shifts that begin on a day, and those that still run from the day before."""
        zone = timezone.get_default_timezone()
        start = dt.datetime.combine(day, dt.time(), tzinfo=zone)
        return self.filter(starts_at__lt=start + dt.timedelta(days=1), ends_at__gt=start)


class Shift(models.Model):
    """One watch at one checkpoint."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    place = models.CharField("劝导点", max_length=60)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    note = models.CharField("备注", max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True, editable=False)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = "劝导点班次"
        verbose_name_plural = "劝导点班次"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_it_starts"
            ),
            models.UniqueConstraint(
                fields=["area", "place", "starts_at"],
                condition=Q(cancelled_at=None),
                name="shift_once_a_place",
            ),
        ]
        indexes = [models.Index(fields=["area", "starts_at"], name="shift_area_start")]

    def __str__(self) -> str:
        return f"{self.place} {timezone.localtime(self.starts_at):%m-%d %H:%M}"

    def is_running(self, at: dt.datetime) -> bool:
        return self.cancelled_at is None and self.starts_at <= at < self.ends_at


class ShiftPost(models.Model):
    """Somebody stands on a shift; `arrived_at` when he has come."""

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="posts")
    staff = models.ForeignKey("grid.Staff", verbose_name="值守人", on_delete=models.PROTECT, related_name="+")
    arrived_at = models.DateTimeField("到岗时间", null=True, blank=True)
    arrival_by = models.ForeignKey(
        "grid.Staff",
        verbose_name="到岗登记人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = "劝导点值守"
        verbose_name_plural = "劝导点值守"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["shift", "staff"], name="shift_stood_once"),
        ]

    def __str__(self) -> str:
        return f"{self.shift}: {self.staff}"

    def is_missing(self, at: dt.datetime) -> bool:
        """Whether the shift has begun and he has not come."""
        return self.arrived_at is None and self.shift.cancelled_at is None and self.shift.starts_at <= at
