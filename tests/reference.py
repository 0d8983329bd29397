"""Rows that migrations ship, put back after a test that emptied the tables (transaction=True)."""

from importlib import import_module

from django.apps import apps
from django.db import connection

from grassroots.grid.models import DutyKind
from quarantine.models import Policy


def restore_reference_rows() -> None:
    """Duty kinds and policy templates as their migrations add them; roles come back by post_migrate."""
    if not DutyKind.objects.exists():
        import_module("grassroots.grid.migrations.0003_six_levels").add(apps, None)
    if not Policy.objects.exists():
        import_module("quarantine.migrations.0002_policy_templates").add(apps, None)


def clear_access_log() -> None:
    """Empty the log that nothing may delete from, which on SQLite would stop the flush after a test."""
    if connection.vendor != "sqlite":
        return
    log = import_module("grassroots.grid.migrations.0002_access_log_append_only")
    with connection.schema_editor() as editor:
        log.drop(apps, editor)
        editor.execute("DELETE FROM grid_accesslog")
        log.make(apps, editor)
