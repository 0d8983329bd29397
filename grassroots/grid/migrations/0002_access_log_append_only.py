"""The access log can be added to and nothing else: triggers on both databases."""

from typing import Any

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION grid_accesslog_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'grid_accesslog is append only';
END $$;
CREATE TRIGGER grid_accesslog_append_only BEFORE UPDATE OR DELETE ON grid_accesslog
    FOR EACH ROW EXECUTE FUNCTION grid_accesslog_append_only();
"""
SQLITE = [
    f"""
    CREATE TRIGGER grid_accesslog_no_{verb.lower()} BEFORE {verb} ON grid_accesslog
    BEGIN SELECT RAISE(ABORT, 'grid_accesslog is append only'); END
    """
    for verb in ("UPDATE", "DELETE")
]


def make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)
    else:
        for statement in SQLITE:
            schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER grid_accesslog_append_only ON grid_accesslog")
        schema_editor.execute("DROP FUNCTION grid_accesslog_append_only()")
    else:
        for verb in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER grid_accesslog_no_{verb}")


class Migration(migrations.Migration):
    dependencies = [("grid", "0001_initial")]

    operations = [migrations.RunPython(make, drop)]
