"""People taken out of the register: merged into another entry, or void because they were typed for nobody."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from households.models.people import Person

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class RemovalKind(models.TextChoices):
    MERGED = "MERGED", "合并"
    VOIDED = "VOIDED", "作废"


class RemovalQuerySet(models.QuerySet["PersonRemoval"]):
    def standing(self) -> Self:
        """Those that were not undone."""
        return self.filter(undone_at=None)

    def visible_to(self, staff: Staff) -> Self:
        """By where the person lived then: now he lives nowhere."""
        return self.filter(scope_of(staff).in_areas())


class PersonRemoval(models.Model):
    """Who took somebody out of the register, when, why, and what it did: enough to undo it. Nothing is erased."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("处理", max_length=6, choices=RemovalKind.choices)
    person = models.ForeignKey(Person, verbose_name="人员", on_delete=models.PROTECT, related_name="removals")
    merged_into = models.ForeignKey(
        Person, verbose_name="并入", null=True, blank=True, on_delete=models.PROTECT, related_name="absorbed"
    )
    area = models.ForeignKey(Area, verbose_name="当时区域", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("原因", max_length=100)
    by = models.ForeignKey("grid.Staff", verbose_name="办理人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("办理时间", default=timezone.now)
    detail: Any = models.JSONField("所做的改动", default=dict, blank=True)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(
        "grid.Staff", verbose_name="撤销人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undo_reason = models.CharField("撤销原因", max_length=100, blank=True, default="")

    objects = RemovalQuerySet.as_manager()

    class Meta:
        verbose_name = "档案合并与作废"
        verbose_name_plural = "档案合并与作废"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(undone_at=None), name="removal_one_standing_per_person"
            ),
            models.CheckConstraint(
                condition=Q(kind="VOIDED", merged_into=None) | Q(kind="MERGED", merged_into__isnull=False),
                name="removal_merge_names_who_stays",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("person")), name="removal_into_another"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="removal_has_a_reason"),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(undone_by__isnull=False), name="removal_undone_by_somebody"
            ),
        ]
        indexes = [models.Index(fields=["area", "-at"], name="removal_area")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.person_id}"
