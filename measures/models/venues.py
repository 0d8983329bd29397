"""Venues (场所): a register by kind, and dated events that say how each stands."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from households.rules.phones import mask_phone
from measures.models.kinds import Kind

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class VenueState(models.TextChoices):
    OPEN = "OPEN", "营业"
    CLOSED = "CLOSED", "已关停"


class VenueAction(models.TextChoices):
    """What happened at a venue, or with it."""

    NOTICE = "NOTICE", "送达通知"
    CLOSED = "CLOSED", "关停"
    PATROLLED = "PATROLLED", "巡查"
    REOPENED = "REOPENED", "恢复营业"


#: What changes how a venue stands.
TURNING = (VenueAction.CLOSED, VenueAction.REOPENED)


class VenueQuerySet(models.QuerySet["Venue"]):
    def active(self) -> Self:
        """Still on the register."""
        return self.filter(removed_at=None)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())

    def within(self, area: Area) -> Self:
        return self.filter(area__in=Area.objects.within(area).order_by().values("pk"))

    def closed(self) -> Self:
        return self.filter(state=VenueState.CLOSED)

    def unpatrolled(self, on: dt.date) -> Self:
        """Closed, and nobody has looked on the day whether it stays so."""
        return self.closed().filter(Q(patrolled_on=None) | Q(patrolled_on__lt=on))


class Venue(models.Model):
    """A place where people meet. State and dates are those of its events, kept by measures/services/venues.py."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.ForeignKey(Kind, verbose_name="类型", on_delete=models.PROTECT, related_name="venues")
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    name = models.CharField("场所名称", max_length=50)
    address = models.CharField("地址", max_length=80, blank=True, default="")
    contact = models.CharField("负责人", max_length=20, blank=True, default="")
    phone = EncryptedTextField("联系电话", blank=True, default="")
    officer = models.ForeignKey(
        "grid.Staff",
        verbose_name="责任人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    note = models.CharField("备注", max_length=200, blank=True, default="")
    state = models.CharField("状态", max_length=10, choices=VenueState.choices, default=VenueState.OPEN)
    noticed_on = models.DateField("通知送达", null=True, blank=True)
    closed_on = models.DateField("关停日期", null=True, blank=True)
    patrolled_on = models.DateField("最近巡查", null=True, blank=True)
    reopened_on = models.DateField("恢复营业日期", null=True, blank=True)
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    removed_at = models.DateTimeField("撤出时间", null=True, blank=True, editable=False)
    remove_reason = models.CharField("撤出原因", max_length=100, blank=True, default="", editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = VenueQuerySet.as_manager()

    class Meta:
        verbose_name = "场所"
        verbose_name_plural = "场所"
        constraints = [
            models.UniqueConstraint(
                fields=["area", "name"], condition=Q(removed_at=None), name="venue_named_once_in_area"
            ),
        ]
        indexes = [models.Index(fields=["area", "kind"], name="venue_area_kind")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_closed(self) -> bool:
        return self.state == VenueState.CLOSED

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone) if self.phone else ""


class VenueEventQuerySet(models.QuerySet["VenueEvent"]):
    def standing(self, known_at: dt.datetime | None = None) -> Self:
        """Those that count: not annulled, now or as far as was known then."""
        if known_at is None:
            return self.filter(voided_at=None)
        return self.filter(Q(voided_at=None) | Q(voided_at__gt=known_at), recorded_at__lte=known_at)


class VenueEvent(models.Model):
    """One thing that happened at a venue. Rows are added and annulled, never changed."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="events")
    action = models.CharField("事项", max_length=10, choices=VenueAction.choices)
    on = models.DateField("日期")
    note = models.CharField("情况", max_length=200, blank=True, default="")
    is_breach = models.BooleanField("擅自营业", default=False)
    by = models.ForeignKey("grid.Staff", verbose_name="经办人", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    voided_at = models.DateTimeField("撤销时间", null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    void_reason = models.CharField("撤销原因", max_length=100, blank=True, default="", editable=False)

    objects = VenueEventQuerySet.as_manager()

    class Meta:
        verbose_name = "场所事项"
        verbose_name_plural = "场所事项"
        ordering = ["-on", "-pk"]
        indexes = [models.Index(fields=["venue", "-on", "-id"], name="venue_event_order")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.on:%m-%d}"
