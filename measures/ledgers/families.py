"""The ledgers of records, by the office's own forms (DOMAIN.md §2)."""

from grassroots.ledgers.engine import Column
from measures.ledgers.family import (
    BY,
    GROUP,
    KIND,
    NOTE,
    NUMBER,
    ON,
    PLACE,
    VILLAGE,
    FamilyLedger,
    quantity,
)
from measures.models import Family

UNIT = Column("unit", "单位", width=5)
DISINFECTION = FamilyLedger(
    "disinfection",
    "消杀记录",
    (Family.DISINFECTION,),
    (
        NUMBER,
        VILLAGE,
        ON,
        Column("slot", "时段", width=5),
        Column("area_or_thing", "区域/物品", width=14),
        KIND,
        Column("how", "方式", width=6),
        Column("agent", "消毒剂名称及浓度", width=14),
        Column("minutes", "作用时间", width=7),
        quantity("面积"),
        Column("litres", "用药量", width=7),
        Column("people", "出动人数", format="int", width=5),
        Column("by", "执行人", width=8),
        Column("watcher", "监督人", width=8),
        NOTE,
    ),
    order=81,
)
WASTE = FamilyLedger(
    "waste",
    "垃圾清运台账",
    (Family.WASTE,),
    (NUMBER, VILLAGE, GROUP, ON, KIND, quantity("数量", total=""), UNIT, PLACE, BY, NOTE),
)
GATHERINGS = FamilyLedger(
    "gatherings",
    "取消聚集台账",
    (Family.GATHERING,),
    (NUMBER, VILLAGE, GROUP, ON, KIND, quantity("数量", total=""), UNIT, PLACE, BY, NOTE),
    order=83,
)
PUBLICITY = FamilyLedger(
    "publicity",
    "宣传工作台账",
    (Family.PUBLICITY,),
    (NUMBER, VILLAGE, GROUP, ON, KIND, quantity("数量", total=""), UNIT, PLACE, BY, NOTE),
    order=84,
)
QUESTIONS = FamilyLedger(
    "questions",
    "群众问答台账",
    (Family.QUESTION,),
    (
        NUMBER,
        VILLAGE,
        ON,
        KIND,
        Column("asked", "问题", width=20),
        Column("rumour", "传言", width=16),
        Column("answer", "答复", width=24),
        Column("by", "答复人", width=8),
        NOTE,
    ),
    order=85,
)
MOBILISED = FamilyLedger(
    "mobilised",
    "动员力量台账",
    (Family.MOBILISED,),
    (NUMBER, VILLAGE, GROUP, ON, KIND, quantity("人数", total=""), BY, NOTE),
    order=86,
)
CHECKPOINTS = FamilyLedger(
    "checkpoints",
    "劝导点检查台账",
    (Family.CHECKPOINT,),
    (
        NUMBER,
        VILLAGE,
        ON,
        Column("watch", "班次", width=6),
        PLACE,
        KIND,
        quantity("数量", total=""),
        UNIT,
        BY,
        NOTE,
    ),
    order=87,
)
for _ledger in (DISINFECTION, WASTE, GATHERINGS, PUBLICITY, QUESTIONS, MOBILISED, CHECKPOINTS):
    _ledger.register()
