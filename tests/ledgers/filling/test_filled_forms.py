"""Forms of many offices, filled: every value in its cell, everything around it where it belongs."""

from __future__ import annotations

import datetime as dt
import io
import random
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
import python_calamine
from openpyxl.utils import get_column_letter

from grassroots.ledgers.engine import Column, LedgerContext, LedgerDefinition
from grassroots.ledgers.engine.layout import Layout
from grassroots.ledgers.filling.apart import fill_apart
from grassroots.ledgers.filling.drawing.form import fill
from grassroots.ledgers.filling.forms import best_form, read_form
from grassroots.ledgers.filling.services import _order
from grassroots.ledgers.filling.sources import Source
from tests.ledgers.filling.made_forms import FormTruth, make_form

COLUMNS = (
    Column("number", "序号", format="serial"),
    Column("village", "村(社区)", aliases=("村社区", "行政村/社区")),
    Column("name", "姓名", aliases=("本人姓名",)),
    Column("sex", "性别"),
    Column("age", "年龄", format="int"),
    Column("id_number", "身份证号", aliases=("公民身份号码", "证件号码")),
    Column("phone", "联系电话", aliases=("手机号码",)),
    Column("address", "现住址", aliases=("家庭住址",)),
    Column("left_on", "离开日期", format="short-date", aliases=("离鄂时间",)),
    Column("arrived_on", "返回日期", format="date", aliases=("抵金日期",)),
    Column("temperature", "体温", format="temp", aliases=("当日体温",)),
    Column("households", "户数", format="int", total="sum"),
    Column("officer", "姓名", group="包保责任人"),
    Column("officer_phone", "电话", group="包保责任人"),
)
ON = dt.date(2020, 1, 29)


def people(count: int, rng: random.Random) -> list[list[object]]:
    names = ["王𬱖", "欧阳娜娜", "=1+1", "阿依古丽·买买提", "甲"]
    return [
        [
            None, "城厢社区", rng.choice(names), rng.choice("男女"), rng.randint(0, 99), f"51012120160816{index:04}",
            f"1380000{index:04}", rng.choice(["2组15号", "翠柏苑3栋2单元201室(河滨路散居院落对面第二家)"]),
            dt.date(2020, 1, 1 + index % 28), rng.choice([None, dt.date(2020, 1, 21)]),
            rng.choice([None, Decimal("36.5")]), rng.randint(1, 9), "周明", "13900000000",
        ]
        for index in range(count)
    ]  # fmt: skip


def source_with(rows: list[list[object]]) -> Source:
    definition = LedgerDefinition(
        "people", "返乡人员台账", Layout("返乡人员台账", columns=COLUMNS), rows=lambda _c: iter(rows)
    )
    area: Any = SimpleNamespace(name="淮口街道")
    at = dt.datetime(2020, 1, 29, 8, tzinfo=dt.UTC)
    return Source(definition, LedgerContext(area=area, staff=None, on=ON, as_of=at, unmasked=True), COLUMNS)


@pytest.fixture(autouse=True)
def _no_area(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grassroots.ledgers.filling.sources._constants", lambda _context: {})


@lru_cache(maxsize=200)
def filled(seed: int, count: int | None = None, *, apart: bool = False, **fixed: Any) -> Any:
    """A form made from a seed, filled; the workbook, its sheet, the truth, the rows, and the file."""
    rng = random.Random(seed)
    rows = people(rng.choice([0, 1, 3, 10, 14, 40]) if count is None else count, rng)
    data, truth = make_form(COLUMNS, rng, **fixed)
    source = source_with(rows)
    form = best_form(read_form(data, name="表.xlsx"), [source], {})
    keys = [match.field or "" for match in form.matched]
    values = list(source.rows(keys))
    order = _order(form, source, values, "导出人:甲")
    result = fill_apart(data, order, values) if apart else fill(data, order, values)
    book = openpyxl.load_workbook(io.BytesIO(result))
    return SimpleNamespace(
        form=form, truth=truth, rows=rows, data=result, book=book, sheet=book.worksheets[0],
        before=openpyxl.load_workbook(io.BytesIO(data)).worksheets[0],
    )  # fmt: skip


SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_value_stands_in_its_cell(seed: int) -> None:
    made = filled(seed)
    places = {column.key: index for index, column in enumerate(COLUMNS)}
    for index, person in enumerate(made.rows):
        for column, key in enumerate(made.truth.keys, start=1):
            cell = made.sheet.cell(made.truth.first + index, column)
            wanted = index + 1 if key == "number" else (person[places[key]] if key else None)
            assert plain(cell.value) == plain(wanted, made.truth.number_formats.get(key or "") == "@"), (
                key,
                cell,
            )
            assert cell.data_type != "f"


def plain(value: object, as_text: bool = False) -> object:
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, Decimal):
        value = float(value)
    return str(value) if as_text and value is not None else value


@pytest.mark.parametrize("seed", SEEDS)
def test_the_other_reader_sees_the_same(seed: int) -> None:
    made = filled(seed)
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(made.data)).get_sheet_by_index(0)
    read = rows.to_python(skip_empty_area=False)
    for number, row in enumerate(made.sheet.iter_rows(max_row=len(read)), start=1):
        for cell, value in zip(row, read[number - 1], strict=False):
            if cell.data_type == "f":
                continue
            assert plain(value or None) == plain(cell.value or None), cell


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_look_as_the_prepared_ones(seed: int) -> None:
    made = filled(seed)
    looks = made.truth.looks
    if not looks:
        return
    for index in range(len(made.rows)):
        # Three and more rows tell bands; of fewer, new rows look as the first one.
        repeats = 2 if len(looks) > 2 else 1
        color, font, height = looks[index] if index < len(looks) else looks[index % repeats]
        row = made.truth.first + index
        for column in range(1, len(made.truth.keys) + 1):
            cell = made.sheet.cell(row, column)
            assert cell.font.name == font
            assert cell.border.left.style == cell.border.bottom.style == "thin"
            assert (cell.fill.fgColor.rgb if cell.fill.fill_type else "") == color
        if height:
            assert made.sheet.row_dimensions[row].height >= height


@pytest.mark.parametrize("seed", SEEDS)
def test_what_stands_above_and_below_is_where_it_belongs(seed: int) -> None:
    made = filled(seed)
    truth: FormTruth = made.truth
    moved = max(0, len(made.rows) - truth.prepared)
    width = len(truth.keys)
    for row, text in truth.footer:
        cell = made.sheet.cell(row + moved, 1)
        assert cell.value == text
        assert cell.font.name == made.before.cell(row, 1).font.name
        assert made.sheet.row_dimensions[row + moved].height == made.before.row_dimensions[row].height
    wanted = {shifted(region, truth, moved) for region in made.before.merged_cells.ranges}
    assert {region.coord for region in made.sheet.merged_cells.ranges} == wanted
    for row in range(truth.header[0], truth.header[1] + 1):
        for column in range(1, width + 1):
            assert made.sheet.cell(row, column).value == made.before.cell(row, column).value
    last = truth.first + max(truth.prepared, len(made.rows))
    blank = [
        cell.value for row in made.sheet.iter_rows(min_row=last) for cell in row if cell.value is not None
    ]
    summed = "households" if "households" in truth.keys else "name"
    sums = 1 if truth.totals and summed in truth.keys[1:] else 0  # in the first column stands 合计 itself
    assert len(blank) == len(truth.footer) + sums


def shifted(region: Any, truth: FormTruth, moved: int) -> str:
    down = moved if region.min_row >= truth.first + truth.prepared else 0
    left, right = get_column_letter(region.min_col), get_column_letter(region.max_col)
    return f"{left}{region.min_row + down}:{right}{region.max_row + down}"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_set_up_of_the_page_goes_along(seed: int) -> None:
    made = filled(seed)
    truth: FormTruth = made.truth
    moved = max(0, len(made.rows) - truth.prepared)
    sheet = made.sheet
    assert sheet.print_title_rows == f"${truth.header[0]}:${truth.header[1]}"
    assert sheet.page_setup.orientation == "landscape"
    for letter, width in truth.widths.items():
        assert sheet.column_dimensions[letter].width == width
    bottom = int(str(made.before.print_area).rpartition("$")[2])
    assert int(str(sheet.print_area).rpartition("$")[2]) == bottom + moved
    if truth.prepared:
        end = truth.first + max(truth.prepared, len(made.rows)) - 1
        for ranges in (
            sheet.data_validations.dataValidation[0].sqref,
            next(iter(sheet.conditional_formatting)).sqref,
        ):
            assert str(ranges).replace(":", " ").split()[-1].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == str(end)
    assert made.book.properties.description == "导出人:甲"
    assert sheet.oddFooter.left.text == "导出人:甲"


def test_a_column_that_nobody_knows_stays_empty_and_is_named() -> None:
    made = filled(3, 5, unknown=2)
    assert len(made.form.unknown) == 2
    for column, key in enumerate(made.truth.keys, start=1):
        if key is None:
            cells = [made.sheet.cell(made.truth.first + index, column).value for index in range(5)]
            assert cells == [None] * 5


def test_the_blanks_above_are_filled_in() -> None:
    texts = [filled(seed, 1).sheet.cell(2, 1).value or "" for seed in range(20)]
    lines = [text for text in texts if "填报单位" in text]
    assert lines
    filled_in = "填报单位(盖章):淮口街道", "填报日期:2020年1月29日"
    wide = "填报单位（盖章）：淮口街道", "填报日期：2020年1月29日"
    assert all(any(all(one in text for one in words) for words in (filled_in, wide)) for text in lines)
    assert {"：" in text for text in lines} == {True, False}


def test_the_totals_row_has_sums() -> None:
    made = filled(5, 12, has_totals=True, prepared=3)
    row = made.truth.totals + 9
    if "households" in made.truth.keys:
        column = made.truth.keys.index("households") + 1
        assert made.sheet.cell(row, column).value == sum(person[11] for person in made.rows)


def test_fewer_rows_leave_the_prepared_ones_blank() -> None:
    made = filled(11, 2, prepared=10, has_signatures=True, is_numbered=False)
    for row in range(made.truth.first + 2, made.truth.first + 10):
        assert [cell.value for cell in made.sheet[row]] == [None] * len(made.sheet[row])
        assert made.sheet.cell(row, 1).border.left.style == "thin"


def test_numbers_of_documents_and_phones_are_text_that_excel_leaves_alone() -> None:
    made = filled(2, 3, prepared=10)
    for key in ("id_number", "phone"):
        if key in made.truth.keys:
            cell = made.sheet.cell(made.truth.first, made.truth.keys.index(key) + 1)
            assert (cell.data_type, cell.number_format) == ("s", "@")


@pytest.mark.parametrize("seed", range(3))
def test_the_process_apart_writes_the_same(seed: int) -> None:
    made, same = filled(seed, 14, apart=True), filled(seed, 14)
    assert [[cell.value for cell in row] for row in made.sheet] == [
        [cell.value for cell in row] for row in same.sheet
    ]
