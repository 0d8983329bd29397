"""People, where they live, and what support they receive."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.histories import LeanHistory
from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from households.models.household import Household
from households.rules.ages import age_from_stated, age_on
from households.rules.identity import IdKind, mask_id_number
from households.rules.phones import mask_phone

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


BYTES = ["varchar_pattern_ops"]


class Sex(models.TextChoices):
    MALE = "M", "男"
    FEMALE = "F", "女"
    UNKNOWN = "", "未填"


class PersonQuerySet(models.QuerySet["Person"]):
    """People by scope and activity."""

    def active(self) -> Self:
        return self.filter(voided_at=None)

    def visible_to(self, staff: Staff) -> Self:
        """People with an open residency inside the person's areas, or that he answers for alone."""
        scope = scope_of(staff)
        homes = Residency.objects.open().filter(scope.reaches(household="household"), person=OuterRef("pk"))
        alone = scope.own.get("person")
        # An EXISTS by itself becomes a join; beside an OR it is looked up for every row (docs/scope.md).
        return self.filter(Exists(homes) | Q(pk__in=alone)) if alone else self.filter(Exists(homes))


class Person(models.Model):
    """Anyone in the register, resident or visitor. ID number and phone are encrypted; digests find them."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("姓名", max_length=50)
    name_initials = models.CharField("拼音首字母", max_length=50, blank=True, default="")
    sex = models.CharField("性别", max_length=1, choices=Sex.choices, blank=True, default="")
    birth_date = models.DateField("出生日期", null=True, blank=True)
    stated_age = models.PositiveSmallIntegerField("自报年龄", null=True, blank=True)
    stated_age_on = models.DateField(null=True, blank=True)
    id_kind = models.CharField("证件类型", max_length=20, choices=IdKind.choices, default=IdKind.RESIDENT_ID)
    id_number = EncryptedTextField("证件号码", blank=True, default="")
    id_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    id_last4_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    id_check_reason = models.CharField("校验不符说明", max_length=100, blank=True, default="")
    id_shared_reason = models.CharField("证件号重复说明", max_length=100, blank=True, default="")
    phone = EncryptedTextField("联系电话", blank=True, default="")
    phone_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    phone_last4_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    phone_owner = models.CharField(
        "电话机主", max_length=20, blank=True, default="", help_text="不是本人时填:如 儿子、邻居"
    )
    work_unit = models.CharField("工作单位/学校", max_length=80, blank=True, default="")
    note = models.CharField("备注", max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True, editable=False)
    void_reason = models.CharField(max_length=100, blank=True, default="", editable=False)

    history = LeanHistory()
    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = "人员"
        verbose_name_plural = "人员"
        permissions = [("unmask_person", "可以查看明文证件与电话")]
        constraints = [
            models.UniqueConstraint(
                fields=["id_digest", "id_kind"],  # nearly all are of one kind: first what tells them apart
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
                condition=Q(voided_at=None, id_shared_reason="") & ~Q(id_digest=""),
                name="person_one_per_id_number",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="person_has_a_name"),
        ]
        # Here and not as db_index: that would index the history too, and give each digest a second index for LIKE.
        # Byte by byte words are indexed and found faster, whole or by how they begin; nobody asks for all people in
        # their order.
        indexes = [
            models.Index(fields=["name"], name="person_name_begins", opclasses=BYTES),
            models.Index(fields=["name_initials"], name="person_initials_begins", opclasses=BYTES),
            models.Index(fields=["id_digest"], name="person_id_digest", opclasses=BYTES),
            models.Index(fields=["id_last4_digest"], name="person_id_last4", opclasses=BYTES),
            models.Index(fields=["phone_digest"], name="person_phone", opclasses=BYTES),
            models.Index(fields=["phone_last4_digest"], name="person_phone_last4", opclasses=BYTES),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_id_number(self) -> str:
        return mask_id_number(self.id_number)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)

    def age(self, on: dt.date | None = None) -> int | None:
        """Age in whole years on a date (default today), from the birth date or the age once stated."""
        on = on or timezone.localdate()
        if self.birth_date:
            return age_on(self.birth_date, on)
        if self.stated_age is not None and self.stated_age_on:
            return age_from_stated(self.stated_age, self.stated_age_on, on)
        return self.stated_age


class ResidencyKind(models.TextChoices):
    REGISTERED = "REGISTERED", "户籍"
    PERMANENT = "PERMANENT", "常住"
    TEMPORARY = "TEMPORARY", "暂住"


class Relation(models.TextChoices):
    """与户主关系; GB/T 4761 in short."""

    HEAD = "HEAD", "户主"
    SPOUSE = "SPOUSE", "配偶"
    CHILD = "CHILD", "子女"
    CHILD_IN_LAW = "CHILD_IN_LAW", "儿媳女婿"
    PARENT = "PARENT", "父母"
    PARENT_IN_LAW = "PARENT_IN_LAW", "公婆岳父母"
    GRANDCHILD = "GRANDCHILD", "孙辈"
    GRANDPARENT = "GRANDPARENT", "祖辈"
    SIBLING = "SIBLING", "兄弟姐妹"
    OTHER_KIN = "OTHER_KIN", "其他亲属"
    TENANT = "TENANT", "租客"
    VISITOR = "VISITOR", "来访"
    OTHER = "OTHER", "其他"


class ResidencyQuerySet(models.QuerySet["Residency"]):
    def open(self, on: dt.date | None = None) -> Self:
        if on is None:
            return self.filter(ended_on=None)
        return self.filter(started_on__lte=on).filter(Q(ended_on=None) | Q(ended_on__gt=on))

    def actual(self) -> Self:
        """Those who actually live there: open and not away (by actual residence, 现住)."""
        return self.filter(ended_on=None, is_away=False)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())


class Residency(models.Model):
    """A person belongs to a household, or lives at an address that is none, from a date to a date."""

    person = models.ForeignKey(
        Person, verbose_name="人员", on_delete=models.PROTECT, related_name="residencies"
    )
    household = models.ForeignKey(
        Household,
        verbose_name="户",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="residencies",
    )
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="residencies")
    address_text = models.CharField("地址", max_length=120, blank=True, default="")
    kind = models.CharField(
        "居住类型", max_length=10, choices=ResidencyKind.choices, default=ResidencyKind.REGISTERED
    )
    relation = models.CharField("与户主关系", max_length=15, choices=Relation.choices, default=Relation.OTHER)
    order = models.PositiveSmallIntegerField(default=0)
    is_away = models.BooleanField("外出未归", default=False)
    away_where = models.CharField("外出地", max_length=60, blank=True, default="")
    away_until = models.DateField("预计返回", null=True, blank=True)
    started_on = models.DateField("开始日期", default=timezone.localdate)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_on = models.DateField("结束日期", null=True, blank=True)
    end_recorded_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = LeanHistory()
    objects = ResidencyQuerySet.as_manager()

    class Meta:
        verbose_name = "居住"
        verbose_name_plural = "居住"
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(ended_on=None, is_away=False),
                name="residency_lives_in_one_place",
            ),
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(ended_on=None, relation="HEAD"),
                name="residency_one_head_per_household",
            ),
            models.CheckConstraint(
                condition=Q(household__isnull=False) | ~Q(address_text=""), name="residency_has_a_place"
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on")),
                name="residency_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(fields=["area"], condition=Q(ended_on=None), name="residency_open_area"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.household or self.address_text}"


class SupportKind(models.TextChoices):
    """困难群体类别."""

    DESTITUTE = "DESTITUTE", "特困供养"
    LOW_INCOME = "LOW_INCOME", "低保"
    DISABLED = "DISABLED", "残疾"
    ALONE = "ALONE", "孤寡"
    LEFT_BEHIND = "LEFT_BEHIND", "留守"
    OTHER = "OTHER", "其他困难"


class SupportStatus(models.Model):
    """A person receives support of a kind from a date to a date; several at once."""

    person = models.ForeignKey(Person, verbose_name="人员", on_delete=models.PROTECT, related_name="supports")
    kind = models.CharField("类别", max_length=15, choices=SupportKind.choices)
    started_on = models.DateField("开始日期", default=timezone.localdate)
    ended_on = models.DateField("结束日期", null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    note = models.CharField("备注", max_length=100, blank=True, default="")

    history = LeanHistory()

    class Meta:
        verbose_name = "困难群体"
        verbose_name_plural = "困难群体"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(ended_on=None), name="support_open_once_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on")),
                name="support_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_kind_display()}"
