"""Ledger `base` 基础台账表: one row a resident with the household's columns first; every household appears."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.grid.names import PlaceNames, place_names
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import (
    Column,
    Filter,
    Layout,
    LedgerContext,
    LedgerDefinition,
    ledger_registry,
)
from households.indicators import open_households
from households.models import (
    CommitmentLetter,
    Household,
    HousingKind,
    Relation,
    Residency,
    ResidencyKind,
    Sex,
    Survey,
    SurveyMember,
    SurveyMethod,
    SurveyState,
)
from households.rules.ages import age_from_stated, age_on
from households.rules.identity import IdKind

CHUNK = 2000
HOUSE, MEMBER, RESULT = "住户", "家庭成员", "排查结果"

COLUMNS = (
    Column("number", "序号", width=6, format="serial"),
    Column("village", "村(社区)", width=7, aliases=("村社区", "村", "社区")),
    Column("group", "组", width=4.6, aliases=("组(网格)", "网格", "村民小组")),
    Column("compound", "小区/院落", width=7, group=HOUSE, aliases=("小区", "院落", "小区名称")),
    Column("building", "楼栋", width=3.4, group=HOUSE, align="center", aliases=("栋", "楼号", "幢")),
    Column("unit", "单元", width=3.4, group=HOUSE, align="center"),
    Column("floor", "楼层", width=3.4, group=HOUSE, align="center"),
    Column("door", "房号", width=5.5, group=HOUSE, align="center", aliases=("门牌", "门牌号", "房间号")),
    Column("head", "户主姓名", width=7, group=HOUSE, aliases=("户主",)),
    Column("head_phone", "户主电话", width=12.2, group=HOUSE, mask="phone"),
    Column("housing", "房屋性质", width=4.8, group=HOUSE, align="center"),
    Column("registered", "户籍人数", width=3.4, group=HOUSE, format="int"),
    Column("living", "现住人数", width=3.4, group=HOUSE, format="int", aliases=("常住人数",)),
    Column("away", "外出未归人数", width=3.4, group=HOUSE, format="int"),
    Column("away_where", "外出地", width=5, group=HOUSE),
    Column("name", "姓名", width=7, group=MEMBER),
    Column("relation", "与户主关系", width=4.8, group=MEMBER, align="center", aliases=("关系",)),
    Column("sex", "性别", width=3.4, group=MEMBER, align="center"),
    Column("age", "年龄", width=3.8, group=MEMBER, format="int"),
    Column("id_kind", "证件类型", width=6.8, group=MEMBER),
    Column("id_number", "证件号码", width=10.5, group=MEMBER, mask="id", aliases=("身份证号", "身份证号码")),
    Column("phone", "联系电话", width=12.2, group=MEMBER, mask="phone", aliases=("电话", "手机号")),
    Column("residency", "居住情况", width=4.8, group=MEMBER, align="center", aliases=("是否常住",)),
    Column("left_county", "近14天是否离开本县", width=4.8, group=MEMBER, align="center"),
    Column("hubei_contact", "武汉(湖北)旅居或接触史", width=4.8, group=MEMBER, align="center"),
    Column("returned_from", "从何地返回", width=7, group=MEMBER),
    Column("left_on", "离开日期", format="short-date", width=6, group=MEMBER),
    Column("returned_on", "返回日期", format="short-date", width=6, group=MEMBER),
    Column("transport", "交通工具及班次", width=6.8, group=MEMBER),
    Column("companions", "同行人员", width=6.8, group=MEMBER),
    Column("temperature", "体温(℃)", width=5.2, group=MEMBER, format="temp"),
    Column("symptoms", "症状", width=5, group=MEMBER),
    Column("note", "备注", width=6, group=MEMBER),
    Column("state", "排查状态", width=6.8, group=RESULT, align="center", aliases=("排查结果",)),
    Column("method", "排查方式", width=4.8, group=RESULT, align="center"),
    Column("letter", "承诺书编号", width=9.5, group=RESULT),
    Column("tries", "无人户(第N次)", width=4.8, group=RESULT, format="int"),
    Column("visited_at", "排查时间", format="short-date", width=6, group=RESULT),
    Column("surveyor", "入户人员", width=7, group=RESULT),
)
MEMBER_FIELDS = 18
BASE = Layout(
    title="基础台账表", columns=COLUMNS, row_height=30, freeze_columns=3
)  # fmt: skip
YES_NO = {True: "是", False: "否", None: ""}
AWAY, NOBODY = "AWAY", "NOBODY"
ANSWERS = {True: "YES", False: "NO", None: "UNKNOWN"}
FILTERS = (
    Filter("state", "排查状态", tuple(SurveyState.choices)),
    Filter("housing", "房屋性质", tuple(HousingKind.choices)),
    Filter("residency", "居住情况", (*ResidencyKind.choices, (AWAY, "外出"), (NOBODY, "户内无人"))),
    Filter("contact", "武汉(湖北)旅居或接触史", (("YES", "是"), ("NO", "否"), ("UNKNOWN", "未问"))),
)


@dataclass
class _Around:
    """What is known around a chunk of households, by household or person."""

    residents: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    surveys: dict[int, Any] = field(default_factory=dict)
    answers: dict[int, Any] = field(default_factory=dict)
    letters: dict[int, str] = field(default_factory=dict)


def asof_of(context: LedgerContext) -> AsOf:
    """The day that a ledger is asked for, as known when it is made."""
    return AsOf.day(context.on, context.as_of)


def ledger_households(context: LedgerContext) -> QuerySet[Household]:
    """Doors of the area that the requester may see, open on the day."""
    areas = Area.objects.within(cast(Area, context.area)).order_by()
    doors: Any = open_households(areas, asof_of(context))
    if kinds := context.filters.get("housing"):
        doors = doors.filter(housing_kind__in=kinds)
    return cast("QuerySet[Household]", doors.visible_to(cast(Staff, context.staff)))


def chunks(rows: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Lists of at most `size` rows."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def base_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of 基础台账表 in walking order, read in chunks of CHUNK households; for a preview, in small ones."""
    asof = asof_of(context)
    places = place_names(cast(Area, context.area))
    doors = ledger_households(context).order_by("area__path", "walk_key", "pk").values_list(
        "pk", "area_id", "building", "unit", "floor", "door", "share_no", "housing_kind"
    )  # fmt: skip
    size = min(CHUNK, context.limit or CHUNK)
    for chunk in chunks(doors.iterator(chunk_size=size), size):
        around = _around([row[0] for row in chunk], asof)
        for row in chunk:
            yield from _household_rows(row, places[row[1]], around, context)


def _around(ids: list[int], asof: AsOf) -> _Around:
    found = _Around()
    row: Any
    open_then = Q(ended_on=None) | Q(ended_on__gt=asof.on) | Q(end_recorded_at__gt=asof.known_at)
    residents = Residency.objects.filter(
        open_then, household__in=ids, started_on__lte=asof.on, recorded_at__lte=asof.known_at
    ).order_by("order", "pk")
    for row in residents.values_list(
        "household_id", "person_id", "person__name", "person__sex", "person__birth_date", "person__stated_age",
        "person__stated_age_on", "person__id_kind", "person__id_number", "person__phone", "relation", "kind",
        "is_away", "away_where",
    ):  # fmt: skip
        found.residents[row[0]].append(row)
    known = {"visited_at__lte": asof.end, "recorded_at__lte": asof.known_at}
    surveys = Survey.objects.filter(household__in=ids, **known).order_by("visited_at", "pk")
    for row in surveys.values_list(
        "household_id", "outcome", "method", "visited_at", "staff__name", "absent_try"
    ):
        found.surveys[row[0]] = row
    answers = SurveyMember.objects.filter(
        survey__household__in=ids, survey__visited_at__lte=asof.end, survey__recorded_at__lte=asof.known_at
    ).order_by("survey__visited_at", "pk")
    for row in answers.values_list(
        "person_id", "left_county", "hubei_contact", "returned_from", "left_on", "returned_on", "transport",
        "companions", "temperature", "symptoms", "note",
    ):  # fmt: skip
        found.answers[row[0]] = row
    letters = CommitmentLetter.objects.filter(
        household__in=ids, signed_at__lte=asof.end, recorded_at__lte=asof.known_at
    ).order_by("signed_at", "pk")
    found.letters = dict(letters.values_list("household_id", "number"))
    return found


def _age(birth: dt.date | None, stated: int | None, stated_on: dt.date | None, on: dt.date) -> int | None:
    if birth:
        return age_on(birth, on)
    return age_from_stated(stated, stated_on, on) if stated is not None and stated_on else stated


def _household_rows(
    door: Any, place: PlaceNames, around: _Around, context: LedgerContext
) -> Iterator[Sequence[object]]:
    pk, _area_id, building, unit, floor, number, share_no, housing = door
    survey, letter = around.surveys.get(pk), around.letters.get(pk)
    state = _state(survey, letter is not None)
    if not context.wants("state", state):
        return
    residents = around.residents.get(pk, [])
    head = next((row for row in residents if row[10] == Relation.HEAD), None)
    away = [row for row in residents if row[12]]
    household = (
        None, place.village, place.group, place.compound, building, unit, floor,
        f"{number}({share_no})" if share_no else number,
        head[2] if head else "", head[9] if head else "", HousingKind(housing).label,
        sum(row[11] == ResidencyKind.REGISTERED for row in residents), len(residents) - len(away), len(away),
        "、".join(dict.fromkeys(row[13] for row in away if row[13])),
    )  # fmt: skip
    result = (
        SurveyState(state).label, SurveyMethod(survey[2]).label if survey else "", letter or "",
        (survey[5] or None) if survey else None, timezone.localtime(survey[3]) if survey else None,
        survey[4] if survey else "",
    )  # fmt: skip
    if not residents and context.wants("residency", NOBODY) and context.wants("contact", ANSWERS[None]):
        yield (*household, *[""] * MEMBER_FIELDS, *result)
    for row in residents:
        answer = around.answers.get(row[1])
        if _is_wanted(row, answer, context):
            yield (*household, *_member(row, answer, context.on), *result)


def _is_wanted(row: Any, answer: Any, context: LedgerContext) -> bool:
    """Whether the filters of residents want this one."""
    contact = ANSWERS[answer[2] if answer else None]
    return context.wants("residency", AWAY if row[12] else row[11]) and context.wants("contact", contact)


def _state(survey: Any, is_signed: bool) -> str:
    """Signed stays signed; else the outcome of the latest knock, 未访 before the first."""
    if is_signed:
        return SurveyState.SIGNED
    return str(survey[1]) if survey else SurveyState.UNVISITED


def _member(row: Any, answer: Any, on: dt.date) -> tuple[object, ...]:
    who = (
        row[2], Relation(row[10]).label, Sex(row[3]).label if row[3] else "", _age(row[4], row[5], row[6], on),
        IdKind(row[7]).label, row[8], row[9], "外出" if row[12] else ResidencyKind(row[11]).label,
    )  # fmt: skip
    if answer is None:
        return (*who, *[None] * 10)
    return (
        *who, YES_NO[answer[1]], YES_NO[answer[2]], answer[3], answer[4], answer[5], answer[6], answer[7], answer[8],
        "、".join(answer[9]), answer[10],
    )  # fmt: skip


def base_count(context: LedgerContext) -> int:
    """About how many rows to expect: for the progress bar, counted from residencies and states of today."""
    doors = ledger_households(context)
    if states := context.filters.get("state"):
        doors = doors.filter(survey_state__in=states)
    return Residency.objects.filter(ended_on=None, household__in=doors).count()


ledger_registry.register(
    LedgerDefinition(
        "base",
        "基础台账表",
        BASE,
        rows=base_rows,
        count=base_count,
        filters=FILTERS,
        entries=ledger_households,
        rows_per_entry=3,
        order=10,
    )
)
