"""Where families of kinds stand: pages (topics), each with its list, forms and words (docs/measures.md)."""

from __future__ import annotations

from dataclasses import dataclass

from measures.models import Family


@dataclass(frozen=True)
class Topic:
    """A page of records: `code` is the last part of its URL's name (measures:<code>), `families` what it lists.

    `lead` stands below the heading, `empty` on a page without rows.
    """

    code: str
    title: str
    icon: str
    families: tuple[Family, ...]
    lead: str
    empty: str
    has_plans: bool = False
    """Whether there are plans, and a list of what is due today."""


TOPICS: dict[str, Topic] = {
    topic.code: topic
    for topic in (
        Topic(
            "gatherings", "取消聚集", "calendar-minus", (Family.GATHERING,),
            "取消的宴席、集会和聚餐，宴席按桌数计。", "劝停了一场宴席，就登记一笔：哪天、多少桌。",
        ),
        Topic(
            "cleaning", "消毒清运", "droplet", (Family.DISINFECTION, Family.WASTE),
            "公共区域消杀、垃圾清运、废弃口罩收运，做一次登记一笔。", "消杀、清运做完以后，点上面的项目登记。",
            has_plans=True,
        ),
        Topic(
            "publicity", "宣传", "megaphone", (Family.PUBLICITY, Family.QUESTION),
            "宣传品、宣传车、广播、信息，以及群众的提问和传言怎样答复。入户时发的宣传单已随入户登记计数，这里不再登记。",
            "发了多少份、播了几次、答复了什么，点上面的项目登记。",
        ),
        Topic(
            "checkpoints", "劝导点", "signpost-split", (Family.CHECKPOINT,),
            "路口、车站劝导点每班检查了多少车辆、人员，劝返多少，体温异常多少。",
            "每班结束时登记检查的车辆和人员，地点写劝导点名称。",
        ),
        Topic(
            "forces", "动员力量", "people", (Family.MOBILISED,),
            "各村（社区）各组现有多少干部、党员、志愿者在一线；人数有变化时再登记一次，以最近一次为准。",
            "登记各区域现有的人数，有变化再登记。",
        ),
    )
}  # fmt: skip


def topic_of(family: str) -> Topic | None:
    """The page on which records of a family stand; None for venues, which have pages of their own."""
    return next((topic for topic in TOPICS.values() if family in topic.families), None)
