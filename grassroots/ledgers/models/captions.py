"""What clerks have said about the captions of other people's tables (docs/reading.md)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area


class CaptionMemory(models.Model):
    """One correction: in this street, for this purpose, a column of this caption holds that field.

    `purpose` is a kind of import or a ledger whose rows fill forms. The caption (`Caption.key`) is encrypted: what a
    file has in the place of captions may be anything. `field` is "" for a column that is to stay empty.
    """

    area = models.ForeignKey(
        Area, verbose_name="区域", on_delete=models.CASCADE, related_name="caption_memories"
    )
    purpose = models.CharField("用于", max_length=60)
    caption = EncryptedTextField("列名")
    caption_digest = models.CharField(max_length=64, editable=False)
    field = models.CharField("内容", max_length=60, blank=True, default="")
    by = models.ForeignKey("grid.Staff", verbose_name="更正人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("更正时间", default=timezone.now)

    class Meta:
        verbose_name = "列名对应"
        verbose_name_plural = "列名对应"
        constraints = [
            models.UniqueConstraint(
                fields=["area", "purpose", "caption_digest"], name="caption_remembered_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} → {self.field}"
