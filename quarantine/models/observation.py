"""Home medical observation (居家医学观察): its life as dated events, its stock as bitemporal stays."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.models import Area
from households.models import Household, Person
from quarantine.models.policy import Policy
from quarantine.models.returnee import Returnee, scoped_q
from quarantine.rules.clock import day_number
from quarantine.rules.policy import Place, StartBasis

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class ObservationState(models.TextChoices):
    OPEN = "OPEN", "观察中"
    CLOSED = "CLOSED", "已结束"


class Outcome(models.TextChoices):
    RELEASED = "RELEASED", "期满解除"
    TRANSFERRED = "TRANSFERRED", "转送"
    LOST = "LOST", "失联"
    DIED = "DIED", "死亡"
    VOIDED = "VOIDED", "误建作废"


class EventKind(models.TextChoices):
    """What happened to an observation. Flows of the 统计表 are counts of these."""

    OPENED = "OPENED", "开始观察"
    EXTENDED = "EXTENDED", "延长"
    SHORTENED = "SHORTENED", "缩短"
    RESTARTED = "RESTARTED", "重新起算"
    RECALCULATED = "RECALCULATED", "按新政策重算"
    MOVED = "MOVED", "转往他处观察"
    LEFT_HOME = "LEFT_HOME", "擅自外出"
    REFUSED = "REFUSED", "拒绝配合"
    TRANSFERRED = "TRANSFERRED", "转送"
    RELEASED = "RELEASED", "解除"
    LOST = "LOST", "失联"
    DIED = "DIED", "死亡"
    ANNULLED = "ANNULLED", "更正(撤销前一事件)"


class ObservationQuerySet(models.QuerySet["Observation"]):
    def open(self) -> Self:
        return self.filter(state=ObservationState.OPEN)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scoped_q(staff))

    def within(self, area: Area) -> Self:
        return self.filter(area__in=Area.objects.within(area).order_by().values("pk"))

    def due_for_release(self, on: dt.date) -> Self:
        """Open, and the last day is over on that date (期满)."""
        return self.open().filter(last_on__lt=on)


class Observation(models.Model):
    """One person's observation under the policy version that it was opened under."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        Person, verbose_name="人员", on_delete=models.PROTECT, related_name="observations"
    )
    returnee = models.ForeignKey(
        Returnee,
        verbose_name="返乡档案",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="observations",
    )
    policy = models.ForeignKey(
        Policy, verbose_name="执行政策", on_delete=models.PROTECT, related_name="observations"
    )
    continues = models.ForeignKey(
        "self",
        verbose_name="转送前的观察",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="continued_by",
    )
    household = models.ForeignKey(
        Household,
        verbose_name="观察住所",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="observations",
    )
    area = models.ForeignKey(
        Area, verbose_name="现在区域", on_delete=models.PROTECT, related_name="observations"
    )
    place = models.CharField("观察地点", max_length=10, choices=Place.choices, default=Place.HOME)
    place_note = models.CharField("地址", max_length=120, blank=True, default="")
    start_basis = models.CharField("起算依据", max_length=15, choices=StartBasis.choices)
    basis_on = models.DateField("依据日期")
    day_one_on = models.DateField("第1天")
    last_on = models.DateField("最后一天")
    state = models.CharField(
        "状态", max_length=8, choices=ObservationState.choices, default=ObservationState.OPEN
    )
    outcome = models.CharField("结局", max_length=12, choices=Outcome.choices, blank=True, default="")
    opened_at = models.DateTimeField("开始管控", default=timezone.now)
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    walk_key = models.CharField("行走顺序", max_length=140, blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    history = HistoricalRecords()
    objects = ObservationQuerySet.as_manager()

    class Meta:
        verbose_name = "居家医学观察"
        verbose_name_plural = "居家医学观察"
        permissions = [("release_observation", "可以确认解除观察")]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(state="OPEN"), name="observation_one_open_per_person"
            ),
            models.CheckConstraint(
                condition=Q(last_on__gte=F("day_one_on")), name="observation_lasts_a_day_or_more"
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", outcome="", closed_at=None)
                | (Q(state="CLOSED", closed_at__isnull=False) & ~Q(outcome="")),
                name="observation_closed_with_an_outcome",
            ),
        ]
        indexes = [models.Index(fields=["area", "state"], name="observation_area_state")]

    def __str__(self) -> str:
        return f"{self.person} {self.day_one_on:%F}–{self.last_on:%F}"

    def day_number(self, on: dt.date | None = None) -> int:
        """第几天 on a date (default today); 1 on the first day, 0 or less before it."""
        return day_number(self.day_one_on, on or timezone.localdate())


class ObservationStay(models.Model):
    """Where an observation was under follow-up, from (happened) until (happened), as known in a span of time.

    Rows are not edited but superseded: `superseded_at` ends what was known, a new row says what is known since.
    Stock at `at` as known at `known_at` = rows with from_at ≤ at < until_at and recorded_at ≤ known_at < superseded_at.
    """

    observation = models.ForeignKey(Observation, on_delete=models.PROTECT, related_name="stays")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=10, choices=Place.choices, default=Place.HOME)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "观察时段"
        verbose_name_plural = "观察时段"
        constraints = [
            models.UniqueConstraint(
                fields=["observation"],
                condition=Q(until_at=None, superseded_at=None),
                name="stay_one_current_per_observation",
            ),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")), name="stay_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(superseded_at=None) | Q(superseded_at__gte=F("recorded_at")),
                name="stay_superseded_after_recorded",
            ),
        ]
        indexes = [models.Index(fields=["area", "from_at"], name="stay_area_from")]

    def __str__(self) -> str:
        return f"{self.observation_id} {self.area_id} {self.from_at:%F %R}"


class EventQuerySet(models.QuerySet["ObservationEvent"]):
    def effective(self, known_at: dt.datetime) -> Self:
        """Events known at that time and not annulled by an event known then; annulments themselves left out."""
        annulled = ObservationEvent.objects.filter(
            kind=EventKind.ANNULLED, recorded_at__lte=known_at, corrects__isnull=False
        ).values("corrects_id")
        return (
            self.filter(recorded_at__lte=known_at).exclude(kind=EventKind.ANNULLED).exclude(pk__in=annulled)
        )


class ObservationEvent(models.Model):
    """A dated event by a person with a reason. Never changed, only followed."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    observation = models.ForeignKey(Observation, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField("事件", max_length=20, choices=EventKind.choices)
    happened_at = models.DateTimeField("发生时间", default=timezone.now)
    recorded_at = models.DateTimeField("录入时间", default=timezone.now)
    from_area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    to_area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("grid.Staff", verbose_name="经办人", on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(
        "grid.Staff", verbose_name="审核人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField("原因", max_length=200, blank=True, default="")
    detail = models.JSONField("详情", default=dict, blank=True)
    corrects = models.ForeignKey(
        "self",
        verbose_name="更正的事件",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="corrections",
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = "观察事件"
        verbose_name_plural = "观察事件"
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="ANNULLED") | Q(corrects__isnull=False),
                name="event_annulment_names_its_event",
            ),
            models.UniqueConstraint(
                fields=["corrects"], condition=Q(kind="ANNULLED"), name="event_annulled_once"
            ),
            models.CheckConstraint(
                condition=~Q(kind="MOVED") | Q(from_area__isnull=False, to_area__isnull=False),
                name="event_move_names_both_areas",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "happened_at"], name="event_kind_day"),
            models.Index(fields=["to_area", "happened_at"], name="event_to_area"),
            models.Index(fields=["from_area", "happened_at"], name="event_from_area"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_at:%F %R}"
