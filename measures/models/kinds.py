"""The catalogue: one row a kind of measure. Forms, ledgers, figures and what is due follow from it."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from measures.rules.fields import FieldRule, read_fields

OWN = "own_"  # a column of its own is called by this and the kind's number


class Family(models.TextChoices):
    """What kinds have in common: on which page they stand, in which ledger (measures/families.py)."""

    VENUE = "VENUE", "场所"
    GATHERING = "GATHERING", "取消聚集"
    DISINFECTION = "DISINFECTION", "消毒消杀"
    WASTE = "WASTE", "垃圾清运"
    PUBLICITY = "PUBLICITY", "宣传"
    QUESTION = "QUESTION", "群众问答"
    CHECKPOINT = "CHECKPOINT", "劝导点"
    MOBILISED = "MOBILISED", "动员力量"
    INCIDENT = "INCIDENT", "突发情况"


class Counting(models.TextChoices):
    """How quantities add up."""

    FLOW = "FLOW", "每次累加"
    STOCK = "STOCK", "以每个区域最近一次填报的为准"


class KindQuerySet(models.QuerySet["Kind"]):
    def open(self) -> Self:
        """Those that may be recorded."""
        return self.filter(closed_at=None)

    def of(self, *families: str) -> Self:
        return self.filter(family__in=families)


class Kind(models.Model):
    """A kind of measure, or of venue. The office adds its own; those that ship come from measures/catalogue.py."""

    code = models.SlugField("代码", max_length=40, unique=True)
    family = models.CharField("大类", max_length=15, choices=Family.choices)
    name = models.CharField("名称", max_length=20)
    unit = models.CharField("单位", max_length=6, blank=True, default="", help_text="如：份、桌、平方米")
    counting = models.CharField("计数方式", max_length=5, choices=Counting.choices, default=Counting.FLOW)
    fields: Any = models.JSONField("其他栏目", default=list, blank=True)
    column = models.CharField("计入统计表的列", max_length=40, blank=True, default="")
    asks_place = models.BooleanField("登记地点", default=False)
    asks_venue = models.BooleanField("登记在哪个场所", default=False)
    due_every = models.PositiveSmallIntegerField("几天一次", null=True, blank=True)
    due_duty = models.CharField("由哪一类包保人员办", max_length=20, blank=True, default="")
    order = models.PositiveSmallIntegerField("顺序", default=50)
    is_shipped = models.BooleanField("系统自带", default=False, editable=False)
    closed_at = models.DateTimeField("停用时间", null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = KindQuerySet.as_manager()

    class Meta:
        verbose_name = "登记项目"
        verbose_name_plural = "登记项目"
        ordering = ["family", "order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["family", "name"], name="measure_kind_named_once"),
            models.CheckConstraint(
                condition=Q(due_every=None) | Q(due_every__range=(1, 31)),
                name="measure_kind_due_within_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def rules(self) -> tuple[FieldRule, ...]:
        """The extra fields."""
        return read_fields(self.fields)

    @property
    def has_own_column(self) -> bool:
        """Whether the 统计表 has a column (two: 今日 and 累计) for this kind alone."""
        return self.column.startswith(OWN)

    @property
    def is_stock(self) -> bool:
        return self.counting == Counting.STOCK
