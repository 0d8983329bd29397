"""Rows that migrations ship, put back after a test that emptied the tables (transaction=True)."""

from importlib import import_module

from django.apps import apps
from django.db import connection

from grassroots.grid.models import DutyKind
from measures.catalogue import ship_kinds
from measures.checklists import ship_checklists
from measures.models import Checklist, Kind
from quarantine.models import Policy


def restore_reference_rows() -> None:
    """Duty kinds, policy templates, kinds of measures and checklists as they ship; roles come back by post_migrate."""
    if not DutyKind.objects.exists():
        import_module("grassroots.grid.migrations.0003_six_levels").add(apps, None)
    if not Policy.objects.exists():
        import_module("quarantine.migrations.0002_policy_templates").add(apps, None)
    if not Kind.objects.exists():
        ship_kinds()
    if not Checklist.objects.exists():
        ship_checklists()


def clear_access_log() -> None:
    """Empty the log that nothing may delete from, which on SQLite would stop the flush after a test."""
    if connection.vendor != "sqlite":
        return
    log = import_module("grassroots.grid.migrations.0002_access_log_append_only")
    with connection.schema_editor() as editor:
        log.drop(apps, editor)
        editor.execute("DELETE FROM grid_accesslog")
        log.make(apps, editor)
