"""What goes into a workbook comes out of it, cell by cell, whoever reads it."""

import datetime as dt
import io
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from grassroots.ledgers.engine import Column, Layout, TooManyRows, clean_text, write_xlsx
from grassroots.ledgers.engine.rows import BATCH
from grassroots.ledgers.engine.stream import MAX_ROWS

TOP = 3  # title, unit line, header

nasty = st.one_of(
    st.text(st.characters(codec=None), max_size=30),
    st.sampled_from(
        [
            "=1+1", "+86", "-5", "@SUM(A1)", "'=1", " 前后 ", "两  格", "\n换\n行\n", "a\tb", "_x0041_",
            "_x005F_x0041_", "_x00_x0041_", "<b>&amp;</b>", "]]>", "𬱖頔", "\u3000全角",
            "510121198001011234", "00123", "1E5",
            "2020-01-29", "\r\n", "\x07铃", "", " ", "_", "_x", "a|b", "&", "\ufeff头",
        ]
    ),
)  # fmt: skip


def plain_layout(count: int, **kwargs: Any) -> Layout:
    return Layout("表", tuple(Column(f"c{index}", f"列{index}") for index in range(count)), **kwargs)


def written(layout: Layout, rows: list[Any], **kwargs: Any) -> io.BytesIO:
    file = io.BytesIO()
    write_xlsx(file, layout, rows, **kwargs)
    file.seek(0)
    return file


def by_openpyxl(file: io.BytesIO, rows: int) -> list[list[Any]]:
    sheet = load_workbook(file).worksheets[0]
    found = sheet.iter_rows(min_row=TOP + 1, max_row=TOP + rows)
    for row in found:
        assert all(cell.data_type != "f" for cell in row)
    return [list(row) for row in sheet.iter_rows(min_row=TOP + 1, max_row=TOP + rows, values_only=True)]


def by_calamine(file: io.BytesIO, rows: int) -> list[list[Any]]:
    file.seek(0)
    return CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()[TOP : TOP + rows]


@given(st.lists(st.tuples(nasty, nasty, nasty), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_through_both_readers(rows: list[tuple[str, ...]]) -> None:
    file = written(plain_layout(3), rows)
    wanted = [[clean_text(text) for text in row] for row in rows]
    assert [[value or "" for value in row] for row in by_openpyxl(file, len(rows))] == wanted
    assert by_calamine(file, len(rows)) == wanted


def test_plain_and_nasty_text_in_one_batch_do_not_disturb_each_other() -> None:
    rows = [("平常", None), ("<尖>", "=1"), ("", " 边"), ("a b", "b|c")] * 300
    file = written(plain_layout(2), rows)
    assert by_calamine(file, len(rows)) == [[left, right or ""] for left, right in rows]


AT = dt.datetime(2020, 1, 29, 0, 30, tzinfo=dt.UTC)
TYPED = (
    Column("text", "文本"), Column("int", "整数", format="int"), Column("date", "日期", format="date"),
    Column("at", "时刻", format="datetime"), Column("time", "时间", format="time"),
    Column("temp", "体温", format="temp"), Column("rate", "率", format="percent"),
)  # fmt: skip


def test_values_keep_their_kind_and_their_number_format() -> None:
    row = ("00123", 7, dt.date(2020, 1, 29), AT, dt.time(8, 30), Decimal("36.5"), 0.985)
    sheet = load_workbook(written(Layout("表", TYPED), [row])).worksheets[0]
    cells = sheet[TOP + 1]
    assert [cell.value for cell in cells] == [
        "00123", 7, dt.datetime(2020, 1, 29), dt.datetime(2020, 1, 29, 8, 30), dt.time(8, 30), 36.5, 0.985,
    ]  # fmt: skip
    assert [cell.number_format for cell in cells] == [
        "@", "0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm", "0.0", "0.0%",
    ]  # fmt: skip


def test_calamine_sees_the_same_dates_and_numbers() -> None:
    row = ("x", 7, dt.date(2020, 1, 29), AT, dt.time(8, 30), Decimal("36.5"), 0.985)
    found = by_calamine(written(Layout("表", TYPED), [row]), 1)[0]
    assert found[1:4] == [7, dt.date(2020, 1, 29), dt.datetime(2020, 1, 29, 8, 30)]
    assert found[5:] == [36.5, 0.985]


def test_what_does_not_suit_its_column_stays_as_typed_in_a_text_cell() -> None:
    row = (dt.date(2020, 1, 29), "不详", "1月下旬", "=A1", "上午", "不在家", "/")
    cells = load_workbook(written(Layout("表", TYPED), [row])).worksheets[0][TOP + 1]
    assert [cell.value for cell in cells] == ["2020-01-29", "不详", "1月下旬", "=A1", "上午", "不在家", "/"]
    assert all(cell.data_type == "s" and cell.number_format == "@" for cell in cells)


def test_numbers_that_excel_would_round_become_text() -> None:
    layout = Layout("表", (Column("n", "数", format="int"),))
    rows = [(510121198001011234,), (10**15 - 1,), (Decimal("1234567890.1234567"),), (-(10**15),)]
    assert [row[0] for row in by_openpyxl(written(layout, rows), 4)] == [
        "510121198001011234", 10**15 - 1, "1234567890.1234567", "-1000000000000000",
    ]  # fmt: skip


def test_days_that_excel_counts_wrong_become_text() -> None:
    layout = Layout("表", (Column("d", "日期", format="date"),))
    rows = [(dt.date(1900, 2, 28),), (dt.date(1900, 3, 1),), (dt.date(1899, 1, 1),)]
    assert [row[0] for row in by_openpyxl(written(layout, rows), 3)] == [
        "1900-02-28", dt.datetime(1900, 3, 1), "1899-01-01",
    ]  # fmt: skip


@given(st.lists(st.dates(dt.date(1900, 3, 1)), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_dates_come_back_as_the_same_day(days: list[dt.date]) -> None:
    layout = Layout("表", (Column("d", "日期", format="date"),))
    found = by_openpyxl(written(layout, [(day,) for day in days]), len(days))
    assert [row[0].date() for row in found] == days


def test_true_and_false_read_as_words() -> None:
    assert by_openpyxl(written(plain_layout(2), [(True, False)]), 1) == [["是", "否"]]


def test_columns_with_a_mask_are_masked_unless_asked_otherwise() -> None:
    layout = Layout("表", (Column("id", "身份证号", mask="id"), Column("phone", "电话", mask="phone")))
    row = ("51012119800101123X", 13812341234)
    assert by_openpyxl(written(layout, [row, (None, "")]), 2) == [
        ["5101************3X", "138****1234"],
        [None, None],
    ]
    assert by_openpyxl(written(layout, [row], masked=False), 1) == [["51012119800101123X", "13812341234"]]


def test_what_was_changed_for_the_files_sake_is_counted() -> None:
    result = write_xlsx(io.BytesIO(), plain_layout(2), [("a\x07", "b" * 40_000), ("c", "d")])
    assert (result.rows, result.cleaned, result.shortened) == (2, 1, 1)


def test_the_order_of_rows_and_their_columns_follow_the_layout() -> None:
    layout = Layout(
        "表",
        (Column("n", "序号", format="serial"), Column("b", "乙"), Column("sign", "签字"), Column("a", "甲")),
    )
    file = written(layout, [("a1", "b1"), ("a2", "b2")], row_keys=("a", "b"))
    assert by_openpyxl(file, 2) == [[1, "b1", None, "a1"], [2, "b2", None, "a2"]]


def test_more_rows_than_a_batch_are_numbered_through() -> None:
    layout = Layout("表", (Column("n", "序号", format="serial"), Column("a", "甲")))
    count = 2 * BATCH + 7
    found = by_calamine(written(layout, [(str(index),) for index in range(count)], row_keys=("a",)), count)
    assert [row[0] for row in found] == list(range(1, count + 1))
    assert [row[1] for row in found] == [str(index) for index in range(count)]


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values for 3 keys"):
        written(plain_layout(3), [("a", "b")])
    with pytest.raises(ValueError):
        written(plain_layout(2), [("a", "b"), ("a",)])


def test_too_many_rows_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    rows = iter([("a",)])
    with pytest.raises(TooManyRows, match="1,048,576"):
        write_xlsx(tmp_path / "x.xlsx", plain_layout(1), rows, total_hint=MAX_ROWS)
    assert list(tmp_path.iterdir()) == [] and next(rows) == ("a",)


def test_a_failed_export_leaves_the_old_file_and_no_half_one(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    write_xlsx(path, plain_layout(1), [("alt",)])
    before = path.read_bytes()

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_xlsx(path, plain_layout(1), [("neu",)], progress=stop)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.xlsx"] and path.read_bytes() == before


def test_progress_moves_with_the_rows() -> None:
    seen: list[tuple[int, int | None]] = []
    written(
        plain_layout(1),
        [("a",)] * (BATCH + 1),
        total_hint=BATCH + 1,
        progress=lambda done, all_: seen.append((done, all_)),
    )
    assert seen == [(BATCH, BATCH + 1), (BATCH + 1, BATCH + 1)]


def peak_memory(count: int, path: Path) -> int:
    rows = ((f"姓名{index}", f"5101211980{index:08}", index, dt.date(2020, 1, 29)) for index in range(count))
    layout = Layout(
        "表",
        (
            Column("a", "甲"),
            Column("b", "乙"),
            Column("c", "丙", format="int"),
            Column("d", "丁", format="date"),
        ),
    )
    tracemalloc.start()
    try:
        write_xlsx(path, layout, rows)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    few, many = (peak_memory(count, tmp_path / "x.xlsx") for count in (5_000, 50_000))
    assert many < few * 1.2
    assert many < 8_000_000
