"""Words of cells that stand for a choice: what offices write for 自住, 户主, 常住, 已签 and the like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from grassroots.grid.text import narrow
from households.models import HousingKind, Relation, ResidencyKind, SurveyMethod, SurveyOutcome
from households.rules.answers import SYMPTOMS
from households.rules.identity import IdKind

AWAY = "AWAY"  # 居住情况 of somebody who is away; his kind is not told
NOT_YET = "UNVISITED"  # 排查状态 of a door at which nobody has knocked
VISITED = "VISITED"  # somebody was met; whether he signed is not told

HOUSING = {
    HousingKind.OWNED: (
        "自住",
        "自有",
        "自有自住",
        "自建",
        "自建房",
        "自购",
        "商品房",
        "自有住房",
        "业主自住",
    ),
    HousingKind.RENTED: ("出租", "租赁", "租住", "租房", "租用", "承租", "廉租", "公租", "公租房", "廉租房"),
    HousingKind.VACANT: ("空置", "空", "空房", "无人居住", "空户", "空置房", "闲置", "空置户", "未入住"),
    HousingKind.OTHER: ("其他", "其它", "商用", "门面", "商铺", "单位", "宿舍", "集体宿舍", "借住"),
}
RELATIONS = {
    Relation.HEAD: ("户主", "本人", "房主", "家长"),
    Relation.SPOUSE: ("配偶", "妻", "妻子", "夫", "丈夫", "爱人", "老婆", "老公"),
    Relation.CHILD: (
        "子女", "子", "女", "儿子", "女儿", "长子", "次子", "三子", "独生子", "独生女", "长女", "次女", "二女", "三女",
        "养子", "养女", "继子", "继女", "儿", "大儿子", "二儿子", "小儿子", "大女儿", "二女儿", "小女儿", "养子女",
        "继子女",
    ),
    Relation.CHILD_IN_LAW: ("儿媳女婿", "儿媳", "媳妇", "女婿", "儿媳妇", "长媳", "次媳", "媳"),
    Relation.PARENT: ("父母", "父", "母", "父亲", "母亲", "爸爸", "妈妈", "继父", "继母", "养父", "养母"),
    Relation.PARENT_IN_LAW: (
        "公婆岳父母", "公公", "婆婆", "岳父", "岳母", "公婆", "岳父母", "公爹", "丈人", "丈母娘", "公", "婆",
    ),
    Relation.GRANDCHILD: (
        "孙辈", "孙子", "孙女", "外孙", "外孙女", "孙", "外孙子", "曾孙", "曾孙女", "重孙", "重孙女", "孙子女",
        "外孙子女", "孙媳", "孙女婿",
    ),
    Relation.GRANDPARENT: (
        "祖辈", "祖父", "祖母", "爷爷", "奶奶", "外公", "外婆", "外祖父", "外祖母", "祖父母", "外祖父母", "曾祖父",
        "曾祖母",
    ),
    Relation.SIBLING: (
        "兄弟姐妹", "兄", "弟", "姐", "妹", "哥哥", "弟弟", "姐姐", "妹妹", "哥", "兄弟", "姐妹", "兄妹", "姐弟",
        "姊妹",
    ),
    Relation.OTHER_KIN: (
        "其他亲属", "亲属", "亲戚", "侄子", "侄女", "侄", "外甥", "外甥女", "叔", "伯", "姑", "舅", "姨", "叔父",
        "伯父",
        "嫂", "嫂子", "弟媳", "堂弟", "表弟", "堂兄", "表兄", "叔叔", "姑姑", "舅舅", "姨妈",
    ),
    Relation.TENANT: ("租客", "租户", "承租人", "租房", "租住", "房客", "租赁"),
    Relation.VISITOR: ("来访", "访客", "客人", "探亲", "走亲", "走亲访友", "做客"),
    Relation.OTHER: ("其他", "其它", "非亲属", "无", "保姆", "朋友", "同事", "合租"),
}  # fmt: skip
RESIDENCIES = {
    ResidencyKind.REGISTERED: ("户籍", "本地户籍", "户籍人口", "户籍常住", "本村户籍", "在籍", "户在人在"),
    ResidencyKind.PERMANENT: ("常住", "是", "常住人口", "√", "非户籍常住", "外来常住", "流入常住", "户不在人在"),
    ResidencyKind.TEMPORARY: ("暂住", "否", "暂住人口", "临时", "短住", "流动", "流动人口", "临时居住", "×", "探亲"),
    AWAY: (
        "外出", "外出未归", "未归", "外出务工", "在外", "不在家", "户在人不在", "人户分离", "外出人员", "外地", "流出",
    ),
}  # fmt: skip
STATES = {
    SurveyOutcome.SIGNED: ("已签承诺书", "已签", "已签订", "签订", "已签字", "签字"),
    SurveyOutcome.ABSENT: (
        "无人", "无人户", "家中无人", "无人在家", "不在家", "没人", "未见人", "敲门无人", "敲门不应",
    ),
    SurveyOutcome.REFUSED: ("拒绝", "拒签", "拒访", "不配合", "拒不开门", "拒绝签字"),
    SurveyOutcome.BY_PHONE: ("电话", "电话排查", "电话联系", "已电话", "电话告知", "电话通知"),
    SurveyOutcome.VACANT: ("空置", "空户", "空置户", "空房", "空"),
    NOT_YET: ("未访", "未排查", "未入户", "待访", "待排查", "否", "×"),
    VISITED: ("已排查", "已入户", "正常", "已访", "完成", "已完成", "是", "√", "在家", "有人"),
}  # fmt: skip
METHODS = {
    SurveyMethod.AT_DOOR: ("入户", "上门", "入户排查", "上门排查", "现场", "敲门"),
    SurveyMethod.PHONE: ("电话", "电话排查", "电话联系", "微信", "电话询问"),
    SurveyMethod.SELF: ("自填", "自行填报", "自主填报", "扫码", "扫码填报", "网上填报", "自报"),
}
ID_KINDS = {
    IdKind.RESIDENT_ID: ("居民身份证", "身份证", "二代身份证", "户口簿", "户口本", "公民身份证", "身份证件"),
    IdKind.HMT_RESIDENCE: ("港澳台居民居住证", "港澳台居住证", "居住证"),
    IdKind.HOME_RETURN: ("回乡证", "港澳居民来往内地通行证", "港澳通行证", "港澳居民通行证"),
    IdKind.TAIWAN: ("台胞证", "台湾居民来往大陆通行证", "台湾通行证"),
    IdKind.PASSPORT: ("护照", "外国护照", "中国护照"),
    IdKind.NONE: ("无证件/待补", "无证件", "待补", "无", "未办", "没有"),
}
_SIGNS = re.compile(r"[\s、,，。;；:：()（）/\-]")
_ABSENT = re.compile(r"无人|没人|不在家|敲门(?:不应|无应|未应)|未见人|锁门|大门紧锁|门锁着|家里没人")
_REFUSED = re.compile(r"拒签|拒绝|拒访|不配合|不肯签|不愿签")
_LEFT_SLIP = re.compile(r"已?(?:贴|张贴|留)了?(?:温馨提示|通知|提示|告知|字条|纸条|便条)")
_TRIES = re.compile(r"第\s*([0-9一二两三四五六七八九])\s*次|([0-9])\s*次")
_NUMERALS = {numeral: number for number, numeral in enumerate("一二三四五六七八九", 1)} | {"两": 2}
_SYMPTOM_SIGNS = re.compile(r"[、,，;；/\s]+")
_NO_SYMPTOMS = frozenset(
    {"无", "正常", "无症状", "没有", "无不适", "无异常", "健康", "良好", "否", "/", "-", "—", ""}
)
_FEVER = {"发烧": "发热", "头痛": "头疼", "咽喉痛": "咽痛", "喉咙痛": "咽痛", "气促": "呼吸困难"}


def by_word(choices: Mapping[Any, tuple[str, ...]]) -> dict[str, str]:
    """Values by each of the words that stand for them; of a word in two lines the first line counts."""
    found: dict[str, str] = {}
    for value, words in choices.items():
        for word in words:
            found.setdefault(plain(word), str(value))
    return found


@lru_cache(maxsize=10_000)
def plain(text: str) -> str:
    """A word as it is compared: half-width, without blanks and signs."""
    return _SIGNS.sub("", narrow(text))


def is_absent(note: str) -> bool:
    """Whether a remark says that nobody was found: 无人在家,已贴通知."""
    return bool(_ABSENT.search(note))


def is_refused(note: str) -> bool:
    """Whether a remark says that the household refused."""
    return bool(_REFUSED.search(note))


def slip_was_left(note: str) -> bool:
    """Whether a remark says that a slip was left at the door."""
    return bool(_LEFT_SLIP.search(note))


def tries_in(text: str) -> int | None:
    """How often nobody was found: 3, 3次, 第三次; None where no number stands."""
    tidy = narrow(text).removesuffix(".0")
    if tidy.isdecimal() and tidy.isascii():
        return int(tidy) if 0 < int(tidy) < 1000 else None
    found = _TRIES.search(tidy)
    if not found:
        return None
    digit = found[1] or found[2]
    return int(digit) if digit.isascii() else _NUMERALS[digit]


def symptoms_in(text: str) -> list[str]:
    """Symptoms as they are chosen in the form; what it does not know stays as written. 无 is none."""
    words = [word for word in _SYMPTOM_SIGNS.split(narrow(text)) if word not in _NO_SYMPTOMS]
    return list(dict.fromkeys(word if word in SYMPTOMS else _FEVER.get(word, word) for word in words))
