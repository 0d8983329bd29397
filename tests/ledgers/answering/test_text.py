"""Answers in text files: what came stays byte for byte, whatever the encoding, separator and quoting."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassroots.ledgers.answering import AnswerSheet, RowAnswer, answer_sheets, answer_text
from grassroots.ledgers.reading import Field, find_tables
from grassroots.ledgers.reading.files import read_file

FIELDS = (Field("name", "姓名"), Field("id", "身份证号"), Field("place", "落脚地"))
ANSWERS = {
    2: RowAnswer("前期已排查", "1月21日返回"),
    3: RowAnswer("漏排"),
    5: RowAnswer("无停留", '他说"没下车",已核'),
}


def answered(data: bytes, answers: dict[int, RowAnswer] = ANSWERS, name: str = "名单.csv") -> bytes:
    grid = read_file(data, name=name)[0]
    table = find_tables(grid, FIELDS)
    assert table is not None
    return answer_text(data, answer_sheets(grid, table.header, table.captions, answers))


def rows(data: bytes, encoding: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))


LINES = [
    "姓名,身份证号,落脚地",
    "王𬱖,51012120160816642X\t,金堂县",
    '"李,四",510121198609283607\t,"翠柏\n苑"',
    "",
    "暐,1,2",
]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_every_byte_that_came_is_still_there(encoding, end, last):
    text = end.join(LINES) + (end if last else "")
    data = text.encode(encoding)
    found = answered(data)
    told = rows(found, encoding)
    assert told[0] == ["姓名", "身份证号", "落脚地", "核查结果", "备注"]
    assert [row[3:] for row in told[1:3]] == [["前期已排查", "1月21日返回"], ["漏排", ""]]
    assert told[4][3:] == ["无停留", '他说"没下车",已核']
    assert [row[:3] for row in told] == [row[:3] for row in rows(data, encoding)]
    # Taking the answers out again gives the very file: nothing else was touched.
    rest = found.decode(encoding)
    for added in (",核查结果,备注", ",前期已排查,1月21日返回", ",漏排,", ',无停留,"他说""没下车"",已核"'):
        assert rest.count(added) == 1
        rest = rest.replace(added, "")
    assert rest.encode(encoding) == data


def test_gb18030_stays_gb18030_and_the_tab_behind_the_number_stays():
    data = "\r\n".join(LINES[:2]).encode("gb18030")
    found = answered(data, {2: RowAnswer("漏排")})
    assert found == data.replace(
        "落脚地".encode("gb18030"), "落脚地,核查结果,备注".encode("gb18030")
    ) + ",漏排,".encode("gb18030")


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_the_senders_separator_is_kept(delimiter):
    data = "\n".join(
        [delimiter.join(["姓名", "身份证号", "落脚地"]), delimiter.join(["张三", "1", "金堂"])]
    ).encode()
    assert rows(answered(data, {2: RowAnswer("漏排", "无")}), "utf-8", delimiter)[1] == [
        "张三",
        "1",
        "金堂",
        "漏排",
        "无",
    ]


def test_columns_that_the_sender_left_are_filled():
    data = "序号,姓名,核查结果,身份证号,备注\n1,张三,,110,\n2,李四,,120,".encode()
    told = rows(answered(data, {2: RowAnswer("漏排", "甲"), 3: RowAnswer("无停留")}), "utf-8")
    assert told[0] == ["序号", "姓名", "核查结果", "身份证号", "备注"]
    assert told[1:] == [["1", "张三", "漏排", "110", "甲"], ["2", "李四", "无停留", "120", ""]]


def test_remarks_of_the_senders_own_are_not_written_over():
    data = "姓名,身份证号,备注\n张三,110,重点关注\n李四,120,".encode()
    told = rows(answered(data, {2: RowAnswer("漏排", "甲"), 3: RowAnswer("无停留", "乙")}), "utf-8")
    assert told[0] == ["姓名", "身份证号", "备注", "核查结果", "核查备注"]
    assert told[1:] == [["张三", "110", "重点关注", "漏排", "甲"], ["李四", "120", "", "无停留", "乙"]]


def test_short_rows_are_filled_up_and_lines_around_the_table_stay():
    data = "关于推送名单的函\n姓名,身份证号,落脚地\n张三\n合计:1人".encode()
    found = answered(data, {3: RowAnswer("漏排")}).decode().split("\n")
    assert found == ["关于推送名单的函", "姓名,身份证号,落脚地,核查结果,备注", "张三,,,漏排,", "合计:1人"]


def test_a_remark_that_looks_like_a_formula_stays_text():
    found = answered(
        b"\xe5\xa7\x93\xe5\x90\x8d,\xe8\xba\xab\xe4\xbb\xbd\xe8\xaf\x81\xe5\x8f\xb7\na,1",
        {2: RowAnswer("漏排", "=1+1")},
    )
    assert found.decode().endswith(",漏排,'=1+1")


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(ValueError, match="no text"):
        answer_text(b"\xff\xff\xff\x80", AnswerSheet("", (1, 1), 1, 1, 2))


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=8)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=6)


@given(tables, st.sampled_from(["gb18030", "utf-8-sig"]), st.sampled_from(["\r\n", "\n"]), st.data())
def test_whatever_the_cells_hold_they_read_back(table, encoding, end, data):
    """Quoted cells with separators, quotes and line ends: the answers come out beside the same cells."""
    table = [[cell.strip() or "x" for cell in row] for row in table]
    for row in table:
        row[1] += data.draw(st.sampled_from(["", ",", '"', "\n", "\t"]))
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator=end).writerows([["姓名", "身份证号", "落脚地"], *table])
    sheet = AnswerSheet(
        "", (1, 1), 3, 3, 4, answers={at: RowAnswer("漏排", str(at)) for at in range(2, len(table) + 2)}
    )
    told = rows(answer_text(target.getvalue().encode(encoding), sheet), encoding)
    assert told == [
        ["姓名", "身份证号", "落脚地", "核查结果", "备注"],
        *([*row, "漏排", str(at)] for at, row in enumerate(table, start=2)),
    ]
