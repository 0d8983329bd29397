"""Demo care: a week of visits in the village of the demo accounts, with needs, relief goods and an open problem."""

from __future__ import annotations

import datetime as dt
from itertools import cycle

from django.utils import timezone

from grassroots.grid.models import Area, Level, Staff
from households.models import Residency
from measures.rules.care import parse_goods
from measures.services.care import CareData, care_record
from measures.services.care_files import care_file_save

#: Guardian, health, what is done.
FILES = (
    ("王某（女儿）", "高血压", "每周送菜两次、代取药"),
    ("李某（侄子）", "行动不便", "每天送一餐"),
    ("", "糖尿病", "代购药品"),
)
#: Days ago, way, result, needs, what was done, still open, goods.
VISITS = (
    (6, "VISIT", "WELL", "", "", False, "大米1袋、口罩10个"),
    (5, "PHONE", "WELL", "", "", False, ""),
    (4, "VISIT", "NEEDS", "降压药只够三天", "已请卫生院送药", False, ""),
    (2, "VISIT", "NEEDS", "取暖器坏了", "已报社区", True, ""),
    (2, "VISIT", "UNREACHED", "", "", False, ""),
    (1, "VISIT", "WELL", "", "", False, "食用油1桶、蔬菜5斤"),
    (0, "PHONE", "WELL", "", "", False, ""),
    (0, "VISIT", "WELL", "", "当面讲了防护知识", False, "口罩10个、消毒液1瓶"),
)


def write_village_care(now: dt.datetime) -> None:
    """About half of those on the register were visited; the others are due."""
    village = Area.objects.get(name="城厢社区", level=Level.VILLAGE)
    officers = Staff.objects.in_bulk(["cadre", "leader"], field_name="username")
    homes = Residency.objects.actual().filter(area__in=Area.objects.within(village).order_by().values("pk"))
    helped = homes.filter(person__supports__ended_on=None, person__supports__isnull=False).distinct()
    rows = list(helped.select_related("person", "area").order_by("area__path", "household__walk_key", "pk"))
    visits = cycle(VISITS)
    for number, home in enumerate(rows[:40]):
        if number < len(FILES):
            guardian, health, aid = FILES[number]
            care_file_save(
                person=home.person,
                version=0,
                by=officers["cadre"],
                guardian=guardian,
                health=health,
                help=aid,
            )
        if number % 2:
            continue
        ago, way, result, needs, done, is_open, goods = next(visits)
        at = now - dt.timedelta(days=ago)
        data = CareData(
            on=timezone.localdate(at), way=way, result=result, needs=needs, done=done, is_open=is_open,
            goods=parse_goods(goods), received_by=home.person.name if goods else "",
        )  # fmt: skip
        care_record(person=home.person, area=home.area, data=data, recorded_by=officers["leader"], at=at)
