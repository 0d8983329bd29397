"""What devices send later: by whose grant, and what could not be entered and waits for its author."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models.staff import Staff


class DeviceGrantQuerySet(models.QuerySet["DeviceGrant"]):
    def usable(self, at: datetime) -> Self:
        """What comes by them is entered: neither revoked nor expired; the newest first."""
        return self.filter(revoked_at=None, expires_at__gt=at).order_by("-issued_at")


class DeviceGrant(models.Model):
    """A device's right to send what one person entered on it, after his session has ended too."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="device_grants")
    device = models.CharField("设备", max_length=40, blank=True, default="")
    issued_at = models.DateTimeField("授权时间", default=timezone.now)
    expires_at = models.DateTimeField("有效期至")
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    used_at = models.DateTimeField("最近上传", null=True, blank=True)
    window_from = models.DateTimeField(null=True, blank=True, editable=False)
    window_count = models.PositiveIntegerField(default=0, editable=False)

    objects = DeviceGrantQuerySet.as_manager()

    class Meta:
        verbose_name = "离线授权"
        verbose_name_plural = "离线授权"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("issued_at")), name="device_grant_lasts"
            )
        ]

    def __str__(self) -> str:
        return str(self.uid)


class KeptState(models.TextChoices):
    REFUSED = "REFUSED", "被退回"
    CONFLICT = "CONFLICT", "与他人修改冲突"
    DRAFT = "DRAFT", "没填完的草稿"


class KeptQuerySet(models.QuerySet["KeptEntry"]):
    def waiting(self) -> Self:
        """Not dealt with yet."""
        return self.filter(settled_at=None)

    def visible_to(self, staff: Staff) -> Self:
        """One's own: nobody else sees what somebody typed and did not get in, as long as he can see to it himself.

        What a disabled author left goes to whoever says who answers for what (grid.add_areaduty) and may manage him.
        """
        if not staff.has_perm("grid.add_areaduty"):
            return self.filter(staff=staff)
        left = Staff.objects.manageable_by(staff).filter(is_active=False).values("pk")
        return self.filter(models.Q(staff=staff) | models.Q(staff__in=left))


class KeptEntry(models.Model):
    """A form from a device that was not entered: kept for its author with everything typed, and why."""

    uid = models.UUIDField("提交编号", primary_key=True, editable=False)
    staff = models.ForeignKey(
        Staff, verbose_name="填写人", on_delete=models.PROTECT, related_name="kept_entries"
    )
    grant = models.ForeignKey(DeviceGrant, on_delete=models.PROTECT, related_name="+")
    url_name = models.CharField(max_length=60)
    state = models.CharField("状态", max_length=10, choices=KeptState.choices)
    body = EncryptedTextField(blank=True, default="")  # JSON: path, fields
    reasons = EncryptedTextField(blank=True, default="")  # JSON: list of sentences
    entered_at = models.DateTimeField("填写时间")
    received_at = models.DateTimeField("收到时间", default=timezone.now)
    settled_at = models.DateTimeField("处理时间", null=True, blank=True)
    is_saved = models.BooleanField("已入账", default=False)

    objects = KeptQuerySet.as_manager()

    class Meta:
        verbose_name = "待处理的离线记录"
        verbose_name_plural = "待处理的离线记录"
        indexes = [
            models.Index(
                fields=["staff", "received_at"], condition=models.Q(settled_at=None), name="kept_waiting"
            )
        ]

    def __str__(self) -> str:
        return str(self.uid)
