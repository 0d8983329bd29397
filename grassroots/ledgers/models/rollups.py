"""Rollups: figures per area, recomputed when their area is marked dirty (docs/ledgers.md)."""

from django.db import models
from django.utils import timezone

from grassroots.grid.models import Area


class AreaRollup(models.Model):
    """The figures of one area on one day: its own rows, and those of everything below it as well."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="rollups")
    on = models.DateField()
    own = models.JSONField(default=dict)
    total = models.JSONField(default=dict)
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "汇总"
        verbose_name_plural = "汇总"
        permissions = [("export_ledger", "可以下载台账"), ("export_unmasked", "可以下载明文台账")]
        constraints = [models.UniqueConstraint(fields=["area", "on"], name="rollup_once_per_area_and_day")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.on:%F}"


class DirtyArea(models.Model):
    """An area whose figures of today have changed since its rollup."""

    area = models.OneToOneField(Area, primary_key=True, on_delete=models.CASCADE, related_name="+")
    marked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "待重算区域"
        verbose_name_plural = "待重算区域"

    def __str__(self) -> str:
        return str(self.area_id)
