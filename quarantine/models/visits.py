"""Visits (上门测温) and readings."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grassroots.grid.models import Area
from quarantine.measuring import MeasuringDuties
from quarantine.models.observation import Observation, Outcome
from quarantine.models.returnee import scoped_q

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class VisitState(models.TextChoices):
    PLANNED = "PLANNED", "待测"
    DONE = "DONE", "已测"
    AWAY = "AWAY", "不在家"
    REFUSED = "REFUSED", "拒测"
    PHONE = "PHONE", "电话联系"
    MISSED = "MISSED", "漏测"
    CANCELLED = "CANCELLED", "取消"


UNMEASURED = (VisitState.PLANNED, VisitState.AWAY, VisitState.REFUSED, VisitState.PHONE)


class VisitQuerySet(models.QuerySet["Visit"]):
    def due(self, at: dt.datetime) -> Self:
        """In their slot at that time: opens_at ≤ at < closes_at, not cancelled."""
        return self.filter(opens_at__lte=at, closes_at__gt=at).exclude(state=VisitState.CANCELLED)

    def unmeasured(self) -> Self:
        return self.filter(state__in=UNMEASURED)

    def overdue(self, at: dt.datetime) -> Self:
        """Still planned although their slot has closed: to be marked as missed."""
        return self.filter(state=VisitState.PLANNED, closes_at__lte=at)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scoped_q(staff, "observation__"))

    def to_measure_by(self, staff: Staff, duties: MeasuringDuties | None = None) -> Self:
        """Visits of those whom the person must measure today; all of his scope when he holds no measuring duty.

        `duties` saves working them out again (two queries).
        """
        duties = duties or MeasuringDuties.of(staff)
        visible = self.visible_to(staff)
        return visible if duties.is_empty else visible.filter(duties.covers("observation__"))

    def of_slot(self, date: dt.date, slot: str) -> Self:
        """Visits of one slot of one day that were not called off."""
        return self.filter(date=date, slot=slot).exclude(state=VisitState.CANCELLED)

    def in_walking_order(self) -> Self:
        """Area by area as the tree goes, door by door."""
        return self.order_by("observation__area__path", "observation__walk_key", "pk")

    def beyond(self, visit: Visit) -> Self:
        """What comes after a visit in walking order (keyset of the pages)."""
        area, key = visit.observation.area.path, visit.observation.walk_key
        same_area = Q(observation__walk_key__gt=key) | Q(observation__walk_key=key, pk__gt=visit.pk)
        return self.filter(Q(observation__area__path__gt=area) | Q(observation__area__path=area) & same_area)


class Visit(models.Model):
    """One visit of one slot. Planned ones are laid down when the observation opens; a late reading may add one."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    observation = models.ForeignKey(Observation, on_delete=models.PROTECT, related_name="visits")
    area = models.ForeignKey(Area, verbose_name="当时区域", on_delete=models.PROTECT, related_name="+")
    date = models.DateField("日期")
    slot = models.CharField("时段", max_length=4)
    opens_at = models.DateTimeField("开始")
    closes_at = models.DateTimeField("截止")
    state = models.CharField("状态", max_length=10, choices=VisitState.choices, default=VisitState.PLANNED)
    state_at = models.DateTimeField("状态时间", null=True, blank=True)
    state_recorded_at = models.DateTimeField(null=True, blank=True)
    state_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    explanation = models.CharField("未测说明", max_length=100, blank=True, default="")
    is_planned = models.BooleanField(default=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = "上门测温"
        verbose_name_plural = "上门测温"
        constraints = [
            models.UniqueConstraint(fields=["observation", "date", "slot"], name="visit_one_per_slot"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="visit_closes_after_it_opens"
            ),
        ]
        indexes = [
            models.Index(fields=["area", "date", "slot"], name="visit_area_day"),
            models.Index(fields=["date", "slot", "state"], name="visit_slot_state"),
            models.Index(fields=["closes_at"], condition=Q(state="PLANNED"), name="visit_overdue"),
        ]

    def __str__(self) -> str:
        return f"{self.date:%F} {self.slot}"

    @property
    def is_called_off(self) -> bool:
        """Cancelled, and nobody can have been measured: the observation ended before the slot began, or never was."""
        if self.state != VisitState.CANCELLED:
            return False
        observation = self.observation
        ended = observation.closed_at
        return ended is None or self.opens_at >= ended or observation.outcome == Outcome.VOIDED


class Method(models.TextChoices):
    """How the temperature was measured: forehead guns in the cold read low."""

    FOREHEAD = "FOREHEAD", "额温"
    EAR = "EAR", "耳温"
    ARMPIT = "ARMPIT", "腋温"
    SELF = "SELF", "自测报告"
    OTHER = "OTHER", "其他"


class ReadingSource(models.TextChoices):
    DOOR = "DOOR", "上门"
    PHONE = "PHONE", "电话"
    PAPER = "PAPER", "补录"
    IMPORT = "IMPORT", "导入"


APART = dt.timedelta(minutes=5)


class ReadingQuerySet(models.QuerySet["Reading"]):
    def effective(self) -> Self:
        """Readings that no later reading corrects."""
        return self.filter(corrections=None)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scoped_q(staff, "visit__observation__"))


class Reading(models.Model):
    """One measurement. Append only: a correction is a further reading that names the one it corrects."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="readings")
    sequence = models.PositiveSmallIntegerField("第几次")
    temperature = models.DecimalField("体温(℃)", max_digits=4, decimal_places=1)
    method = models.CharField("方式", max_length=10, choices=Method.choices, default=Method.FOREHEAD)
    symptoms = models.JSONField("症状", default=list, blank=True)
    is_abnormal = models.BooleanField("异常", default=False)
    is_low = models.BooleanField("偏低", default=False)
    measured_at = models.DateTimeField("测量时间", null=True, blank=True)
    entered_at = models.DateTimeField("录入时间", default=timezone.now)
    by = models.ForeignKey(
        "grid.Staff", verbose_name="测量人", on_delete=models.PROTECT, related_name="readings"
    )
    entered_by = models.ForeignKey(
        "grid.Staff", verbose_name="录入人", on_delete=models.PROTECT, related_name="+"
    )
    source = models.CharField("来源", max_length=8, choices=ReadingSource.choices, default=ReadingSource.DOOR)
    is_late = models.BooleanField("补录", default=False)
    corrects = models.ForeignKey(
        "self",
        verbose_name="更正的读数",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="corrections",
    )
    reason = models.CharField("更正原因", max_length=100, blank=True, default="")

    objects = ReadingQuerySet.as_manager()

    class Meta:
        verbose_name = "体温"
        verbose_name_plural = "体温"
        ordering = ["visit_id", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "sequence"], name="reading_sequence_once"),
            models.UniqueConstraint(
                fields=["corrects"], condition=Q(corrects__isnull=False), name="reading_corrected_once"
            ),
            models.CheckConstraint(
                condition=Q(temperature__gte=30, temperature__lte=43), name="reading_temperature_plausible"
            ),
        ]
        indexes = [models.Index(fields=["entered_by", "entered_at"], name="reading_entered")]

    def __str__(self) -> str:
        return f"{self.temperature}℃"

    @property
    def is_entered_apart(self) -> bool:
        """Entered so long after it was measured, or measured nobody knows when, that a page says both times."""
        return self.measured_at is None or self.entered_at - self.measured_at >= APART
