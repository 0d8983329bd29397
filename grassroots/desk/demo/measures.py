"""Demo measures: what the townships published (DOMAIN.md §1), and a few days as a village has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from grassroots.desk.demo.grid import StreetPlan
from grassroots.desk.demo.invent import Inventor
from grassroots.desk.demo.townships import Township
from grassroots.grid.bulk import BulkWriter
from grassroots.grid.models import Area, Level, Staff
from measures.models import Kind, Record, Venue, VenueEvent, VenueState
from measures.services.plans import plan_lay
from measures.services.records import RecordData, measure_record
from measures.services.venues import venue_event, venue_register

DAYS = 5  # over so many days a township's work is spread
CLOSED_KINDS = {"incense": "祈福点", "day-care": "日间照料中心", "ktv": "KTV"}
KTV_NAMES = ("星光", "皇家", "麦霸", "金色年华", "欢唱", "夜莺")
STREETS = ("幸福路", "迎宾大道", "河边路", "文化街", "建设路", "老街")
SURNAMES = "王李张刘陈杨黄赵周吴"
#: Kinds of whose records the published figures are made, by the figure.
KIND_OF = {
    "banquet_tables_cancelled": ("banquet",),
    "news_items": ("news",),
    "mobilised": ("cadres", "party-members", "volunteers", "building-heads", "medical-staff"),
    "loudspeaker_vans": ("loudspeaker-van",),
    "loudspeakers": ("loudspeaker",),
    "leaflets": ("leaflet",),
}
#: By so many portions a figure is dealt out over the villages.
PORTIONS = {"banquet_tables_cancelled": 90, "news_items": 40}
STOCKS = ("mobilised", "loudspeaker_vans", "loudspeakers")


@dataclass(frozen=True)
class Place:
    """A village of the plan, and somebody of it who does things."""

    area_id: int
    by_id: int


class MeasureWriter:
    """Writes a township's venues and records so that they add up to its published figures."""

    def __init__(self, invent: Inventor, now: dt.datetime, places: Sequence[Place]) -> None:
        self.invent, self.places = invent, places
        self.at = now - dt.timedelta(hours=2)
        self.on = timezone.localdate(self.at)
        self.kinds = dict(Kind.objects.values_list("code", "pk"))
        self.venues, self.events, self.records = BulkWriter(Venue), BulkWriter(VenueEvent), BulkWriter(Record)

    def write(self, town: Township, given_at_doors: int) -> None:
        """Everything that the township published; leaflets beside those that were left at doors."""
        for code, number in town.closed.items():
            self._closed(code, number)
        for key, total in town.measures.items():
            rest = total - given_at_doors if key == "leaflets" else total
            self._dealt(key, max(0, rest))
        for writer in (self.venues, self.events, self.records):
            writer.close()

    def _closed(self, code: str, number: int) -> None:
        for index in range(number):
            place = self.places[index % len(self.places)]
            turn = "" if index < len(self.places) else f"（{index // len(self.places) + 1}）"
            stem = KTV_NAMES[index % len(KTV_NAMES)] if code == "ktv" else ""
            self._venue(code, f"{stem}{CLOSED_KINDS[code]}{turn}", place)

    def _venue(self, code: str, name: str, place: Place) -> None:
        rng, day = self.invent.rng, dt.timedelta(days=1)
        closed_on = self.on - rng.randint(1, DAYS) * day
        known = {"recorded_at": self.at - (self.on - closed_on), "by_id": place.by_id}
        address = f"{rng.choice(STREETS)}{rng.randint(1, 180)}号"
        pk = self.venues.add(
            uid=self.invent.uid(), kind_id=self.kinds[code], area_id=place.area_id, name=name, address=address,
            contact=f"{rng.choice(SURNAMES)}某", phone=self.invent.phone(), state=VenueState.CLOSED,
            noticed_on=closed_on, closed_on=closed_on, patrolled_on=self.on, recorded_at=known["recorded_at"],
            recorded_by_id=place.by_id,
        )  # fmt: skip
        self.events.add(uid=self.invent.uid(), venue_id=pk, action="NOTICE", on=closed_on, **known)
        self.events.add(uid=self.invent.uid(), venue_id=pk, action="CLOSED", on=closed_on, **known)
        self.events.add(
            uid=self.invent.uid(), venue_id=pk, action="PATROLLED", on=self.on, note="已锁门", by_id=place.by_id,
            recorded_at=self.at,
        )  # fmt: skip

    def _dealt(self, key: str, total: int) -> None:
        """A figure in portions over villages, kinds and days; of a stock one portion a village and kind."""
        codes, is_stock = KIND_OF[key], key in STOCKS
        slots = [(place, code) for place in self.places for code in codes]
        count = min(total, len(slots) if is_stock else PORTIONS.get(key, len(slots)))
        for index in range(count):
            place, code = slots[index % len(slots)]
            portion = total // count + (1 if index < total % count else 0)
            self._record(code, place, portion, 0 if is_stock else index % DAYS)

    def _record(self, code: str, place: Place, quantity: int, days_ago: int) -> None:
        back = dt.timedelta(days=days_ago)
        self.records.add(
            uid=self.invent.uid(), kind_id=self.kinds[code], area_id=place.area_id, on=self.on - back,
            quantity=quantity, by_id=place.by_id, recorded_by_id=place.by_id, recorded_at=self.at - back,
        )  # fmt: skip


def write_published(
    plan: StreetPlan, invent: Inventor, now: dt.datetime, officers: Mapping[int, int], given_at_doors: int
) -> None:
    """The published figures of a township as rows; `officers` is who works in each village by its id."""
    if plan.township.measures or plan.township.closed:
        places = [Place(village.area_id, officers[village.area_id]) for village in plan.villages]
        MeasureWriter(invent, now, places).write(plan.township, given_at_doors)


# --- the small demo ---------------------------------------------------------------------------------------------
# name, kind, address, days since it was closed (None: open), whether it was patrolled today
VENUES = (
    ("桥头茶馆", "teahouse", "幸福路12号", 4, True),
    ("老街茶铺", "teahouse", "老街33号", 4, False),
    ("星光KTV", "ktv", "迎宾大道8号", 5, True),
    ("飞鱼网吧", "internet-cafe", "文化街21号", 5, False),
    ("城厢日间照料中心", "day-care", "建设路5号", 5, True),
    ("观音岩祈福点", "incense", "后山", 4, True),
    ("乐乐棋牌室", "mahjong", "老街41号", 3, False),
    ("好又来饭店", "restaurant", "幸福路2号", None, False),
    ("城厢农贸市场", "market", "河边路1号", None, False),
)
# kind, days ago, quantity, place, answers
RECORDS: tuple[tuple[str, int, int, str, dict[str, str]], ...] = (
    ("banquet", 3, 24, "好又来饭店", {"occasion": "婚宴", "host": "王某"}),
    ("banquet", 1, 16, "村民家中", {"occasion": "寿宴"}),
    ("gathering", 2, 1, "文化广场", {"what": "春节坝坝舞"}),
    (
        "disinfect-public",
        1,
        1200,
        "小区大门",
        {
            "slot": "上午",
            "how": "喷洒",
            "agent": "84消毒液 500mg/L",
            "minutes": "30",
            "litres": "15",
            "people": "3",
            "watcher": "陈驻村",
        },
    ),
    (
        "disinfect-public",
        0,
        800,
        "电梯间",
        {"slot": "上午", "how": "擦拭", "agent": "75%酒精", "people": "2"},
    ),
    ("rubbish", 1, 18, "", {"vehicles": "2"}),
    ("mask-bins", 4, 6, "各小区大门", {}),
    ("masks-emptied", 1, 6, "", {"kilos": "9.5", "sprayed": "是"}),
    ("leaflet", 2, 400, "农贸市场", {"content": "少出门、戴口罩、勤洗手"}),
    ("banner", 4, 8, "主要路口", {"content": "返乡人员主动登记"}),
    ("loudspeaker-van", 4, 1, "", {"content": "循环播放街道通告"}),
    ("loudspeaker", 4, 4, "", {}),
    ("broadcast", 0, 3, "", {"content": "今天的疫情通报", "length": "15"}),
    (
        "question",
        1,
        1,
        "",
        {
            "asked": "外地回来几天能出门？",
            "answer": "满14天、没有症状，由医护人员确认后解除。",
            "channel": "电话",
        },
    ),
    (
        "rumour",
        0,
        1,
        "",
        {
            "asked": "听说明天要封路，超市要关门",
            "answer": "没有封路，超市每天8时至20时营业。",
            "channel": "微信群",
            "reported": "是",
        },
    ),
    ("checkpoints", 4, 2, "村口、菜市场口", {}),
    ("vehicles-checked", 0, 46, "村口", {"watch": "早班"}),
    ("people-checked", 0, 118, "村口", {"watch": "早班"}),
    ("turned-back", 0, 3, "村口", {"watch": "早班", "why": "外来走亲访友"}),
    ("cadres", 4, 9, "", {"task": "入户排查"}),
    ("party-members", 4, 21, "", {"task": "值守、送货"}),
    ("volunteers", 4, 34, "", {"task": "入户、宣传"}),
)
# kind, place, every so many days
PLANS = (
    ("disinfect-public", "小区大门", 1),
    ("disinfect-public", "电梯间", 1),
    ("disinfect-public", "楼道扶手", 1),
    ("rubbish", "垃圾房", 1),
    ("disinfect-venue", "城厢农贸市场", 2),
)


def write_village_measures(now: dt.datetime) -> None:
    """A few days of venues, cancelled banquets, disinfection, publicity in the village of the demo accounts."""
    village = Area.objects.get(name="城厢社区", level=Level.VILLAGE)
    officers = Staff.objects.in_bulk(["cadre", "leader"], field_name="username")
    kinds = {kind.code: kind for kind in Kind.objects.all()}
    day = dt.timedelta(days=1)
    began = now - 6 * day
    for name, code, address, closed, patrolled in VENUES:
        venue = venue_register(
            kind=kinds[code],
            area=village,
            name=name,
            address=address,
            contact="李某",
            by=officers["cadre"],
            at=began,
        )
        for action, ago in (("NOTICE", closed), ("CLOSED", closed), ("PATROLLED", 0 if patrolled else 1)):
            if closed is not None and ago is not None:
                at = now - ago * day
                note = "已锁门，无人聚集" if action == "PATROLLED" else ""
                on = timezone.localdate(at)
                venue_event(venue=venue, action=action, on=on, note=note, by=officers["leader"], at=at)
    for code, place, every in PLANS:
        plan_lay(kind=kinds[code], area=village, place=place, every=every, by=officers["cadre"], at=began)
    for code, ago, quantity, place, answers in RECORDS:
        on = timezone.localdate(now - ago * day)
        data = RecordData(area=village, on=on, quantity=quantity, place=place, values=answers)
        measure_record(kind=kinds[code], data=data, recorded_by=officers["cadre"], at=now - ago * day)
