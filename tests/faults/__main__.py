"""`scripts/with_services.sh .venv/bin/python -m tests.faults [--long]`, or `make faults`: breaks what can break.

Prints a table of counts, a line a fault; exits 1 when anything is lost, doubled without a reason, or left open.
FAULTS_TEMPLATE: a migrated database to copy instead of migrating.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time


def lay_schema() -> None:
    """The tables: copied from a database that has them, or migrated."""
    template = os.environ.get("FAULTS_TEMPLATE")
    if template:
        from tests.faults.servers import Postgres

        tool = Postgres().tool
        dump = subprocess.Popen([tool("pg_dump"), "--no-owner", template], stdout=subprocess.PIPE)
        load = [tool("psql"), "-q", "-v", "ON_ERROR_STOP=1", os.environ["DATABASE_URL"]]
        subprocess.run(load, stdin=dump.stdout, check=True, stdout=subprocess.DEVNULL)
        return
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description="提醒的故障试验")
    parser.add_argument(
        "--long", action="store_true", help="servers stay away for a minute, not for a second and a half"
    )
    long = parser.parse_args().long
    began = time.monotonic()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"
    import django

    django.setup()
    from django.db import connection

    from tests.factories import aware
    from tests.faults.office import build
    from tests.faults.scenarios import Faults, run_all
    from tests.faults.stack import Stack
    from tests.faults.tally import table

    lay_schema()
    with (
        connection.cursor() as cursor
    ):  # what PostgreSQL has confirmed outlives its being stopped, as in production
        cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" SET synchronous_commit = on')
    connection.close()
    print(f"schema: {time.monotonic() - began:.1f} s", file=sys.stderr)
    stack = Stack()
    try:
        stack.set_clock(aware("2020-01-31 05:00"))
        workers = build(stack.robot.webhook, stack.robot.url)
        stack.ready()
        stack.start_workers()
        stack.start_beats()
        rows = run_all(Faults(stack, workers, away=60.0 if long else 1.0))
    finally:
        stack.end()
    print(table(rows))
    print(f"{time.monotonic() - began:.0f} s in all")
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main())
