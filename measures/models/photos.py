"""Photos of what an inspection found, and of what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from grassroots.grid.scope import scope_of
from households.models.sealed_photos import SealedPhoto, SealedPhotoQuerySet
from measures.models.inspections import InspectionItem
from measures.models.orders import OrderStep
from measures.models.rectifications import RectificationStep

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class FindingPhotoQuerySet(SealedPhotoQuerySet):
    def visible_to(self, staff: Staff) -> Self:
        scope = scope_of(staff)
        found = scope.in_areas("item__inspection__area")
        done = scope.in_areas("step__rectification__area")
        return self.filter(found | done | scope.in_areas("order_step__receipt__area"))


class FindingPhoto(SealedPhoto):
    """One of them: of a line of the checklist, of a step of its rectification, or of an answer to an order."""

    item = models.ForeignKey(
        InspectionItem,
        verbose_name="督查内容",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="photos",
    )
    step = models.ForeignKey(
        RectificationStep,
        verbose_name="整改经过",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="photos",
    )
    order_step = models.ForeignKey(
        OrderStep,
        verbose_name="指令经过",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="photos",
    )

    objects = FindingPhotoQuerySet.as_manager()

    class Meta:
        verbose_name = "督查整改照片"
        verbose_name_plural = "督查整改照片"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(erased_at=None), name="findingphoto_expires")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(item__isnull=False, step=None, order_step=None)
                | Q(item=None, step__isnull=False, order_step=None)
                | Q(item=None, step=None, order_step__isnull=False),
                name="findingphoto_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"照片 {self.created_at:%F}"
