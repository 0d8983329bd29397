"""Doors that the numbering makes one expect and that do not exist (households/rules/missing.py)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class DismissedDoorQuerySet(models.QuerySet["DismissedDoor"]):
    def standing(self) -> Self:
        """Those that were not undone."""
        return self.filter(undone_at=None)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())


class DismissedDoor(models.Model):
    """不是漏户: who said that there is no such door, when and why. Undone, it is proposed again; nothing is erased."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    area = models.ForeignKey(Area, verbose_name="小区/组", on_delete=models.PROTECT, related_name="+")
    building = models.CharField("楼栋", max_length=20, blank=True, default="")
    unit = models.CharField("单元", max_length=20, blank=True, default="")
    door = models.CharField("房号/门牌", max_length=20)
    display = models.CharField("门牌显示", max_length=90)
    reason = models.CharField("原因", max_length=100)
    by = models.ForeignKey("grid.Staff", verbose_name="办理人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("办理时间", default=timezone.now)
    undone_by = models.ForeignKey(
        "grid.Staff", verbose_name="撤销人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)

    objects = DismissedDoorQuerySet.as_manager()

    class Meta:
        verbose_name = "不存在的门牌"
        verbose_name_plural = "不存在的门牌"
        constraints = [
            models.UniqueConstraint(
                fields=["area", "building", "unit", "door"],
                condition=Q(undone_at=None),
                name="dismissed_door_stands_once",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="dismissed_door_has_a_reason"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="dismissed_door_undone_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.display
