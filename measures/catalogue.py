"""The kinds that ship. A code that is missing comes in after every migrate; what the office changed stays its own."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models

from measures.rules.fields import CHOICE, DECIMAL, INTEGER, LONG, TEXT, YES_NO, FieldRule


def _kind(family: str, code: str, name: str, **more: Any) -> dict[str, Any]:
    rules: tuple[FieldRule, ...] = more.pop("fields", ())
    return {
        "family": family,
        "code": code,
        "name": name,
        "fields": [rule.to_json() for rule in rules],
        **more,
    }


def _venue(code: str, name: str, column: str = "") -> dict[str, Any]:
    return _kind("VENUE", code, name, unit="家", column=column)


OCCASION = FieldRule(
    "occasion", "事由", CHOICE, choices=("婚宴", "寿宴", "满月宴", "乔迁宴", "丧事从简", "其他")
)
HOST = FieldRule("host", "举办人", TEXT, help="写姓氏即可，如：王某")

# 消杀记录 (DOMAIN.md §2): the ledger finds its columns by these labels.
SLOT = FieldRule("slot", "时段", CHOICE, choices=("上午", "下午", "晚上"))
HOW = FieldRule("how", "方式", CHOICE, choices=("喷洒", "喷雾", "擦拭", "浸泡", "紫外线", "其他"))
AGENT = FieldRule("agent", "消毒剂名称及浓度", TEXT, required=True, help="如：84消毒液 500mg/L")
MINUTES = FieldRule("minutes", "作用时间", INTEGER, unit="分钟")
LITRES = FieldRule("litres", "用药量", DECIMAL, unit="升")
PEOPLE = FieldRule("people", "出动人数", INTEGER)
WATCHER = FieldRule("watcher", "监督人", TEXT)
DISINFECTION = (SLOT, HOW, AGENT, MINUTES, LITRES, PEOPLE, WATCHER)

CONTENT = FieldRule("content", "内容", TEXT, help="如：少出门戴口罩、返乡人员主动登记")
WATCH = FieldRule("watch", "班次", CHOICE, choices=("早班", "中班", "晚班"))
ANSWER = FieldRule("answer", "答复", LONG, required=True)
CHANNEL = FieldRule("channel", "从哪里来", CHOICE, choices=("上门", "电话", "微信群", "现场", "其他"))
#: A question without an answer yet counts nowhere; answering it records the question (measures/questions.py).
QUESTION, OPEN_QUESTION = "question", "question-open"


def _publicity(code: str, name: str, unit: str, column: str = "", **more: Any) -> dict[str, Any]:
    more.setdefault("fields", (CONTENT,))
    return _kind("PUBLICITY", code, name, unit=unit, column=column, asks_place=True, **more)


def _checked(code: str, name: str, unit: str, column: str, *fields: FieldRule) -> dict[str, Any]:
    """What was checked in one shift at a checkpoint; the place says at which."""
    return _kind("CHECKPOINT", code, name, unit=unit, column=column, asks_place=True, fields=(WATCH, *fields))


def _mobilised(code: str, name: str) -> dict[str, Any]:
    task = FieldRule("task", "主要任务", TEXT, help="如：入户排查、值守、送货")
    return _kind("MOBILISED", code, name, unit="人", column="mobilised", counting="STOCK", fields=(task,))


PEOPLE_THERE = FieldRule("people", "人数", INTEGER, unit="人")
WENT = FieldRule("went", "去向", TEXT, help="去了哪里、坐什么车；不写姓名和证件号")
SENT_TO = FieldRule("sent_to", "送往", TEXT, help="如：县医院发热门诊")


def _incident(code: str, name: str, *fields: FieldRule) -> dict[str, Any]:
    """Something that is reported upward (measures/models/incidents.py); how grave it is at least: rules/orders.py."""
    return _kind("INCIDENT", code, name, fields=fields)


#: Every village does it daily; its own cadres see to it.
DAILY: dict[str, Any] = {"due_every": 1, "due_duty": "village-cadre"}


def _disinfection(code: str, name: str, **more: Any) -> dict[str, Any]:
    return _kind(
        "DISINFECTION", code, name, unit="平方米", column="disinfection_area", asks_place=True,
        fields=DISINFECTION, **more,
    )  # fmt: skip


SHIPPED: tuple[dict[str, Any], ...] = (
    _venue("teahouse", "茶馆"),
    _venue("ktv", "KTV", "ktvs_closed"),
    _venue("internet-cafe", "网吧"),
    _venue("mahjong", "棋牌室"),
    _venue("day-care", "日间照料中心", "day_care_centres_closed"),
    _venue("incense", "上香祈福点", "incense_points_closed"),
    _venue("restaurant", "餐饮"),
    _venue("hotel", "宾馆"),
    _venue("market", "农贸市场"),
    _venue("cinema", "影院"),
    _venue("baths", "浴室"),
    _venue("other-venue", "其他场所"),
    _kind(
        "GATHERING", "banquet", "取消宴席", unit="桌", column="banquet_tables_cancelled", asks_place=True,
        asks_venue=True, fields=(OCCASION, HOST),
    ),
    _kind(
        "GATHERING", "gathering", "取消集会聚餐", unit="场", column="gatherings_cancelled", asks_place=True,
        asks_venue=True, fields=(FieldRule("what", "活动名称"),),
    ),
    _disinfection("disinfect-public", "公共区域消杀", **DAILY),
    _disinfection("disinfect-venue", "场所消杀"),
    _disinfection("disinfect-home", "居家观察户消杀"),
    _disinfection("disinfect-final", "终末消毒"),
    _kind(
        "WASTE", "rubbish", "生活垃圾清运", unit="桶", column="rubbish_cleared", asks_place=True, **DAILY,
        fields=(FieldRule("vehicles", "车次", INTEGER), PEOPLE),
    ),
    _kind(
        "WASTE", "mask-bins", "废弃口罩专用箱", unit="个", column="mask_bins", asks_place=True, counting="STOCK",
    ),
    _kind(
        "WASTE", "masks-emptied", "废弃口罩收运", unit="箱", column="mask_bins_emptied", asks_place=True, **DAILY,
        fields=(FieldRule("kilos", "重量", DECIMAL, unit="公斤"), FieldRule("sprayed", "收运前已消毒", YES_NO)),
    ),
    _publicity("leaflet", "宣传单", "份", "leaflets"),
    _publicity("letter", "致居民一封信", "封", "letters_sent"),
    _publicity("poster", "海报", "张", "posters"),
    _publicity("banner", "横幅", "条", "banners"),
    _publicity("loudspeaker-van", "流动宣传车", "台", "loudspeaker_vans", counting="STOCK"),
    _publicity("loudspeaker", "大喇叭", "个", "loudspeakers", counting="STOCK"),
    _publicity(
        "broadcast", "广播", "次", "broadcasts", fields=(CONTENT, FieldRule("length", "时长", INTEGER, unit="分钟"))
    ),
    _publicity("post", "微信推送", "条", "posts"),
    _publicity(
        "news", "新闻信息", "条", "news_items",
        fields=(FieldRule("title", "标题", TEXT), FieldRule("outlet", "刊发媒体", TEXT)),
    ),
    _kind(
        "QUESTION", "question", "群众提问", column="questions", fields=(
            FieldRule("asked", "问题", LONG, required=True, help="不写提问人的姓名和电话"), ANSWER,
            CHANNEL,
        ),
    ),
    _kind(
        "QUESTION", OPEN_QUESTION, "群众提问待答复", fields=(
            FieldRule("asked", "问题", LONG, required=True, help="一时答不上来的，不写提问人的姓名和电话"), CHANNEL,
        ),
    ),
    _kind(
        "QUESTION", "rumour", "谣言澄清", column="rumours", fields=(
            FieldRule("asked", "传言", LONG, required=True), ANSWER,
            FieldRule("channel", "从哪里来", CHOICE, choices=("微信群", "短视频", "口头", "其他")),
            FieldRule("reported", "已报上级", YES_NO),
        ),
    ),
    _kind("CHECKPOINT", "checkpoints", "劝导点", unit="个", column="checkpoints", counting="STOCK", asks_place=True),
    _checked("vehicles-checked", "检查车辆", "辆", "vehicles_checked"),
    _checked("people-checked", "检查人员", "人次", "people_checked"),
    _checked("turned-back", "劝返", "人次", "turned_back", FieldRule("why", "原因", TEXT)),
    _checked(
        "checkpoint-fevers", "体温异常", "人次", "checkpoint_fevers",
        FieldRule("handled", "怎样处置", LONG, required=True, help="不写姓名和证件号；人已报给谁、送到哪里"),
    ),
    _mobilised("cadres", "机关和村（社区）干部"),
    _mobilised("party-members", "党员"),
    _mobilised("volunteers", "志愿者"),
    _mobilised("building-heads", "楼栋长单元长"),
    _mobilised("medical-staff", "医护人员"),
    _mobilised("others-mobilised", "其他人员"),
    _incident("incident-fever", "发热", FieldRule("temperature", "体温", DECIMAL, unit="℃"), SENT_TO),
    _incident("incident-escape", "人员脱管", WENT),
    _incident("incident-gathering", "聚集", PEOPLE_THERE),
    _incident("incident-dispute", "纠纷", PEOPLE_THERE),
    _incident("incident-supplies", "物资", FieldRule("lacking", "缺什么、缺多少", TEXT)),
    _incident("incident-fire", "火灾安全", FieldRule("hurt", "伤亡", INTEGER, unit="人")),
    _incident("incident-other", "其他"),
)  # fmt: skip


def ship_kinds(using: str = "default", **_kwargs: Any) -> int:
    """Add the kinds that ship and are not there by code; returns how many came in (one or two queries)."""
    Kind: type[models.Model] = apps.get_model("measures", "Kind")
    rows: Any = Kind._default_manager.using(using)
    codes, names = set(), set()
    for code, family, name in rows.values_list("code", "family", "name"):
        codes.add(code)
        names.add((family, name))
    missing = [
        Kind(is_shipped=True, order=10 + place, **one)
        for place, one in enumerate(SHIPPED)
        if one["code"] not in codes and (one["family"], one["name"]) not in names
    ]
    rows.bulk_create(missing)
    return len(missing)
