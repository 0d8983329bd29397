"""The faults of `python -m tests.faults`, on servers of their own: nothing lost, nothing doubled without a reason."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.django_db]


def test_after_every_fault_each_reminder_is_sent_failed_or_expired_and_none_is_doubled_or_lost():
    database = connection.settings_dict
    account = f"{database['USER']}:{database['PASSWORD']}"
    template = f"postgresql://{account}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    command = ["scripts/with_services.sh", sys.executable, "-m", "tests.faults"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env={**os.environ, "FAULTS_TEMPLATE": template}, capture_output=True, text=True
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WRONG" not in done.stdout
    assert done.stdout.count("\n") > 10  # the table of all of them
