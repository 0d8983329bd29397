"""Services (代办服务): what somebody under observation needs, who brings it, by when, and every step that was taken."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from households.models import Person

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class ServiceKind(models.TextChoices):
    SHOPPING = "SHOPPING", "代购生活用品"
    MEDICINE = "MEDICINE", "送药"
    DOCTOR = "DOCTOR", "就医"
    COUNSELLING = "COUNSELLING", "心理疏导"
    WASTE = "WASTE", "垃圾清运"
    DISINFECTION = "DISINFECTION", "消毒"
    OTHER = "OTHER", "其他"


class ServiceSource(models.TextChoices):
    """How the wish reached the office."""

    PHONE = "PHONE", "电话"
    VISIT = "VISIT", "上门时提出"
    OFFICER = "OFFICER", "工作人员发现"


class ServiceState(models.TextChoices):
    ASKED = "ASKED", "待指派"
    ASSIGNED = "ASSIGNED", "办理中"
    DONE = "DONE", "已办，待签收"
    RECEIVED = "RECEIVED", "已签收"
    DECLINED = "DECLINED", "不予办理"
    WITHDRAWN = "WITHDRAWN", "已撤回"


class ServiceHow(models.TextChoices):
    """How the resident confirmed that he has received it."""

    SIGNED = "SIGNED", "本人签字"
    PHONE = "PHONE", "电话确认"
    SEEN = "SEEN", "当面确认"
    RELATIVE = "RELATIVE", "家属代收"


TO_DO = (ServiceState.ASKED, ServiceState.ASSIGNED)
SETTLED = (ServiceState.DONE, ServiceState.RECEIVED)


class ServiceRequestQuerySet(models.QuerySet["ServiceRequest"]):
    def open(self) -> Self:
        """Still to be done."""
        return self.filter(state__in=TO_DO)

    def overdue(self, at: dt.datetime) -> Self:
        """Still to be done although the time that was set is over."""
        return self.open().filter(due_at__lt=at)

    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).reaches(person="person") | Q(assigned_to=staff))


class ServiceRequest(models.Model):
    """Something that a person under observation needs, and who brings it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="service_requests")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("服务", max_length=15, choices=ServiceKind.choices)
    request = models.CharField("内容", max_length=200)
    source = models.CharField(
        "提出方式", max_length=10, choices=ServiceSource.choices, default=ServiceSource.OFFICER
    )
    state = models.CharField("状态", max_length=10, choices=ServiceState.choices, default=ServiceState.ASKED)
    requested_at = models.DateTimeField("提出时间", default=timezone.now)
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    assigned_to = models.ForeignKey(
        "grid.Staff",
        verbose_name="办理人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="services",
    )
    assigned_at = models.DateTimeField("指派时间", null=True, blank=True)
    due_at = models.DateTimeField("办理时限", null=True, blank=True)
    done_at = models.DateTimeField("办结时间", null=True, blank=True)
    done_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    done_note = models.CharField("办理情况", max_length=200, blank=True, default="")
    dropped_at = models.DateTimeField("不办或撤回时间", null=True, blank=True)
    # When the tick told the assigned of it, of its being overdue, and his superior (docs/services.md).
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    overdue_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    escalated_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ServiceRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "服务需求"
        verbose_name_plural = "服务需求"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ASSIGNED") | Q(assigned_to__isnull=False),
                name="service_assigned_to_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["DONE", "RECEIVED"]) | Q(done_at__isnull=False),
                name="service_done_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["DECLINED", "WITHDRAWN"]) | Q(dropped_at__isnull=False),
                name="service_dropped_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["area", "due_at"],
                condition=Q(state__in=["ASKED", "ASSIGNED"]),
                name="service_open_area",
            ),
            models.Index(
                fields=["due_at"], condition=Q(state__in=["ASKED", "ASSIGNED"]), name="service_open_due"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_open(self) -> bool:
        return self.state in TO_DO

    def is_overdue(self, at: dt.datetime | None = None) -> bool:
        """Whether it is still to be done and the time that was set is over."""
        return self.is_open and self.due_at is not None and self.due_at < (at or timezone.now())


class ServiceStep(models.Model):
    """One step of a request, dated, by a person. Rows are added, never changed."""

    service = models.ForeignKey(ServiceRequest, on_delete=models.PROTECT, related_name="steps")
    state = models.CharField("步骤", max_length=10, choices=ServiceState.choices)
    at = models.DateTimeField("时间", default=timezone.now)
    recorded_at = models.DateTimeField("录入时间", default=timezone.now, editable=False)
    by = models.ForeignKey("grid.Staff", verbose_name="经办人", on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey(
        "grid.Staff", verbose_name="办理人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    due_at = models.DateTimeField("办理时限", null=True, blank=True)
    how = models.CharField("确认方式", max_length=10, choices=ServiceHow.choices, blank=True, default="")
    note = models.CharField("说明", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "服务步骤"
        verbose_name_plural = "服务步骤"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.get_state_display()
