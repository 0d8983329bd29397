"""A roll call in a group chat (群接龙), read line by line: who, how many, which door.

    1、陈磊梅 2单元201,5口人,均正常
    2.周玉 17751494733 3单元301 2人 无外出
    3. 1单元401 冯志 4人 体温36.2 无异常

The lines above the first entry say where it is (翠柏苑3栋今日健康接龙). Chatter between is no entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grassroots.ledgers.intake.protocol import Record
from households.rules.answers import SYMPTOMS
from households.rules.text import narrow

CAPTIONS = {
    "name": "姓名", "people": "人数", "room": "房号", "phone": "电话", "temperature": "体温", "symptoms": "症状",
    "place": "接龙标题", "line": "原文",
}  # fmt: skip
_NUMBER = re.compile(r"^\s*(?:第)?\s*[(（【\[]?(\d{1,4})[)）】\]]?\s*[、..。:：,，)\s]\s*(?=\S)")
_EXAMPLE = re.compile(r"^(?:例|示例|例如|格式|模板|样式)")
_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d(?:[- ]?\d){8})(?!\d)")
_NUMERALS = "一二两三四五六七八九十"
_PEOPLE = re.compile(
    rf"(?:一家|全家|家里|家中|共|共计|合计|家庭)?\s*(\d{{1,2}}|[{_NUMERALS}]{{1,2}})\s*(?:口人|个人|口|人|名)(?!民)"
)
_TEMPERATURE = re.compile(r"(?:体温|温度)\s*[:：是为]?\s*(\d{2}(?:\s*[.。,]\s*\d)?)\s*(?:℃|°C|度|C)?|"
                          r"(?<![\d-])((?:3[4-9]|4[0-2])\.\d)\s*(?:℃|°C|度|C)?(?![\d-])")  # fmt: skip
_DIGITS = rf"(?:\d{{1,4}}|[{_NUMERALS}]{{1,3}})"
_ROOMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:{_DIGITS}\s*(?:栋|号楼|幢|座|#)\s*)?{_DIGITS}\s*单元\s*(?:{_DIGITS}\s*[楼层]\s*)?[A-Z]?\d{{2,4}}\s*[室号户]?",
        rf"{_DIGITS}\s*(?:栋|号楼|幢|座|#)\s*-?\s*[A-Z]?\d{{1,4}}\s*[室号户]?",
        rf"(?<![\d.]){_DIGITS}\s*(?:组|社)\s*{_DIGITS}\s*号?",
        r"(?<![\d.])\d{1,3}\s*[-—–]\s*\d{1,3}\s*[-—–]\s*\d{2,4}(?!\d)",
        r"(?<![\d.])\d{1,3}\s*[-—–]\s*\d{2,4}(?!\d)",
        r"(?<![\d.])[A-Z]?\d{3,4}\s*[室号户]?(?![\d.]|人|口|个|℃|度)",
        r"(?<![\d.])\d{1,4}\s*号(?!楼)",
    )
)
_NAME = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0003ffff]{2,4}(?:·[\u4e00-\u9fff]{1,10})*")
_BEFORE_NAME = re.compile(r"(?:户主|姓名|业主|住户|联系人|我是|本人|报名人)\s*[:：]?\s*")
_NOT_NAMES = re.compile(
    r"正常|无|没|未|不|异常|外出|体温|健康|收到|好的|全家|一家|家里|人员|在家|返|湖北|武汉|咳嗽|发热|接龙|今日|今天|已|都|均|平安"
    r"|电话|手机|出租|空置|租户|单元|小区|良好|一切|情况|口人|谢谢|辛苦|大家"
)
_PLACE_TAIL = re.compile(
    r"(?:今日|今天|每日|每天|本日|居民|业主|住户|健康|体温|疫情|防控|排查|人员|信息|情况|登记|接龙|打卡|统计|上报|报备|群|测温|\d+月|\d{4}年"
    r"|[(（【]).*$"
)
_DENIED = re.compile(r"(?:无|没有|没|未|不)[^,，。;；\s]{0,4}$")


@dataclass(slots=True)
class Entry:
    """What one line says; empty where it says nothing."""

    name: str = ""
    people: str = ""
    room: str = ""
    phone: str = ""
    temperature: str = ""
    symptoms: str = ""

    @property
    def is_one(self) -> bool:
        """Whether it is an entry and no chatter: somebody or a door, and one thing more."""
        facts = sum(map(bool, (self.room, self.people, self.phone, self.temperature)))
        return (bool(self.name) and facts >= 1) or (bool(self.room) and facts >= 2)


def chat_records(text: str) -> Iterator[Record]:
    """The entries of a roll call; `row` is the number of the line in the text, from 1."""
    place, has_begun = "", False
    for number, line in enumerate(text.splitlines(), 1):
        plain = narrow(line)
        numbered = _NUMBER.match(plain)
        rest = plain[numbered.end() :] if numbered else plain
        if not rest or _EXAMPLE.match(rest):
            continue
        entry = read_entry(rest)
        is_numbered_entry = numbered and (entry.is_one or bool(entry.name))
        if is_numbered_entry or (entry.is_one and entry.room and (entry.people or entry.phone)):
            has_begun = True
            yield Record(number, _values(entry, place, plain), CAPTIONS)
        elif not numbered and not has_begun:
            place = place_in(plain) or place


def _values(entry: Entry, place: str, line: str) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    return {**values, "place": place, "line": line}


def place_in(line: str) -> str:
    """Where a heading says that the roll call is: 翠柏苑3栋今日健康接龙 → 翠柏苑3栋."""
    text = _PLACE_TAIL.sub("", re.sub(r"^[#\s]*(?:\d{4}年)?(?:\d+月\d+[日号])?|[【】\[\]]", "", line).strip())
    return text if 2 <= len(text) <= 30 and not re.search(r"[,，。!?！？:：]", text) else ""


def read_entry(text: str) -> Entry:
    """What a line says, whatever the order. Each piece is taken out, so that no digit is read twice."""
    entry = Entry()
    rest = text
    if found := _PHONE.search(rest):
        entry.phone, rest = re.sub(r"\D", "", found[1]), _without(rest, found)
    if found := _TEMPERATURE.search(rest):
        entry.temperature, rest = re.sub(r"\s", "", found[1] or found[2]), _without(rest, found)
    for pattern in _ROOMS:
        if found := pattern.search(rest):
            entry.room, rest = re.sub(r"\s", "", found[0]), _without(rest, found)
            break
    if found := _PEOPLE.search(rest):
        entry.people, rest = _count(found[1]), _without(rest, found)
    entry.symptoms = "、".join(
        word for word in SYMPTOMS if (at := rest.find(word)) >= 0 and not _DENIED.search(rest[:at])
    )
    entry.name = _name_in(rest)
    return entry


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _count(text: str) -> str:
    if text.isdecimal():
        return str(int(text))
    digits = {char: value for value, char in enumerate("一二三四五六七八九十", 1)} | {"两": 2}
    if len(text) == 2 and text[0] == "十":
        return str(10 + digits[text[1]])
    return str(digits.get(text[0], 0)) if len(text) == 1 else ""


def _name_in(text: str) -> str:
    """The first piece that may be somebody's name."""
    for piece in re.split(r"[\s,，。;；/、|()（）+:：]+", _BEFORE_NAME.sub(" ", text)):
        if (found := _NAME.fullmatch(piece)) and not _NOT_NAMES.search(piece):
            return found[0]
    return ""
