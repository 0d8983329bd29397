"""What sheets that set up an office call things: levels, roles, names of people, yes and no."""

from __future__ import annotations

import re

from grassroots.grid.models import Level, Role
from grassroots.grid.text import fold, narrow
from grassroots.ledgers.intake.protocol import Effect, Planned, Record
from grassroots.ledgers.reading.parsed import NOTHING, original_text

LEVEL_WORDS: dict[str, int] = {
    word: level
    for level, words in {
        Level.COUNTY: "县 区 县(区) 县区 区县 县级",
        Level.STREET: "街道 镇 乡镇 街道(镇) 镇街 镇(街道) 乡镇街道 乡",
        Level.VILLAGE: "村 社区 村(社区) 村社区 行政村 村居 村级 社区级",
        Level.GROUP: "组 网格 组(网格) 村民小组 居民小组 小组 社 网格级",
        Level.COMPOUND: "小区 院落 小区(院落) 散居院落 小区院落 小区/院落 居民小区",
    }.items()
    for word in words.split()
}
_ROLES: dict[str, str] = {
    word: role
    for role, words in {
        Role.ADMINISTRATOR: "系统管理员 管理员 系统管理",
        Role.SUPERVISOR: "街道主管 主管 主管领导 街道领导 镇主管",
        Role.OFFICER: "包保人员 包保干部 网格员 驻村干部 村干部 社区干部 组长 包保",
        Role.HEALTH_WORKER: "医护人员 医护 医生 护士 村医 卫生员",
        Role.POLICE: "民警 警察 派出所民警 社区民警 公安",
        Role.INSPECTOR: "督查 督导 督查员 督导员 督查人员",
        Role.AUDITOR: "审计员 审计 审计人员",
    }.items()
    for word in words.split()
}
_SEVERAL = re.compile(r"[、,;/|+和及\s]+")
_HAN_BLANK = re.compile(r"(?<=[\u3007\u3400-\u9fff])\s+(?=[\u3007\u3400-\u9fff])")


def is_rejected(planned: Planned) -> bool:
    """Whether the row has been turned down."""
    return planned.effect == Effect.REJECTED


def text_of(record: Record, key: str) -> str:
    """A cell as tidy text; '' where it is blank or says that there is nothing. Codes in number cells stay whole."""
    value = record.values.get(key)
    text = " ".join(narrow(original_text(value)).split())
    return "" if text in NOTHING else text


def area_name_of(text: str, level: int) -> str:
    """A name as it is entered: without blanks inside, a bare number of a group as 3组."""
    name = "".join(text.split()).removesuffix(".0")
    if level == Level.GROUP and fold(name).isdecimal():
        return f"{int(fold(name))}组"
    return name


def person_name_of(text: str) -> str:
    """A name without the blanks that tables pad names of two characters with (张 三)."""
    return _HAN_BLANK.sub("", " ".join(narrow(text).split()))


def roles_in(text: str) -> tuple[list[str], list[str]]:
    """The roles that a cell names, and the words that are none."""
    words = [word for word in _SEVERAL.split(narrow(text)) if word]
    roles = [_ROLES[word] for word in words if word in _ROLES]
    return list(dict.fromkeys(roles)), [word for word in words if word not in _ROLES]
