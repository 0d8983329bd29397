"""Incidents reported upward (信息上报): 初报, 续报 and 终报, who must know, who has read it, what he said."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from households.models import Household
from measures.models.kinds import Kind
from measures.rules.fields import shown
from measures.rules.orders import Severity

if TYPE_CHECKING:
    import datetime as dt

    from grassroots.grid.models import Staff


class IncidentState(models.TextChoices):
    OPEN = "OPEN", "处理中"
    CLOSED = "CLOSED", "办结"


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, staff: Staff) -> Self:
        """Those of the person's areas, those he reported, and those that he must know of."""
        told = IncidentReader.objects.filter(staff=staff).values("incident")
        return self.filter(scope_of(staff).in_areas() | Q(reported_by=staff) | Q(pk__in=told))

    def open(self) -> Self:
        return self.filter(state=IncidentState.OPEN)

    def unread_by(self, staff: Staff) -> Self:
        """Open ones that the person must know of and has not read."""
        rows = IncidentReader.objects.filter(staff=staff, read_at=None)
        return self.open().filter(pk__in=rows.values("incident"))

    def unanswered_by(self, staff: Staff) -> Self:
        """Open ones that the person has read, and to which nobody has said what is to be done."""
        rows = IncidentReader.objects.filter(staff=staff, read_at__isnull=False)
        return self.open().filter(pk__in=rows.values("incident"), answered_at=None)

    def escalating(self, at: dt.datetime) -> Self:
        """A level above is to hear of it."""
        return self.filter(escalate_at__lte=at)


class Incident(models.Model):
    """Something that happened and must be known above. What was reported is followed, never changed."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.ForeignKey(Kind, verbose_name="种类", on_delete=models.PROTECT, related_name="+")
    severity = models.CharField("等级", max_length=8, choices=Severity.choices, default=Severity.NORMAL)
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    household = models.ForeignKey(
        Household, verbose_name="门牌", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    place = models.CharField("地点", max_length=60, blank=True, default="")
    what = models.CharField("发生了什么", max_length=500)
    done = models.CharField("已经采取的措施", max_length=300)
    values: Any = models.JSONField("其他栏目", default=dict, blank=True)
    happened_at = models.DateTimeField("发生时间")
    reported_at = models.DateTimeField("上报时间", default=timezone.now)
    reported_by = models.ForeignKey(
        "grid.Staff", verbose_name="上报人", on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField("状态", max_length=6, choices=IncidentState.choices, default=IncidentState.OPEN)
    answered_at = models.DateTimeField("批示时间", null=True, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        "grid.Staff",
        verbose_name="办结人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    result = models.CharField("处理结果", max_length=300, blank=True, default="")
    since = models.DateTimeField("计时开始", default=timezone.now, editable=False)
    escalate_at = models.DateTimeField("下次上报", null=True, blank=True, editable=False)
    level_told = models.PositiveSmallIntegerField("已上报级数", default=0, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = "突发情况"
        verbose_name_plural = "突发情况"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="CLOSED")
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(result=""),
                name="incident_closed_with_a_result",
            ),
        ]
        indexes = [
            models.Index(fields=["area", "-reported_at"], name="incident_area"),
            models.Index(
                fields=["escalate_at"], condition=Q(escalate_at__isnull=False), name="incident_escalate"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {timezone.localtime(self.happened_at):%m-%d %H:%M}"

    @property
    def answers(self) -> list[tuple[str, str]]:
        """The extra fields that were filled in: label and value in words."""
        words = ((rule.label, shown(rule, self.values.get(rule.key))) for rule in self.kind.rules)
        return [(label, value) for label, value in words if value]


class IncidentReader(models.Model):
    """Somebody who must know, why, and when he has read it."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="readers")
    staff = models.ForeignKey("grid.Staff", verbose_name="知悉人", on_delete=models.PROTECT, related_name="+")
    why = models.CharField("层级", max_length=40)
    told_at = models.DateTimeField("送达时间", default=timezone.now)
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)

    class Meta:
        verbose_name = "突发情况知悉"
        verbose_name_plural = "突发情况知悉"
        ordering = ["told_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["incident", "staff"], name="incidentreader_once")]
        indexes = [models.Index(fields=["staff"], condition=Q(read_at=None), name="incidentreader_unread")]

    def __str__(self) -> str:
        return f"{self.staff} {self.why}"


class IncidentAction(models.TextChoices):
    FOLLOWED = "FOLLOWED", "续报"
    FINAL = "FINAL", "终报"
    INSTRUCTED = "INSTRUCTED", "批示"
    CLOSED = "CLOSED", "办结"
    ESCALATED = "ESCALATED", "上报"


class IncidentStep(models.Model):
    """What was said to an incident, by whom (None: the clock). Rows are added, never changed."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="steps")
    action = models.CharField("事项", max_length=10, choices=IncidentAction.choices)
    words = models.CharField("说明", max_length=500)
    severity = models.CharField("等级", max_length=8, choices=Severity.choices)
    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey(
        "grid.Staff",
        verbose_name="经办人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = "突发情况经过"
        verbose_name_plural = "突发情况经过"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {timezone.localtime(self.at):%m-%d %H:%M}"
