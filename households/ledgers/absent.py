"""Ledger `absent` 无人户跟进台账: one row a household where nobody opened, or whose flat is empty, as of a day."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.db.models import Count, Q, QuerySet, Subquery
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.names import PlaceNames, place_names
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import Column, Filter, Layout, LedgerContext, LedgerDefinition, ledger_registry
from households.doors import heads_of
from households.indicators import is_signed, known_surveys
from households.ledgers.common import asof_of, ledger_households
from households.models import (
    AbsentCall,
    AbsentContact,
    DoorSlip,
    Household,
    LongAbsence,
    Survey,
    SurveyOutcome,
)
from households.rules.rounds import EVENING, round_of

#: Households of one portion: a constant number of queries each.
PORTION = 1_000
KINDS = (("ABSENT", "无人"), ("AWAY", "长期外出"), ("VACANT", "空置"))
DUE = (("OVERDUE", "过期"), ("TODAY", "当日"), ("LATER", "以后"), ("NONE", "没定"))
VANISHED = (SurveyOutcome.ABSENT, SurveyOutcome.VACANT)
HOUSE, TRIES, CALLS, AWAY = "住户", "上门", "电话", "去向"

COLUMNS = (
    Column("number", "序号", width=5, format="serial"),
    Column("village", "村(社区)", width=8, aliases=("村社区", "村", "社区")),
    Column("group", "组", width=5, aliases=("组(网格)", "网格")),
    Column("compound", "小区/院落", width=8, group=HOUSE, aliases=("小区",)),
    Column("building", "楼栋", width=4, group=HOUSE, align="center"),
    Column("unit", "单元", width=4, group=HOUSE, align="center"),
    Column("door", "房号", width=6, group=HOUSE, align="center", aliases=("门牌", "门牌号")),
    Column("head", "户主姓名", width=7, group=HOUSE, aliases=("户主",)),
    Column("phone", "联系电话", width=12.2, group=HOUSE, mask="phone", aliases=("电话", "户主电话")),
    Column("kind", "情况", width=7, align="center"),
    Column("tries", "次数", width=4.5, group=TRIES, format="int", aliases=("无人户(第N次)",)),
    Column("days", "白天", width=4.5, group=TRIES, format="int"),
    Column("evenings", "晚间", width=4.5, group=TRIES, format="int"),
    Column("visited_at", "最近上门", width=9, group=TRIES, format="short-date"),
    Column("visited_by", "上门人", width=7, group=TRIES),
    Column("slip", "温馨提示", width=7, group=TRIES, align="center"),
    Column("slips", "提示单(张)", width=6, group=TRIES, format="int", total="sum"),
    Column("calls", "次数", width=4.5, group=CALLS, format="int"),
    Column("call_result", "最近结果", width=8, group=CALLS),
    Column("call_note", "说了什么", width=12, group=CALLS),
    Column("where", "去向", width=10, group=AWAY),
    Column("since_on", "外出日期", width=7, group=AWAY, format="short-date"),
    Column("back_on", "预计返回", width=7, group=AWAY, format="short-date"),
    Column("contact", "邻居(亲属)", width=9, group="联系人"),
    Column("contact_phone", "电话", width=12.2, group="联系人", mask="phone"),
    Column("next_on", "下次(复核)日期", width=8, format="short-date"),
    Column("due", "是否到期", width=6, align="center"),
    Column("note", "备注", width=12),
)
ABSENT = Layout(title="无人户跟进台账", columns=COLUMNS, row_height=26, freeze_columns=3)
FILTERS = (Filter("kind", "情况", KINDS), Filter("due", "是否到期", DUE))


def absent_households(context: LedgerContext) -> QuerySet[Household]:
    """Doors of the area without a letter whose latest knock found nobody, or the flat empty, as known on the day.

    The same doors that the 统计表 counts as 无人户 and 空置户; those with a letter are never among them.
    """
    asof = asof_of(context)
    last = known_surveys(asof).order_by("-visited_at", "-pk").values("outcome")[:1]
    doors: Any = ledger_households(context).filter(~is_signed(asof)).annotate(latest=Subquery(last))
    return cast("QuerySet[Household]", doors.filter(latest__in=VANISHED))


@dataclass
class Followed:
    """What is known of the households of a portion, by household."""

    knocks: dict[int, list[Survey]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[int, list[AbsentCall]] = field(default_factory=lambda: defaultdict(list))
    away: dict[int, LongAbsence] = field(default_factory=dict)
    contacts: dict[int, AbsentContact] = field(default_factory=dict)
    slips: Counter[int] = field(default_factory=Counter)


def _followed(ids: Sequence[int], asof: AsOf) -> Followed:
    """Five queries. What was recorded or undone after the day's end is left out."""
    found = Followed()
    knocks = Survey.objects.filter(
        household__in=ids, visited_at__lte=asof.end, recorded_at__lte=asof.known_at
    )
    for knock in knocks.select_related("staff").order_by("visited_at", "pk"):
        found.knocks[knock.household_id].append(knock)
    calls = AbsentCall.objects.filter(
        household__in=ids, called_at__lte=asof.end, recorded_at__lte=asof.known_at
    )
    for call in calls.order_by("called_at", "pk"):
        found.calls[call.household_id].append(call)
    since = LongAbsence.objects.filter(household__in=ids, noted_at__lte=asof.end)
    for absence in since.filter(Q(ended_at=None) | Q(ended_at__gt=asof.end)).order_by("noted_at"):
        found.away[absence.household_id] = absence
    contacts = AbsentContact.objects.filter(household__in=ids, added_at__lte=asof.end)
    standing = contacts.filter(Q(removed_at=None) | Q(removed_at__gt=asof.end))
    found.contacts = {row.household_id: row for row in standing.order_by("added_at", "pk")}
    slips = DoorSlip.objects.filter(household__in=ids, printed_at__lte=asof.end).order_by()
    found.slips = Counter(dict(slips.values_list("household_id").annotate(n=Count("pk"))))
    return found


def absent_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows in walking order."""
    asof, places = asof_of(context), place_names(cast(Area, context.area))
    ids = list(
        absent_households(context).order_by("area__path", "walk_key", "pk").values_list("pk", flat=True)
    )
    keys, given = ABSENT.keys, 0
    for start in range(0, len(ids), PORTION):
        if context.limit is not None and given >= context.limit:
            return
        portion = ids[start : start + PORTION]
        rows = Household.objects.filter(pk__in=portion).order_by("area__path", "walk_key", "pk")
        doors, followed = list(rows), _followed(portion, asof)
        heads = heads_of(doors)
        for door in doors:
            values = _values(door, heads.get(door.pk), followed, places[door.area_id], context.on)
            if context.wants("kind", values["code"]) and context.wants("due", values["due_code"]):
                given += 1
                yield [values.get(key) for key in keys]


def _values(door: Household, head: Any, followed: Followed, place: PlaceNames, on: dt.date) -> dict[str, Any]:
    knocks, calls = followed.knocks[door.pk], followed.calls[door.pk]
    absence = followed.away.get(door.pk) if knocks[-1].outcome == SurveyOutcome.ABSENT else None
    code = "VACANT" if knocks[-1].outcome == SurveyOutcome.VACANT else "AWAY" if absence else "ABSENT"
    contact = followed.contacts.get(door.pk)
    due = _due(door.next_visit_on, on)
    return {
        "code": code, "due_code": due, "village": place.village, "group": place.group, "compound": place.compound,
        "building": door.building, "unit": door.unit,
        "door": f"{door.door}({door.share_no})" if door.share_no else door.door,
        "head": head.person.name if head else "", "phone": head.person.phone if head else "",
        "kind": dict(KINDS)[code], **_tried(knocks), "slips": followed.slips[door.pk] or None,
        "calls": len(calls) or None, "call_result": calls[-1].get_result_display() if calls else "",
        "call_note": calls[-1].note if calls else "", "where": absence.where if absence else "",
        "since_on": absence.since_on if absence else None, "back_on": absence.back_on if absence else None,
        "contact": str(contact) if contact else "", "contact_phone": contact.phone if contact else "",
        "next_on": door.next_visit_on, "due": dict(DUE)[due],
    }  # fmt: skip


def _tried(knocks: Sequence[Survey]) -> dict[str, Any]:
    vain = [knock for knock in knocks if knock.outcome == SurveyOutcome.ABSENT]
    evenings = sum(round_of(timezone.localtime(knock.visited_at)) == EVENING for knock in vain)
    last = knocks[-1]
    return {
        "tries": len(vain) or None, "days": len(vain) - evenings or None, "evenings": evenings or None,
        "visited_at": timezone.localdate(last.visited_at), "visited_by": last.staff.name,
        "slip": "已贴" if any(knock.slip_left for knock in vain) else "", "note": last.note,
    }  # fmt: skip


def _due(next_on: dt.date | None, on: dt.date) -> str:
    if next_on is None:
        return "NONE"
    return "OVERDUE" if next_on < on else "TODAY" if next_on == on else "LATER"


def absent_count(context: LedgerContext) -> int:
    """How many rows to expect: for the progress bar."""
    return absent_households(context).count()


ledger_registry.register(
    LedgerDefinition(
        "absent", "无人户跟进台账", ABSENT, rows=absent_rows, count=absent_count, filters=FILTERS,
        entries=absent_households, order=62,
    )
)  # fmt: skip
