"""Work that went to another area: a row of a pushed list that was handed over, a service that followed its person.

Figures of an earlier day count it where it was at the end of that day.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.models import Area
from quarantine.models.pushed import PushedPerson
from quarantine.models.services import ServiceRequest


class Passing(models.Model):
    """From which area to which, when and by whom; rows are added, never changed."""

    pushed = models.ForeignKey(
        PushedPerson, null=True, blank=True, on_delete=models.CASCADE, related_name="passings"
    )
    service = models.ForeignKey(
        ServiceRequest, null=True, blank=True, on_delete=models.CASCADE, related_name="passings"
    )
    from_area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    to_area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey("grid.Staff", verbose_name="经办人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "转交记录"
        verbose_name_plural = "转交记录"
        constraints = [
            models.CheckConstraint(
                condition=Q(pushed__isnull=False, service=None) | Q(pushed=None, service__isnull=False),
                name="passing_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_area_id} → {self.to_area_id} {self.at:%F %R}"
