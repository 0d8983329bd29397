"""Permissions come from roles alone: nobody has permissions of his own, so that one query tells what he may do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from grassroots.grid.models import Staff
from grassroots.grid.prepared import Prepared, PreparedModels
from grassroots.grid.roles import grants_of


def _roles(staff: int) -> Any:
    return Staff.groups.through.objects.filter(staff=staff).order_by().values_list("group_id")


def _of_roles(staff: int) -> Any:
    rows = Permission.objects.filter(group__user=staff).order_by()
    return rows.values_list("content_type__app_label", "codename")


def _staff(pk: int) -> QuerySet[Staff]:
    return Staff.objects.filter(pk=pk)


_ROLES = Prepared(_roles, {"staff": (-1, -2)})
_OF_ROLES = Prepared(_of_roles, {"staff": (-1, -2)})
_STAFF: PreparedModels[Staff] = PreparedModels(_staff, {"pk": (-1, -2)})


class RoleBackend(ModelBackend):
    """Django's backend without permissions of single users."""

    def get_user(self, user_id: Any) -> Staff | None:
        """Who signed in (one query)."""
        staff = _STAFF.first(pk=user_id)
        return staff if staff is not None and self.user_can_authenticate(staff) else None

    def _get_user_permissions(self, user_obj: Any) -> QuerySet[Permission]:
        return Permission.objects.none()

    @staticmethod
    def _granted(staff: int) -> set[str]:
        if settings.ROLE_GRANTS_SECONDS is None:
            return {f"{app}.{code}" for app, code in _OF_ROLES.rows(staff=staff)}
        return set().union(*(grants_of(role) for (role,) in _ROLES.rows(staff=staff)))

    def _get_permissions(self, user_obj: Any, obj: Any, from_name: str) -> set[str]:
        """Those of the roles, kept on the instance as Django keeps them (one query)."""
        is_plain = from_name == "group" and user_obj.is_active and not user_obj.is_superuser and obj is None
        if is_plain and not hasattr(user_obj, "_group_perm_cache"):
            user_obj._group_perm_cache = self._granted(user_obj.pk)
        return super()._get_permissions(user_obj, obj, from_name)  # type: ignore[misc,no-any-return]
