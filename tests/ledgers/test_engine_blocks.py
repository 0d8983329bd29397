"""Rows given as blocks of columns, with runs, make the same file as the rows themselves; and how it is compressed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import subprocess
import threading
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from grassroots.ledgers.engine import Block, Column, Layout, Runs, deflate, rows_of, write_csv, write_xlsx
from grassroots.ledgers.engine.rows import BATCH
from tests.ledgers.test_engine_roundtrip import AT, TOP, by_calamine, by_openpyxl, nasty, plain_layout

LAYOUT = Layout(
    "表",
    (
        Column("n", "序号", format="serial"), Column("home", "户", width=4), Column("phone", "电话", mask="phone"),
        Column("name", "姓名"), Column("age", "年龄", format="int", total="sum"),
    ),
)  # fmt: skip
numbers = st.one_of(st.none(), st.integers(0, 120), st.just("不详"), st.booleans(), st.just(1.0))
homes = st.lists(
    st.tuples(nasty, nasty, st.lists(st.tuples(nasty, numbers), min_size=1, max_size=4)), max_size=8
)


def rows_for(found: list[Any]) -> list[Any]:
    return [
        (None, home, phone, name, age) for home, phone, people in found for name, age in people
    ]  # fmt: skip


def block_for(found: list[Any]) -> Block:
    counts = [len(people) for _home, _phone, people in found]
    members = [member for _home, _phone, people in found for member in people]
    return Block([
        (None,) * len(members), Runs([home for home, _phone, _people in found], counts),
        Runs([phone for _home, phone, _people in found], counts),
        [name for name, _age in members], [age for _name, age in members],
    ])  # fmt: skip


def sheet_xml(file: io.BytesIO) -> bytes:
    return zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")


def made(rows: Any, layout: Layout = LAYOUT, **kwargs: Any) -> tuple[io.BytesIO, Any]:
    file = io.BytesIO()
    return file, write_xlsx(file, layout, rows, **kwargs)


@given(homes, st.booleans())
@settings(max_examples=60, deadline=None)
def test_blocks_with_runs_make_the_very_file_that_rows_make(found: list[Any], masked: bool) -> None:
    by_rows, counted = made(rows_for(found), masked=masked)
    by_blocks, again = made(iter([block_for(found)]), masked=masked)
    assert sheet_xml(by_rows) == sheet_xml(by_blocks)
    assert counted == again
    assert list(rows_of([block_for(found)])) == rows_for(found)


@given(homes)
@settings(max_examples=30, deadline=None)
def test_blocks_make_the_same_csv_as_rows(found: list[Any]) -> None:
    files = []
    for rows in (rows_for(found), [block_for(found)]):
        files.append(io.BytesIO())
        write_csv(files[-1], LAYOUT, rows)  # type: ignore[arg-type]
    assert files[0].getvalue() == files[1].getvalue()


def test_a_column_that_repeats_itself_comes_back_whole_over_many_blocks() -> None:
    """Pieces made once are used again: kinds, gaps, dates, and what wraps must not be mixed up between blocks."""
    kinds = ["自住", "出租\n二层", "", None, "<&>", "=1", " 边 ", "𬱖"]
    rows = [(kinds[i % 8], i % 3, dt.date(2020, 1, 1 + i % 9)) for i in range(3 * BATCH)]
    layout = Layout(
        "表", (Column("k", "类", width=4), Column("i", "数", format="int"), Column("d", "日", format="date"))
    )
    file, _ = made(rows, layout)
    wanted = [[kind or None, number, dt.datetime.combine(day, dt.time())] for kind, number, day in rows]
    assert by_openpyxl(file, len(rows)) == wanted
    assert by_calamine(file, len(rows)) == [[kind or "", number, day] for kind, number, day in rows]
    heights = {
        row[0].row: sheet.row_dimensions[row[0].row].height
        for sheet in load_workbook(file)
        for row in sheet["A4:A11"]
    }
    assert heights[TOP + 2] > heights[TOP + 1]  # 出租\n二层 takes two lines
    assert heights[TOP + 2] == sheet_height(file, TOP + 2 + 8 * 200)


def sheet_height(file: io.BytesIO, row: int) -> float | None:
    return load_workbook(file).worksheets[0].row_dimensions[row].height


def test_one_true_and_one_point_nought_are_not_taken_for_each_other() -> None:
    layout = Layout("表", (Column("v", "值"), Column("n", "数", format="int")))
    rows = [(1, 1)] * BATCH + [(True, True)] * BATCH + [(1.0, 1.0)] * BATCH
    found = by_calamine(made(rows, layout)[0], len(rows))
    assert [found[at][0] for at in (0, BATCH, 2 * BATCH)] == ["1", "是", "1.0"]
    assert {row[1] for row in found} == {1}


def test_what_was_changed_is_counted_in_every_cell_of_a_run_and_of_a_column_that_repeats() -> None:
    block = Block([Runs(["铃\x07", "好"], [3, 2]), ["钟\x07"] * 5])
    _file, result = made([block] * 2, plain_layout(2))
    assert (result.rows, result.cleaned) == (10, 2 * (3 + 5))


@pytest.mark.parametrize(
    "block", [Block([Runs(["a"], [2]), ["b"]]), Block([["a", "b"], ["c"]]), Block([["a"], ["b"], ["c"]])]
)
def test_columns_that_do_not_fit_together_are_refused(block: Block) -> None:
    with pytest.raises(ValueError):
        made([block], plain_layout(2))


def test_runs_need_a_count_for_every_value() -> None:
    with pytest.raises(ValueError, match="2 values for 1 runs"):
        Runs(["a", "b"], [1])


def long_rows(count: int = 8 * BATCH) -> list[tuple[str, str]]:
    return [(f"{index:040}", "汉字" * 40) for index in range(count)]


def test_without_isal_the_file_holds_the_same(monkeypatch: Any) -> None:
    with_isal, _ = made(long_rows(), plain_layout(2))
    monkeypatch.setattr(deflate, "isal_zlib", None)
    without, _ = made(long_rows(), plain_layout(2))
    assert sheet_xml(with_isal) == sheet_xml(without)


class FullDisk(io.BytesIO):
    """A file that takes so many bytes and no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self.room:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_a_full_disk_is_told_and_no_thread_waits_for_ever() -> None:
    before = threading.active_count()
    with pytest.raises(OSError, match="No space"):
        made_into(FullDisk(20_000))
    assert threading.active_count() == before


def made_into(file: io.BytesIO) -> None:
    write_xlsx(file, plain_layout(2), long_rows(20 * BATCH))


def test_an_export_that_is_stopped_leaves_no_thread() -> None:
    before = threading.active_count()

    def stop(done: int, total: int | None) -> None:
        if done >= 5 * BATCH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(long_rows(), plain_layout(2), progress=stop)
    assert threading.active_count() == before


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_opens_it_and_sees_the_same(tmp_path: Path) -> None:
    texts = [
        "=1+1",
        "+86",
        "@SUM(A1)",
        "'=1",
        "<b>&amp;</b>",
        "]]>",
        "𬱖頔",
        "00123",
        "铃\x07",
        "510121198001011234",
        "_x0041_",
    ]
    layout = Layout(
        "表", (Column("t", "文"), Column("d", "日", format="date"), Column("w", "温", format="temp"))
    )
    rows = [(text, AT.date(), Decimal("36.5")) for text in texts] * 200
    path = tmp_path / "ledger.xlsx"
    write_xlsx(path, layout, rows)
    profile = (tmp_path / "profile").as_uri()
    as_csv = "csv:Text - txt - csv (StarCalc):44,34,76"
    subprocess.run(
        ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", as_csv, "--outdir",
         str(tmp_path), str(path)], check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    lines = list(csv.reader(io.StringIO((tmp_path / "ledger.csv").read_text("utf-8"))))[TOP : TOP + len(rows)]
    assert [line[:3] for line in lines] == [
        [text.replace("\x07", ""), "2020-01-29", "36.5"] for text, _day, _temperature in rows
    ]
