"""The checklists that ship (三溪, 督: 暗访、明查). A code that is missing comes in after every migrate."""

from __future__ import annotations

from typing import Any

from django.apps import apps

SHIPPED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("checkpoint", "劝导点（卡口）", (
        "在岗人数和值班表一致", "逐人测温、登记", "外来车辆和人员劝返有记录", "口罩、测温枪、消毒液够用",
        "发现返乡人员当场报告",
    )),
    ("closed-venue", "关停场所", (
        "门上有关停通知", "没有擅自营业", "没有聚集", "负责人知道恢复营业要批准",
    )),
    ("home-isolation", "居家观察和服务", (
        "门上有观察牌", "本人在家", "每天两次上门测温、当场登记", "告知书已签、当事人有一份",
        "生活物资有人代购代送", "生活垃圾单独收运", "同住人也居家",
    )),
    ("gathering", "聚集和宴席", ("没有办酒席", "没有棋牌聚会", "没有庙会、坝坝舞等聚集", "红事白事已劝导简办")),
    ("fire", "消防安全", ("灭火器有效、放在明处", "疏散通道没有堵占", "没有飞线充电", "值班人员会报警会灭火")),
    ("electricity", "用电用药安全", (
        "线路没有老化、超负荷", "取暖器离人离物", "消毒剂单独存放、有标识", "酒精存放不超量、远离火源",
        "消毒剂没有混用",
    )),
)  # fmt: skip


def ship_checklists(using: str = "default", **_kwargs: Any) -> int:
    """Bring in the checklists that are missing, return how many; what the office changed stays its own."""
    rows = apps.get_model("measures", "Checklist").objects.using(using)
    known = set(rows.values_list("code", flat=True))
    missing = [(order, line) for order, line in enumerate(SHIPPED, start=1) if line[0] not in known]
    for order, (code, name, items) in missing:
        rows.create(code=code, name=name, items=list(items), order=order * 10)
    return len(missing)
