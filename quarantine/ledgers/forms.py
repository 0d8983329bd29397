"""What is known of returnees for forms from above: all columns of both ledgers, and what other offices ask besides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from django.db.models import QuerySet

from grassroots.grid.names import PlaceNames
from grassroots.ledgers.engine import (
    Column,
    FormRows,
    Layout,
    LedgerContext,
    LedgerDefinition,
    ledger_registry,
)
from quarantine.ledgers.officers import officer_columns, officer_values
from quarantine.ledgers.returnees import (
    CATEGORY,
    FILTERS,
    NUMBER,
    OFFICER,
    RETURNEES,
    STATE,
    WHO,
    Values,
    key_person_layout,
    key_person_rows,
    key_persons,
    ledger_returnees,
    returnee_rows,
    returnee_values,
    target_of,
)
from quarantine.models import Returnee
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.readings import is_fever
from quarantine.services.policies import policy_in_force

#: Columns that no ledger of ours shows.
MORE = (
    Column("form_street", "镇(街道)", aliases=("乡镇", "街道", "镇街", "所属街道")),
    Column("village_group", "村组", aliases=("村(社区)组", "村(社区)、组", "所属村组", "村民小组(网格)")),
    Column("compound", "小区/院落", aliases=("小区", "院落", "小区名称")),
    Column("building", "楼栋", aliases=("楼号", "栋", "幢")),
    Column("unit", "单元", aliases=("单元号",)),
    Column("room", "房号", aliases=("房间号", "室", "室号")),
    Column("door", "门牌", aliases=("门牌号", "楼栋单元房号", "楼栋房号", "小区楼栋房号", "详细门牌")),
    Column("birth_date", "出生日期", format="date", aliases=("出生年月", "出生年月日")),
    Column("native_place", "籍贯", aliases=("原籍",)),
    Column("temperature", "当日体温", format="temp", aliases=("今日体温", "最近体温", "体温", "目前体温")),
    Column("fever", "是否发热", aliases=("有无发热", "发热情况", "是否发烧", "是否有发热症状", "发热")),
    Column("released", "是否解除", aliases=("是否解除观察", "是否已解除", "是否期满解除")),
    Column(
        "observed_days",
        "已观察天数",
        format="int",
        aliases=("观察天数", "隔离天数", "管控天数", "已隔离天数"),
    ),
)
OFFICER_ALIASES = {
    "officer": ("包保人", "责任人", "包保责任人姓名"),
    "officer_phone": ("责任人电话", "包保人电话", "包保责任人联系电话"),
}


def form_columns(context: LedgerContext) -> tuple[Column, ...]:
    """Every column that a form may ask for, officers of each duty kind with their phones among them."""
    own = {column.key: column for column in (NUMBER, CATEGORY, *WHO, *OFFICER, *STATE)}
    for key, aliases in OFFICER_ALIASES.items():
        own[key] = replace(own[key], aliases=(*own[key].aliases, *aliases))
    own["group"] = replace(
        own["group"], aliases=("组(网格)", "网格", "村民小组")
    )  # 小区 has a column of its own
    own["officer_phone"] = replace(own["officer_phone"], caption="包保责任人电话")
    return (*own.values(), *MORE, *officer_columns())


def _rows(found: QuerySet[Returnee], context: LedgerContext) -> Iterator[Sequence[object]]:
    keys = [column.key for column in form_columns(context)]
    fever = _Fever(context.on)
    for values in returnee_values(found, context):
        more = _more(values, fever)
        yield [values.by_key.get(key, more.get(key)) for key in keys]


def _more(values: Values, fever: _Fever) -> dict[str, object]:
    row, facts, known = values.returnee, values.facts, values.by_key
    place = facts.places.get(row.area_id, PlaceNames())
    observation = facts.observations.get(row.person_id)
    found: dict[str, object] = {
        "form_street": place.street,
        "village_group": f"{place.village}{place.group}",
        "compound": place.compound,
        "building": row.household.building if row.household else "",
        "unit": row.household.unit if row.household else "",
        "room": row.household.door if row.household else "",
        "door": row.household.display if row.household else "",
        "birth_date": row.person.birth_date,
        "native_place": row.native_place,
        "temperature": known.get("afternoon") or known.get("morning"),
        "fever": fever.word(values),
        "released": "" if observation is None else ("是" if known.get("released_on") else "否"),
        "observed_days": known.get("day"),
    }
    return found | officer_values(facts.chains[target_of(row)])


class _Fever:
    """是否发热, by the policy that each is observed under (or that is in force): of today's readings, else of the one
    on arrival."""

    def __init__(self, on: dt.date) -> None:
        self._on = on
        self._terms: dict[int, PolicyTerms] = {}
        self._now: list[PolicyTerms | None] = []

    def word(self, values: Values) -> str:
        known = [values.by_key.get(key) for key in ("morning", "afternoon")]
        readings = [value for value in known if isinstance(value, Decimal)]
        arrival = values.returnee.arrival_temperature
        terms = self._terms_of(values)
        if not readings and arrival is not None:
            readings = [arrival]
        if not readings or terms is None:
            return ""
        return "是" if is_fever(max(readings), terms) else "否"

    def _terms_of(self, values: Values) -> PolicyTerms | None:
        observation = values.facts.observations.get(values.returnee.person_id)
        if observation is not None:
            policy = observation.policy
            if policy.pk not in self._terms:
                self._terms[policy.pk] = policy.parsed()
            return self._terms[policy.pk]
        if not self._now:
            policy_now = policy_in_force(self._on)
            self._now.append(policy_now.parsed() if policy_now else None)
        return self._now[0]


def returnee_form_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of 返乡人员台账 with all columns of `form_columns`."""
    return _rows(ledger_returnees(context), context)


def key_person_form_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of 防控重点人员台账 with all columns of `form_columns`."""
    return _rows(key_persons(context), context)


#: A form that asks for 解除时间 alone wants to know when it will be over.
FALLBACKS = {"released_on": "last_on"}

ledger_registry.register(
    LedgerDefinition(
        "returnees",
        "返乡人员台账",
        RETURNEES,
        rows=returnee_rows,
        entries=ledger_returnees,
        filters=FILTERS,
        order=20,
        form=FormRows(form_columns, returnee_form_rows, FALLBACKS),
    )
)
ledger_registry.register(
    LedgerDefinition(
        "key-persons",
        "防控重点人员台账",
        Layout(title="防控重点人员台账", columns=(NUMBER, CATEGORY, *WHO, *STATE)),
        rows=key_person_rows,
        entries=key_persons,
        layout_for=key_person_layout,
        filters=FILTERS,
        order=30,
        form=FormRows(form_columns, key_person_form_rows, FALLBACKS),
    )
)
