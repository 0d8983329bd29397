"""Imports: one file that was brought in, what it would do, what it did, and what of it could not be read."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grassroots.grid.fields import EncryptedTextField, SealedText
from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


class SealedJSONField(EncryptedTextField):  # type: ignore[type-arg]
    """JSON encrypted at rest: what a file holds may be anything, also where only captions are expected."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        text = super().from_db_value(value, expression, connection)
        return json.loads(text) if text else None

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, SealedText):
            return str(value)
        if value is None or value in ("", [], {}):
            return ""
        return super().get_prep_value(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))

    def to_python(self, value: Any) -> Any:
        return value


class BatchState(models.TextChoices):
    READ = "READ", "待核对"
    PLANNED = "PLANNED", "待确认"
    APPLYING = "APPLYING", "正在写入"
    APPLIED = "APPLIED", "已导入"
    UNDONE = "UNDONE", "已撤销"
    FAILED = "FAILED", "没有导入"
    DISCARDED = "DISCARDED", "已放弃"


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    """Imports by scope and state."""

    def visible_to(self, staff: Staff) -> Self:
        """Imports into areas of the person's scope."""
        return self.filter(scope_of(staff).in_areas())

    def applied(self) -> Self:
        return self.filter(state=BatchState.APPLIED)

    def unfinished(self) -> Self:
        """Read or planned, and neither written nor given up."""
        return self.filter(state__in=[BatchState.READ, BatchState.PLANNED])


class ImportBatch(models.Model):
    """One file or pasted text, from reading to undoing. `applied_rows` says how far writing has come."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("类型", max_length=20, blank=True, default="")
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="imports")
    staff = models.ForeignKey(
        "grid.Staff", verbose_name="导入人", on_delete=models.PROTECT, related_name="imports"
    )
    source_name = EncryptedTextField("文件名", blank=True, default="")
    source_path = models.CharField("文件", max_length=100, blank=True, default="")
    is_text = models.BooleanField("粘贴的文字", default=False)
    is_kind_chosen = models.BooleanField("类型由人选定", default=False)
    reference = models.DateField("表内日期", null=True, blank=True)
    mapping: Any = SealedJSONField("列的对应", blank=True, default="")
    rows = models.PositiveIntegerField("行数", default=0)
    created = models.PositiveIntegerField("新增", default=0)
    updated = models.PositiveIntegerField("更新", default=0)
    unchanged = models.PositiveIntegerField("无变化", default=0)
    rejected = models.PositiveIntegerField("未收", default=0)
    warnings = models.PositiveIntegerField("提醒", default=0)
    proposed: Any = models.JSONField("另将办理", default=dict, blank=True)
    plan_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    applied_rows = models.PositiveIntegerField("已写入到第几行", default=0)
    state = models.CharField("状态", max_length=10, choices=BatchState.choices, default=BatchState.READ)
    problem = models.CharField("原因", max_length=200, blank=True, default="")
    created_at = models.DateTimeField("读入时间", default=timezone.now)
    planned_at = models.DateTimeField("核对时间", null=True, blank=True)
    applied_at = models.DateTimeField("导入时间", null=True, blank=True)
    applied_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    job = models.ForeignKey(
        "ledgers.Job",
        verbose_name="后台任务",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="imports",
    )
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(
        "grid.Staff", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "导入"
        verbose_name_plural = "导入"
        permissions = [("import_ledger", "可以导入表格")]
        constraints = [
            models.CheckConstraint(
                condition=Q(rows=F("created") + F("updated") + F("unchanged") + F("rejected")),
                name="import_loses_no_row",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["PLANNED", "APPLYING", "APPLIED", "UNDONE"])
                | (~Q(plan_digest="") & ~Q(kind="") & Q(planned_at__isnull=False)),
                name="import_planned_before_it_is_written",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["APPLIED", "UNDONE"])
                | Q(applied_at__isnull=False, applied_by__isnull=False),
                name="import_applied_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="UNDONE") | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="import_undone_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["staff", "-created_at"], name="import_staff"),
            models.Index(fields=["area", "-created_at"], name="import_area"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%F %R}"

    @property
    def is_open(self) -> bool:
        """Whether kind and columns may still be changed and the plan confirmed."""
        return self.state in (BatchState.READ, BatchState.PLANNED)


class ImportPage(models.Model):
    """Some lines of what an import will do or has done, for one page of the preview."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="pages")
    part = models.CharField(max_length=10)  # an effect, or "warnings"
    number = models.PositiveIntegerField()
    body: Any = SealedJSONField()

    class Meta:
        verbose_name = "导入明细"
        verbose_name_plural = "导入明细"
        constraints = [
            models.UniqueConstraint(fields=["batch", "part", "number"], name="importpage_once"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.part} {self.number}"


class EffectAction(models.TextChoices):
    CREATED = "CREATED", "新增"
    UPDATED = "UPDATED", "更新"


class ImportEffect(models.Model):
    """Rows of one model that an import made (a range of keys) or changed (one key, with what stood there before).

    `mark` is the latest line of their history when the import had written them: a later one is somebody's change.
    """

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="effects")
    model = models.CharField(max_length=60)
    first_pk = models.BigIntegerField()
    last_pk = models.BigIntegerField()
    action = models.CharField(max_length=8, choices=EffectAction.choices)
    before: Any = SealedJSONField(blank=True, default="")
    mark = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "导入影响"
        verbose_name_plural = "导入影响"
        constraints = [
            models.CheckConstraint(
                condition=Q(last_pk__gte=F("first_pk")), name="importeffect_range_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(action="UPDATED") | Q(last_pk=F("first_pk")),
                name="importeffect_updates_one_row",
            ),
        ]
        indexes = [models.Index(fields=["model", "first_pk"], name="importeffect_subject")]

    def __str__(self) -> str:
        return f"{self.model} {self.first_pk}–{self.last_pk}"


class ImportNoteQuerySet(models.QuerySet["ImportNote"]):
    def about(self, subject: models.Model) -> Self:
        """Cells that could not be read, kept beside this record, the latest first."""
        rows = self.filter(model=subject._meta.label_lower, object_pk=subject.pk)
        return rows.select_related("batch__staff").order_by("-pk")


class ImportNote(models.Model):
    """A cell that could not be taken over, as it stood in the sheet, beside the record that it belongs to."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="notes")
    model = models.CharField(max_length=60)
    object_pk = models.BigIntegerField()
    field = models.CharField(max_length=40, blank=True, default="")
    row = models.PositiveIntegerField("行")
    column = EncryptedTextField("列", blank=True, default="")
    text = EncryptedTextField("原文")
    message = EncryptedTextField("说明", blank=True, default="")

    objects = ImportNoteQuerySet.as_manager()

    class Meta:
        verbose_name = "导入原文"
        verbose_name_plural = "导入原文"
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "model", "object_pk", "row", "field"], name="importnote_once"
            )
        ]
        indexes = [models.Index(fields=["model", "object_pk"], name="importnote_subject")]

    def __str__(self) -> str:
        return f"{self.model} {self.object_pk}"
