"""Truth checks (抽查核实): a random sample, what was reported beside what was found, and the rate that follows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class CheckSubject(models.TextChoices):
    """What a sample is drawn from."""

    HOUSEHOLDS = "HOUSEHOLDS", "已签承诺书的户"
    READINGS = "READINGS", "体温记录"
    FIGURES = "FIGURES", "上报数字"


class CheckMethod(models.TextChoices):
    CALL = "CALL", "电话"
    VISIT = "VISIT", "上门"


class CheckOutcome(models.TextChoices):
    """Empty until somebody has checked. Who was not reached says nothing about the truth and is not in the rate."""

    MATCH = "MATCH", "一致"
    MISMATCH = "MISMATCH", "不一致"
    UNREACHED = "UNREACHED", "未联系上"


class Mismatch(models.TextChoices):
    """不一致类型."""

    NOT_VISITED = "NOT_VISITED", "没有入户"
    NOT_SIGNED = "NOT_SIGNED", "没有签承诺书"
    NO_HOUSEHOLD = "NO_HOUSEHOLD", "查无此户"
    NUMBER = "NUMBER", "人数不符"
    PERSON = "PERSON", "人员信息不符"
    RETURNEE = "RETURNEE", "漏报返乡人员"
    NOT_MEASURED = "NOT_MEASURED", "没有测温"
    TEMPERATURE = "TEMPERATURE", "体温不符"
    TIME = "TIME", "时间不符"
    FIGURE = "FIGURE", "数字不符"
    OTHER = "OTHER", "其他"


#: Which mismatches there are, by subject.
MISMATCHES: dict[str, tuple[Mismatch, ...]] = {
    CheckSubject.HOUSEHOLDS: (
        Mismatch.NOT_VISITED, Mismatch.NOT_SIGNED, Mismatch.NO_HOUSEHOLD, Mismatch.NUMBER, Mismatch.PERSON,
        Mismatch.RETURNEE, Mismatch.OTHER,
    ),
    CheckSubject.READINGS: (Mismatch.NOT_MEASURED, Mismatch.TEMPERATURE, Mismatch.TIME, Mismatch.OTHER),
    CheckSubject.FIGURES: (Mismatch.FIGURE, Mismatch.OTHER),
}  # fmt: skip


class SpotCheckQuerySet(models.QuerySet["SpotCheck"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())


class SpotCheck(models.Model):
    """One draw: from which list, with which seed. Its results freeze as a whole."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.CharField("抽查内容", max_length=10, choices=CheckSubject.choices)
    area = models.ForeignKey(Area, verbose_name="抽查范围", on_delete=models.PROTECT, related_name="+")
    since = models.DateField("自")
    until = models.DateField("至")
    wanted = models.PositiveIntegerField("抽取数量")
    seed = models.PositiveIntegerField("随机种子")
    frame_size = models.PositiveIntegerField("名单数量")
    frame_digest = models.CharField("名单校验码", max_length=64)
    strata: Any = models.JSONField("各村数量", default=dict)  # {village id: how many the list has}
    note = models.CharField("备注", max_length=200, blank=True, default="")
    drawn_at = models.DateTimeField("抽取时间", default=timezone.now)
    drawn_by = models.ForeignKey(
        "grid.Staff", verbose_name="抽取人", on_delete=models.PROTECT, related_name="+"
    )
    frozen_at = models.DateTimeField("定稿时间", null=True, blank=True)
    frozen_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = SpotCheckQuerySet.as_manager()

    class Meta:
        verbose_name = "抽查核实"
        verbose_name_plural = "抽查核实"
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="spotcheck_period"),
            models.CheckConstraint(
                condition=Q(frozen_at=None) | Q(frozen_by__isnull=False), name="spotcheck_frozen_by_somebody"
            ),
        ]
        indexes = [models.Index(fields=["area", "-drawn_at"], name="spotcheck_area")]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {timezone.localtime(self.drawn_at):%m-%d}"

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None


class CheckItem(models.Model):
    """One drawn household, reading or figure: the value reported, as it stood at the draw, and the value found."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    check_of = models.ForeignKey(
        SpotCheck, verbose_name="抽查", on_delete=models.PROTECT, related_name="items"
    )
    number = models.PositiveIntegerField("序号")
    village = models.ForeignKey(Area, verbose_name="村(社区)", on_delete=models.PROTECT, related_name="+")
    title = models.CharField("抽查对象", max_length=120)
    household = models.ForeignKey(
        "households.Household",
        verbose_name="户",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reading = models.ForeignKey(
        "quarantine.Reading",
        verbose_name="体温",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reported: Any = models.JSONField("填报值", default=list)  # [[label, value in words], …]
    recorder = models.ForeignKey(
        "grid.Staff", verbose_name="填报人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(
        "是否一致", max_length=10, choices=CheckOutcome.choices, blank=True, default=""
    )
    method = models.CharField("核实方式", max_length=5, choices=CheckMethod.choices, blank=True, default="")
    mismatch = models.CharField("不一致类型", max_length=15, choices=Mismatch.choices, blank=True, default="")
    found = models.CharField("核实值", max_length=200, blank=True, default="")
    evidence = models.CharField("证据", max_length=200, blank=True, default="")
    quiz: Any = models.JSONField("卫生知识", default=dict, blank=True)  # {question's key: right or wrong}
    checked_at = models.DateTimeField("核实时间", null=True, blank=True)
    checked_by = models.ForeignKey(
        "grid.Staff", verbose_name="核实人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "抽查对象"
        verbose_name_plural = "抽查对象"
        ordering = ["check_of_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["check_of", "number"], name="checkitem_number_once"),
            models.CheckConstraint(
                condition=Q(checked_by=None) | Q(recorder=None) | ~Q(checked_by=F("recorder")),
                name="checkitem_checked_by_another",
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(checked_at__isnull=False, checked_by__isnull=False),
                name="checkitem_checked_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="MISMATCH") | ~Q(mismatch="") & ~Q(found=""),
                name="checkitem_mismatch_says_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"
