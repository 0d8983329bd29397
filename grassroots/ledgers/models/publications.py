"""Published briefs with their 统计表, frozen; and what people write by hand before they publish."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.scope import scope_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

PARAGRAPH_LENGTH = 1000


class Handwritten(models.Model):
    """What people write themselves: two paragraphs, and who signs. Read through for personal data (privacy.py)."""

    problems = models.TextField("存在问题", max_length=PARAGRAPH_LENGTH, blank=True, default="")
    plans = models.TextField("明日安排", max_length=PARAGRAPH_LENGTH, blank=True, default="")
    reporter = models.CharField("填报人", max_length=30, blank=True, default="")
    reviewer = models.CharField("审核人", max_length=30, blank=True, default="")
    phone = models.CharField(
        "电话", max_length=30, blank=True, default="", help_text="办公电话，印在日报末尾"
    )

    class Meta:
        abstract = True


class BriefDraft(Handwritten):
    """The hand-written part of an area's brief of a day, until it is published. `version` as in docs/submissions.md."""

    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="+")
    on = models.DateField("日期")
    accepted: Any = models.JSONField("不是人名的词语", default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    saved_by = models.ForeignKey(
        "grid.Staff", verbose_name="保存人", on_delete=models.PROTECT, related_name="+"
    )
    saved_at = models.DateTimeField("保存时间", default=timezone.now)

    class Meta:
        verbose_name = "日报草稿"
        verbose_name_plural = "日报草稿"
        constraints = [models.UniqueConstraint(fields=["area", "on"], name="briefdraft_one_per_area_and_day")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.on:%F}"


class PublicationQuerySet(models.QuerySet["Publication"]):
    def visible_to(self, staff: Staff) -> Self:
        return self.filter(scope_of(staff).in_areas())

    def of(self, area: Area, on: dt.date) -> Self:
        """An area's publications of a day, the latest version first."""
        return self.filter(area=area, on=on).order_by("-version")

    def newest_first(self) -> Self:
        return self.order_by("-on", "-published_at", "-pk")


class Publication(Handwritten):
    """A published brief with its 统计表. Frozen: triggers on both databases refuse UPDATE and DELETE.

    Version 1 is the brief of an area and a day, further versions are 更正 that say what changed. `figures` is what
    `snapshots.Snapshot.frozen` describes.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    area = models.ForeignKey(Area, verbose_name="区域", on_delete=models.PROTECT, related_name="publications")
    on = models.DateField("日期")
    cutoff = models.TimeField("统计截止时间", null=True, blank=True, help_text="空着为24时")
    version = models.PositiveSmallIntegerField("版次", default=1)
    figures: Any = models.JSONField("数据")
    text = models.TextField("正文")
    changes: Any = models.JSONField("更正内容", default=list, blank=True)
    remark = models.CharField("更正说明", max_length=200, blank=True, default="")
    known_at = models.DateTimeField("数据时间")
    published_by = models.ForeignKey(
        "grid.Staff", verbose_name="发布人", on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField("发布时间", default=timezone.now)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = "日报"
        verbose_name_plural = "日报"
        permissions = [("publish_brief", "可以发布日报")]
        constraints = [
            models.UniqueConstraint(fields=["area", "on", "version"], name="publication_version_once"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="publication_version_from_one"),
        ]
        indexes = [models.Index(fields=["-on", "-published_at"], name="publication_newest")]

    def __str__(self) -> str:
        return f"{self.area} {self.on:%F} 第{self.version}版"

    @property
    def is_correction(self) -> bool:
        """Whether it corrects an earlier one (更正)."""
        return self.version > 1
