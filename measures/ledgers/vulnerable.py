"""特殊困难群体台账: one row a person on the register, with the last visit, as it stood at the end of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many, nearest_officers
from grassroots.grid.models import Area, Staff
from grassroots.grid.names import PlaceNames, place_names
from grassroots.grid.scope import scope_of
from grassroots.ledgers.engine import Column, Filter, Layout, LedgerContext, LedgerDefinition, ledger_registry
from households.ledgers import YES_NO, asof_of
from households.living import actual_residents, living_then
from households.models import Residency, SupportKind
from measures.care import LABELS, ORDER, supports_then, visits_then
from measures.models import CareFile, CareVisit

LAYOUT = Layout(
    title="特殊困难群体台账",
    columns=(
        Column("number", "序号", format="serial"),
        Column("village", "村(社区)", width=8, aliases=("村社区", "村", "社区")),
        Column("group", "组", width=5, aliases=("组(网格)", "网格", "小区")),
        Column("name", "姓名", width=7),
        Column("sex", "性别", width=4, align="center"),
        Column("age", "年龄", width=4, format="int"),
        Column("id_number", "身份证号", width=11, mask="id", aliases=("证件号码", "身份证号码")),
        Column("address", "住址", width=10, aliases=("现住址", "家庭住址", "地址")),
        Column("phone", "联系电话", width=10.5, mask="phone", aliases=("电话", "手机号")),
        Column("kinds", "类别", width=8, aliases=("困难类别", "人员类别")),
        Column("guardian", "监护人/亲属", width=8, aliases=("监护人", "亲属")),
        Column("guardian_phone", "电话", width=10.5, mask="phone", aliases=("监护人电话", "亲属电话")),
        Column("health", "健康状况", width=8),
        Column("is_alone", "是否独居", width=4.5, align="center", aliases=("独居",)),
        Column("needs", "困难及需求", width=10, aliases=("困难需求", "需求")),
        Column("help", "帮扶措施", width=10),
        Column("officer", "帮扶责任人", width=7, aliases=("责任人",)),
        Column("officer_phone", "电话", width=10.5, aliases=("责任人电话",)),
        Column("visited_on", "走访日期", width=7, format="short-date", aliases=("最近走访日期",)),
        Column("way", "走访方式", width=5, align="center"),
        Column("result", "走访结果", width=10),
        Column("note", "备注", width=8),
    ),
    freeze_columns=4,
    row_height=30,
)
FILTERS = (Filter("kind", "类别", tuple(SupportKind.choices)),)


def ledger_vulnerable(context: LedgerContext) -> QuerySet[Residency]:
    """Where those of the area who were on the register that day lived, of those the requester may see."""
    asof = asof_of(context)
    supports = supports_then(asof).filter(person=OuterRef("person"))
    if kinds := context.filters.get("kind"):
        supports = supports.filter(kind__in=kinds)
    reach = scope_of(cast(Staff, context.staff)).reaches("area", household="household", person="person")
    areas = Area.objects.within(cast(Area, context.area)).order_by()
    return actual_residents(areas, asof).filter(reach, Exists(supports), person__voided_at=None)


@dataclass
class Facts:
    """What is known around the people of the ledger; every field filled by one query."""

    places: Mapping[int, PlaceNames]
    chains: Mapping[DutyTarget, Chain]
    kinds: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    files: dict[int, CareFile] = field(default_factory=dict)
    visits: dict[int, CareVisit] = field(default_factory=dict)
    living: dict[int | None, int] = field(default_factory=dict)


def _target(row: Residency) -> DutyTarget:
    return DutyTarget(row.area_id, row.household_id, row.person_id)


def _facts(rows: Sequence[Residency], homes: QuerySet[Residency], context: LedgerContext) -> Facts:
    asof = asof_of(context)
    people = homes.order_by().values("person")
    facts = Facts(
        place_names(cast(Area, context.area)), duties_for_many([_target(row) for row in rows], context.on)
    )
    for person, kind in supports_then(asof).filter(person__in=people).values_list("person_id", "kind"):
        facts.kinds[person].append(kind)
    files = CareFile.objects.filter(person__in=people).select_related("officer")
    facts.files = {row.person_id: row for row in files}
    last = visits_then(asof).filter(person=OuterRef("person")).order_by("-on", "-pk").values("pk")[:1]
    visits = visits_then(asof).filter(person__in=people, pk=Subquery(last)).prefetch_related("goods")
    facts.visits = {row.person_id: row for row in visits}
    behind = living_then(asof).filter(household__in=homes.order_by().values("household"))
    facts.living = dict(behind.order_by().values_list("household_id").annotate(n=Count("pk")))
    return facts


def _officer(row: Residency, facts: Facts) -> tuple[str, str]:
    """帮扶责任人 and his phone: who was named, else the nearest of the chain who does not measure."""
    named = facts.files.get(row.person_id)
    if named is not None and named.officer is not None:
        return named.officer.name, named.officer.phone
    officers = nearest_officers(facts.chains[_target(row)])
    return "、".join(one.name for one in officers), "、".join(one.phone for one in officers)


def _help(visit: CareVisit | None, care_file: CareFile | None) -> str:
    """What is done for him in general, and what the last visit brought."""
    goods = visit.goods_words if visit else ""
    return "；".join(filter(None, [care_file.help if care_file else "", f"发放{goods}" if goods else ""]))


def _row(row: Residency, facts: Facts, context: LedgerContext) -> list[object]:
    person, place = row.person, facts.places.get(row.area_id, PlaceNames())
    care_file, visit = facts.files.get(row.person_id), facts.visits.get(row.person_id)
    kinds = "、".join(LABELS[kind] for kind in sorted(facts.kinds[person.pk], key=ORDER.__getitem__))
    door = row.household.display if row.household else row.address_text
    is_alone = YES_NO[facts.living.get(row.household_id) == 1] if row.household_id else ""
    officer, officer_phone = _officer(row, facts)
    return [
        None, place.village, place.group, person.name, person.get_sex_display() if person.sex else "",
        person.age(context.on), person.id_number, f"{place.compound}{door}" or place.short, person.phone, kinds,
        care_file.guardian if care_file else "", care_file.guardian_phone if care_file else "",
        care_file.health if care_file else "", is_alone, visit.needs if visit else "", _help(visit, care_file),
        officer, officer_phone, visit.on if visit else None, visit.get_way_display() if visit else "",
        visit.result_words if visit else "", care_file.note if care_file else "",
    ]  # fmt: skip


def vulnerable_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows in walking order, at a constant number of queries."""
    homes = ledger_vulnerable(context)
    ordered = homes.select_related("person", "household").order_by("area__path", "household__walk_key", "pk")
    rows = list(ordered[: context.limit])
    facts = _facts(rows, homes, context)
    for row in rows:
        yield _row(row, facts, context)


ledger_registry.register(
    LedgerDefinition(
        "vulnerable", "特殊困难群体台账", LAYOUT, rows=vulnerable_rows, filters=FILTERS, entries=ledger_vulnerable,
        order=75,
    )
)  # fmt: skip
