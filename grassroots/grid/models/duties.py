"""Duties (包保): who answers for what, on six levels or as many as the office has."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.models.areas import Level

if TYPE_CHECKING:
    from grassroots.grid.models.staff import Staff


class DutyKind(models.Model):
    """A link of the chain of responsibility. Six ship (三定六级); an office adds its own."""

    code = models.SlugField("代码", max_length=30, unique=True)
    name = models.CharField("名称", max_length=30, unique=True, help_text="如:包片、包村、包户")
    officer_title = models.CharField("责任人称谓", max_length=30, help_text="如:包片领导、驻村干部")
    level = models.PositiveSmallIntegerField("通常落在哪一级", choices=Level.choices)
    order = models.PositiveSmallIntegerField("次序", help_text="1 为最上级")
    is_measuring = models.BooleanField("负责上门测温", default=False)
    is_expected = models.BooleanField("缺人时列为空岗", default=True)
    description = models.CharField("职责", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "包保类别"
        verbose_name_plural = "包保类别"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name


class DutyQuerySet(models.QuerySet["AbstractDuty"]):
    """Duties by date and holder."""

    def open(self, on: dt.date | None = None) -> Self:
        """Duties in force on a date (default today)."""
        on = on or timezone.localdate()
        return self.filter(valid_from__lte=on).filter(Q(valid_to=None) | Q(valid_to__gte=on))

    def coming(self, on: dt.date | None = None) -> Self:
        """Duties that begin after a date (default today)."""
        return self.filter(valid_from__gt=on or timezone.localdate())

    def held_by(self, staff: Staff, on: dt.date | None = None) -> Self:
        """Open duties that the person holds, or stands in for on that date; none for one who has left."""
        if not staff.is_active:
            return self.none()
        on = on or timezone.localdate()
        standing_in = Q(deputy=staff, standin_from__lte=on) & (Q(standin_to=None) | Q(standin_to__gte=on))
        return self.open(on).filter(Q(staff=staff) | standing_in)


class AbstractDuty(models.Model):
    """Somebody answers for something from a date to a date, with a deputy (B角) who may stand in."""

    staff = models.ForeignKey(
        "grid.Staff", verbose_name="责任人", on_delete=models.PROTECT, related_name="%(class)s_set"
    )
    kind = models.ForeignKey(DutyKind, verbose_name="包保类别", on_delete=models.PROTECT, related_name="+")
    deputy = models.ForeignKey(
        "grid.Staff", verbose_name="B角", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    standin_from = models.DateField("B角代岗开始", null=True, blank=True)
    standin_to = models.DateField("B角代岗结束(含)", null=True, blank=True)
    valid_from = models.DateField("开始日期", default=timezone.localdate)
    valid_to = models.DateField("结束日期(含)", null=True, blank=True)

    history = HistoricalRecords(inherit=True)
    objects = DutyQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="%(class)s_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("staff")), name="%(class)s_deputy_is_another_person"
            ),
        ]

    def is_stood_in(self, on: dt.date) -> bool:
        """Whether the deputy stands in on that date."""
        return bool(
            self.deputy_id
            and self.standin_from
            and self.standin_from <= on
            and (self.standin_to is None or on <= self.standin_to)
        )

    def acting(self, on: dt.date) -> Staff:
        """The one to call on that date: the deputy while he stands in, else the holder."""
        return self.deputy if self.is_stood_in(on) and self.deputy else self.staff

    @property
    def acting_today(self) -> Staff:
        """The one to call today."""
        return self.acting(timezone.localdate())


class AreaDuty(AbstractDuty):
    """A duty on an area and everything below it, e.g. 包片, 包村, 包组."""

    area = models.ForeignKey(
        "grid.Area", verbose_name="区域", on_delete=models.PROTECT, related_name="duties"
    )
    section = models.CharField("片/段", max_length=40, blank=True, default="")

    class Meta(AbstractDuty.Meta):
        verbose_name = "区域包保"
        verbose_name_plural = "区域包保"
        constraints = [
            *AbstractDuty.Meta.constraints,
            models.UniqueConstraint(
                fields=["staff", "kind", "area"], condition=Q(valid_to=None), name="areaduty_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.area}: {self.staff}"
