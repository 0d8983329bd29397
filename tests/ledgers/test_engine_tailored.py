"""A saved layout over a registered one: what an office may change, and what it cannot take away."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassroots.ledgers.engine import BlockField, Column, Layout, LayoutError
from grassroots.ledgers.engine.changes import describe_changes, differences, moved_keys
from grassroots.ledgers.engine.placeholders import from_words, to_words
from grassroots.ledgers.engine.tailored import (
    bare_layout,
    check_tailored,
    formats_for,
    free_key,
    is_free,
    reflowed,
    tailor,
)

STANDARD = Layout(
    "名单",
    (
        Column("number", "序号", format="serial"),
        Column("name", "姓名", group="人员", mask="name", aliases=("名字",)),
        Column("id_number", "身份证号", group="人员", mask="id"),
        Column("left_on", "离开日期", format="short-date"),
        Column("people", "人数", format="int", total="sum"),
        Column("signed", "已签", format="int", total="sum"),
        Column("rate", "完成率", format="percent", total="ratio:signed/people"),
    ),
    freeze_columns=2,
)


def saved(*columns: dict[str, Any], **more: Any) -> Layout:
    return Layout.from_json({"title": "名单", "columns": list(columns), **more})


def test_a_layout_that_changes_nothing_is_the_standard_one() -> None:
    assert tailor(bare_layout(STANDARD), STANDARD).layout == STANDARD


@pytest.mark.parametrize(
    "forged",
    [
        {"key": "id_number", "caption": "号"},
        {"key": "id_number", "caption": "号", "mask": None},
        {"key": "id_number", "caption": "号", "mask": "name"},
        {"key": "id_number", "caption": "号", "format": "int", "total": "sum"},
    ],
)
def test_no_layout_takes_off_a_mask_or_changes_what_a_column_is(forged: dict[str, Any]) -> None:
    column = tailor(saved(forged), STANDARD).layout.columns[0]
    assert (column.mask, column.format, column.total, column.caption) == ("id", "text", "", "号")


def test_totals_stay_those_of_the_column() -> None:
    forged = saved({"key": "name", "caption": "姓名", "total": "sum"}, {"key": "people", "caption": "人"})
    assert [column.total for column in tailor(forged, STANDARD).layout.columns] == ["", "sum"]


def test_a_date_may_be_written_in_two_ways_and_nothing_else_otherwise() -> None:
    assert [formats_for(column) for column in STANDARD.columns[2:5]] == [
        ("text",), ("short-date", "date"), ("int",),
    ]  # fmt: skip
    full = saved({"key": "left_on", "caption": "离开日期", "format": "date"})
    assert check_tailored(full, STANDARD).layout.columns[0].format == "date"
    wrong = saved({"key": "left_on", "caption": "离开日期", "format": "percent"})
    with pytest.raises(LayoutError, match="不能用这种格式") as error:
        check_tailored(wrong, STANDARD)
    assert (error.value.field, error.value.key) == ("format", "left_on")
    assert tailor(wrong, STANDARD).layout.columns[0].format == "short-date"


def test_a_column_that_the_ledger_no_longer_has_stays_empty_and_is_named() -> None:
    old = saved({"key": "duty_old", "caption": "联系领导", "format": "int", "mask": "phone", "total": "sum"},
                {"key": "name", "caption": "姓名"})  # fmt: skip
    found = tailor(old, STANDARD)
    assert [column.key for column in found.gone] == ["duty_old"] and "“联系领导”" in found.hints[0]
    assert found.layout.columns[0] == Column("duty_old", "联系领导")
    with pytest.raises(LayoutError, match="没有列“联系领导”"):
        check_tailored(old, STANDARD)
    assert check_tailored(old, STANDARD, before=["duty_old"]).gone


def test_a_free_column_is_a_caption_over_empty_cells() -> None:
    found = check_tailored(saved({"key": "free_1", "caption": "签字"}), STANDARD)
    assert found.gone == () and found.layout.columns == (Column("free_1", "签字"),)
    assert free_key(["free_2", "name", "free_9", "free_x"]) == "free_10" and free_key([]) == "free_1"
    assert is_free("free_3") and not is_free("free_") and not is_free("free_x")


@pytest.mark.parametrize(
    ("columns", "field", "words"),
    [
        ([{"key": "name", "caption": " "}], "caption", "列名不能空着"),
        (
            [{"key": "name", "caption": "列"}, {"key": "people", "caption": "列"}],
            "caption",
            "已经有一列叫“列”",
        ),
        ([{"key": "free_x", "caption": "列"}], "key", "没有列“列”"),
        ([{"key": f"free_{n}", "caption": f"{n}"} for n in range(151)], "columns", "最多 150 列"),
    ],
)
def test_columns_that_cannot_be_saved_are_refused_beside_their_field(
    columns: list[dict[str, Any]], field: str, words: str
) -> None:
    with pytest.raises(LayoutError, match=words) as error:
        check_tailored(saved(*columns), STANDARD)
    assert error.value.field == field


def test_the_same_caption_under_another_group_is_another_column() -> None:
    layout = saved(
        {"key": "name", "caption": "电话", "group": "甲"}, {"key": "people", "caption": "电话", "group": "乙"}
    )
    assert len(check_tailored(layout, STANDARD).layout.columns) == 2


@pytest.mark.parametrize("place", ["title", "header_lines", "unit_line", "footer_lines", "notes"])
def test_lines_hold_only_what_every_export_may_say(place: str) -> None:
    """The context of a sheet for one person holds his numbers: no line may ask for them."""
    line = "号:{id_number}{unit}"
    value: Any = line if place == "title" else [[line]] if place == "footer_lines" else [line]
    layout = Layout.from_json(
        {"title": "名单", "columns": [{"key": "name", "caption": "姓名"}], place: value}
    )
    with pytest.raises(LayoutError, match="id_number"):
        check_tailored(layout, STANDARD)
    drawn = json.dumps(tailor(layout, STANDARD).layout.to_json(), ensure_ascii=False)
    assert "号:{unit}" in drawn and "id_number" not in drawn


def test_what_the_ledgers_own_layout_uses_is_allowed() -> None:
    standard = replace(STANDARD, header_lines=("第{week}周",))
    assert check_tailored(bare_layout(standard), standard).layout.header_lines == ("第{week}周",)


def test_placeholders_read_in_the_offices_words() -> None:
    assert to_words("填报单位:{unit}{x}") == "填报单位:{填报单位}{x}"
    assert from_words("｛统计截止时间｝与{ 填报日期 }") == "{cutoff}与{filled_on}"


@pytest.mark.parametrize(("columns", "lines"), [(10, [4, 2]), (5, [2, 2, 2]), (2, [1, 1, 1, 1, 1, 1])])
def test_facts_above_the_table_take_as_many_lines_as_there_is_room_for(
    columns: int, lines: list[int]
) -> None:
    block = (
        tuple(BlockField(f"f{n}", "项") for n in range(4)),
        tuple(BlockField(f"g{n}", "项") for n in range(2)),
    )
    found = reflowed(block, columns)
    assert [len(line) for line in found] == lines
    assert [field for line in found for field in line] == [field for line in block for field in line]
    with pytest.raises(LayoutError, match="至少选两列"):
        reflowed(block, 1)


def test_a_ratio_without_its_columns_is_said_to_stay_empty() -> None:
    hints = check_tailored(saved({"key": "rate", "caption": "率"}), STANDARD).hints
    assert hints == ("“率”的合计要用到没有选的列，合计行里会空着。",)
    assert check_tailored(saved({"key": "rate", "caption": "率"}, totals_label=""), STANDARD).hints == ()


def test_frozen_columns_never_outnumber_the_columns() -> None:
    layout = replace(bare_layout(STANDARD), freeze_columns=6)
    few = replace(layout, columns=layout.columns[:3], freeze_columns=2)
    assert tailor(few, replace(STANDARD, freeze_columns=5)).layout.freeze_columns == 2


# --- what was changed, in words
def edited(**changes: Any) -> Layout:
    return replace(bare_layout(STANDARD), **changes)


def columns_of(*keys: str) -> tuple[Column, ...]:
    known = {column.key: column for column in bare_layout(STANDARD).columns}
    return tuple(known.get(key, Column(key, "备注")) for key in keys)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (edited(columns=columns_of("number", "name", "id_number", "left_on", "people", "signed", "rate", "free_1")),
         ["增加列“备注”"]),
        (edited(columns=columns_of("number", "name", "left_on", "people", "signed")),
         ["去掉列“身份证号”、“完成率”"]),
        (edited(columns=columns_of("number", "signed", "name", "id_number", "left_on", "people", "rate")),
         ["移动列“已签”(到第2列)"]),
        (edited(title="{unit}名单"), ["标题由“名单”改为“{填报单位}名单”"]),
        (edited(orientation="portrait", paper="A3"), ["纸张由“A4横向”改为“A3纵向”"]),
        (edited(notes=()), ["附注由“注:无新增也须填报(零报告)。”改为“(空)”"]),
    ],
)  # fmt: skip
def test_changes_are_told_in_words(after: Layout, words: list[str]) -> None:
    assert describe_changes(bare_layout(STANDARD), after) == words


def test_a_columns_own_changes_are_told_one_by_one() -> None:
    columns = list(bare_layout(STANDARD).columns)
    columns[2] = Column("id_number", "证件号", group=("甲", "乙"), width=12)
    columns[3] = replace(columns[3], format="date")
    assert describe_changes(bare_layout(STANDARD), edited(columns=tuple(columns))) == [
        "列“身份证号”改名为“证件号”",
        "列“证件号”的上级表头由“人员”改为“甲-乙”",
        "列“证件号”的列宽由自动改为12",
        "列“离开日期”的日期写成年-月-日",
    ]


def test_filters_are_part_of_it() -> None:
    words = describe_changes(STANDARD, STANDARD, before_filters="", after_filters="状态:观察中")
    assert words == ["筛选由“(空)”改为“状态:观察中”"]


@given(st.permutations(list("abcdefg")))
def test_the_fewest_moves_make_one_order_out_of_the_other(after: list[str]) -> None:
    before = list("abcdefg")
    moved = moved_keys(before, after)
    stayed = [key for key in after if key not in moved]
    assert stayed == sorted(stayed)
    assert len(moved) == len(before) - longest_run(after)


def longest_run(keys: list[str]) -> int:
    best: list[int] = []
    for index, key in enumerate(keys):
        best.append(1 + max((best[i] for i in range(index) if keys[i] < key), default=0))
    return max(best)


def test_two_saves_stand_side_by_side() -> None:
    mine = edited(title="甲", columns=columns_of("name", "number", "people"))
    columns = list(columns_of("number", "name", "left_on"))
    columns[1] = replace(columns[1], caption="名")
    found = {one.label: (one.mine, one.theirs) for one in differences(mine, edited(columns=tuple(columns)))}
    assert found == {
        "标题": ("甲", "名单"),
        "列“人员-姓名”": ("人员-姓名，宽自动", "人员-名，宽自动"),
        "列“人数”": ("人数，宽自动", "没有选"),
        "列“离开日期”": ("没有选", "离开日期，宽自动，月-日"),
        "列的顺序": ("姓名、序号", "序号、名"),
    }


def test_equal_saves_have_no_differences() -> None:
    assert differences(bare_layout(STANDARD), bare_layout(STANDARD)) == []
    assert describe_changes(bare_layout(STANDARD), bare_layout(STANDARD)) == []
