"""Channels out of the system: robots of chat groups, and gateways that reach one officer at a time."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.scope import scope_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

FAILING_AFTER = (
    3  # failures in a row, after which somebody's own address counts as one that does not reach him
)


class ChannelKind(models.TextChoices):
    WECOM = "WECOM", "企业微信群机器人"
    DINGTALK = "DINGTALK", "钉钉群机器人"
    FEISHU = "FEISHU", "飞书群机器人"
    MAIL = "MAIL", "电子邮件"
    SMS_JSON = "SMS_JSON", "短信网关（JSON）"
    SMS_FORM = "SMS_FORM", "短信网关（表单）"


ROBOTS = (ChannelKind.WECOM, ChannelKind.DINGTALK, ChannelKind.FEISHU)
GATEWAYS = (ChannelKind.MAIL, ChannelKind.SMS_JSON, ChannelKind.SMS_FORM)


class ChannelQuerySet(models.QuerySet["Channel"]):
    def visible_to(self, staff: Staff) -> Self:
        """Channels that serve an area inside the person's scope."""
        return self.filter(scope_of(staff).in_areas())

    def enabled(self) -> Self:
        return self.filter(is_enabled=True)

    def robots(self) -> Self:
        return self.filter(kind__in=ROBOTS)

    def gateways(self) -> Self:
        return self.filter(kind__in=GATEWAYS)


class Channel(models.Model):
    """A way out. A robot belongs to a group and says counts only; through a gateway officers get their own."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("名称", max_length=40, unique=True)
    kind = models.CharField("种类", max_length=10, choices=ChannelKind.choices)
    area = models.ForeignKey(
        "grid.Area", verbose_name="服务的区域", on_delete=models.PROTECT, related_name="channels"
    )
    address = EncryptedTextField("地址")
    success_mark = models.CharField("成功回执里的文字", max_length=60, blank=True, default="")
    quiet_from = models.TimeField("免打扰开始", null=True, blank=True)
    quiet_to = models.TimeField("免打扰结束", null=True, blank=True)
    per_minute = models.PositiveSmallIntegerField(
        "每分钟最多", default=20, validators=[MinValueValidator(1), MaxValueValidator(600)]
    )
    is_enabled = models.BooleanField("启用", default=True)
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    history = HistoricalRecords(excluded_fields=["failures_in_a_row", "paused_until"])
    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = "通知渠道"
        verbose_name_plural = "通知渠道"
        constraints = [
            models.CheckConstraint(condition=Q(per_minute__gte=1), name="channel_sends_at_least_one"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None) | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="channel_quiet_from_and_to",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def is_robot(self) -> bool:
        """Whether it speaks to a group; otherwise it reaches one officer at a time."""
        return self.kind in ROBOTS


class OwnAddressQuerySet(models.QuerySet["OwnAddress"]):
    def usable(self) -> Self:
        """Addresses that are switched on, through gateways that are."""
        return self.filter(is_enabled=True, channel__is_enabled=True)


class OwnAddress(models.Model):
    """Where one officer is reached through a gateway: his mail address, or his phone ('' is the office phone)."""

    staff = models.ForeignKey(
        "grid.Staff", verbose_name="人员", on_delete=models.PROTECT, related_name="addresses"
    )
    channel = models.ForeignKey(
        Channel, verbose_name="渠道", on_delete=models.PROTECT, related_name="addresses"
    )
    target = EncryptedTextField("邮箱或手机", blank=True, default="")
    only_urgent = models.BooleanField("只发紧急的", default=False)
    is_enabled = models.BooleanField("启用", default=True)
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)

    objects = OwnAddressQuerySet.as_manager()

    class Meta:
        verbose_name = "本人通知地址"
        verbose_name_plural = "本人通知地址"
        constraints = [
            models.UniqueConstraint(fields=["staff", "channel"], name="ownaddress_once_per_channel")
        ]

    def __str__(self) -> str:
        return f"{self.staff} · {self.channel}"

    @property
    def is_failing(self) -> bool:
        """Whether the last FAILING_AFTER messages to it all failed for good."""
        return self.failures_in_a_row >= FAILING_AFTER
