"""The order in which somebody walks his round."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from grassroots.grid.models import Area


class WalkOrder(models.Model):
    """Somebody's own order: of the people within an area (ids of observations), or of the areas (`area` empty).

    It is a preference, kept on the server so that it is there on any phone. It names nobody: ids alone.
    """

    staff = models.ForeignKey(
        "grid.Staff", verbose_name="测温人", on_delete=models.CASCADE, related_name="walk_orders"
    )
    area = models.ForeignKey(
        Area, verbose_name="小区/组", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    stops = models.JSONField("顺序", default=list)
    changed_at = models.DateTimeField("修改时间", auto_now=True)

    class Meta:
        verbose_name = "测温顺序"
        verbose_name_plural = "测温顺序"
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "area"], condition=Q(area__isnull=False), name="walkorder_one_per_area"
            ),
            models.UniqueConstraint(fields=["staff"], condition=Q(area=None), name="walkorder_of_areas_once"),
        ]

    def __str__(self) -> str:
        return f"{self.staff} {self.area or '各小区'}"
