"""What goes beside the events of an observation: handovers, recalculations that wait, follow-ups after release."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from quarantine.models.observation import Observation, ObservationEvent
from quarantine.models.policy import Policy
from quarantine.models.returnee import scoped_q
from quarantine.rules.policy import Place, StartBasis

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class HandoverState(models.TextChoices):
    PENDING = "PENDING", "待接收"
    ACCEPTED = "ACCEPTED", "已接收"
    DECLINED = "DECLINED", "已退回"
    WITHDRAWN = "WITHDRAWN", "已撤回"


class HandoverQuerySet(models.QuerySet["Handover"]):
    def pending(self) -> Self:
        return self.filter(state=HandoverState.PENDING)

    def unanswered(self, at: dt.datetime) -> Self:
        """The next level is to hear that there is no answer."""
        return self.filter(state=HandoverState.PENDING, remind_at__lte=at)

    def incoming(self, staff: Staff) -> Self:
        """Those that somebody's areas are asked to take."""
        return self.filter(scope_of(staff).in_areas("to_area"))

    def outgoing(self, staff: Staff) -> Self:
        """Those of people whom somebody still answers for, or whom his areas have handed over."""
        return self.filter(scope_of(staff).in_areas("from_area") | scoped_q(staff, "observation__"))

    def visible_to(self, staff: Staff) -> Self:
        """Both sides see it, whatever has become of it."""
        scope = scope_of(staff)
        sides = scope.in_areas("from_area") | scope.in_areas("to_area")
        return self.filter(sides | scoped_q(staff, "observation__"))


class Handover(models.Model):
    """交接: an observation is offered to another village. Until it accepts, the sender answers for it and counts it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    observation = models.ForeignKey(Observation, on_delete=models.PROTECT, related_name="handovers")
    from_area = models.ForeignKey(Area, verbose_name="移交方", on_delete=models.PROTECT, related_name="+")
    to_area = models.ForeignKey(Area, verbose_name="接收方", on_delete=models.PROTECT, related_name="+")
    place = models.CharField("观察地点", max_length=10, choices=Place.choices, default=Place.HOME)
    place_note = models.CharField("去向地址", max_length=120, blank=True, default="")
    reason = models.CharField("移交原因", max_length=200)
    requested_by = models.ForeignKey(
        "grid.Staff", verbose_name="移交人", on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField("提出时间", default=timezone.now)
    state = models.CharField(
        "状态", max_length=10, choices=HandoverState.choices, default=HandoverState.PENDING
    )
    told_level = models.PositiveSmallIntegerField(default=0, editable=False)  # services/handover_reminders.py
    remind_at = models.DateTimeField("下次提醒", null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        "grid.Staff", verbose_name="答复人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField("答复时间", null=True, blank=True)
    decision_reason = models.CharField("答复说明", max_length=200, blank=True, default="")
    event = models.ForeignKey(
        ObservationEvent, null=True, blank=True, on_delete=models.PROTECT, related_name="handovers"
    )

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = "观察交接"
        verbose_name_plural = "观察交接"
        constraints = [
            models.UniqueConstraint(
                fields=["observation"], condition=Q(state="PENDING"), name="handover_one_pending"
            ),
            models.CheckConstraint(
                condition=Q(state="PENDING", decided_at=None)
                | ~Q(state="PENDING") & Q(decided_at__isnull=False),
                name="handover_decided_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="DECLINED") | ~Q(decision_reason=""),
                name="handover_declined_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["to_area"], condition=Q(state="PENDING"), name="handover_pending_to"),
            models.Index(fields=["from_area"], condition=Q(state="PENDING"), name="handover_pending_from"),
            models.Index(
                fields=["remind_at"],
                condition=Q(state="PENDING", remind_at__isnull=False),
                name="handover_remind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.requested_at:%F %R}"


class RecalculationKind(models.TextChoices):
    POLICY = "POLICY", "政策新版"
    HOUSEHOLD = "HOUSEHOLD", "同住人"


class RecalculationState(models.TextChoices):
    PENDING = "PENDING", "待处理"
    APPLIED = "APPLIED", "已执行"
    DISMISSED = "DISMISSED", "不执行"
    EXPIRED = "EXPIRED", "已失效"


class RecalculationQuerySet(models.QuerySet["Recalculation"]):
    def pending(self) -> Self:
        return self.filter(state=RecalculationState.PENDING)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scoped_q(staff, "observation__"))


class Recalculation(models.Model):
    """重算建议: what a new policy version, or an exposure of somebody in the household, would make of a term.

    Nothing changes until somebody applies it; then an event is written. It holds for the version of the observation
    that it was worked out from (`seen_version`), and for no other.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    observation = models.ForeignKey(Observation, on_delete=models.PROTECT, related_name="recalculations")
    kind = models.CharField("来由", max_length=10, choices=RecalculationKind.choices)
    policy = models.ForeignKey(
        Policy, verbose_name="执行政策", on_delete=models.PROTECT, related_name="recalculations"
    )
    cause = models.ForeignKey(
        ObservationEvent, null=True, blank=True, on_delete=models.PROTECT, related_name="recalculations"
    )
    seen_version = models.PositiveIntegerField()
    start_basis = models.CharField("起算依据", max_length=15, choices=StartBasis.choices)
    basis_on = models.DateField("依据日期")
    day_one_on = models.DateField("新的第1天")
    last_on = models.DateField("新的最后一天")
    old_last_on = models.DateField("原来的最后一天")
    old_words = models.CharField("原来", max_length=200)
    new_words = models.CharField("重算后", max_length=200)
    reason = models.CharField("原因", max_length=200)
    state = models.CharField(
        "状态", max_length=10, choices=RecalculationState.choices, default=RecalculationState.PENDING
    )
    proposed_at = models.DateTimeField("提出时间", default=timezone.now)
    decided_by = models.ForeignKey(
        "grid.Staff", verbose_name="处理人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)
    note = models.CharField("处理说明", max_length=200, blank=True, default="")
    event = models.ForeignKey(
        ObservationEvent, null=True, blank=True, on_delete=models.PROTECT, related_name="applied"
    )

    objects = RecalculationQuerySet.as_manager()

    class Meta:
        verbose_name = "重算建议"
        verbose_name_plural = "重算建议"
        constraints = [
            models.UniqueConstraint(
                fields=["observation", "kind"], condition=Q(state="PENDING"), name="recalculation_one_pending"
            ),
            models.CheckConstraint(
                condition=~Q(state="APPLIED") | Q(event__isnull=False),
                name="recalculation_applied_by_an_event",
            ),
        ]
        indexes = [
            models.Index(fields=["policy"], condition=Q(state="PENDING"), name="recalculation_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.old_last_on:%F} → {self.last_on:%F}"


class FollowupState(models.TextChoices):
    DUE = "DUE", "待随访"
    DONE = "DONE", "已随访"
    CANCELLED = "CANCELLED", "取消"


class FollowupResult(models.TextChoices):
    WELL = "WELL", "无异常"
    FEVER = "FEVER", "发热"
    SYMPTOM = "SYMPTOM", "有症状"
    OTHER = "OTHER", "其他情况"
    UNREACHED = "UNREACHED", "没有联系上"


class FollowupHow(models.TextChoices):
    PHONE = "PHONE", "电话"
    DOOR = "DOOR", "上门"


class ReleaseFollowupQuerySet(models.QuerySet["ReleaseFollowup"]):
    def due(self, on: dt.date) -> Self:
        """To be done on that date or before, and not done."""
        return self.filter(state=FollowupState.DUE, due_on__lte=on)

    def overdue(self, on: dt.date) -> Self:
        return self.filter(state=FollowupState.DUE, due_on__lt=on)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scoped_q(staff, "observation__"))


class ReleaseFollowup(models.Model):
    """解除后随访: one call or visit on a day after release that the policy names; laid down by the release."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    observation = models.ForeignKey(Observation, on_delete=models.PROTECT, related_name="followups")
    day_number = models.PositiveSmallIntegerField("解除后第几天")
    due_on = models.DateField("应随访日期")
    state = models.CharField("状态", max_length=10, choices=FollowupState.choices, default=FollowupState.DUE)
    attempts = models.PositiveSmallIntegerField("没有联系上的次数", default=0)
    how = models.CharField("方式", max_length=8, choices=FollowupHow.choices, blank=True, default="")
    result = models.CharField("结果", max_length=10, choices=FollowupResult.choices, blank=True, default="")
    temperature = models.DecimalField("体温(℃)", max_digits=4, decimal_places=1, null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True, default="")
    done_at = models.DateTimeField("随访时间", null=True, blank=True)
    recorded_at = models.DateTimeField("录入时间", null=True, blank=True)
    done_by = models.ForeignKey(
        "grid.Staff", verbose_name="随访人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    alert = models.ForeignKey(
        "quarantine.Alert", null=True, blank=True, on_delete=models.PROTECT, related_name="followups"
    )

    objects = ReleaseFollowupQuerySet.as_manager()

    class Meta:
        verbose_name = "解除后随访"
        verbose_name_plural = "解除后随访"
        constraints = [
            models.UniqueConstraint(
                fields=["observation", "due_on"], condition=~Q(state="CANCELLED"), name="followup_once_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(state="DONE") | (Q(done_at__isnull=False) & ~Q(result="") & ~Q(how="")),
                name="followup_done_with_a_result",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(state="DUE"), name="followup_due"),
        ]

    def __str__(self) -> str:
        return f"{self.due_on:%F} {self.get_state_display()}"
