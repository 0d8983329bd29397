"""The columns of a 责任表 (they depend on the duty kinds of the office), and officers as its cells name them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grassroots.grid.models import DutyKind
from grassroots.grid.text import narrow
from grassroots.ledgers.intake.protocol import Record
from grassroots.ledgers.office_imports.words import person_name_of
from grassroots.ledgers.reading import Field, parse_phone
from grassroots.ledgers.reading.parsed import original_text

DUTY, PHONE = "duty:", "phone:"
_ALIASES = {
    "leader": ("联系领导", "挂片领导", "责任领导", "包片责任人", "分管领导", "片长"),
    "village": ("包村干部", "驻社区干部", "包社区干部", "包村(社区)干部", "驻村(社区)干部", "包村责任人"),
    "police": ("民警", "社区民警", "包段民警", "片区民警", "驻村民警", "责任民警"),
    "village-cadre": ("村书记", "社区书记", "支部书记", "村支书", "村主任", "村(社区)干部", "包组干部",
                      "村(社区)负责人"),
    "group": ("组长", "网格员", "网格长", "小组长", "村民小组长", "楼栋长", "包户责任人", "专职网格员"),
    "health": ("村医", "医生", "卫生员", "乡村医生", "包人责任人", "家庭医生"),
}  # fmt: skip
_NOBODY = frozenset({"", "空岗", "空缺", "暂缺", "缺", "无", "/", "-", "—", "无人", "待定"})
_SEVERAL = re.compile(r"[、,，;；/|\n]+")
_NUMBER = re.compile(r"\+?[0-9][0-9 \-()转]{5,}")
_AROUND = re.compile(r"^[\s:：()（）\-]+|[\s:：()（）\-]+$")
_LABEL = re.compile(r"(?:联系)?(?:电话|手机|手机号)[:：]?")


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody whom a cell names, with the phone that stands there or in the next column."""

    name: str
    phone: str = ""


def duty_fields() -> tuple[Field, ...]:
    """Place, officer and phone of every duty kind, and what the ledger prints besides (one query)."""
    fields = [
        Field("section", "片区", ("片/段", "片", "责任片区", "所属片区", "段")),
        Field("village", "村(社区)", ("社区", "行政村", "村居")),
        Field("group", "组(网格)", ("组", "网格", "村民小组", "网格名称")),
        Field("compound", "小区/院落", ("小区", "院落", "小区院落")),
    ]
    for kind in DutyKind.objects.all():
        title, group = kind.officer_title, (kind.name,)
        names = (title, *_ALIASES.get(kind.code, ()))
        aliases = (*names[1:], *(f"{one}姓名" for one in names), f"{kind.name}干部", f"{kind.name}人员")
        both = tuple(
            f"{one}{word}" for one in names for word in ("及电话", "和电话", "姓名及电话", "姓名电话")
        )
        phones = tuple(
            f"{one}{word}" for one in names for word in ("电话", "联系电话", "手机", "手机号", "联系方式")
        )
        fields.append(Field(f"{DUTY}{kind.code}", title, (*aliases, *both), group))
        fields.append(Field(f"{PHONE}{kind.code}", "电话", phones, group))
    fields += [
        Field("valid_from", "开始日期", ("任职日期", "包保开始日期", "责任开始日期"), kind="date"),
        Field("households", "户数", kind="int"),
        Field("residents", "人数", kind="int"),
        Field("key_people", "重点人员数", ("重点人员",), kind="int"),
        Field("note", "备注"),
    ]
    return tuple(fields)


def officers_in(record: Record, code: str) -> tuple[list[Officer], str]:
    """The officers that a row names for a duty kind, and what is wrong with the cell.

    张三 and 138…, 张三 138…, 张三(138…)、李四(139…), or names in one column and phones in the next, in the same order.
    """
    cell = narrow(_LABEL.sub(" ", original_text(record.values.get(f"{DUTY}{code}"))))
    beside = narrow(_LABEL.sub(" ", original_text(record.values.get(f"{PHONE}{code}"))))
    if f"{DUTY}{code}" not in record.captions:  # 民警/电话: the one column holds both
        cell, beside = beside, ""
    found = [_officer(part) for part in _parts(cell)]
    named = [one for one in found if one.name]
    phones = [number for part in _SEVERAL.split(beside) if (number := _phone(part))]
    if not named:
        return [], "只有电话，没有姓名。" if phones else ""
    if len(phones) == len(named):
        named = [Officer(one.name, one.phone or phone) for one, phone in zip(named, phones, strict=True)]
    elif phones and len(named) == 1:
        named = [Officer(named[0].name, named[0].phone or phones[0])]
    elif phones:
        return list(dict.fromkeys(named)), f"{len(named)}个人有{len(phones)}个电话，对不上，电话没有收下。"
    return list(dict.fromkeys(named)), ""


def _parts(cell: str) -> list[str]:
    """The pieces of a cell, one an officer; a piece that is a number only belongs to the one before it."""
    parts: list[str] = []
    for part in _SEVERAL.split(cell):
        is_number = bool(part.strip()) and not _NUMBER.sub("", part).strip(" :：()（）-")
        if is_number and parts:
            parts[-1] += f" {part}"
        else:
            parts.append(part)
    return parts


def _officer(part: str) -> Officer:
    found = _NUMBER.search(part)
    name = person_name_of(_AROUND.sub("", _NUMBER.sub(" ", part)))
    name = "" if name in _NOBODY else name
    return Officer(name, _phone(found[0]) if found else "")


def _phone(text: str) -> str:
    return parse_phone(text).value or ""
