"""The historical policies ship as templates; none is in force until the office switches one on."""

from typing import Any

from django.db import migrations

from quarantine.rules.templates import HISTORICAL_POLICIES

OWN_COLUMNS = ("code", "name", "document_no", "source", "effective_from", "effective_to")


def add(apps: Any, schema_editor: Any) -> None:
    policies = apps.get_model("quarantine", "Policy")
    for template in HISTORICAL_POLICIES:
        terms = {key: value for key, value in template.items() if key not in OWN_COLUMNS}
        policies.objects.get_or_create(
            code=template["code"],
            version=1,
            state="TEMPLATE",
            defaults={
                "name": template["name"],
                "document_no": template.get("document_no", ""),
                "source": template.get("source", ""),
                "effective_from": template.get("effective_from"),
                "effective_to": template.get("effective_to"),
                "terms": terms,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("quarantine", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
