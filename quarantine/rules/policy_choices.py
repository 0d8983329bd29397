"""The kinds that the terms of a policy choose from."""

from __future__ import annotations

from django.db.models import TextChoices


class Place(TextChoices):
    """Where a phase is spent."""

    HOME = "HOME", "居家"
    HOTEL = "HOTEL", "集中隔离点"
    HOSPITAL = "HOSPITAL", "医院"


class StartBasis(TextChoices):
    """What the count starts from: “末次接触 → 离开疫区 → 返回/到达 → 开始管控”, first one that is known."""

    LAST_CONTACT = "LAST_CONTACT", "末次接触"
    LEFT_REGION = "LEFT_REGION", "离开疫区"
    ARRIVED = "ARRIVED", "返回/到达"
    CONTROLLED = "CONTROLLED", "开始管控"


class FeverOperator(TextChoices):
    """Fever is “≥37.3℃” on notices and “>37.3” on some ledgers, so the operator is stored."""

    GTE = "GTE", "≥"
    GT = "GT", ">"


class Notify(TextChoices):
    """Whom a step of escalation tells."""

    SELF = "SELF", "测温人本人"
    DEPUTY = "DEPUTY", "B角"
    RESPONSIBLE = "RESPONSIBLE", "包保责任人"
    HEALTH = "HEALTH", "卫生院"
    LEADER = "LEADER", "包片领导"
    STREET = "STREET", "街道(镇)"
    POLICE = "POLICE", "派出所"


class ReturnClock(TextChoices):
    """How the count goes on for one who comes back from a hospital or a central place."""

    CONTINUE = "CONTINUE", "天数接着算，期满日不变"
    PHASE = "PHASE", "从返回日起算居家阶段"
    RESTART = "RESTART", "从返回日起重新算满全程"
