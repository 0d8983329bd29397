"""The office that this installation serves."""

from django.db import models
from django.utils import timezone


class Office(models.Model):
    """One row: the office's name, what it prints on papers, and whether the data is demo data."""

    name = models.CharField("单位名称", max_length=60)
    area = models.ForeignKey("grid.Area", verbose_name="辖区", on_delete=models.PROTECT, related_name="+")
    phone = models.CharField(
        "办公电话", max_length=30, blank=True, default="", help_text="印在表格上的值班电话"
    )
    issuer = models.CharField(
        "解除通知出具单位",
        max_length=60,
        blank=True,
        default="",
        help_text="如:卫生院、社区卫生服务中心、县疾控",
    )
    is_demo = models.BooleanField("演示数据", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "单位"
        verbose_name_plural = "单位"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="office_is_one_row")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Office | None":
        """The office, or None before the first start has been completed."""
        return cls.objects.select_related("area").filter(pk=1).first()
