"""返乡人员台账 and 防控重点人员台账: one generator, two layouts; officers' columns follow the duty kinds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many, kinds_in
from grassroots.grid.models import Area, Staff
from grassroots.grid.names import PlaceNames, place_names
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import (
    Column,
    Filter,
    Layout,
    LedgerContext,
)
from households.ledgers import YES_NO, asof_of
from households.living import living_then
from quarantine.models import (
    EventKind,
    KeyReason,
    Observation,
    ObservationEvent,
    Outcome,
    Reading,
    Returnee,
)
from quarantine.rules.origins import OriginKind

NUMBER = Column("number", "序号", format="serial")
WHO = (
    Column("village", "村(社区)", width=7, aliases=("村社区", "村", "社区")),
    Column("group", "组", width=4.6, aliases=("组(网格)", "网格", "小区")),
    Column("name", "姓名", width=7),
    Column("sex", "性别", width=3.4, align="center"),
    Column("age", "年龄", width=3.8, format="int"),
    Column("id_number", "身份证号", width=10.5, mask="id", aliases=("证件号码", "身份证号码")),
    Column("phone", "联系电话", width=7.5, mask="phone", aliases=("电话", "手机号")),
    Column("registered_place", "户籍地", width=7),
    Column("address", "现住址", width=9.5, aliases=("现居住地", "家庭住址", "住址")),
    Column("work_unit", "工作单位/学校", width=7, aliases=("工作单位",)),
    Column("origin", "从何地返回", width=7.5, aliases=("来源地", "返回地")),
    Column("left_on", "离开日期", format="short-date", width=6, aliases=("离鄂日期",)),
    Column("arrived_on", "返回日期", format="short-date", width=6, aliases=("到达日期", "返乡日期")),
    Column("transport", "交通方式", width=4.8),
    Column("transport_no", "车次/航班/车牌(座号)", width=8.5),
    Column("stops", "沿途停留地点", width=7),
    Column("companions", "同行人员", width=7),
    Column("housemates", "同住人数", width=3.4, format="int"),
    Column("hubei_history", "武汉(湖北)旅居史", width=4.8, align="center"),
    Column("case_contact", "接触确诊/疑似", width=4.8, align="center"),
    Column("arrival_temperature", "到家体温", width=5.2, format="temp"),
    Column("symptoms", "症状", width=5),
    Column("measure", "管控措施", width=5),
    Column("start_on", "开始日期", format="short-date", width=6),
    Column("last_on", "期满日期", format="short-date", width=6),
    Column("released_on", "解除日期", format="short-date", width=6),
)
OFFICER = (
    Column("officer", "包保责任人", width=7),
    Column("officer_phone", "电话", width=7.5),
    Column("source", "信息来源", width=5),
    Column("note", "备注", width=9),
)
RETURNEES = Layout(title="返乡人员台账", columns=(NUMBER, *WHO, *OFFICER), freeze_columns=4, row_height=30)
CATEGORY = Column("category", "类别", width=5, align="center")
STATE = (
    Column("notice_no", "告知书编号", width=6.5),
    Column("door_card", "门牌是否张贴", width=4.8, align="center"),
    Column("day", "第几天", format="int", width=3.8),
    Column("morning", "今日上午体温", format="temp", width=5.2),
    Column("afternoon", "今日下午体温", format="temp", width=5.2),
    Column("abnormal", "累计异常次数", format="int", width=4.8),
    Column("state", "状态", width=5, align="center"),
    Column("source", "信息来源", width=5),
    Column("note", "备注", width=7),
)
NO_REASON = "NONE"
NOT_OBSERVED, RUNNING, DUE = "NONE", "OPEN", "DUE"
FILTERS = (
    Filter("reason", "类别", (*KeyReason.choices, (NO_REASON, "无"))),
    Filter(
        "state",
        "状态",
        (
            (RUNNING, "观察中"),
            (DUE, "期满待解除"),
            *((outcome.value, outcome.label) for outcome in Outcome if outcome != Outcome.VOIDED),
            (NOT_OBSERVED, "未观察"),
        ),
    ),
    Filter("origin", "来源", tuple(OriginKind.choices)),
)


def key_person_layout(context: LedgerContext) -> Layout:
    """类别, the returnee's columns, then name with phone of every duty kind of the area.

    Both in one cell: side by side they would make the sheet too wide for A4 (docs/decisions/).
    """
    officers = [
        Column(f"duty_{kind.code}", f"{kind.officer_title}/电话", group=kind.name, width=7.5)
        for kind in kinds_in(cast(Area, context.area), context.on)
    ]
    return Layout(
        title="防控重点人员台账",
        columns=(NUMBER, CATEGORY, *WHO, *officers, *STATE),
        freeze_columns=5,
        row_height=30,
    )


@dataclass
class Facts:
    """What is known around the people of a ledger; every field filled by one query."""

    places: dict[int, PlaceNames]
    observations: dict[int, Observation] = field(default_factory=dict)
    released: dict[int, dt.date] = field(default_factory=dict)
    housemates: dict[int, int] = field(default_factory=dict)
    chains: dict[DutyTarget, Chain] = field(default_factory=dict)
    today: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    abnormal: dict[int, int] = field(default_factory=dict)


def ledger_returnees(context: LedgerContext) -> QuerySet[Returnee]:
    """Returnees of the area that the requester may see, found by the end of the day."""
    asof = asof_of(context)
    rows = Returnee.objects.visible_to(cast(Staff, context.staff)).within(cast(Area, context.area))
    if kinds := context.filters.get("origin"):
        rows = rows.filter(origin_kind__in=kinds)
    return rows.filter(found_at__lte=asof.end, recorded_at__lte=asof.known_at).filter(
        Q(voided_at=None) | Q(voided_at__gt=asof.known_at)
    )


def key_persons(context: LedgerContext) -> QuerySet[Returnee]:
    """Those with a reason that makes them key persons, or who had been put under observation by then."""
    observed = observations_then(asof_of(context)).filter(person=OuterRef("person"))
    return ledger_returnees(context).filter(~Q(reasons=[]) | Exists(observed))


def observations_then(asof: AsOf) -> QuerySet[Observation]:
    """Observations begun by the end of the day, as far as was known; those entered by mistake left out."""
    rows = Observation.objects.filter(opened_at__lte=asof.end, recorded_at__lte=asof.known_at)
    return rows.exclude(outcome=Outcome.VOIDED)


def target_of(row: Returnee) -> DutyTarget:
    return DutyTarget(row.area_id, row.household_id, row.person_id)


def _facts(rows: Sequence[Returnee], context: LedgerContext) -> Facts:
    asof = asof_of(context)
    people = [row.person_id for row in rows]
    facts = Facts(place_names(cast(Area, context.area)))
    observations = observations_then(asof).filter(person__in=people)
    observations = observations.select_related("policy").order_by("opened_at")
    facts.observations = {row.person_id: row for row in observations}
    ids = [observation.pk for observation in facts.observations.values()]
    releases = ObservationEvent.objects.effective(asof.known_at).filter(
        observation__in=ids, kind=EventKind.RELEASED, happened_at__lte=asof.end
    )
    facts.released = {row.observation_id: timezone.localdate(row.happened_at) for row in releases}
    homes = {row.household_id for row in rows if row.household_id}
    lodgers = living_then(asof).filter(household__in=homes).order_by().values_list("household_id")
    facts.housemates = dict(lodgers.annotate(n=Count("pk")))
    facts.chains = duties_for_many([target_of(row) for row in rows], context.on)
    _readings(facts, ids, asof, context.on)
    return facts


def _readings(facts: Facts, ids: list[int], asof: AsOf, on: dt.date) -> None:
    """Today's temperatures (the latest effective one of each slot) and all abnormal visits so far (two queries)."""
    known = Reading.objects.filter(visit__observation__in=ids, entered_at__lte=asof.known_at).exclude(
        corrections__entered_at__lte=asof.known_at
    )
    today = known.filter(visit__date=on).order_by("sequence")
    for observation_id, slot, value in today.values_list(
        "visit__observation_id", "visit__slot", "temperature"
    ):
        facts.today[observation_id, slot] = value
    abnormal = (
        known.filter(is_abnormal=True, visit__date__lte=on).order_by().values_list("visit__observation_id")
    )
    facts.abnormal = dict(abnormal.annotate(n=Count("visit", distinct=True)))


def _who(row: Returnee, facts: Facts, on: dt.date) -> dict[str, object]:
    person, place = row.person, facts.places.get(row.area_id, PlaceNames())
    observation = facts.observations.get(row.person_id)
    door = row.household.display if row.household else ""
    return {
        "number": None,
        "category": row.reason_labels,
        "village": place.village,
        "group": place.group,
        "name": person.name,
        "sex": person.get_sex_display() if person.sex else "",
        "age": person.age(on),
        "id_number": person.id_number,
        "phone": person.phone,
        "registered_place": row.registered_place,
        "address": f"{place.compound}{door}" or place.short,
        "work_unit": person.work_unit,
        "origin": row.origin,
        "left_on": row.left_on,
        "arrived_on": row.arrived_on,
        "transport": row.get_transport_display() if row.transport else "",
        "transport_no": row.transport_no,
        "stops": row.stops,
        "companions": row.companions,
        "housemates": facts.housemates.get(row.household_id) if row.household_id else None,
        "hubei_history": YES_NO[row.hubei_history],
        "case_contact": YES_NO[row.case_contact],
        "arrival_temperature": row.arrival_temperature,
        "symptoms": "、".join(row.arrival_symptoms),
        "measure": observation.get_place_display() + "观察" if observation else "",
        "start_on": observation.day_one_on if observation else None,
        "last_on": observation.last_on if observation else None,
        "released_on": facts.released.get(observation.pk) if observation else None,
        "source": row.information_source,
        "note": row.note,
    }


def _officers(row: Returnee, facts: Facts) -> dict[str, object]:
    values: dict[str, object] = {}
    for link in facts.chains[target_of(row)]:
        lines = [part for officer in link.officers for part in (officer.name, officer.phone) if part]
        values[f"duty_{link.kind.code}"] = "\n".join(lines) or ("空岗" if link.is_gap else "")
        if link.duties and not link.kind.is_measuring:  # the nearest officer who is not the health worker
            values["officer"] = "、".join(officer.name for officer in link.officers)
            values["officer_phone"] = "、".join(officer.phone for officer in link.officers)
    return values


def _state(row: Returnee, facts: Facts, on: dt.date) -> dict[str, object]:
    observation = facts.observations.get(row.person_id)
    state = state_of(observation, on)
    values: dict[str, object] = {
        "notice_no": row.notice_no,
        "door_card": "是" if row.door_card_posted else "否",
        "state": STATE_WORDS[state],
    }
    if observation is None:
        return values
    return values | {
        "day": max(0, observation.day_number(on)) if state in {RUNNING, DUE} else None,
        "morning": facts.today.get((observation.pk, "AM")),
        "afternoon": facts.today.get((observation.pk, "PM")),
        "abnormal": facts.abnormal.get(observation.pk, 0),
    }


STATE_WORDS = dict(FILTERS[1].choices)


def state_of(observation: Observation | None, on: dt.date) -> str:
    """How an observation stood on a day: 观察中, 期满待解除, or the outcome with which it had ended by then."""
    if observation is None:
        return NOT_OBSERVED
    if observation.closed_at is not None and timezone.localdate(observation.closed_at) <= on:
        return observation.outcome
    return DUE if observation.last_on < on else RUNNING


def _wanted(rows: Sequence[Returnee], facts: Facts, context: LedgerContext) -> Iterator[Returnee]:
    """Those that the filters want which no query can tell."""
    for row in rows:
        state = state_of(facts.observations.get(row.person_id), context.on)
        if context.wants("reason", *(row.reasons or (NO_REASON,))) and context.wants("state", state):
            yield row


def returnee_values(found: QuerySet[Returnee], context: LedgerContext) -> Iterator[Values]:
    """What is known of each in walking order, at a constant number of queries however many there are."""
    ordered = found.select_related("person", "household").order_by("area__path", "household__walk_key", "pk")
    is_sifted = "reason" in context.filters or "state" in context.filters
    rows = list(ordered if is_sifted else ordered[: context.limit])
    facts = _facts(rows, context)
    for row in _wanted(rows, facts, context):
        values = _who(row, facts, context.on) | _officers(row, facts) | _state(row, facts, context.on)
        yield Values(row, facts, values)


@dataclass(frozen=True)
class Values:
    """A returnee, what is known around him and the others, and the values of the ledgers' columns by key."""

    returnee: Returnee
    facts: Facts
    by_key: dict[str, object]


def _rows(found: QuerySet[Returnee], context: LedgerContext, layout: Layout) -> Iterator[Sequence[object]]:
    for values in returnee_values(found, context):
        yield [values.by_key.get(key) for key in layout.keys]


def returnee_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of 返乡人员台账."""
    return _rows(ledger_returnees(context), context, RETURNEES)


def key_person_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of 防控重点人员台账."""
    return _rows(key_persons(context), context, key_person_layout(context))


KEY_REASONS = tuple(KeyReason.labels)
