"""Lists pushed down from above (上级推送名单): each row is answered in the sender's order, with exactly one code."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of
from households.models import Person
from households.rules.identity import IdKind, mask_id_number
from households.rules.phones import mask_phone
from quarantine.models.returnee import Returnee
from quarantine.rules.pushed import MatchBy, PushedCode

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class PushedListQuerySet(models.QuerySet["PushedList"]):
    def visible_to(self, staff: Staff) -> Self:
        """Lists that came to the person's areas, and those with a row for them (of which he sees just these rows)."""
        rows = PushedPerson.objects.visible_to(staff).filter(list=OuterRef("pk"))
        return self.filter(scope_of(staff).in_areas() | Q(Exists(rows)))

    def received_by(self, staff: Staff) -> Self:
        """Lists that came to the person's own areas: he may edit them and send the answer."""
        return self.filter(scope_of(staff).in_areas())


class CameBy(models.TextChoices):
    """Where people to be checked come from: a list sent from above, or our own checkpoints."""

    SENT = "SENT", "上级推送"
    CHECKPOINT = "CHECKPOINT", "劝导点移交"


class PushedList(models.Model):
    """One list as it came: from whom, to which office, until when, and what it holds (by digest)."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    area = models.ForeignKey(
        Area, verbose_name="接收区域", on_delete=models.PROTECT, related_name="pushed_lists"
    )
    title = models.CharField("名称", max_length=80)
    sender = models.CharField("推送单位", max_length=60, blank=True, default="")
    came_by = models.CharField("来路", max_length=10, choices=CameBy.choices, default=CameBy.SENT)
    received_at = models.DateTimeField("收到时间", default=timezone.now)
    due_on = models.DateField("反馈期限", null=True, blank=True)
    tables = EncryptedTextField("原表各列", blank=True, default="")  # JSON: quarantine/pushed/tables.py
    content_digest = models.CharField(max_length=64, editable=False)
    recorded_by = models.ForeignKey(
        "grid.Staff", verbose_name="导入人", on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField("导入时间", default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = PushedListQuerySet.as_manager()

    class Meta:
        verbose_name = "上级推送名单"
        verbose_name_plural = "上级推送名单"
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="pushedlist_has_a_title"),
            models.UniqueConstraint(fields=["area", "content_digest"], name="pushedlist_taken_in_once"),
        ]
        indexes = [models.Index(fields=["area", "-received_at"], name="pushedlist_area")]

    def __str__(self) -> str:
        return self.title


class PushedFile(models.Model):
    """The very file that came, sealed: the answer goes out in it. Lists are read without it."""

    list = models.OneToOneField(PushedList, on_delete=models.CASCADE, related_name="file")
    name = EncryptedTextField("文件名", blank=True, default="")
    content = EncryptedTextField("原件")  # base64 of the deflated bytes

    class Meta:
        verbose_name = "推送名单原件"
        verbose_name_plural = "推送名单原件"

    def __str__(self) -> str:
        return f"{self.list_id}"


class PushedState(models.TextChoices):
    OPEN = "OPEN", "待核查"
    ANSWERED = "ANSWERED", "已答复"


class PushedPersonQuerySet(models.QuerySet["PushedPerson"]):
    def open(self) -> Self:
        return self.filter(state=PushedState.OPEN)

    def answered(self) -> Self:
        return self.filter(state=PushedState.ANSWERED)

    def confirmable(self) -> Self:
        """Open, and the proposal rests on the register, on dates or on the list itself: no visit is needed for it.

        漏排 is never confirmed unseen, nor is anybody whom a checkpoint has seen.
        """
        proven = ~Q(matched_by=MatchBy.NOBODY) | Q(proposed=PushedCode.PAST) | ~Q(left_out="")
        sent = self.open().filter(list__came_by=CameBy.SENT)
        return sent.filter(proven).exclude(proposed=PushedCode.OMITTED)

    def visible_to(self, staff: Staff) -> Self:
        """Rows to be checked in the person's areas, and those that were given to him."""
        return self.filter(scope_of(staff).in_areas() | Q(assigned_to=staff))

    def mine(self, staff: Staff) -> Self:
        """What the person himself has still to check."""
        return self.open().filter(assigned_to=staff)

    def in_senders_order(self) -> Self:
        return self.order_by("list_id", "number")


class PushedPerson(models.Model):
    """A row of a list: what the sender wrote, who it is in our register, who checks it, and the one answer."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    list = models.ForeignKey(PushedList, verbose_name="名单", on_delete=models.CASCADE, related_name="people")
    number = models.PositiveIntegerField("次序")
    sheet = models.CharField("工作表", max_length=60, blank=True, default="")
    row = models.PositiveIntegerField("原表第几行")
    cells = EncryptedTextField("原文", blank=True, default="")
    name = models.CharField("姓名", max_length=50, blank=True, default="")
    id_kind = models.CharField("证件类型", max_length=20, choices=IdKind.choices, default=IdKind.RESIDENT_ID)
    id_number = EncryptedTextField("证件号码", blank=True, default="")
    id_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    phone = EncryptedTextField("联系电话", blank=True, default="")
    phone_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    source = models.CharField("数据来源", max_length=60, blank=True, default="")
    origin = models.CharField("疑似来源地", max_length=80, blank=True, default="")
    place = models.CharField("落脚地", max_length=120, blank=True, default="")
    left_on = models.DateField("离开日期", null=True, blank=True)
    arrived_on = models.DateField("到达日期", null=True, blank=True)
    person = models.ForeignKey(
        Person,
        verbose_name="登记人员",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pushed",
    )
    matched_by = models.CharField("怎样对上", max_length=8, choices=MatchBy.choices, default=MatchBy.NOBODY)
    area = models.ForeignKey(
        Area, verbose_name="核查区域", on_delete=models.PROTECT, related_name="pushed_people"
    )
    assigned_to = models.ForeignKey(
        "grid.Staff",
        verbose_name="核查人",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pushed_people",
    )
    noticed_by = models.ForeignKey(
        "grid.Staff", verbose_name="发现人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    told_at = models.DateTimeField("通知时间", null=True, blank=True, editable=False)
    proposed = models.CharField("建议答复", max_length=12, choices=PushedCode.choices)
    reason = models.CharField("建议理由", max_length=200, blank=True, default="")
    left_out = models.CharField("没有收下的原因", max_length=200, blank=True, default="")
    state = models.CharField("状态", max_length=8, choices=PushedState.choices, default=PushedState.OPEN)
    code = models.CharField("答复", max_length=12, choices=PushedCode.choices, blank=True, default="")
    note = models.CharField("备注", max_length=100, blank=True, default="")
    answered_by = models.ForeignKey(
        "grid.Staff", verbose_name="答复人", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    returnee = models.ForeignKey(
        Returnee,
        verbose_name="返乡档案",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pushed",
    )
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = PushedPersonQuerySet.as_manager()

    class Meta:
        verbose_name = "上级推送人员"
        verbose_name_plural = "上级推送人员"
        constraints = [
            models.UniqueConstraint(fields=["list", "sheet", "row"], name="pushedperson_one_per_row"),
            models.UniqueConstraint(fields=["list", "number"], name="pushedperson_in_one_order"),
            models.CheckConstraint(
                condition=Q(state="OPEN", code="", answered_by=None, answered_at=None)
                | Q(
                    state="ANSWERED",
                    code__in=PushedCode.values,
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                ),
                name="pushedperson_exactly_one_code_once_answered",
            ),
            models.CheckConstraint(
                condition=Q(proposed__in=PushedCode.values), name="pushedperson_one_code_proposed"
            ),
        ]
        indexes = [
            models.Index(fields=["area", "state"], name="pushedperson_area_state"),
            models.Index(fields=["assigned_to"], condition=Q(state="OPEN"), name="pushedperson_my_open"),
            models.Index(fields=["id_digest"], name="pushedperson_id"),
        ]

    def __str__(self) -> str:
        return self.name or f"第{self.row}行"

    @property
    def senders_cells(self) -> Sequence[str]:
        """The sender's cells in their order, as they were."""
        return tuple(json.loads(self.cells)) if self.cells else ()

    @property
    def masked_id_number(self) -> str:
        return mask_id_number(self.id_number)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)

    @property
    def is_open(self) -> bool:
        return self.state == PushedState.OPEN


class PushedAnswer(models.Model):
    """One answer to a row, or the taking back of one ('' as code); rows are added, never changed."""

    row = models.ForeignKey(PushedPerson, on_delete=models.CASCADE, related_name="answers")
    code = models.CharField("答复", max_length=12, choices=PushedCode.choices, blank=True, default="")
    note = models.CharField("备注", max_length=100, blank=True, default="")
    is_automatic = models.BooleanField("导入时自动核对", default=False)
    by = models.ForeignKey("grid.Staff", verbose_name="答复人", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "推送核查答复"
        verbose_name_plural = "推送核查答复"
        indexes = [models.Index(fields=["row", "-at"], name="pushedanswer_row")]

    def __str__(self) -> str:
        return f"{self.row_id} {self.code or '撤回'} {self.at:%F %R}"
