"""Ledger `base` 基础台账表: one row a resident with the household's columns first; every household appears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from grassroots.grid.models import Area
from grassroots.grid.names import place_names
from grassroots.ledgers.engine import (
    Block,
    Column,
    Filter,
    Layout,
    LedgerContext,
    LedgerDefinition,
    ledger_registry,
    rows_of,
)
from households.ledgers.base_columns import block_of
from households.ledgers.common import asof_of, ledger_households
from households.ledgers.narrowing import AWAY, NOBODY_HOME
from households.ledgers.reading import portions
from households.models import HousingKind, Residency, ResidencyKind, SurveyState

#: Doors of a block: some 1,000 rows, which the writer encodes at once.
BLOCK_DOORS = 350
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
    Column("proxy", "代填人", width=7, group=RESULT, mask="phone"),
)
BASE = Layout(
    title="基础台账表", columns=COLUMNS, row_height=30, freeze_columns=3
)  # fmt: skip
FILTERS = (
    Filter("state", "排查状态", tuple(SurveyState.choices)),
    Filter("housing", "房屋性质", tuple(HousingKind.choices)),
    Filter("residency", "居住情况", (*ResidencyKind.choices, (AWAY, "外出"), (NOBODY_HOME, "户内无人"))),
    Filter("contact", "武汉(湖北)旅居或接触史", (("YES", "是"), ("NO", "否"), ("UNKNOWN", "未问"))),
)


def base_blocks(context: LedgerContext) -> Iterator[Block]:
    """The rows of 基础台账表 in walking order, as blocks of columns."""
    asof, places = asof_of(context), place_names(cast(Area, context.area))
    for portion in portions(ledger_households(context), asof, first=context.limit):
        for start in range(0, len(portion.doors), BLOCK_DOORS):
            yield block_of(portion.doors[start : start + BLOCK_DOORS], portion, places, context)


def base_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """The same row by row."""
    return rows_of(base_blocks(context))


def base_count(context: LedgerContext) -> int:
    """About how many rows to expect: for the progress bar, counted from residencies and states of today."""
    doors = ledger_households(context)
    if states := context.filters.get("state"):
        doors = doors.filter(survey_state__in=states)
    return Residency.objects.filter(ended_on=None, household__in=doors).count()


ledger_registry.register(
    LedgerDefinition(
        "base", "基础台账表", BASE, rows=base_rows, blocks=base_blocks, count=base_count, filters=FILTERS,
        entries=ledger_households, rows_per_entry=3, order=10,
    )
)  # fmt: skip
