"""Requests that were there before get the state that their columns tell, and their steps."""

from typing import Any

from django.db import migrations
from django.db.models import F

BATCH = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    requests = apps.get_model("quarantine", "ServiceRequest").objects
    steps = apps.get_model("quarantine", "ServiceStep").objects
    requests.update(recorded_at=F("requested_at"))
    requests.filter(assigned_to__isnull=False).update(state="ASSIGNED", assigned_at=F("requested_at"))
    requests.filter(done_at__isnull=False).update(state="DONE")
    # Who was told before this went by word of mouth; nobody is told again of what is old.
    requests.update(told_at=F("requested_at"))
    made = []
    for row in requests.order_by("pk").iterator(BATCH):
        asked = {"service_id": row.pk, "by_id": row.recorded_by_id, "recorded_at": row.requested_at}
        made.append(steps.model(state="ASKED", at=row.requested_at, **asked))
        if row.assigned_to_id:
            made.append(steps.model(state="ASSIGNED", at=row.requested_at, to_id=row.assigned_to_id, **asked))
        if row.done_at:
            by = row.done_by_id or row.recorded_by_id
            made.append(
                steps.model(
                    state="DONE", at=row.done_at, by_id=by, note=row.done_note, service_id=row.pk,
                    recorded_at=row.done_at,
                )
            )  # fmt: skip
        if len(made) >= BATCH:
            steps.bulk_create(made)
            made = []
    steps.bulk_create(made)


class Migration(migrations.Migration):
    dependencies = [("quarantine", "0005_papers_and_services")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
