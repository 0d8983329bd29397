"""What every photo that is kept has: a file sealed on disk, a day on which it is erased; the row stays."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.db import models
from django.utils import timezone


class SealedPhotoQuerySet(models.QuerySet[Any]):
    def kept(self) -> Self:
        """Whose picture is still there."""
        return self.filter(erased_at=None)


class SealedPhoto(models.Model):
    """A photo. The file lies sealed below settings.PHOTO_ROOT (households/services/photos.py), erased in time."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    path = models.CharField(max_length=80, editable=False)
    size = models.PositiveIntegerField("字节")
    created_at = models.DateTimeField("拍照时间", default=timezone.now, editable=False)
    expires_at = models.DateTimeField("到期清除")
    erased_at = models.DateTimeField("清除时间", null=True, blank=True)
    erased_by = models.ForeignKey(
        "grid.Staff", verbose_name="清除人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True
