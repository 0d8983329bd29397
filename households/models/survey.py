"""The door-to-door survey (入户排查): one knock on one door."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area
from households.models.household import Household
from households.models.people import Person
from households.rules.phones import mask_phone

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class SurveyOutcome(models.TextChoices):
    SIGNED = "SIGNED", "已签承诺书"
    ABSENT = "ABSENT", "无人"
    REFUSED = "REFUSED", "拒绝"
    BY_PHONE = "BY_PHONE", "电话"
    VACANT = "VACANT", "空置"


class SurveyMethod(models.TextChoices):
    AT_DOOR = "AT_DOOR", "入户"
    PHONE = "PHONE", "电话"
    SELF = "SELF", "自填"


class SurveyQuerySet(models.QuerySet["Survey"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(household__in=Household.objects.visible_to(staff).values("pk"))


class Survey(models.Model):
    """One knock on one door: when, by whom, which of the seven steps, how it ended."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(
        Household, verbose_name="户", on_delete=models.PROTECT, related_name="surveys", db_index=False
    )  # survey_household begins with it, survey_area_day with the area
    area = models.ForeignKey(
        Area, verbose_name="当时区域", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    visited_at = models.DateTimeField("上门时间", default=timezone.now)
    recorded_at = models.DateTimeField("录入时间", default=timezone.now, editable=False)
    staff = models.ForeignKey(
        "grid.Staff", verbose_name="入户人员", on_delete=models.PROTECT, related_name="surveys"
    )
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="录入人", on_delete=models.PROTECT, related_name="+"
    )
    method = models.CharField(
        "排查方式", max_length=10, choices=SurveyMethod.choices, default=SurveyMethod.AT_DOOR
    )
    outcome = models.CharField("结果", max_length=10, choices=SurveyOutcome.choices)
    step_greet = models.BooleanField("进", default=False)
    step_scan = models.BooleanField("扫", default=False)
    step_notice = models.BooleanField("发", default=False)
    step_sign = models.BooleanField("签", default=False)
    step_ask = models.BooleanField("询", default=False)
    step_supervise = models.BooleanField("督", default=False)
    step_verify = models.BooleanField("核", default=False)
    respondent = models.CharField("被调查人", max_length=50, blank=True, default="")
    # 代填: somebody else answered, e.g. for an elder; then `respondent` names him.
    respondent_relation = models.CharField("代填人关系", max_length=20, blank=True, default="")
    respondent_phone = EncryptedTextField("代填人电话", blank=True, default="")
    leaflets = models.PositiveSmallIntegerField("宣传单(份)", default=0)
    absent_try = models.PositiveSmallIntegerField("无人第几次", default=0)
    slip_left = models.BooleanField("已贴温馨提示", default=False)
    note = models.CharField("备注", max_length=200, blank=True, default="")

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = "入户排查"
        verbose_name_plural = "入户排查"
        indexes = [
            models.Index(fields=["household", "-visited_at"], name="survey_household"),
            models.Index(fields=["area", "visited_at"], name="survey_area_day"),
        ]

    def __str__(self) -> str:
        return f"{self.household} {self.visited_at:%F}"

    @property
    def is_proxy(self) -> bool:
        """代填: whether somebody else answered for them."""
        return bool(self.respondent_relation)

    @property
    def masked_respondent_phone(self) -> str:
        """138****1234."""
        return mask_phone(self.respondent_phone)


class SurveyMember(models.Model):
    """What was asked and measured of one person at that knock."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="members", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="survey_answers")
    at_home = models.BooleanField("在家", null=True, blank=True)
    left_county = models.BooleanField("近14天离开本县", null=True, blank=True)
    hubei_contact = models.BooleanField("武汉(湖北)旅居或接触史", null=True, blank=True)
    returned_from = models.CharField("从何地返回", max_length=60, blank=True, default="")
    left_on = models.DateField("离开日期", null=True, blank=True)
    returned_on = models.DateField("返回日期", null=True, blank=True)
    transport = models.CharField("交通工具及班次", max_length=60, blank=True, default="")
    companions = models.CharField("同行人员", max_length=100, blank=True, default="")
    temperature = models.DecimalField("体温(℃)", max_digits=4, decimal_places=1, null=True, blank=True)
    symptoms = models.JSONField("症状", default=list, blank=True)
    note = models.CharField("备注", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "排查人员"
        verbose_name_plural = "排查人员"
        constraints = [
            models.UniqueConstraint(fields=["survey", "person"], name="surveymember_once_per_survey"),
            models.CheckConstraint(
                condition=Q(temperature=None) | Q(temperature__gte=30, temperature__lte=43),
                name="surveymember_temperature_plausible",
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(returned_on=None) | Q(returned_on__gte=F("left_on")),
                name="surveymember_returned_after_leaving",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)


class CommitmentLetter(models.Model):
    """承诺书: the number of households surveyed is the number of signed letters."""

    household = models.ForeignKey(
        Household, verbose_name="户", on_delete=models.PROTECT, related_name="letters", db_index=False
    )  # letter_household begins with it
    survey = models.OneToOneField(Survey, on_delete=models.PROTECT, related_name="letter")
    number = models.CharField("承诺书编号", max_length=40, blank=True, default="")
    signed_by = models.CharField("签字人", max_length=50, blank=True, default="")
    signed_at = models.DateTimeField("签订时间")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    area = models.ForeignKey(Area, verbose_name="当时区域", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "承诺书"
        verbose_name_plural = "承诺书"
        indexes = [models.Index(fields=["household", "signed_at"], name="letter_household")]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "number"], condition=~Q(number=""), name="letter_number_unique_in_area"
            )
        ]

    def __str__(self) -> str:
        return self.number or f"{self.household}"
