"""Sheets of many offices, made at random: every one is understood whole."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from grassroots.ledgers.reading import (
    Field,
    data_rows,
    find_tables,
    match_captions,
    parse_date,
    parse_id,
    parse_phone,
    parse_temperature,
    parse_text,
    read_file,
    reference_date,
    skipped_rows,
)
from tests.ledgers.sheets import make_sheet

FIELDS = (
    Field("number", "序号", ("编号",), kind="serial"),
    Field("village", "村(社区)", ("行政村/社区", "所属村社区")),
    Field("name", "姓名"),
    Field("id_number", "身份证号", ("公民身份号码", "证件号码"), kind="id"),
    Field("phone", "联系电话", ("手机号码", "手机"), kind="phone"),
    Field("address", "现住址", ("家庭住址", "居住地址")),
    Field("origin", "从何地返回", ("来源地", "湖北居住地")),
    Field("left_on", "离开日期", ("离开湖北日期", "离开时间"), kind="date"),
    Field("arrived_on", "返回日期", ("到达时间", "返乡日期"), kind="date"),
    Field("temperature", "体温", ("当日体温",), kind="temp"),
    Field("officer", "姓名", group=("包保责任人",)),
    Field("officer_phone", "电话", group=("包保责任人",), kind="phone"),
)
#: A sheet is made from a seed: shrinking it shows nothing and takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
PARSERS = {"id": parse_id, "phone": parse_phone, "temp": parse_temperature, "text": parse_text}
NAMES = ("王𬱖", "赵暐", "阿依古丽·买买提", "欧阳娜娜", "甲", "=1+1", "张三(小)")
IDS = ("51012120160816642X", "510121198609283607", "42011119990624206X", "511024195302140029")
phones = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True).filter(lambda number: not number.endswith("00000"))
days = st.dates(dt.date(2019, 12, 20), dt.date(2020, 1, 29))
records = st.lists(
    st.fixed_dictionaries(
        {
            "village": st.sampled_from(["城厢社区", "龚家村"]), "name": st.sampled_from(NAMES),
            "id_number": st.sampled_from(IDS), "phone": phones | st.none(), "address": st.just("2组15号"),
            "origin": st.sampled_from(["武汉市洪山区", "湖北省荆州市"]), "left_on": days,
            "arrived_on": days | st.none(),
            "temperature": st.decimals("35", "40", places=1) | st.none(),
            "officer": st.sampled_from(["周明", "吴刚"]),
            "officer_phone": phones,
        }
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(records=records, seed=st.integers(0, 10**9))
def test_any_sheet_of_the_kind_gives_its_records_back(records: list[dict[str, object]], seed: int) -> None:
    data, truth = make_sheet(FIELDS, records, random.Random(seed))
    (grid,) = read_file(data, name=truth.name)
    table = find_tables(grid, FIELDS)
    assert table is not None
    numbers = tuple(grid.number_of(index) for index in table.header)
    assert numbers == truth.header
    matches = match_captions(table.captions, FIELDS)
    columns = {match.field: match.caption.column for match in matches if match.field}
    assert columns == {key: column for column, key in enumerate(truth.keys) if key}
    reference = reference_date(table) or truth.reference
    rows = list(data_rows(table))
    assert [number for number, _cells in rows] == truth.rows
    for (_number, cells), record in zip(rows, records, strict=True):
        for item in FIELDS[1:]:
            cell, wanted = cells[columns[item.key]], record[item.key]
            if item.kind == "date":
                parsed = parse_date(cell, reference=reference)
            else:
                parsed = PARSERS[item.kind](cell)
            assert (parsed.value, parsed.problem) == (_as_read(wanted), "")


def _as_read(wanted: object) -> object:
    return wanted.quantize(Decimal("0.1")) if isinstance(wanted, Decimal) else wanted


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(records=records, seed=st.integers(0, 10**9))
def test_every_filled_row_below_the_header_is_data_or_named(
    records: list[dict[str, object]], seed: int
) -> None:
    data, truth = make_sheet(FIELDS, records, random.Random(seed))
    (grid,) = read_file(data, name=truth.name)
    table = find_tables(grid, FIELDS)
    assert table is not None
    named = [number for number, _cells in data_rows(table)] + [number for number, _why in skipped_rows(table)]
    assert sorted(named) == [grid.number_of(index) for index in range(table.body[0], table.body[1] + 1)]
