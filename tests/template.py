"""A database with all migrations applied, of which the workers' own are copies: they take a worker 20 seconds.

python -m tests.template: makes it where tests.settings say (docs/development.md); scripts/test.sh does that beside
its checks and names it in TEST_TEMPLATE, a database of the same PostgreSQL or a file of SQLite.
"""

from __future__ import annotations

import os
import shutil

from django.db import connection


def copy_template(template: str) -> None:
    """Make this worker's test database as a copy; Django then finds it there and no migration to apply."""
    name = connection.creation._get_test_db_name()
    if connection.vendor == "sqlite":
        shutil.copyfile(template, name)
        return
    one, other = (connection.ops.quote_name(database) for database in (name, template))
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {one}")
        cursor.execute(f"CREATE DATABASE {one} TEMPLATE {other}")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()


if __name__ == "__main__":
    main()
