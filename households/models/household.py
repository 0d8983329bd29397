"""The household (户): one door, or one of several behind the same door."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from grassroots.grid.histories import LeanHistory
from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


NEVER, LAST = dt.date(1900, 1, 1), dt.date(2200, 1, 1)  # stand for "no date" where dates are sorted


class HousingKind(models.TextChoices):
    """房屋性质."""

    OWNED = "OWNED", "自住"
    RENTED = "RENTED", "出租"
    VACANT = "VACANT", "空置"
    OTHER = "OTHER", "其他"


class SurveyState(models.TextChoices):
    """Where the household stands: the outcome of the latest knock that settled anything."""

    UNVISITED = "UNVISITED", "未访"
    SIGNED = "SIGNED", "已签承诺书"
    ABSENT = "ABSENT", "无人"
    REFUSED = "REFUSED", "拒绝"
    BY_PHONE = "BY_PHONE", "电话"
    VACANT = "VACANT", "空置"


VISITED = "VISITED"  # not a state of its own: all but 未访


class Followup(models.TextChoices):
    """What the follow-up of returnees says about the household; written down by quarantine."""

    NONE = "", "无"
    RETURNEE = "RETURNEE", "有返乡人员"
    OBSERVED = "OBSERVED", "居家观察中"


def _beyond(household: Household) -> Q:
    same_area = Q(walk_key__gt=household.walk_key) | Q(walk_key=household.walk_key, pk__gt=household.pk)
    return Q(area_id__gt=household.area_id) | Q(area_id=household.area_id) & same_area


def _before(household: Household) -> Q:
    same_area = Q(walk_key__lt=household.walk_key) | Q(walk_key=household.walk_key, pk__lt=household.pk)
    return Q(area_id__lt=household.area_id) | Q(area_id=household.area_id) & same_area


class HouseholdQuerySet(models.QuerySet["Household"]):
    """Households by place, state and scope."""

    def open(self) -> Self:
        return self.filter(closed_on=None)

    def visible_to(self, staff: Staff) -> Self:
        """Households inside the person's areas, or that he answers for alone (docs/scope.md)."""
        return self.filter(scope_of(staff).reaches(household="pk"))

    def within(self, area: Area) -> Self:
        return self.filter(area__in=Area.objects.within(area).order_by().values("pk"))

    def absent(self) -> Self:
        """无人户: open, last found empty, still to be reached."""
        return self.open().filter(survey_state=SurveyState.ABSENT)

    def in_walking_order(self) -> Self:
        return self.order_by("area_id", "walk_key", "pk")

    def in_state(self, code: str) -> Self:
        """Households whose tile shows that state: of the survey, or of the follow-up of returnees."""
        if code in {Followup.RETURNEE, Followup.OBSERVED}:
            return self.filter(followup_state=code)
        if code == VISITED:
            return self.exclude(survey_state=SurveyState.UNVISITED)
        return self.filter(survey_state=code)

    def beyond(self, household: Household) -> Self:
        """What comes after a household in walking order (keyset of the pages, 下一户)."""
        return self.filter(_beyond(household))

    def before(self, household: Household) -> Self:
        """What comes before a household in walking order (上一户)."""
        return self.filter(_before(household))

    def empty(self) -> Self:
        """空置: open, last found empty."""
        return self.open().filter(survey_state=SurveyState.VACANT)

    def queued(self) -> Self:
        """Whom 无人户 follows up: nobody opened, or the flat is empty. Never a household with a letter."""
        return self.open().filter(survey_state__in=[SurveyState.ABSENT, SurveyState.VACANT])

    def due(self, on: dt.date) -> Self:
        """To be tried again, or reviewed, on or before a date. 无人户 without a date is due, an empty flat is not."""
        undated = Q(next_visit_on=None, survey_state=SurveyState.ABSENT)
        return self.queued().filter(Q(next_visit_on__lte=on) | undated)

    def by_next_visit(self) -> Self:
        """In order of the next visit, then walking order; `next_on` is the date sorted by.

        无人户 without a date come first, empty flats without one last.
        """
        undated = Case(
            When(survey_state=SurveyState.VACANT, then=Value(LAST)),
            default=Value(NEVER),
            output_field=models.DateField(),
        )
        next_on = Coalesce("next_visit_on", undated)
        return self.annotate(next_on=next_on).order_by("next_on", "area_id", "walk_key", "pk")

    def beyond_by_next_visit(self, next_on: dt.date, household: Household) -> Self:
        """What comes after a household that stood at `next_on` in the order of by_next_visit (keyset)."""
        return self.filter(Q(next_on__gt=next_on) | Q(next_on=next_on) & _beyond(household))

    def with_door(self, key: str) -> Self:
        """Households behind the door of a key such as 3-2-501, whatever their 同门序号.

        The range says again what the list says: without it the planner takes ten keys for ten times as many rows, and
        walks a whole street for them.
        """
        keys = [key, *(f"{key}#{share}" for share in range(1, 10))]
        return self.filter(door_key__in=keys, door_key__gte=keys[0], door_key__lte=keys[-1])

    def tally(self, *by: str) -> models.QuerySet[Household, dict[str, Any]]:
        """How many open households stand in each state, by the given fields: rows with `n`. Bound it to a village."""
        return self.open().order_by().values(*by, "survey_state").annotate(n=Count("pk"))


class Household(models.Model):
    """A household at one door. `version` covers its members: a stale save shows both values."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    area = models.ForeignKey(
        Area, verbose_name="小区/组", on_delete=models.PROTECT, related_name="households", db_index=False
    )  # household_walk begins with it
    code = models.CharField("户编号", max_length=40, blank=True, default="")
    building = models.CharField("楼栋", max_length=20, blank=True, default="")
    unit = models.CharField("单元", max_length=20, blank=True, default="")
    floor = models.CharField("楼层", max_length=10, blank=True, default="")
    door = models.CharField("房号/门牌", max_length=20)
    share_no = models.CharField(
        "同门序号", max_length=4, blank=True, default="", help_text="同一扇门内的第二户填 2"
    )
    display = models.CharField("门牌显示", max_length=90)
    door_key = models.CharField("门牌检索", max_length=90)
    walk_key = models.CharField("行走顺序", max_length=120)
    housing_kind = models.CharField(
        "房屋性质", max_length=10, choices=HousingKind.choices, default=HousingKind.OWNED
    )
    landlord = models.CharField("房东/单位", max_length=60, blank=True, default="")
    note = models.CharField("备注", max_length=200, blank=True, default="")

    survey_state = models.CharField(
        "排查状态", max_length=10, choices=SurveyState.choices, default=SurveyState.UNVISITED
    )
    surveyed_at = models.DateTimeField("最近上门", null=True, blank=True)
    signed_at = models.DateTimeField("签承诺书时间", null=True, blank=True)
    absent_tries = models.PositiveSmallIntegerField("无人次数", default=0)
    next_visit_on = models.DateField("下次上门", null=True, blank=True)
    followup_state = models.CharField(
        "返乡随访", max_length=10, choices=Followup.choices, blank=True, default=Followup.NONE
    )

    opened_on = models.DateField("建户日期", default=timezone.localdate)
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    closed_on = models.DateField("销户日期", null=True, blank=True)
    close_recorded_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    history = LeanHistory()
    objects = HouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = "户"
        verbose_name_plural = "户"
        constraints = [
            models.UniqueConstraint(
                fields=["area", "building", "unit", "door", "share_no"],
                condition=Q(closed_on=None),
                name="household_one_per_door",
            ),
            models.CheckConstraint(condition=~Q(door=""), name="household_has_a_door"),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(closed_on__gte=F("opened_on")),
                name="household_closes_after_it_opens",
            ),
        ]
        indexes = [
            models.Index(fields=["door_key"], name="household_door_key"),
            models.Index(fields=["area", "walk_key"], name="household_walk"),
            models.Index(fields=["area", "survey_state"], name="household_state"),
            models.Index(
                fields=["area", "next_visit_on"], condition=Q(survey_state="ABSENT"), name="household_absent"
            ),
        ]

    def __str__(self) -> str:
        return self.display
