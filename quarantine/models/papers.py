"""Printed papers (文书): texts in versions, serial numbers, papers that were issued, what was typed from them."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area
from grassroots.grid.paper_codes import spaced_code
from grassroots.grid.scope import scope_of
from quarantine.models.observation import Observation
from quarantine.models.returnee import scoped_q
from quarantine.models.visits import Reading
from quarantine.rules.papers import PaperKind

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

# Of these one observation has one that is valid; a changed fact voids it and a further one is issued.
ONE_EACH = (PaperKind.NOTICE, PaperKind.PLEDGE, PaperKind.RELEASE, PaperKind.DOOR)
OF_AREA = (PaperKind.ROUND, PaperKind.ROUTE)


class PaperText(models.Model):
    """One version of an office's own words for a kind of paper. Rows are added, never changed: the last one holds."""

    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("文书", max_length=12, choices=PaperKind.choices)
    number = models.PositiveIntegerField("版本")
    title = models.CharField("标题", max_length=40)
    mark = models.CharField("编号字头", max_length=10)
    body = models.TextField("正文")
    signs = models.TextField("签字栏", blank=True, default="")
    stamp = models.CharField("落款单位", max_length=60, blank=True, default="")
    keepers = models.TextField("各联留存", blank=True, default="")
    is_withdrawn = models.BooleanField("改用上级文本", default=False)
    by = models.ForeignKey("grid.Staff", verbose_name="修改人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("修改时间", default=timezone.now)

    class Meta:
        verbose_name = "文书文本"
        verbose_name_plural = "文书文本"
        constraints = [
            models.UniqueConstraint(fields=["area", "kind", "number"], name="papertext_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title} 第{self.number}版"


class PaperSerial(models.Model):
    """The last number given to a kind of paper in an area and year; raised under a lock, with the paper's own row."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=PaperKind.choices)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "文书编号"
        verbose_name_plural = "文书编号"
        constraints = [
            models.UniqueConstraint(fields=["area", "kind", "year"], name="paperserial_one_per_year"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year} {self.last}"


class PaperQuerySet(models.QuerySet["Paper"]):
    def valid(self) -> Self:
        return self.filter(voided_at=None)

    def visible_to(self, staff: Staff) -> Self:
        """Of people under observation in the person's scope; sheets of a round only where the whole area is in it."""
        sheets = Q(observation=None) & scope_of(staff).area_q("about__")
        return self.filter(scoped_q(staff, "observation__") | sheets)


class Paper(models.Model):
    """A paper that was issued. What is printed on it is frozen in `facts`, so that a reprint is the same paper."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField("查验码", max_length=10, unique=True, editable=False)
    kind = models.CharField("文书", max_length=12, choices=PaperKind.choices)
    area = models.ForeignKey(Area, verbose_name="编号区域", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("年份")
    number = models.PositiveIntegerField("序号")
    serial = models.CharField("编号", max_length=90)
    observation = models.ForeignKey(
        Observation, null=True, blank=True, on_delete=models.PROTECT, related_name="papers"
    )
    about = models.ForeignKey(
        Area,
        verbose_name="路线范围",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="of sheets of a round: the area walked",
    )
    on = models.DateField("测温日期", null=True, blank=True)
    issue = models.UUIDField("同批", db_index=True)
    text = models.ForeignKey(
        PaperText, verbose_name="文本", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    facts = EncryptedTextField("印出的内容")
    copies = models.PositiveSmallIntegerField("份数", default=1)
    prints = models.PositiveIntegerField("打印次数", default=0)
    printed_at = models.DateTimeField("最近打印", null=True, blank=True)
    issued_by = models.ForeignKey(
        "grid.Staff", verbose_name="出具人", on_delete=models.PROTECT, related_name="+"
    )
    issued_at = models.DateTimeField("出具时间", default=timezone.now)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    voided_by = models.ForeignKey(
        "grid.Staff", verbose_name="作废人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    void_reason = models.CharField("作废原因", max_length=100, blank=True, default="")

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = "文书"
        verbose_name_plural = "文书"
        constraints = [
            models.UniqueConstraint(fields=["area", "kind", "year", "number"], name="paper_serial_once"),
            models.UniqueConstraint(
                fields=["observation", "kind"],
                condition=Q(voided_at=None, kind__in=[str(kind) for kind in ONE_EACH]),
                name="paper_one_valid_per_observation",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None) | ~Q(void_reason=""), name="paper_voided_with_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(observation__isnull=False, about=None)
                | Q(observation=None, about__isnull=False, on__isnull=False),
                name="paper_of_a_person_or_of_a_round",
            ),
        ]

    def __str__(self) -> str:
        return self.serial

    def read_facts(self) -> dict[str, Any]:
        """What is printed: title, serial, paragraphs, lines of a table."""
        found: dict[str, Any] = json.loads(self.facts)
        return found

    @property
    def spaced_code(self) -> str:
        """4821 773 016, as it is printed and typed."""
        return spaced_code(self.code)

    @property
    def reprints(self) -> int:
        """How often it was printed after the first time."""
        return max(0, self.prints - 1)


class PaperEntry(models.Model):
    """From which sheet a reading was typed (补录); `number` is what stands on a sheet that is not one of ours."""

    reading = models.OneToOneField(Reading, on_delete=models.PROTECT, related_name="paper_entry")
    paper = models.ForeignKey(Paper, null=True, blank=True, on_delete=models.PROTECT, related_name="entries")
    number = models.CharField("纸质表编号", max_length=90)

    class Meta:
        verbose_name = "补录依据"
        verbose_name_plural = "补录依据"

    def __str__(self) -> str:
        return self.number
