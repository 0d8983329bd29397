"""Forms that came from above, kept sealed while they are being filled in (docs/filling.md)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class EmptyFormQuerySet(models.QuerySet["EmptyForm"]):
    def visible_to(self, staff: Staff) -> Self:
        """One's own, for areas that are still in the scope."""
        return self.filter(scope_of(staff).in_areas(), staff=staff)

    def outdated(self, at: dt.datetime) -> Self:
        return self.filter(expires_at__lte=at)


class EmptyForm(models.Model):
    """One form as it was uploaded: the same is asked for every day, so it may be filled in again and again.

    `ledger` is whose rows fill it, "" until that is found out. The file lies sealed below settings.FORM_ROOT.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    staff = models.ForeignKey(
        "grid.Staff", verbose_name="上传人", on_delete=models.PROTECT, related_name="empty_forms"
    )
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="empty_forms")
    name = EncryptedTextField("文件名")
    path = models.CharField("文件", max_length=100, editable=False)
    ledger = models.CharField("数据来源", max_length=40, blank=True, default="")
    created_at = models.DateTimeField("上传时间", default=timezone.now)
    expires_at = models.DateTimeField("保留到", db_index=True)
    filled = models.PositiveIntegerField("填过几次", default=0)

    objects = EmptyFormQuerySet.as_manager()

    class Meta:
        verbose_name = "上级空表"
        verbose_name_plural = "上级空表"
        indexes = [models.Index(fields=["staff", "-created_at"], name="empty_form_staff")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.created_at:%F %R}"
