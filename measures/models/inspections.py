"""Inspections (督查): by two at least, along a checklist, announced or not; what is wrong becomes a rectification."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from measures.models.rectifications import Rectification
from measures.models.venues import Venue

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class ItemResult(models.TextChoices):
    """What an inspector says to an item of the checklist."""

    GOOD = "GOOD", "合格"
    BAD = "BAD", "有问题"
    NONE = "NONE", "不涉及"


class Checklist(models.Model):
    """What is looked at, at one kind of place. The office changes the lines (measures/checklists.py ships some)."""

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("检查对象", max_length=20, unique=True)
    items: Any = models.JSONField("检查内容", default=list)  # lines of text, in their order
    order = models.PositiveSmallIntegerField("顺序", default=50)
    is_open = models.BooleanField("使用中", default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "督查项目"
        verbose_name_plural = "督查项目"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())

    def standing(self) -> Self:
        return self.filter(voided_at=None)


class Inspection(models.Model):
    """One inspection. Rows are not changed; one that was entered by mistake is void with a reason."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    checklist = models.ForeignKey(
        Checklist, verbose_name="检查对象", on_delete=models.PROTECT, related_name="+"
    )
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    venue = models.ForeignKey(
        Venue,
        verbose_name="场所",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="inspections",
    )
    unit = models.CharField("被检查单位", max_length=60)
    is_announced = models.BooleanField("事先通知", default=False)
    at = models.DateTimeField("检查时间")
    inspectors: Any = models.ManyToManyField("grid.Staff", verbose_name="检查人", related_name="+")
    summary = models.CharField("总的情况", max_length=300, blank=True, default="")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    voided_at = models.DateTimeField("作废时间", null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    void_reason = models.CharField("作废原因", max_length=100, blank=True, default="", editable=False)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = "督查"
        verbose_name_plural = "督查"
        indexes = [models.Index(fields=["area", "-at"], name="inspection_area")]

    def __str__(self) -> str:
        return f"{self.unit} {timezone.localtime(self.at):%m-%d}"


class InspectionItem(models.Model):
    """One line of the checklist as it stood, and what was found; what is wrong has its rectification."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="items")
    order = models.PositiveSmallIntegerField()
    words = models.CharField("检查内容", max_length=100)
    result = models.CharField("结果", max_length=5, choices=ItemResult.choices)
    problem = models.CharField("存在问题", max_length=200, blank=True, default="")
    rectification = models.OneToOneField(
        Rectification, null=True, blank=True, on_delete=models.PROTECT, related_name="inspection_item"
    )

    class Meta:
        verbose_name = "督查内容"
        verbose_name_plural = "督查内容"
        ordering = ["inspection_id", "order"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "order"], name="inspectionitem_once"),
            models.CheckConstraint(
                condition=~models.Q(result="BAD")
                | ~models.Q(problem="") & models.Q(rectification__isnull=False),
                name="inspectionitem_bad_says_what",
            ),
        ]

    def __str__(self) -> str:
        return self.words
