"""Care (三查三送): visits of people who need help, what was handed over, and what is known around them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from households.models import Person, SupportKind
from households.rules.phones import mask_phone
from measures.rules.care import Good, goods_words

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class CareWay(models.TextChoices):
    VISIT = "VISIT", "上门"
    PHONE = "PHONE", "电话"


class CareResult(models.TextChoices):
    WELL = "WELL", "一切正常"
    NEEDS = "NEEDS", "有困难需求"
    UNREACHED = "UNREACHED", "没有见到人"


class CareVisitQuerySet(models.QuerySet["CareVisit"]):
    def standing(self, known_at: dt.datetime | None = None) -> Self:
        """Those that count: neither corrected nor void, now or as far as was known then."""
        if known_at is None:
            return self.filter(voided_at=None)
        return self.filter(Q(voided_at=None) | Q(voided_at__gt=known_at), recorded_at__lte=known_at)

    def met(self) -> Self:
        """Visits at which somebody was spoken to: a knock at a closed door leaves the visit due."""
        return self.exclude(result=CareResult.UNREACHED)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).reaches("area", person="person"))


class CareVisit(models.Model):
    """One visit (走访) of a person. Rows are never changed: a correction is a further row, this one is void then."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        Person, verbose_name="人员", on_delete=models.PROTECT, related_name="care_visits"
    )
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    on = models.DateField("走访日期")
    way = models.CharField("走访方式", max_length=5, choices=CareWay.choices)
    result = models.CharField("走访结果", max_length=10, choices=CareResult.choices)
    needs = models.CharField("困难及需求", max_length=200, blank=True, default="")
    done = models.CharField("处理情况", max_length=200, blank=True, default="")
    is_open = models.BooleanField("还没有解决", default=False)
    received_by = models.CharField("物资签收人", max_length=20, blank=True, default="")
    next_on = models.DateField("下次走访", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True, default="")
    by = models.ForeignKey("grid.Staff", verbose_name="走访人", on_delete=models.PROTECT, related_name="+")
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

    objects = CareVisitQuerySet.as_manager()

    class Meta:
        verbose_name = "走访"
        verbose_name_plural = "走访"
        constraints = [
            models.CheckConstraint(
                condition=Q(voided_at=None) | Q(voided_by__isnull=False), name="care_voided_by_somebody"
            ),
            models.CheckConstraint(
                condition=Q(next_on=None) | Q(next_on__gt=F("on")), name="care_next_visit_after_this"
            ),
            models.CheckConstraint(
                condition=Q(is_open=False) | ~Q(needs=""), name="care_open_problem_is_said"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-on", "-id"], name="care_visit_person"),
            models.Index(fields=["area", "-on"], name="care_visit_area"),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()}走访 {self.on:%m-%d}"

    @property
    def words(self) -> str:
        """有困难需求：缺降压药；已代购（还没有解决）."""
        needs = f"：{self.needs}" if self.needs else ""
        return self.result_words.replace(self.get_result_display(), f"{self.get_result_display()}{needs}", 1)

    @property
    def result_words(self) -> str:
        """The same without the needs, which have a column of their own in the ledger."""
        words = "；".join(filter(None, [self.get_result_display(), self.done]))
        return f"{words}（还没有解决）" if self.is_open else words

    @property
    def goods_words(self) -> str:
        """大米2袋、口罩10个."""
        return goods_words(Good(one.name, one.quantity, one.unit) for one in self.goods.all())


class ReliefGood(models.Model):
    """Something handed over at a visit; follows the visit, and is void with it."""

    visit = models.ForeignKey(CareVisit, on_delete=models.PROTECT, related_name="goods")
    name = models.CharField("物资", max_length=20)
    quantity = models.PositiveIntegerField("数量")
    unit = models.CharField("单位", max_length=6, blank=True, default="")

    class Meta:
        verbose_name = "发放物资"
        verbose_name_plural = "发放物资"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="relief_good_is_some"),
        ]

    def __str__(self) -> str:
        return f"{self.name}{self.quantity}{self.unit}"


class CareFile(models.Model):
    """What is known around somebody who is cared for: guardian, health, what is done for him, who sees to him."""

    person = models.OneToOneField(
        Person, verbose_name="人员", on_delete=models.PROTECT, related_name="care_file"
    )
    guardian = models.CharField("监护人/亲属", max_length=20, blank=True, default="")
    guardian_phone = EncryptedTextField("监护人电话", blank=True, default="")
    health = models.CharField("健康状况", max_length=100, blank=True, default="")
    help = models.CharField("帮扶措施", max_length=200, blank=True, default="")
    officer = models.ForeignKey(
        "grid.Staff",
        verbose_name="帮扶责任人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    note = models.CharField("备注", max_length=200, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "帮扶情况"
        verbose_name_plural = "帮扶情况"

    def __str__(self) -> str:
        return f"{self.person} 帮扶情况"

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.guardian_phone) if self.guardian_phone else ""


class CareRhythm(models.Model):
    """How often people with a kind of support are visited, where the office has set it; else rules/care.py."""

    kind = models.CharField("类别", max_length=15, choices=SupportKind.choices, unique=True)
    every = models.PositiveSmallIntegerField("几天走访一次", null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "走访频次"
        verbose_name_plural = "走访频次"
        constraints = [
            models.CheckConstraint(
                condition=Q(every=None) | Q(every__range=(1, 31)), name="care_rhythm_within_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.every or '不定期'}"


class CareDigest(models.Model):
    """A day's count of whom each officer has to visit, gathered portion by portion, then told once."""

    on = models.DateField(unique=True)
    after_path = models.CharField(max_length=255, blank=True, default="")
    counts: Any = models.JSONField(default=dict)  # by staff id: due, overdue, left alone, observed
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "走访提醒"
        verbose_name_plural = "走访提醒"

    def __str__(self) -> str:
        return f"{self.on:%m-%d}"
