"""Orders down (上传下达): an order of an area to areas below it, and what became of it in each of them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from measures.rules.orders import Awaited, Urgency

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, staff: Staff) -> Self:
        """Orders of the person's areas, and those that came to one of them."""
        received = OrderReceipt.objects.visible_to(staff).filter(order=OuterRef("pk"))
        return self.filter(scope_of(staff).in_areas() | Q(Exists(received)))

    def sent_by(self, staff: Staff) -> Self:
        """Orders of the person's areas: he sees every receiver."""
        return self.filter(scope_of(staff).in_areas())

    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)


class Order(models.Model):
    """An order (指令) as it stands; each of its versions is an OrderRevision. Withdrawn, never deleted."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    area = models.ForeignKey(Area, verbose_name="下发单位", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("年份")
    number = models.PositiveIntegerField("编号")
    urgency = models.CharField("缓急", max_length=6, choices=Urgency.choices, default=Urgency.NORMAL)
    title = models.CharField("标题", max_length=60)
    text = models.TextField("内容", max_length=2000)
    asks_answer = models.BooleanField("要反馈", default=True)
    asks_number = models.CharField("要报的数字", max_length=20, blank=True, default="")
    due_at = models.DateTimeField("反馈时限", null=True, blank=True)
    issued_at = models.DateTimeField("下发时间", default=timezone.now)
    issued_by = models.ForeignKey(
        "grid.Staff", verbose_name="下发人", on_delete=models.PROTECT, related_name="+"
    )
    revision = models.PositiveSmallIntegerField("第几版", default=1, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        "grid.Staff",
        verbose_name="撤回人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    withdraw_reason = models.CharField("撤回原因", max_length=100, blank=True, default="", editable=False)

    history = HistoricalRecords()
    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = "指令"
        verbose_name_plural = "指令"
        constraints = [
            models.UniqueConstraint(fields=["area", "year", "number"], name="order_numbered_once"),
            models.CheckConstraint(
                condition=Q(asks_answer=False) | Q(due_at__isnull=False), name="order_answer_has_a_deadline"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_by__isnull=False) & ~Q(withdraw_reason=""),
                name="order_withdrawn_with_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["area", "-issued_at"], name="order_area")]

    def __str__(self) -> str:
        return self.title

    @property
    def code(self) -> str:
        """淮口街道〔2020〕3号; the area must be at hand."""
        return f"{self.area.name}〔{self.year}〕{self.number}号"


class OrderRevision(models.Model):
    """What an order said from a time on. Rows are added, never changed."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField("第几版")
    urgency = models.CharField("缓急", max_length=6, choices=Urgency.choices)
    title = models.CharField("标题", max_length=60)
    text = models.TextField("内容", max_length=2000)
    due_at = models.DateTimeField("反馈时限", null=True, blank=True)
    reason = models.CharField("修改原因", max_length=100, blank=True, default="")
    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey("grid.Staff", verbose_name="经办人", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "指令版本"
        verbose_name_plural = "指令版本"
        ordering = ["order_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="orderrevision_once")]

    def __str__(self) -> str:
        return f"第{self.number}版"


class ReceiptState(models.TextChoices):
    SENT = "SENT", "未签收"
    SIGNED = "SIGNED", "已签收"
    ANSWERED = "ANSWERED", "已反馈"
    RETURNED = "RETURNED", "退回重报"
    CLOSED = "CLOSED", "办结"


class OrderReceiptQuerySet(models.QuerySet["OrderReceipt"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())

    def standing(self) -> Self:
        """Of orders that were not withdrawn."""
        return self.filter(order__withdrawn_at=None)

    def waiting(self) -> Self:
        """The receiver has something to do: to sign, to answer, to answer again."""
        to_do = (ReceiptState.SENT, ReceiptState.SIGNED, ReceiptState.RETURNED)
        return self.standing().filter(state__in=to_do)

    def mine(self, staff: Staff) -> Self:
        """Those that are for this person to see to: what came to the very areas he works in or answers for, and what he
        was told of because nobody is nearer."""
        told = OrderReceipt.officers.through.objects.filter(staff=staff).values("orderreceipt")
        own = Area.objects.filter(path__in=scope_of(staff).paths).order_by().values("pk")
        return self.filter(Q(area__in=own) | Q(pk__in=told))

    def overdue(self, at: dt.datetime) -> Self:
        """An answer is asked for, and the deadline has passed without one."""
        return self.waiting().filter(due_at__lte=at)

    def escalating(self, at: dt.datetime) -> Self:
        """A level above is to hear of it."""
        return self.filter(escalate_at__lte=at)


class OrderReceipt(models.Model):
    """What became of an order in one area that it went to: signed, answered, sent back, accepted."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="receipts")
    area = models.ForeignKey(Area, verbose_name="接收单位", on_delete=models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=ReceiptState.choices, default=ReceiptState.SENT)
    due_at = models.DateTimeField("反馈时限", null=True, blank=True)
    sent_at = models.DateTimeField("送达时间", default=timezone.now)
    signed_at = models.DateTimeField("签收时间", null=True, blank=True)
    signed_by = models.ForeignKey(
        "grid.Staff",
        verbose_name="签收人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    answered_at = models.DateTimeField("反馈时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        "grid.Staff",
        verbose_name="反馈人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    answer = models.CharField("反馈", max_length=500, blank=True, default="")
    number = models.PositiveIntegerField("所报数字", null=True, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        "grid.Staff",
        verbose_name="办结人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    officers: Any = models.ManyToManyField(
        "grid.Staff", verbose_name="责任人", related_name="+", editable=False
    )
    escalate_at = models.DateTimeField("下次上报", null=True, blank=True, editable=False)
    unread_told = models.PositiveSmallIntegerField("未签收已报级数", default=0, editable=False)
    late_told = models.PositiveSmallIntegerField("逾期已报级数", default=0, editable=False)

    objects = OrderReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = "指令接收"
        verbose_name_plural = "指令接收"
        constraints = [
            models.UniqueConstraint(fields=["order", "area"], name="orderreceipt_once_an_area"),
            models.CheckConstraint(
                condition=Q(state="SENT") | Q(signed_at__isnull=False, signed_by__isnull=False),
                name="orderreceipt_signed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ANSWERED", "RETURNED"])
                | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="orderreceipt_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="CLOSED") | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="orderreceipt_closed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["area", "state"], condition=~Q(state="CLOSED"), name="orderreceipt_open_in_area"
            ),
            models.Index(
                fields=["escalate_at"], condition=Q(escalate_at__isnull=False), name="orderreceipt_escalate"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.get_state_display()}"

    def is_overdue(self, at: dt.datetime) -> bool:
        """Whether the deadline of an answer has passed without one."""
        awaited = self.state in (ReceiptState.SENT, ReceiptState.SIGNED, ReceiptState.RETURNED)
        return awaited and self.due_at is not None and self.due_at <= at

    def awaited(self) -> Awaited:
        """What is missing, for the rules of escalation; the order must be at hand."""
        urgency = Urgency(self.order.urgency)
        if self.order.withdrawn_at is not None or self.state in (ReceiptState.ANSWERED, ReceiptState.CLOSED):
            return Awaited(urgency)
        unread = self.sent_at if self.state == ReceiptState.SENT else None
        return Awaited(urgency, unread, self.due_at, self.unread_told, self.late_told)


class OrderAction(models.TextChoices):
    SIGNED = "SIGNED", "签收"
    ANSWERED = "ANSWERED", "反馈"
    RETURNED = "RETURNED", "退回重报"
    ACCEPTED = "ACCEPTED", "办结"
    URGED = "URGED", "催办"
    AMENDED = "AMENDED", "指令修改"
    ESCALATED = "ESCALATED", "上报"


class OrderStep(models.Model):
    """What happened to an order in one area, by whom (None: the clock). Rows are added, never changed."""

    receipt = models.ForeignKey(OrderReceipt, on_delete=models.PROTECT, related_name="steps")
    action = models.CharField("事项", max_length=10, choices=OrderAction.choices)
    words = models.CharField("说明", max_length=500, blank=True, default="")
    number = models.PositiveIntegerField("所报数字", null=True, blank=True)
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
        verbose_name = "指令经过"
        verbose_name_plural = "指令经过"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {timezone.localtime(self.at):%m-%d %H:%M}"
