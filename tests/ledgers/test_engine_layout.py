"""Columns and layouts as data: headers, JSON, placeholders, division of lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassroots.ledgers.engine import BlockField, Column, Fonts, Layout, LayoutError
from grassroots.ledgers.engine.columns import header_cells, header_depth
from grassroots.ledgers.engine.layout import fill_placeholders, spread, spread_pieces

groups = st.sampled_from(["", "甲", "乙", ("甲", "丙"), ("甲", "丁"), ("乙", "丙")])


def columns_of(paths: list[object]) -> tuple[Column, ...]:
    return tuple(Column(f"c{index}", f"列{index}", group=path) for index, path in enumerate(paths))  # type: ignore[arg-type]


@given(st.lists(groups, min_size=1, max_size=12))
def test_the_header_covers_every_cell_once(paths: list[object]) -> None:
    columns = columns_of(paths)
    covered = [
        (row, column)
        for cell in header_cells(columns)
        for row in range(cell.row, cell.row + cell.rows)
        for column in range(cell.column, cell.column + cell.columns)
    ]
    wanted = [(row, column) for row in range(header_depth(columns)) for column in range(len(columns))]
    assert sorted(covered) == wanted


def test_neighbours_of_one_group_share_a_cell_and_a_column_without_reaches_down() -> None:
    columns = columns_of(["", "甲", ("甲", "丙"), ("甲", "丙"), "乙", "甲"])
    cells = {(cell.text, cell.row, cell.column, cell.rows, cell.columns) for cell in header_cells(columns)}
    assert ("列0", 0, 0, 3, 1) in cells
    assert ("甲", 0, 1, 1, 3) in cells
    assert ("列1", 1, 1, 2, 1) in cells
    assert ("丙", 1, 2, 1, 2) in cells
    assert ("甲", 0, 5, 1, 1) in cells


def rich_layout() -> Layout:
    return Layout(
        "{unit}台账",
        (
            Column("n", "序号", format="serial"),
            Column(
                "name", "姓名", group=("人员", "基本"), aliases=("名字",), mask="name", choices=("男", "女")
            ),
            Column("rate", "率", format="percent", total="ratio:n/n-n"),
        ),
        block=((BlockField("age", "年龄", 0.5, "int"),),),
        footer_lines=(("a", "b"), ("c",)),
        fonts=Fonts(body="宋体"),
        paper="A3",
    )


def test_a_layout_comes_back_from_json() -> None:
    layout = rich_layout()
    assert Layout.from_json(json.loads(json.dumps(layout.to_json()))) == layout


def test_json_leaves_out_what_is_usual() -> None:
    assert Layout("表", (Column("a", "甲"),)).to_json() == {
        "title": "表",
        "columns": [{"key": "a", "caption": "甲"}],
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": []}, "至少要有一列"),
        ({"columns": [{"key": "a", "caption": "甲"}] * 2}, "列重复"),
        ({"columns": [{"key": "a", "caption": "甲", "format": "money"}]}, "格式"),
        ({"columns": [{"key": "a", "caption": "甲", "total": "max"}]}, "合计方式"),
        ({"columns": [{"key": "a", "caption": "甲", "group": ["1", "2", "3"]}]}, "多于两层"),
        ({"columns": [{"key": "a", "caption": "甲", "colour": "red"}]}, "colour"),
        ({"columns": [{"key": "a", "caption": "甲", "width": "宽"}]}, "类型不对"),
        ({"columns": [{"key": "a"}]}, "caption"),
        ({"columns": ["甲"]}, "版式|列"),
        ({"paper": "B5"}, "纸张"),
        ({"block": [[{"key": "x", "caption": "姓名"}, {"key": "y", "caption": "性别"}]]}, "放不下"),
    ],
)
def test_a_layout_that_cannot_be_drawn_is_refused_in_words(change: dict[str, object], message: str) -> None:
    data = {"title": "表", "columns": [{"key": "a", "caption": "甲"}], **change}
    with pytest.raises(LayoutError, match=message):
        Layout.from_json(data)


def test_placeholders_are_filled_and_cannot_reach_into_objects() -> None:
    line = "单位:{unit} {missing}{unit.__class__}"
    assert fill_placeholders(line, {"unit": "淮口街道"}) == "单位:淮口街道 {unit.__class__}"


@given(
    st.lists(st.floats(0.5, 40), min_size=1, max_size=30),
    st.lists(st.floats(0, 50), min_size=1, max_size=8),
)
def test_a_line_is_divided_without_gaps(widths: list[float], weights: list[float]) -> None:
    if len(weights) > len(widths):
        with pytest.raises(LayoutError):
            spread(tuple(weights), tuple(widths))
        return
    ranges = spread(tuple(weights), tuple(widths))
    assert [column for first, last in ranges for column in range(first, last + 1)] == list(range(len(widths)))
    assert all(first <= last for first, last in ranges)


def test_pieces_that_outnumber_the_columns_share_one_cell() -> None:
    assert spread_pieces(("甲", "乙", "丙"), (10, 10)) == [("甲      乙      丙", 0, 1)]


def test_a_ratio_names_its_columns() -> None:
    assert Column("r", "完成率", total="ratio:signed/households-vacant").ratio == (
        "signed",
        ((1, "households"), (-1, "vacant")),
    )
