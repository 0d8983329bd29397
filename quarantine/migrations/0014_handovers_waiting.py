"""Handovers that wait are told of by the hours that held before policies had any."""

import datetime as dt

from django.db import migrations
from django.db.models import F

HOURS = (2, 4, 8)


def fill(apps, _schema_editor):
    waiting = apps.get_model("quarantine", "Handover").objects.filter(state="PENDING", remind_at=None)
    for told, hours in enumerate(HOURS):
        waiting.filter(told_level=told).update(remind_at=F("requested_at") + dt.timedelta(hours=hours))


class Migration(migrations.Migration):

    dependencies = [
        ('quarantine', '0013_handovers_remind_at'),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
