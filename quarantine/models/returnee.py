"""Returnees (返乡人员): where from, which way, with whom."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from households.models import Household, Person
from quarantine.rules.origins import OriginKind

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class KeyReason(models.TextChoices):
    """What makes somebody a key person (防控重点人员): the 类别 of the ledger; several at once."""

    WUHAN = "WUHAN", "武汉"
    HUBEI = "HUBEI", "湖北其他"
    CONTACT = "CONTACT", "密接"
    FEVER = "FEVER", "发热"
    OVERSEAS = "OVERSEAS", "境外"
    OTHER = "OTHER", "其他"


class Transport(models.TextChoices):
    TRAIN = "TRAIN", "火车"
    PLANE = "PLANE", "飞机"
    COACH = "COACH", "长途客车"
    CAR = "CAR", "自驾"
    SHARED_CAR = "SHARED_CAR", "网约车/顺风车"
    SHIP = "SHIP", "轮船"
    OTHER = "OTHER", "其他"


def scoped_q(staff: Staff, prefix: str = "") -> Q:
    """Rows inside the person's areas, or of a person or household that he answers for alone."""
    return scope_of(staff).reaches(f"{prefix}area", person=f"{prefix}person", household=f"{prefix}household")


class ReturneeQuerySet(models.QuerySet["Returnee"]):
    def active(self) -> Self:
        return self.filter(voided_at=None)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scoped_q(staff))

    def within(self, area: Area) -> Self:
        return self.filter(area__in=Area.objects.within(area).order_by().values("pk"))


class Returnee(models.Model):
    """One return of one person. Dates that could not be read keep their text in `unread`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, verbose_name="人员", on_delete=models.PROTECT, related_name="returns")
    household = models.ForeignKey(
        Household,
        verbose_name="现住户",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="returnees",
    )
    area = models.ForeignKey(
        Area, verbose_name="现住区域", on_delete=models.PROTECT, related_name="returnees"
    )
    origin = models.CharField("从何地返回", max_length=80)
    origin_kind = models.CharField("来源分类", max_length=15, choices=OriginKind.choices, db_index=True)
    native_place = models.CharField("籍贯", max_length=80, blank=True, default="")
    registered_place = models.CharField("户籍地", max_length=80, blank=True, default="")
    reasons: Any = models.JSONField("重点类别", default=list, blank=True)
    last_contact_on = models.DateField("末次接触日期", null=True, blank=True)
    left_on = models.DateField("离开日期", null=True, blank=True)
    arrived_on = models.DateField("返回日期", null=True, blank=True)
    transport = models.CharField("交通方式", max_length=12, choices=Transport.choices, blank=True, default="")
    transport_no = models.CharField("车次/航班/车牌(座号)", max_length=60, blank=True, default="")
    stops = models.CharField("沿途停留地点", max_length=200, blank=True, default="")
    companions = models.CharField("同行人员", max_length=200, blank=True, default="")
    hubei_history = models.BooleanField("武汉(湖北)旅居史", null=True, blank=True)
    case_contact = models.BooleanField("接触确诊/疑似", null=True, blank=True)
    arrival_temperature = models.DecimalField(
        "到家体温(℃)", max_digits=4, decimal_places=1, null=True, blank=True
    )
    arrival_symptoms: Any = models.JSONField("到家症状", default=list, blank=True)
    information_source = models.CharField("信息来源", max_length=60, blank=True, default="")
    notice_no = models.CharField("告知书编号", max_length=40, blank=True, default="")
    door_card_posted = models.BooleanField("门牌已张贴", default=False)
    note = models.CharField("备注", max_length=200, blank=True, default="")
    unread: Any = models.JSONField("原文", default=dict, blank=True)
    found_at = models.DateTimeField("发现时间", default=timezone.now)
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    voided_at = models.DateTimeField("作废时间", null=True, blank=True, editable=False)
    void_reason = models.CharField(max_length=100, blank=True, default="", editable=False)
    version = models.PositiveIntegerField(default=1)

    history = HistoricalRecords()
    objects = ReturneeQuerySet.as_manager()

    class Meta:
        verbose_name = "返乡人员"
        verbose_name_plural = "返乡人员"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "arrived_on"],
                condition=Q(voided_at=None, arrived_on__isnull=False),
                name="returnee_one_per_arrival",
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(arrived_on=None) | Q(arrived_on__gte=F("left_on")),
                name="returnee_arrives_after_leaving",
            ),
            models.CheckConstraint(
                condition=Q(arrival_temperature=None)
                | Q(arrival_temperature__gte=30, arrival_temperature__lte=43),
                name="returnee_temperature_plausible",
            ),
        ]
        indexes = [models.Index(fields=["area", "origin_kind"], name="returnee_area_origin")]

    def __str__(self) -> str:
        return f"{self.person}({self.origin})"

    @property
    def unread_texts(self) -> list[tuple[str, str]]:
        """Texts of cells that could not be read, by what their column holds."""
        fields = {field.name: str(getattr(field, "verbose_name", "")) for field in self._meta.get_fields()}
        return [(fields.get(name, name), text) for name, text in self.unread.items()]

    @property
    def reason_labels(self) -> str:
        """类别 as the ledger prints it, e.g. 武汉、发热."""
        return "、".join(KeyReason(reason).label for reason in self.reasons if reason in KeyReason.values)


class TripLeg(models.Model):
    """One leg of the way home (行程轨迹)."""

    returnee = models.ForeignKey(Returnee, on_delete=models.CASCADE, related_name="legs")
    order = models.PositiveSmallIntegerField("次序", default=1)
    from_place = models.CharField("出发地", max_length=60)
    to_place = models.CharField("到达地", max_length=60)
    departed_at = models.DateTimeField("出发时间", null=True, blank=True)
    arrived_at = models.DateTimeField("到达时间", null=True, blank=True)
    transport = models.CharField("交通方式", max_length=12, choices=Transport.choices, blank=True, default="")
    transport_no = models.CharField("车次/航班/车牌(座号)", max_length=60, blank=True, default="")
    note = models.CharField("停留与接触", max_length=100, blank=True, default="")

    class Meta:
        verbose_name = "行程"
        verbose_name_plural = "行程"
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(departed_at=None) | Q(arrived_at=None) | Q(arrived_at__gte=F("departed_at")),
                name="tripleg_arrives_after_departing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_place} → {self.to_place}"


class CloseContact(models.Model):
    """A close contact (密切接触者) named by a returnee; may or may not be in the register."""

    returnee = models.ForeignKey(Returnee, on_delete=models.CASCADE, related_name="contacts")
    person = models.ForeignKey(
        Person,
        verbose_name="已登记人员",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="named_contacts",
    )
    name = models.CharField("姓名", max_length=50)
    relation = models.CharField("关系", max_length=20, blank=True, default="")
    phone = EncryptedTextField("联系电话", blank=True, default="")
    where = models.CharField("所在地", max_length=60, blank=True, default="")
    contact_on = models.DateField("末次接触日期", null=True, blank=True)
    note = models.CharField("备注", max_length=100, blank=True, default="")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "密切接触者"
        verbose_name_plural = "密切接触者"

    def __str__(self) -> str:
        return self.name
