"""Duties on one household (包户) or one person (包人)."""

from django.db import models
from django.db.models import Q

from grassroots.grid.models import AbstractDuty
from households.models.household import Household
from households.models.people import Person


class HouseholdDuty(AbstractDuty):
    """Somebody answers for one household; opens just that household to him."""

    household = models.ForeignKey(
        Household, verbose_name="户", on_delete=models.PROTECT, related_name="duties"
    )

    class Meta(AbstractDuty.Meta):
        verbose_name = "包户"
        verbose_name_plural = "包户"
        constraints = [
            *AbstractDuty.Meta.constraints,
            models.UniqueConstraint(
                fields=["staff", "kind", "household"],
                condition=Q(valid_to=None),
                name="householdduty_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.household}: {self.staff}"


class PersonDuty(AbstractDuty):
    """Somebody answers for one person; opens just that person to him."""

    person = models.ForeignKey(Person, verbose_name="人员", on_delete=models.PROTECT, related_name="duties")

    class Meta(AbstractDuty.Meta):
        verbose_name = "包人"
        verbose_name_plural = "包人"
        constraints = [
            *AbstractDuty.Meta.constraints,
            models.UniqueConstraint(
                fields=["staff", "kind", "person"], condition=Q(valid_to=None), name="personduty_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.person}: {self.staff}"
