"""Layouts of ledgers that an office has made for itself (docs/ledgers.md)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from grassroots.ledgers.engine import Layout

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

NAME_LENGTH, NOTE_LENGTH = 40, 200


class LedgerLayoutQuerySet(models.QuerySet["LedgerLayout"]):
    """Layouts by ledger, place and scope."""

    def open(self) -> Self:
        """In use, in an area that still exists."""
        return self.filter(closed_at=None, area__valid_to=None)

    def usable_by(self, staff: Staff) -> Self:
        """Those that somebody sees and may take: of the areas of his scope, and of the areas above them."""
        scope = scope_of(staff)
        step = Area.steplen
        above = {path[:end] for path in scope.paths for end in range(step, len(path), step)}
        return self.filter(scope.area_q("area__") | Q(area__path__in=above))

    def holding_at(self, area: Area) -> Self:
        """Those of the area itself and of the areas above it, the nearest first."""
        return self.filter(area__path__in=area.ancestor_paths()).order_by("-area__depth", "pk")


class LedgerLayout(models.Model):
    """A layout that an area and everything below it may use; how it looks is in its versions."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ledger = models.CharField("台账", max_length=40)
    area = models.ForeignKey(
        Area, verbose_name="适用区域", on_delete=models.PROTECT, related_name="ledger_layouts"
    )
    name = models.CharField("版式名称", max_length=NAME_LENGTH)
    is_default = models.BooleanField("本区域默认", default=False)
    version = models.PositiveIntegerField("当前版本", default=1)
    created_at = models.DateTimeField("建立时间", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("停用时间", null=True, blank=True, editable=False)

    history = HistoricalRecords()
    objects = LedgerLayoutQuerySet.as_manager()

    class Meta:
        verbose_name = "台账版式"
        verbose_name_plural = "台账版式"
        constraints = [
            models.UniqueConstraint(
                fields=["ledger", "area", "name"],
                condition=Q(closed_at=None),
                name="layout_name_once_while_open",
            ),
            models.UniqueConstraint(
                fields=["ledger", "area"],
                condition=Q(closed_at=None, is_default=True),
                name="layout_one_default_per_area",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LedgerLayoutVersion(models.Model):
    """How a layout looked from one save to the next. Rows are only added: triggers refuse UPDATE and DELETE."""

    layout = models.ForeignKey(LedgerLayout, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("版本")
    definition: Any = models.JSONField("版式内容")
    filters: Any = models.JSONField("筛选", default=dict, blank=True)
    note = models.CharField("修改说明", max_length=NOTE_LENGTH, blank=True, default="")
    by = models.ForeignKey("grid.Staff", verbose_name="修改人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("修改时间", default=timezone.now)

    class Meta:
        verbose_name = "版式版本"
        verbose_name_plural = "版式版本"
        constraints = [
            models.UniqueConstraint(fields=["layout", "number"], name="layout_version_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.layout_id} v{self.number}"

    def drawn(self) -> Layout:
        """The layout as it was saved; `tailor` fits it to the ledger as it is registered now."""
        return Layout.from_json(self.definition)
