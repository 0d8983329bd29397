"""The tree of areas (网格)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

if TYPE_CHECKING:
    from grassroots.grid.models.staff import Staff


class Level(models.IntegerChoices):
    """The administration's levels, from the county down to a compound."""

    COUNTY = 1, "县(区)"
    STREET = 2, "街道(镇)"
    VILLAGE = 3, "村(社区)"
    GROUP = 4, "组(网格)"
    COMPOUND = 5, "小区(院落)"


def path_range(path: str) -> tuple[str, str]:
    """Return the half-open range of paths (from, to) that holds the node at `path` and everything below it.

    The upper end is the next path of the same length, so that it uses letters of treebeard's alphabet only and sorts
    alike in every collation.
    """
    alphabet = MP_Node.alphabet
    kept = path.rstrip(alphabet[-1])
    if not kept:  # the last of all paths: nothing sorts behind it but longer paths of its own
        return path, path + alphabet[-1] * (255 - len(path))
    raised = kept[:-1] + alphabet[alphabet.index(kept[-1]) + 1]
    return path, raised + alphabet[0] * (len(path) - len(kept))


class AreaQuerySet(MP_NodeQuerySet):
    """Areas by level, place in the tree and validity."""

    def open(self, on: dt.date | None = None) -> Self:
        """Areas that exist on a date (None: that have not been closed)."""
        if on is None:
            return self.filter(valid_to=None)
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=on)).filter(
            Q(valid_to=None) | Q(valid_to__gt=on)
        )

    def within(self, area: Area) -> Self:
        """The area itself and everything below it."""
        low, high = path_range(area.path)
        return self.filter(path__gte=low, path__lt=high)

    def visible_to(self, staff: Staff) -> Self:
        """Areas inside the person's scope (docs/scope.md)."""
        from grassroots.grid.scope import scope_of

        return self.filter(scope_of(staff).area_q())


class AreaManager(MP_NodeManager.from_queryset(AreaQuerySet)):  # type: ignore[misc]
    """Treebeard's manager with our vocabulary."""

    def get_queryset(self) -> AreaQuerySet:
        return AreaQuerySet(self.model, using=self._db).order_by("path")


class Area(MP_Node):
    """A county, street, village, villagers' group or compound. Its own key stays; codes change with time."""

    level = models.PositiveSmallIntegerField("级别", choices=Level.choices)
    code = models.CharField("区划代码", max_length=32, blank=True, default="")
    name = models.CharField("名称", max_length=60)
    kind = models.CharField(
        "类型", max_length=20, blank=True, default="", help_text="如:社区、行政村、小区、散居院落"
    )
    expected_households = models.PositiveIntegerField("应排查户数", null=True, blank=True)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        verbose_name="接续区域",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="predecessors",
    )
    version = models.PositiveIntegerField(default=1)

    history = HistoricalRecords(excluded_fields=["path", "depth", "numchild"])
    objects = AreaManager()

    class Meta:
        verbose_name = "区域"
        verbose_name_plural = "区域"
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(valid_to=None) & ~Q(code=""), name="area_code_unique_while_open"
            ),
            models.CheckConstraint(condition=Q(level__gte=1, level__lte=5), name="area_level_known"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=models.F("valid_from")),
                name="area_closes_after_it_opens",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.valid_to is None

    def holds(self, other: Area) -> bool:
        """Whether `other` is this area or lies below it."""
        return other.path.startswith(self.path)

    def ancestor_paths(self) -> list[str]:
        """Paths from the root down to this area itself."""
        return [self.path[:end] for end in range(self.steplen, len(self.path) + 1, self.steplen)]

    def full_name(self, separator: str = "") -> str:
        """Name with the names above it up to the village, e.g. 城厢社区翠柏苑 (one query unless at the top)."""
        if self.level <= Level.VILLAGE:
            return self.name
        above: Any = Area.objects.filter(path__in=self.ancestor_paths(), level__gte=Level.VILLAGE).order_by(
            "path"
        )
        return separator.join(area.name for area in above)
