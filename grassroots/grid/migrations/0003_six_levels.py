"""The six levels of 官仓 (三定六级) ship as duty kinds; an office adds its own."""

from typing import Any

from django.db import migrations

STREET, VILLAGE, GROUP, COMPOUND = 2, 3, 4, 5
# code, name, officer's title, level, measures temperatures, what he does
SIX = [
    ("leader", "包片", "包片领导", VILLAGE, False, "掌握所包村全面情况,先行研判并报指挥部"),
    ("village", "包村", "驻村干部", VILLAGE, False, "组织入户,每日上门,与医护人员共同填写记录"),
    ("police", "包段", "派出所民警", VILLAGE, False, "督促居家隔离,处置不配合人员,维护秩序"),
    ("village-cadre", "包组", "村(社区)书记", GROUP, False, "逐人摸清本村返乡人员,填写入户排查表,上报与安抚"),
    ("group", "包户", "组长(网格员)", COMPOUND, False, "熟悉本组住户,劝导并陪同上门"),
    ("health", "包人", "医护人员", COMPOUND, True, "每日两次测温,即时反馈登记,宣讲卫生知识,初步诊断"),
]


def add(apps: Any, schema_editor: Any) -> None:
    kinds = apps.get_model("grid", "DutyKind")
    for order, (code, name, title, level, measures, text) in enumerate(SIX, start=1):
        kinds.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "officer_title": title,
                "level": level,
                "order": order,
                "is_measuring": measures,
                "description": text,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("grid", "0002_access_log_append_only")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
