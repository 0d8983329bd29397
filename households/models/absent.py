"""Households that nobody opens the door of: long away, whom else to call, what was said, slips left at the door."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area
from grassroots.grid.paper_codes import spaced_code
from households.models.household import Household
from households.rules.phones import mask_phone

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class ContactRelation(models.TextChoices):
    """Whose number it is, seen from the household."""

    NEIGHBOUR = "NEIGHBOUR", "邻居"
    RELATIVE = "RELATIVE", "亲属"
    LANDLORD = "LANDLORD", "房东"
    PROPERTY = "PROPERTY", "物业"
    EMPLOYER = "EMPLOYER", "单位"
    OTHER = "OTHER", "其他"


class CallResult(models.TextChoices):
    """How a call ended."""

    REACHED = "REACHED", "接通"
    NO_ANSWER = "NO_ANSWER", "无人接听"
    DEAD = "DEAD", "空号停机"
    REFUSED = "REFUSED", "不愿说"


def _seen_by(staff: Staff) -> Q:
    """Of rows that belong to one household: those whose household the person sees."""
    return Q(household__in=Household.objects.visible_to(staff).values("pk"))


class LongAbsenceQuerySet(models.QuerySet["LongAbsence"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(_seen_by(staff))

    def open(self) -> Self:
        """Those who are not back yet."""
        return self.filter(ended_at=None)


class LongAbsence(models.Model):
    """长期外出: where the whole household is and when it comes back, as somebody said. One at a time."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(
        Household, verbose_name="户", on_delete=models.PROTECT, related_name="long_absences"
    )
    where = models.CharField("去向", max_length=60)
    since_on = models.DateField("外出日期", null=True, blank=True)
    back_on = models.DateField("预计返回", null=True, blank=True)
    told_by = models.CharField("信息来源", max_length=40, blank=True, default="")
    noted_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    noted_at = models.DateTimeField("登记时间", default=timezone.now)
    ended_by = models.ForeignKey(
        "grid.Staff", verbose_name="结束人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    objects = LongAbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = "长期外出"
        verbose_name_plural = "长期外出"
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(ended_at=None), name="longabsence_one_open"
            ),
            models.CheckConstraint(
                condition=Q(since_on=None) | Q(back_on=None) | Q(back_on__gte=F("since_on")),
                name="longabsence_back_after_leaving",
            ),
            models.CheckConstraint(condition=~Q(where=""), name="longabsence_says_where"),
        ]

    def __str__(self) -> str:
        return f"{self.household} {self.where}"


class AbsentContactQuerySet(models.QuerySet["AbsentContact"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(_seen_by(staff))

    def standing(self) -> Self:
        """Those that were not taken off."""
        return self.filter(removed_at=None)


class AbsentContact(models.Model):
    """A neighbour, a relative, the landlord: somebody who may know where the household is. The phone is encrypted."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(
        Household, verbose_name="户", on_delete=models.PROTECT, related_name="absent_contacts"
    )
    relation = models.CharField("关系", max_length=10, choices=ContactRelation.choices)
    name = models.CharField("称呼", max_length=50)
    phone = EncryptedTextField("电话")
    note = models.CharField("备注", max_length=100, blank=True, default="")
    added_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField("登记时间", default=timezone.now)
    removed_by = models.ForeignKey(
        "grid.Staff", verbose_name="删除人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    removed_at = models.DateTimeField("删除时间", null=True, blank=True)

    objects = AbsentContactQuerySet.as_manager()

    class Meta:
        verbose_name = "无人户联系人"
        verbose_name_plural = "无人户联系人"
        constraints = [
            models.CheckConstraint(condition=~Q(name="") & ~Q(phone=""), name="absentcontact_can_be_called"),
        ]
        indexes = [models.Index(fields=["household"], name="absentcontact_household")]

    def __str__(self) -> str:
        return f"{self.get_relation_display()} {self.name}"

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)


class AbsentCallQuerySet(models.QuerySet["AbsentCall"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(_seen_by(staff))


class AbsentCall(models.Model):
    """A call about a household where nobody opens: whom, how it ended, what was said."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(
        Household, verbose_name="户", on_delete=models.PROTECT, related_name="absent_calls"
    )
    contact = models.ForeignKey(
        AbsentContact, verbose_name="联系人", null=True, blank=True, on_delete=models.PROTECT, related_name="calls",
        help_text="空:打给户内人员",
    )  # fmt: skip
    result = models.CharField("结果", max_length=10, choices=CallResult.choices)
    note = models.CharField("说了什么", max_length=200, blank=True, default="")
    called_at = models.DateTimeField("通话时间", default=timezone.now)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(
        "grid.Staff", verbose_name="打电话的人", on_delete=models.PROTECT, related_name="+"
    )

    objects = AbsentCallQuerySet.as_manager()

    class Meta:
        verbose_name = "无人户电话"
        verbose_name_plural = "无人户电话"
        indexes = [models.Index(fields=["household", "called_at"], name="absentcall_household")]

    def __str__(self) -> str:
        return f"{self.household} {self.get_result_display()}"

    @property
    def whom(self) -> str:
        """打给谁, in words."""
        return str(self.contact) if self.contact else "户内人员"


class DoorSlipQuerySet(models.QuerySet["DoorSlip"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(_seen_by(staff))


class DoorSlip(models.Model):
    """温馨提示: a slip for the door, numbered in its village. It bears number and code, nothing of the household."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField("查验码", max_length=10, unique=True, editable=False)
    household = models.ForeignKey(
        Household, verbose_name="户", on_delete=models.PROTECT, related_name="slips"
    )
    area = models.ForeignKey(Area, verbose_name="编号区域", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("年份")
    number = models.PositiveIntegerField("序号")
    issue = models.UUIDField("同批", db_index=True)
    printed_by = models.ForeignKey(
        "grid.Staff", verbose_name="打印人", on_delete=models.PROTECT, related_name="+"
    )
    printed_at = models.DateTimeField("打印时间", default=timezone.now)

    objects = DoorSlipQuerySet.as_manager()

    class Meta:
        verbose_name = "温馨提示"
        verbose_name_plural = "温馨提示"
        constraints = [
            models.UniqueConstraint(fields=["area", "year", "number"], name="doorslip_number_once"),
        ]
        indexes = [models.Index(fields=["household", "printed_at"], name="doorslip_household")]

    def __str__(self) -> str:
        return self.serial

    @property
    def serial(self) -> str:
        """城厢社区提示〔2020〕0012号."""
        return f"{self.area.name}提示〔{self.year}〕{self.number:04d}号"

    @property
    def spaced_code(self) -> str:
        """4821 773 016, as it is printed and typed."""
        return spaced_code(self.code)
