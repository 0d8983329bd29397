"""Tables in the layouts that offices use: header, groups, rows, what is skipped. No file of an office is needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassroots.ledgers.reading import (
    Caption,
    Field,
    data_rows,
    find_tables,
    match_captions,
    read_text,
    reference_date,
    skipped_rows,
)
from grassroots.ledgers.reading import rows as rows_module
from grassroots.ledgers.reading.grids import Grid, trimmed
from grassroots.ledgers.reading.tables import table_at
from tests.texts import typed_wide

FIELDS = (
    Field("number", "序号"), Field("village", "村(社区)"), Field("name", "姓名"), Field("sex", "性别"),
    Field("id_number", "身份证号"), Field("phone", "联系电话"), Field("origin", "从何地返回"),
    Field("left_on", "离开日期"), Field("arrived_on", "返回日期"), Field("temperature", "体温"),
    Field("officer", "包保责任人"), Field("officer_phone", "包保责任人电话"), Field("head", "户主姓名"),
    Field("head_phone", "户主电话"), Field("note", "备注"),
)  # fmt: skip


def matched(text: str, remembered: dict[str, str] | None = None) -> dict[str, str | None]:
    table = find_tables(read_text(text), FIELDS)
    assert table is not None
    return {m.caption.text: m.field for m in match_captions(table.captions, FIELDS, remembered or {})}


def test_captions_of_others_mean_our_fields() -> None:
    found = matched(
        "编号\t行政村/社区\t本人姓名\t公民身份号码\t手机\t来源地\t抵达时间\t体 温(℃)\n1\ta\tb\tc\td\te\tf\tg"
    )
    assert list(found.values()) == [
        "number", "village", "name", "id_number", "phone", "origin", "arrived_on", "temperature",
    ]  # fmt: skip


def test_a_name_under_an_officers_group_is_the_officers() -> None:
    found = matched("序号\t基本信息\t\t\t包保责任人\t\n\t姓名\t电话\t性别\t姓名\t电话\n1\ta\tb\t男\tc\td")
    assert found == {
        "序号": "number", "基本信息/姓名": "name", "基本信息/电话": "phone", "基本信息/性别": "sex",
        "包保责任人/姓名": "officer", "包保责任人/电话": "officer_phone",
    }  # fmt: skip


def test_a_phone_right_after_an_officer_is_the_officers_wherever_it_stands() -> None:
    assert matched("姓名\t包保人\t电话\na\tb\tc")["电话"] == "officer_phone"
    assert matched("户主\t联系电话\t姓名\na\tb\tc")["联系电话"] == "head_phone"


def test_a_name_of_somebody_whom_no_field_knows_is_nobodys() -> None:
    assert matched("姓名\t监护人\t\n\t姓名\t电话\na\tb\tc") == {
        "姓名": "name",
        "监护人/姓名": None,
        "监护人/电话": None,
    }


def test_a_correction_comes_before_everything() -> None:
    text = "姓名\t电话\t来源\na\tb\tc"
    assert matched(text, {"来源": "origin", "电话": ""}) == {"姓名": "name", "电话": None, "来源": "origin"}


@pytest.mark.parametrize("typed", [str, typed_wide])
def test_rows_that_are_no_data_are_left_out_and_named(typed: Callable[[str], str]) -> None:
    table = find_tables(
        read_text(
            typed(
                "返乡人员登记表\t\t\n填报日期:2020年1月29日\t\t\n\t\t\n序号\t姓名\t联系电话\n1\t甲\t13800000001\n\t\t\n2\t乙\t同上\n"
                "序号\t姓名\t联系电话\n3\t丙\t13800000003\n4\t\t\n合 计\t3\t\n审核人:\t填表人:\t\n注:无新增也须填报\t\t"
            )
        ),
        FIELDS,
    )
    assert table is not None
    assert table.title == "返乡人员登记表"
    assert table.header == (3, 3)
    assert reference_date(table) == dt.date(2020, 1, 29)
    assert list(data_rows(table)) == [
        (5, ["1", "甲", "13800000001"]), (7, ["2", "乙", "13800000001"]), (9, ["3", "丙", "13800000003"]),
    ]  # fmt: skip
    assert [number for number, _why in skipped_rows(table)] == [6, 8, 10, 11, 12, 13]
    assert [table.grid.number_of(index) for index in table.footer] == [11, 12, 13]


def test_a_text_without_a_header_we_know_is_no_table() -> None:
    assert find_tables(read_text("今天天气\t很好\n1\t2"), FIELDS) is None


def test_lines_of_a_chat_stay_whole() -> None:
    grid = read_text("#接龙\n\n1、陈磊梅 2单元201,5口人,均正常\n2.周玉 3单元301 2人")
    assert [row[0] for row in grid.rows] == [
        "#接龙",
        None,
        "1、陈磊梅 2单元201,5口人,均正常",
        "2.周玉 3单元301 2人",
    ]
    assert grid.number_of(2) == 3


CELLS = st.one_of(
    st.none(),
    st.floats(0, 99),
    st.sampled_from(
        [
            "姓名",
            "姓 名",
            "村(社区)",
            "体温℃",
            "合计",
            "共 3人",
            "同上",
            ' " ',
            "填表人:",
            "注:无",
            "张三",
            "510121",
            "备注",
        ]
    ),
    st.text(max_size=4),
)


@given(st.lists(st.lists(CELLS, min_size=6, max_size=6), min_size=1, max_size=5))
def test_a_row_that_is_plain_at_a_glance_is_plain_when_looked_at_closely(rows: list[list[object]]) -> None:
    header: list[object] = ["序号", "村(社区)", "姓名", "性别", "体温", "备注"]
    grid = trimmed(Grid("", [header, *rows, ["1", "甲村", "张三", "男", "36.5", "无"]]))
    table = table_at(grid, 0, 0)
    kinds = rows_module._Kinds(table)
    for index in range(table.body[0], table.body[1] + 1):
        if kinds.is_plain(index):
            cells = grid.rows[index]
            assert kinds.of(index) == ""
            assert rows_module._dittoed(cells, ["above"] * len(cells)) == cells


@pytest.mark.parametrize(
    ("caption", "field"),
    [
        ("抵金日期", "arrived_on"), ("返回常德日期", "arrived_on"), ("来返金时间", "arrived_on"),
        ("到达时间", "arrived_on"),
        ("离开湖北日期", "left_on"), ("离鄂时间", "left_on"), ("联系方式", "phone"), ("本人身份证号码", "id_number"),
        ("姓 名", "name"), ("体温(℃)", "temperature"), ("从何地来", "origin"), ("包保人", "officer"),
        ("包联干部联系电话", "officer_phone"), ("出生日期", None), ("到期日期", None), ("监护人姓名", None),
        ("村(社区/居委会)", "village"), ("姓名(必填)", "name"),
    ],
)  # fmt: skip
def test_a_caption_by_itself(caption: str, field: str | None) -> None:
    (match,) = match_captions([Caption(0, (caption,))], FIELDS)
    assert match.field == field


def test_a_phone_beside_an_officer_whom_no_field_knows_is_nobodys() -> None:
    assert matched("姓名\t性别\t村责任医生\t联系电话\na\tb\tc\td")["联系电话"] is None
    assert matched("姓名\t联系方式\t责任医生\t联系电话\na\tb\tc\td")["联系方式"] == "phone"


def test_a_merged_caption_is_one_column() -> None:
    grid = Grid(
        "表", [["序号", "姓名", None, "电话"], [1, "甲", None, "2"]], merged=((0, 1, 0, 2), (1, 1, 1, 2))
    )
    table = find_tables(grid, FIELDS)
    assert table is not None
    assert [caption.column for caption in table.captions] == [0, 1, 3]
