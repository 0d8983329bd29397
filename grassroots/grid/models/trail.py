"""What was sent, and who looked at what."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone


class Submission(models.Model):
    """A form that was sent once: its id, who sent it, what it held (digest only) and what came of it."""

    uid = models.UUIDField(primary_key=True)
    staff = models.ForeignKey("grid.Staff", on_delete=models.PROTECT, related_name="+")
    payload_digest = models.CharField(max_length=64)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "提交记录"
        verbose_name_plural = "提交记录"

    def __str__(self) -> str:
        return str(self.uid)


class AccessAction(models.TextChoices):
    """What somebody did with personal data, or with the way in."""

    SIGN_IN = "SIGN_IN", "登录"
    SIGN_OUT = "SIGN_OUT", "退出"
    SIGN_IN_FAILED = "SIGN_IN_FAILED", "登录失败"
    PASSWORD = "PASSWORD", "修改或重置密码"
    OPEN = "OPEN", "打开档案"
    UNMASK = "UNMASK", "查看明文"
    DIAL = "DIAL", "拨打电话"
    SEARCH = "SEARCH", "查找"
    EXPORT = "EXPORT", "下载"
    PRINT = "PRINT", "打印"
    GRANT = "GRANT", "授权变更"
    MERGE = "MERGE", "合并或作废档案"


class AccessLog(models.Model):
    """One access. The application can add rows and nothing else: triggers refuse UPDATE and DELETE."""

    at = models.DateTimeField("时间", default=timezone.now, db_index=True)
    staff = models.ForeignKey(
        "grid.Staff", verbose_name="人员", null=True, on_delete=models.DO_NOTHING, related_name="+"
    )
    action = models.CharField("操作", max_length=20, choices=AccessAction.choices)
    subject_type = models.CharField("对象类型", max_length=40, blank=True, default="")
    subject_uid = models.CharField("对象编号", max_length=64, blank=True, default="")
    area = models.ForeignKey(
        "grid.Area", verbose_name="区域", null=True, on_delete=models.DO_NOTHING, related_name="+"
    )
    purpose = models.CharField("用途", max_length=200, blank=True, default="")
    detail: Any = models.JSONField("详情", default=dict, blank=True)
    address = models.CharField("来源地址", max_length=45, blank=True, default="")

    class Meta:
        verbose_name = "访问日志"
        verbose_name_plural = "访问日志"
        indexes = [
            models.Index(fields=["staff", "-at"], name="accesslog_staff"),
            models.Index(fields=["subject_type", "subject_uid"], name="accesslog_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.get_action_display()}"
