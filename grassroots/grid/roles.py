"""Roles are Django groups; what each may do is registered by the apps and applied after every migrate."""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from grassroots.grid import registry
from grassroots.grid.models import Role


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
