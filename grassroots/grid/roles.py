"""Roles are Django groups; what each may do is registered by the apps and applied after every migrate."""

from __future__ import annotations

import time
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models.signals import m2m_changed

from grassroots.grid import registry
from grassroots.grid.models import Role

_granted: dict[int, tuple[float, frozenset[str]]] = {}


def grants_of(role: int) -> frozenset[str]:
    """What the members of a group may do, as app.codename.

    Grants change when an installation is upgraded, or by hand: a process asks again after ROLE_GRANTS_SECONDS.
    """
    asked_at, found = _granted.get(role, (None, frozenset()))
    if asked_at is None or time.monotonic() - asked_at > (settings.ROLE_GRANTS_SECONDS or 0):
        rows = Permission.objects.filter(group=role).order_by()
        named = rows.values_list("content_type__app_label", "codename")
        found = frozenset(f"{app}.{code}" for app, code in named)
        _granted[role] = time.monotonic(), found
    return found


def _forget_grants(**_kwargs: Any) -> None:
    _granted.clear()


m2m_changed.connect(_forget_grants, sender=Group.permissions.through, dispatch_uid="grants")


def apply_role_grants(using: str = "default", **_kwargs: Any) -> None:
    """Make the groups of all roles and add the registered permissions they lack; what an office added stays."""
    for config in apps.get_app_configs():
        create_permissions(config, verbosity=0, using=using)
    known = {
        f"{app}.{code}": pk
        for pk, app, code in Permission.objects.using(using).values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    through = Group.permissions.through.objects.using(using)
    rows = []
    for role in Role.values:
        group, _created = Group.objects.using(using).get_or_create(name=role)
        for name in sorted(registry.role_grants.get(role, ())):
            if name not in known:
                raise LookupError(f"{name} is granted to {role} but no model declares it")
            rows.append(through.model(group_id=group.pk, permission_id=known[name]))
    through.bulk_create(rows, ignore_conflicts=True)
    _forget_grants()
