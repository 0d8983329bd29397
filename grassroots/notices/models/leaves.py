"""Leave: somebody is away from a day to a day, and somebody else stands in for all of his duties."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class LeaveQuerySet(models.QuerySet["Leave"]):
    def open(self) -> Self:
        """Leaves that have begun or will, and were not called off."""
        return self.filter(ended_at=None)

    def on(self, on: dt.date) -> Self:
        """Leaves of that day."""
        return self.open().filter(from_on__lte=on, to_on__gte=on)

    def over(self, on: dt.date) -> Self:
        """Open leaves whose last day has passed."""
        return self.open().filter(to_on__lt=on)

    def visible_to(self, staff: Staff) -> Self:
        """One's own, those one stands in for, and those of staff whom one may manage."""
        from grassroots.grid.models import Staff

        managed = Staff.objects.manageable_by(staff).order_by().values("pk")
        if not staff.has_perm("grid.change_areaduty"):
            managed = managed.none()
        return self.filter(Q(staff=staff) | Q(deputy=staff) | Q(staff__in=managed))


class Leave(models.Model):
    """What it changed in the duties is kept in `before`, so that the former B角 is there again afterwards."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    staff = models.ForeignKey(
        "grid.Staff", verbose_name="请假人", on_delete=models.PROTECT, related_name="leaves"
    )
    deputy = models.ForeignKey(
        "grid.Staff", verbose_name="代岗人", on_delete=models.PROTECT, related_name="standins"
    )
    from_on = models.DateField("开始日期")
    to_on = models.DateField("结束日期（含）")
    reason = models.CharField("事由", max_length=60, blank=True, default="")
    entered_by = models.ForeignKey("grid.Staff", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(default=list, editable=False)

    objects = LeaveQuerySet.as_manager()

    class Meta:
        verbose_name = "请假"
        verbose_name_plural = "请假"
        constraints = [
            models.CheckConstraint(condition=Q(to_on__gte=F("from_on")), name="leave_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(deputy=F("staff")), name="leave_deputy_is_another_person"),
        ]
        indexes = [models.Index(fields=["to_on"], condition=Q(ended_at=None), name="leave_open")]

    def __str__(self) -> str:
        return f"{self.staff} {self.from_on} – {self.to_on}"
