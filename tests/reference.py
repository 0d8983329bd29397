"""Rows that migrations ship, put back after a test that emptied the tables (transaction=True)."""

from importlib import import_module

from django.apps import apps

from grassroots.grid.models import DutyKind
from quarantine.models import Policy


def restore_reference_rows() -> None:
    """Duty kinds and policy templates as their migrations add them; roles come back by post_migrate."""
    if not DutyKind.objects.exists():
        import_module("grassroots.grid.migrations.0003_six_levels").add(apps, None)
    if not Policy.objects.exists():
        import_module("quarantine.migrations.0002_policy_templates").add(apps, None)
