"""Staff: those who sign in, and officers who only answer for something."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grassroots.grid.fields import EncryptedTextField

if TYPE_CHECKING:
    from grassroots.grid.models.areas import Area


NO_ACCOUNT = "officer-"  # what the made-up account names of those begin with who never sign in


class Role(models.TextChoices):
    """Names of the Django groups that ship; what each may do is registered by the apps' roles.py."""

    ADMINISTRATOR = "系统管理员", "系统管理员"
    SUPERVISOR = "街道主管", "街道主管"
    OFFICER = "包保人员", "包保人员"
    HEALTH_WORKER = "医护人员", "医护人员"
    POLICE = "民警", "民警"
    INSPECTOR = "督查", "督查"
    AUDITOR = "审计员", "审计员"


class StaffQuerySet(models.QuerySet["Staff"]):
    """Staff by place and state."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def visible_to(self, staff: Staff) -> Self:
        """Staff with a posting or an area duty inside the person's scope, and the person.

        Whoever sees the whole office also sees those who are posted nowhere (yet, or any more).
        """
        from grassroots.grid.models.duties import AreaDuty
        from grassroots.grid.scope import scope_of

        scope = scope_of(staff)
        if scope.is_whole:
            return self
        areas = scope.area_q("area__")
        posted = Posting.objects.filter(areas).values("staff_id")
        on_duty = AreaDuty.objects.filter(areas).values("staff_id")
        return self.filter(Q(pk=staff.pk) | Q(pk__in=posted) | Q(pk__in=on_duty))

    def manageable_by(self, staff: Staff) -> Self:
        """Visible staff who reach nowhere that the person himself does not: whom he may edit, reset or hand over."""
        from grassroots.grid.models.duties import AreaDuty
        from grassroots.grid.scope import scope_of

        scope = scope_of(staff)
        if scope.is_whole:
            return self
        beyond = ~scope.area_q("area__")
        posted = Posting.objects.open().filter(beyond).values("staff_id")
        on_duty = AreaDuty.objects.open().filter(beyond).values("staff_id")
        return self.visible_to(staff).exclude(pk__in=posted).exclude(pk__in=on_duty)

    def callable_by(self, staff: Staff) -> Self:
        """Visible staff, and the officers above: those on duty for an area that the person's scope lies in."""
        from grassroots.grid.models.areas import Area
        from grassroots.grid.models.duties import AreaDuty
        from grassroots.grid.scope import scope_of

        above = {
            path[:end]
            for path in scope_of(staff).paths
            for end in range(Area.steplen, len(path), Area.steplen)
        }
        duties = AreaDuty.objects.open().filter(area__path__in=above)
        visible = Staff.objects.visible_to(staff).order_by().values("pk")
        return self.filter(
            Q(pk__in=visible) | Q(pk__in=duties.values("staff_id")) | Q(pk__in=duties.values("deputy_id"))
        )


class StaffManager(BaseUserManager.from_queryset(StaffQuerySet)):  # type: ignore[misc]
    """Creates staff; `create_user` is for those who sign in."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Staff:
        """Return a new, saved member of staff; without a password he cannot sign in."""
        staff = self.model(username=username, **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff


class Staff(AbstractBaseUser, PermissionsMixin):
    """A member of staff. Officers without an account have no usable password."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(
        "账号", max_length=40, unique=True, error_messages={"unique": "该账号已被使用，请换一个"}
    )
    name = models.CharField("姓名", max_length=50)
    organisation = models.CharField("单位", max_length=80, blank=True, default="")
    post = models.CharField("职务", max_length=60, blank=True, default="")
    phone = EncryptedTextField("联系电话", blank=True, default="")
    phone_digest = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    channels = models.JSONField("通知渠道", default=dict, blank=True)
    is_active = models.BooleanField("在岗", default=True)
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]
    history = HistoricalRecords(excluded_fields=["password", "last_login"])
    objects = StaffManager()

    class Meta:
        verbose_name = "工作人员"
        verbose_name_plural = "工作人员"
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="staff_has_a_name")]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @property
    def has_account(self) -> bool:
        """Whether he has an account name of his own; without one he only answers for something."""
        return not self.username.startswith(NO_ACCOUNT)

    def has_role(self, role: str) -> bool:
        """Whether the person belongs to the role's group (one query a person and request)."""
        if not hasattr(self, "_role_names"):
            self._role_names = set(self.groups.values_list("name", flat=True))
        return role in self._role_names


class PostingQuerySet(models.QuerySet["Posting"]):
    """Postings by date."""

    def open(self, on: dt.date | None = None) -> Self:
        on = on or timezone.localdate()
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=on)).filter(
            Q(valid_to=None) | Q(valid_to__gte=on)
        )


class Posting(models.Model):
    """Where somebody works: opens the area and everything below it to him."""

    staff = models.ForeignKey(Staff, verbose_name="人员", on_delete=models.PROTECT, related_name="postings")
    area = models.ForeignKey(
        "grid.Area", verbose_name="区域", on_delete=models.PROTECT, related_name="postings"
    )
    valid_from = models.DateField("开始日期", null=True, blank=True)
    valid_to = models.DateField("结束日期(含)", null=True, blank=True)

    history = HistoricalRecords()
    objects = PostingQuerySet.as_manager()
    if TYPE_CHECKING:
        area: Area  # type: ignore[no-redef]

    class Meta:
        verbose_name = "任职区域"
        verbose_name_plural = "任职区域"
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "area"], condition=Q(valid_to=None), name="posting_open_once_per_area"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=models.F("valid_from")),
                name="posting_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff} · {self.area}"
