"""Readings that are worth a second look: hints for the supervisor, never a judgement."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from quarantine.models.observation import Observation
from quarantine.models.visits import Reading
from quarantine.rules.truth import FlagKind

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class Conclusion(models.TextChoices):
    """What came out when somebody asked."""

    EXPLAINED = "EXPLAINED", "情况属实，已说明"
    CORRECTED = "CORRECTED", "读数已更正"
    FOLLOW_UP = "FOLLOW_UP", "需要继续跟进"


class ReadingFlagQuerySet(models.QuerySet["ReadingFlag"]):
    def visible_to(self, staff: Staff) -> Self:
        """Hints on readings that all lie in the person's areas."""
        return self.filter(scope_of(staff).in_areas())

    def between(self, since: dt.datetime, until: dt.datetime) -> Self:
        """Hints on what happened in a span of time, the end left out."""
        return self.filter(until_at__gte=since, until_at__lt=until)

    def unchecked(self) -> Self:
        return self.filter(conclusion="")


class ReadingFlag(models.Model):
    """One hint: which readings, by whom, when; found by the tick. It is checked, never deleted."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("提示", max_length=12, choices=FlagKind.choices)
    officer = models.ForeignKey(
        "grid.Staff", verbose_name="测量人", on_delete=models.PROTECT, related_name="reading_flags"
    )
    observation = models.ForeignKey(
        Observation, null=True, blank=True, on_delete=models.PROTECT, related_name="reading_flags"
    )
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    readings = models.ManyToManyField(Reading, verbose_name="读数", related_name="flags")
    count = models.PositiveIntegerField("条数")
    temperature = models.DecimalField("数值", max_digits=4, decimal_places=1, null=True, blank=True)
    from_at = models.DateTimeField("自")
    until_at = models.DateTimeField("至")
    found_at = models.DateTimeField("发现时间", default=timezone.now)
    conclusion = models.CharField(
        "核实情况", max_length=10, choices=Conclusion.choices, blank=True, default=""
    )

    objects = ReadingFlagQuerySet.as_manager()

    class Meta:
        verbose_name = "读数核实提示"
        verbose_name_plural = "读数核实提示"
        constraints = [
            models.CheckConstraint(
                condition=Q(until_at__gte=F("from_at")), name="readingflag_ends_after_it_begins"
            ),
        ]
        indexes = [
            models.Index(fields=["area", "until_at"], name="readingflag_area"),
            models.Index(fields=["officer", "kind", "until_at"], name="readingflag_officer"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.until_at:%F %R}"


class FlagCheck(models.Model):
    """Somebody asked: what came out, in words. Rows are added, never changed."""

    flag = models.ForeignKey(ReadingFlag, on_delete=models.PROTECT, related_name="checks")
    conclusion = models.CharField("核实情况", max_length=10, choices=Conclusion.choices)
    note = models.CharField("说明", max_length=200)
    by = models.ForeignKey("grid.Staff", verbose_name="核实人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("核实时间", default=timezone.now)

    class Meta:
        verbose_name = "读数核实"
        verbose_name_plural = "读数核实"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(note=""), name="flagcheck_says_what_came_out"),
        ]

    def __str__(self) -> str:
        return f"{self.get_conclusion_display()} {self.at:%F %R}"


class ReadingScan(models.Model):
    """How far the tick has looked through readings: one row."""

    name = models.CharField(max_length=20, unique=True)
    last_pk = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "读数检查进度"
        verbose_name_plural = "读数检查进度"

    def __str__(self) -> str:
        return f"{self.name} {self.last_pk}"
