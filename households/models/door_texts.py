"""What the office says at the door in its own words: the health manual, the notice, the commitment letter."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from grassroots.grid.models import Area
from households.rules.door_texts import DoorTextKind


class DoorText(models.Model):
    """One version of an area's own words. Rows are added, never changed: the last one holds."""

    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("文本", max_length=8, choices=DoorTextKind.choices)
    number = models.PositiveIntegerField("版本")
    title = models.CharField("标题", max_length=40)
    body = models.TextField("正文")
    is_withdrawn = models.BooleanField("改用上级文本", default=False)
    by = models.ForeignKey("grid.Staff", verbose_name="修改人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("修改时间", default=timezone.now)

    class Meta:
        verbose_name = "入户文本"
        verbose_name_plural = "入户文本"
        constraints = [
            models.UniqueConstraint(fields=["area", "kind", "number"], name="doortext_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title} 第{self.number}版"
