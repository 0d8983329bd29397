"""Writes a batch in a process of its own: `python -m tests.ledgers.intake.writer_process UID`."""

from __future__ import annotations

import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from grassroots.ledgers.intake.applying import batch_write  # noqa: E402
from grassroots.ledgers.intake.protocol import register_import  # noqa: E402
from grassroots.ledgers.models import ImportBatch  # noqa: E402
from tests.ledgers.intake.toy import TOY  # noqa: E402

if __name__ == "__main__":
    register_import(TOY)
    settings.IMPORT_ROOT = sys.argv[2]
    batch = ImportBatch.objects.select_related("area", "staff").get(uid=sys.argv[1])
    batch_write(batch, staff=batch.staff, at=timezone.now())
