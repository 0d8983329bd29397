"""居家医学观察人员体温监测登记表: one sheet a person."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, cast

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Area, Staff
from grassroots.grid.names import PlaceNames, place_names
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import (
    BlockField,
    Column,
    Filter,
    Layout,
    LedgerContext,
    Sheet,
)
from households.ledgers import asof_of
from households.living import living_then
from quarantine.models import Observation, Reading, Visit, VisitState

SLOTS = (("AM", "上午"), ("PM", "下午"))


def _slot_columns(code: str, label: str) -> tuple[Column, ...]:
    return (
        Column(f"{code}_at", "测量时间", group=label, format="time", width=7.5),
        Column(f"{code}_temperature", "体温(℃)", group=label, format="temp", width=7),
        Column(f"{code}_method", "方式", group=label, width=6, align="center"),
        Column(f"{code}_symptoms", "症状", group=label, width=8),
        Column(f"{code}_by", "测量人", group=label, width=8),
    )


SHEET = Layout(
    title="居家医学观察人员体温监测登记表",
    unit_line=(),
    block=(
        (
            BlockField("name", "姓名"), BlockField("sex", "性别", 0.6), BlockField("age", "年龄", 0.6),
            BlockField("id_number", "身份证号", 1.8, mask="id"), BlockField("phone", "联系电话", 1.2, mask="phone"),
        ),
        (
            BlockField("address", "现住址", 2), BlockField("origin", "从何地返回"),
            BlockField("housemates", "同住人数", 0.6),
        ),
        (
            BlockField("left_on", "离开日期"), BlockField("arrived_on", "返回日期"),
            BlockField("start_on", "开始观察日期"), BlockField("last_on", "预计解除日期"),
        ),
        (BlockField("officer", "包保责任人/电话", 1.5), BlockField("health", "医护人员/电话", 1.5)),
    ),
    columns=(
        Column("day", "第几天", format="int", width=5.5),
        Column("date", "日期", format="date", width=11),
        *_slot_columns("AM", "上午"),
        *_slot_columns("PM", "下午"),
        Column("at_home", "是否在家", width=6, align="center"),
        Column("action", "处置", width=7.5),
        Column("signature", "被观察人签字", width=10),
        Column("note", "备注", width=15),
    ),
    footer_lines=(("□期满解除 □延长 □转送", "解除日期:", "医护人员:", "审核人:"),),
    notes=("注：每日上午、下午各测一次，体温≥37.3℃或有症状的立即报告；未测的注明原因，不得编造。",),
    min_rows=14,
    one_page=True,
    row_height=22,
)  # fmt: skip
FILTERS = (
    Filter("observation", "只要一人"),
    Filter("today", "当日测温", (("OPEN", "未测齐"), ("DONE", "已测齐"))),
    Filter("abnormal", "体温异常", (("YES", "有过异常"), ("NO", "无异常"))),
)


def ledger_observations(context: LedgerContext) -> QuerySet[Observation]:
    """Observations of the area that the requester may see, running on the day; or the one asked for."""
    asof = asof_of(context)
    rows = Observation.objects.visible_to(cast(Staff, context.staff)).within(cast(Area, context.area))
    rows = rows.filter(opened_at__lte=asof.end, recorded_at__lte=asof.known_at).exclude(outcome="VOIDED")
    if uids := context.filters.get("observation"):
        return rows.filter(uid__in=uids)
    return rows.exclude(closed_at__lte=asof.start)


def observations_with_visits(context: LedgerContext) -> QuerySet[Observation]:
    """`ledger_observations` in walking order, with their visits up to the day and the readings that count."""
    known_at = asof_of(context).known_at
    readings = Reading.objects.filter(entered_at__lte=known_at).exclude(corrections__entered_at__lte=known_at)
    visits = Visit.objects.filter(date__lte=context.on).order_by("date", "opens_at")
    visits = visits.prefetch_related(Prefetch("readings", readings.select_related("by").order_by("sequence")))
    rows = ledger_observations(context).select_related("person", "household", "returnee")
    return rows.prefetch_related(Prefetch("visits", visits)).order_by("area__path", "walk_key", "pk")


def temperature_sheets(context: LedgerContext) -> Iterator[Sheet]:
    """A sheet a person, at a constant number of queries."""
    asof = asof_of(context)
    rows = [row for row in observations_with_visits(context) if is_wanted(row, context)][
        : context.limit and 1
    ]
    places = place_names(cast(Area, context.area))
    chains = duties_for_many([target_of(row) for row in rows], context.on)
    homes = homes_of(rows, asof)
    for row in rows:
        place = places.get(row.area_id, PlaceNames())
        block = block_values(row, place, chains[target_of(row)], homes.get(row.household_id or 0), context.on)
        yield Sheet(row.person.name, SHEET, list(_days(row, context.on)), block)


def homes_of(rows: Sequence[Observation], asof: AsOf) -> dict[int, int]:
    """How many people lived then in each of the households of these observations."""
    homes: dict[int, int] = defaultdict(int)
    lodgers = living_then(asof).filter(household__in=[row.household_id for row in rows if row.household_id])
    for household_id in lodgers.values_list("household_id", flat=True):
        homes[household_id] += 1
    return homes


def is_wanted(row: Observation, context: LedgerContext) -> bool:
    """Whether the filters want this one, by its visits up to the day (prefetched)."""
    today = [visit for visit in row.visits.all() if visit.date == context.on]
    is_open = any(visit.state != VisitState.CANCELLED and not visit.readings.all() for visit in today)
    is_abnormal = any(reading.is_abnormal for visit in row.visits.all() for reading in visit.readings.all())
    return context.wants("today", "OPEN" if is_open else "DONE") and context.wants(
        "abnormal", "YES" if is_abnormal else "NO"
    )


def target_of(row: Observation) -> DutyTarget:
    return DutyTarget(row.area_id, row.household_id, row.person_id)


def _officers(chain: Chain, *, is_measuring: bool) -> str:
    links = [link for link in chain if link.duties and link.kind.is_measuring == is_measuring]
    return "、".join(f"{officer.name} {officer.phone}" for officer in links[-1].officers) if links else ""


def block_values(
    row: Observation, place: PlaceNames, chain: Chain, housemates: int | None, on: dt.date
) -> dict[str, object]:
    person, trip = row.person, row.returnee
    door = row.household.display if row.household else row.place_note
    return {
        "name": person.name,
        "sex": person.get_sex_display() if person.sex else "",
        "age": person.age(on),
        "id_number": person.id_number,
        "phone": person.phone,
        "address": f"{place.village}{place.compound or place.group}{door}",
        "origin": trip.origin if trip else "",
        "left_on": trip.left_on if trip else None,
        "arrived_on": trip.arrived_on if trip else None,
        "start_on": row.day_one_on,
        "last_on": row.last_on,
        "housemates": housemates,
        "officer": _officers(chain, is_measuring=False),
        "health": _officers(chain, is_measuring=True),
    }


def _days(row: Observation, on: dt.date) -> Iterator[Sequence[object]]:
    """One row a day of the term (day 1 to the last), with what was measured up to `on`."""
    by_day: dict[dt.date, dict[str, Visit]] = defaultdict(dict)
    for visit in row.visits.all():
        by_day[visit.date][visit.slot] = visit
    first = min([row.day_one_on, *by_day])
    for offset in range((row.last_on - first).days + 1):
        date = first + dt.timedelta(days=offset)
        visits = by_day.get(date, {})
        number = row.day_number(date)
        # What was measured before the count began anew keeps its date only.
        values: list[object] = [number if number > 0 else None, date]
        for code, _label in SLOTS:
            values += _cells(visits.get(code))
        yield [*values, _at_home(visits, date, on), "", "", _remarks(visits)]


def _cells(visit: Visit | None) -> list[object]:
    readings: list[Any] = list(visit.readings.all()) if visit else []
    if not readings:
        return [None, None, "", "", ""]
    last = readings[-1]
    at = timezone.localtime(last.measured_at) if last.measured_at else None
    return [at, last.temperature, last.get_method_display(), "、".join(last.symptoms) or "无", last.by.name]


def _at_home(visits: dict[str, Visit], date: dt.date, on: dt.date) -> str:
    states = {visit.state for visit in visits.values()}
    if VisitState.AWAY in states:
        return "否"
    return "是" if VisitState.DONE in states and date <= on else ""


def _remarks(visits: dict[str, Visit]) -> str:
    """补录 and when it was entered, earlier readings of the same slot, and why there is none."""
    words = []
    for code, label in SLOTS:
        visit = visits.get(code)
        if visit is None:
            continue
        readings = list(visit.readings.all())
        if len(readings) > 1:
            words.append(f"{label}首测{readings[0].temperature}")
        if late := [reading for reading in readings if reading.is_late]:
            words.append(f"{label}补录({timezone.localtime(late[-1].entered_at):%m-%d %H:%M}录入)")
        if not readings and visit.state not in {VisitState.PLANNED, VisitState.CANCELLED}:
            words.append(f"{label}{visit.get_state_display()}{visit.explanation and ':' + visit.explanation}")
    return ";".join(words)
