"""What was done: one row a thing done, whatever its kind. Rows are never changed, only followed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from measures.models.kinds import Kind
from measures.rules.fields import shown

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class RecordQuerySet(models.QuerySet["Record"]):
    def standing(self, known_at: dt.datetime | None = None) -> Self:
        """Those that count: neither corrected nor void, now or as far as was known then."""
        if known_at is None:
            return self.filter(voided_at=None)
        return self.filter(Q(voided_at=None) | Q(voided_at__gt=known_at), recorded_at__lte=known_at)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())

    def within(self, area: Area) -> Self:
        return self.filter(area__in=Area.objects.within(area).order_by().values("pk"))


class Record(models.Model):
    """A measure taken: of a kind, in an area, on a day, so much of it, with what the kind asks besides.

    A correction is a further record that `corrects` this one, which is void from then on; so what was known when stays
    to be told, and a late entry shows as a 更正.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.ForeignKey(Kind, verbose_name="项目", on_delete=models.PROTECT, related_name="records")
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    on = models.DateField("日期")
    quantity = models.PositiveIntegerField("数量", default=1)
    values: Any = models.JSONField("其他栏目", default=dict, blank=True)
    place = models.CharField("地点", max_length=60, blank=True, default="")
    venue = models.ForeignKey(
        "measures.Venue",
        verbose_name="场所",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="records",
    )
    plan = models.ForeignKey(
        "measures.Plan",
        verbose_name="计划",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="records",
    )
    by = models.ForeignKey("grid.Staff", verbose_name="经办人", on_delete=models.PROTECT, related_name="+")
    note = models.CharField("备注", max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected_by", editable=False
    )
    voided_at = models.DateTimeField("作废时间", null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    void_reason = models.CharField("原因", max_length=100, blank=True, default="", editable=False)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = "措施登记"
        verbose_name_plural = "措施登记"
        constraints = [
            models.CheckConstraint(
                condition=Q(voided_at=None) | Q(voided_by__isnull=False), name="measure_voided_by_somebody"
            ),
        ]
        indexes = [
            models.Index(fields=["area", "-on", "-id"], name="measure_record_area"),
            models.Index(fields=["kind", "area", "-on"], name="measure_record_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on:%m-%d}"

    @property
    def amount(self) -> str:
        """20桌; "" for a kind that counts nothing but times."""
        return f"{self.quantity:,}{self.kind.unit}" if self.kind.unit else ""

    @property
    def answers(self) -> list[tuple[str, str]]:
        """The extra fields that were filled in: label and value in words."""
        words = ((rule.label, shown(rule, self.values.get(rule.key))) for rule in self.kind.rules)
        return [(label, value) for label, value in words if value]
