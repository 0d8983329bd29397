"""How a state looks: its tone (docs/visual-system.md), its icon, and a word for when the caller has none.

Presentation only. Codes are those of the apps' TextChoices; one that is not listed looks neutral, so an app
may add a state without coming here first. Every look has an icon and a word: colour alone tells some people
nothing.
"""

from typing import NamedTuple


class Look(NamedTuple):
    """Tone (`ok`, `warn`, `danger`, `watch`, `info`, `muted`), icon, and the default word."""

    tone: str
    icon: str
    word: str


NEUTRAL = Look("muted", "circle", "")

LOOKS: dict[str, Look] = {
    # the door
    "UNVISITED": Look("muted", "circle", "未访"),
    "SIGNED": Look("ok", "check-circle-fill", "已签"),
    "ABSENT": Look("warn", "door-closed", "无人"),
    "REFUSED": Look("danger", "x-octagon-fill", "拒绝"),
    "BY_PHONE": Look("info", "telephone", "电话"),
    "VACANT": Look("muted", "slash-circle", "空置"),
    "RETURNEE": Look("watch", "geo-alt-fill", "有返乡人员"),
    "OBSERVED": Look("watch", "eye-fill", "观察中"),
    # a visit of the round
    "PLANNED": Look("muted", "clock", "待测"),
    "DONE": Look("ok", "check-circle-fill", "已测"),
    "AWAY": Look("warn", "door-closed", "不在家"),
    "MISSED": Look("danger", "exclamation-circle-fill", "漏测"),
    "CANCELLED": Look("muted", "slash-circle", "取消"),
    "ABNORMAL": Look("danger", "thermometer-high", "体温异常"),
    "LOW": Look("warn", "thermometer-low", "偏低待复测"),
    "LATE": Look("info", "pencil-square", "补录"),
    # an observation and what ends it
    "OPEN": Look("watch", "eye-fill", "观察中"),
    "CLOSED": Look("muted", "check2", "已结束"),
    "OPENED": Look("watch", "eye-fill", "开始观察"),
    "EXTENDED": Look("warn", "calendar-plus", "延长"),
    "SHORTENED": Look("info", "calendar-minus", "缩短"),
    "RESTARTED": Look("warn", "arrow-repeat", "重新起算"),
    "MOVED": Look("info", "arrow-left-right", "转往他处"),
    "LEFT_HOME": Look("danger", "box-arrow-right", "擅自外出"),
    "RELEASE_PROPOSED": Look("info", "hourglass-split", "期满待解除"),
    "RELEASED": Look("ok", "check-circle-fill", "已解除"),
    "TRANSFERRED": Look("danger", "truck", "已转送"),
    "LOST": Look("danger", "question-circle-fill", "失联"),
    "DIED": Look("muted", "dash-circle", "死亡"),
    "VOIDED": Look("muted", "slash-circle", "误建作废"),
    "ANNULLED": Look("muted", "slash-circle", "已撤销"),
    # alerts
    "ACKNOWLEDGED": Look("warn", "person-check", "已知悉"),
    "FEVER": Look("danger", "thermometer-high", "发热"),
    "SYMPTOM": Look("danger", "activity", "有症状"),
    "IDENTICAL": Look("warn", "copy", "数值连续相同"),
    # hints on readings, checked
    "EXPLAINED": Look("ok", "check-circle-fill", "情况属实，已说明"),
    "FOLLOW_UP": Look("warn", "eye-fill", "需要继续跟进"),
    # what came from a device and was not entered
    "CONFLICT": Look("warn", "arrow-left-right", "冲突"),
    "DRAFT": Look("info", "pencil", "草稿"),
    # policies, jobs, accounts, duties
    "TEMPLATE": Look("muted", "file-earmark-text", "模板"),
    "IN_FORCE": Look("ok", "check-circle-fill", "执行中"),
    "WITHDRAWN": Look("muted", "slash-circle", "已停用"),
    "WAITING": Look("muted", "clock", "等待中"),
    "RUNNING": Look("info", "arrow-repeat", "生成中"),
    "READY": Look("ok", "check-circle-fill", "已完成"),
    "FAILED": Look("danger", "x-circle-fill", "失败"),
    "EXPIRED": Look("muted", "slash-circle", "已过期"),
    "GAP": Look("danger", "person-x-fill", "无人负责"),
    "DEPUTY": Look("info", "person-fill", "代班"),
    "ACTIVE": Look("ok", "check-circle-fill", "在岗"),
    "INACTIVE": Look("muted", "slash-circle", "停用"),
    "UNREAD": Look("info", "envelope-fill", "未读"),
    "CORRECTED": Look("info", "pencil-square", "更正"),
}

# Looks by tone, for `{% badge "ok" "已核对" %}`.
TONES: dict[str, Look] = {
    "ok": Look("ok", "check-circle-fill", ""),
    "warn": Look("warn", "exclamation-triangle-fill", ""),
    "danger": Look("danger", "exclamation-octagon-fill", ""),
    "watch": Look("watch", "eye-fill", ""),
    "info": Look("info", "info-circle-fill", ""),
    "muted": NEUTRAL,
}


def look_of(code: str) -> Look:
    """Return the look of a state code or a tone."""
    return LOOKS.get(code) or TONES.get(code) or NEUTRAL
