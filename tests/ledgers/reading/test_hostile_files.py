"""Files that an office is sent and nobody can use: each is refused in words, within bounded time and memory."""

from __future__ import annotations

import io
import os
import time
import zipfile
import zlib

import openpyxl
import pytest

from grassroots.ledgers.reading import Limits, UnreadableFile, read_file
from tests.ledgers.reading.crafted import HONEST, PARTS, column, container, record, text_cell, xls, xlsx

SMALL = Limits(memory=1024 * 1024 * 1024, seconds=20)


def refusal(data: bytes, name: str = "表.xlsx", limits: Limits = SMALL) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read_file(data, name=name, limits=limits)
    return str(refused.value)


def test_an_honest_workbook_is_read() -> None:
    (grid,) = read_file(xlsx(), name="表.xlsx")
    assert grid.rows == [["姓名", "电话"], ["甲", "13800000001"]]
    assert grid.notes == ()


def test_an_honest_old_workbook_is_read() -> None:
    (grid,) = read_file(xls({(0, 0): "姓名", (0, 1): "体温", (2, 0): "甲", (2, 1): 36.5}), name="表.xls")
    assert grid.rows == [["姓名", "体温"], [None, None], ["甲", 36.5]]


def test_a_sheet_may_begin_anywhere() -> None:
    (grid,) = read_file(
        xlsx(f'<row r="4">{text_cell("C4", "姓名")}{text_cell("D4", "电话")}</row>'), name="表.xlsx"
    )
    assert grid.number_of(3) == 4
    assert grid.rows == [[None] * 4] * 3 + [[None, None, "姓名", "电话"]]


@pytest.mark.parametrize("data", [b"", b"   \r\n", b"\0" * 2048, b"\xef\xbb\xbf"])
def test_an_empty_file(data: bytes) -> None:
    assert "空的" in refusal(data)


def test_a_workbook_without_anything_in_it() -> None:
    assert "没有内容" in refusal(xlsx('<row r="1"><c r="A1" s="0"/></row>'))


@pytest.mark.parametrize(
    ("start", "word"),
    [
        (b"MZ\x90\0\x03\0\0\0", "程序"), (b"\x7fELF\x02\x01", "程序"), (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"\xff\xd8\xff\xe0", "图片"), (b"Rar!\x1a\x07", "压缩包"), (b"7z\xbc\xaf\x27\x1c", "压缩包"),
        (b"{\\rtf1", "写字板"),
        (b"BM\0\0\0\0", "图片"),
    ],
)  # fmt: skip
def test_another_kind_of_file_under_the_name_of_a_workbook(start: bytes, word: str) -> None:
    assert word in refusal(start + bytes(600) + os.urandom(600))


def test_random_bytes_are_no_text() -> None:
    assert refusal(bytes(range(256)) * 40)


@pytest.mark.parametrize(
    "text",
    [
        "<html><body><table><tr><td>姓名</td></tr></table>",
        '<?xml version="1.0"?><Workbook xmlns="urn:x">',
        "\n<TABLE>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_web_page_under_the_name_of_an_old_workbook(text: str, encoding: str) -> None:
    assert "另存为" in refusal(text.encode(encoding), "老系统.xls")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95, 0.999])
def test_a_file_that_was_cut_off(share: float) -> None:
    data = xlsx()
    assert "损坏" in refusal(data[: int(len(data) * share)])


def test_an_old_file_that_was_cut_off() -> None:
    data = xls({(row, 0): f"名字{row}" for row in range(400)})
    assert "损坏" in refusal(data[: len(data) // 3]) or "不是Excel" in refusal(data[: len(data) // 3])


def test_a_damaged_entry_is_noticed_by_its_checksum() -> None:
    data = bytearray(xlsx())
    place = data.find(b"xl/worksheets/sheet1.xml") + 60
    data[place] ^= 0xFF
    assert "损坏" in refusal(bytes(data))


def test_a_sheet_of_550_gigabytes_in_a_kilobyte() -> None:
    """Two cells at opposite corners: the reader would ask for the whole rectangle at once and abort."""
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    data = xlsx(rows)
    assert len(data) < 2000
    assert "范围太大" in refusal(data)


def test_16384_columns() -> None:
    cells = "".join(f'<c r="{column(number)}1"><v>1</v></c>' for number in range(1, 16385))
    assert "16384" in refusal(xlsx(f'<row r="1">{cells}</row>'))


def test_16384_empty_columns_are_no_matter() -> None:
    cells = "".join(f'<c r="{column(number)}3" s="0"/>' for number in range(1, 16385))
    (grid,) = read_file(xlsx(f'{HONEST}<row r="3">{cells}</row>'), name="表.xlsx")
    assert grid.width == 2


def test_a_million_empty_formatted_rows_give_the_real_ones() -> None:
    blocks = (
        "".join(
            f'<row r="{row}"><c r="A{row}" s="0"/><c r="B{row}" s="0"/></row>'
            for row in range(first, first + 10_000)
        )
        for first in range(3, 1_000_003, 10_000)
    )
    data = xlsx([HONEST, *blocks])
    started = time.monotonic()
    (grid,) = read_file(data, name="表.xlsx")
    assert grid.rows == [["姓名", "电话"], ["甲", "13800000001"]]
    assert time.monotonic() - started < 60


def test_more_rows_than_allowed() -> None:
    rows = "".join(f'<row r="{row}">{text_cell(f"A{row}", "甲")}</row>' for row in range(1, 60))
    assert "50行" in refusal(xlsx(rows), limits=Limits(max_rows=50))


def test_a_zip_bomb_that_says_its_size() -> None:
    bomb = xlsx(extra={"xl/sharedStrings.xml": b" " * (120 << 20)})
    assert len(bomb) < 1 << 20
    assert "大得不正常" in refusal(bomb)


def test_a_zip_bomb_that_lies_about_its_size() -> None:
    """Sizes in the directory say 1 KB, the stream holds 300 MB."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b" " * (1 << 20)
    body = b"".join(packed.compress(block) for _ in range(300)) + packed.flush()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, content in PARTS.items():
            package.writestr(name, content)
        info = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        package.writestr(info, body)
    data = bytearray(file.getvalue())
    central = data.rfind(b"PK\x01\x02")
    local = data.rfind(b"PK\x03\x04")
    data[central + 10 : central + 12] = data[local + 8 : local + 10] = b"\x08\0"
    data[central + 24 : central + 28] = data[local + 22 : local + 26] = (1024).to_bytes(4, "little")
    assert refusal(bytes(data))


def test_a_zip_with_too_many_entries() -> None:
    extra: dict[str, str | bytes] = {f"xl/media/{number}.png": b"" for number in range(2500)}
    assert "大得不正常" in refusal(xlsx(extra=extra))


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml", "docProps/core.xml"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_wherever_they_stand(part: str, encoding: str) -> None:
    text = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + PARTS.get(
        part, "<x>&b;</x>"
    )
    assert "DOCTYPE" in refusal(xlsx(extra={part: text.encode(encoding)}))


def test_entities_of_the_sheet_itself_are_refused() -> None:
    assert "DOCTYPE" in refusal(xlsx(prolog='<!DOCTYPE x SYSTEM "file:///etc/passwd">'))


def test_a_prolog_that_hides_its_entities_behind_blanks() -> None:
    assert "DOCTYPE" in refusal(xlsx(prolog=" " * 70_000 + '<!DOCTYPE x [<!ENTITY a "a">]>'))


def test_a_protected_workbook() -> None:
    data = container({"EncryptedPackage": os.urandom(5000), "EncryptionInfo": os.urandom(500)})
    assert "密码" in refusal(data)


def test_a_protected_old_workbook() -> None:
    data = xls({(0, 0): "姓名"}, after_start=record(0x2F, bytes(6)))
    assert "密码" in refusal(data, "表.xls")


def test_a_protected_zip() -> None:
    data = bytearray(xlsx())
    place = data.find(b"PK\x01\x02")
    data[place + 8] |= 1
    assert "密码" in refusal(bytes(data))


@pytest.mark.parametrize(
    ("stream", "word"), [("WordDocument", "Word"), ("PowerPoint Document", "演示"), ("其他", "Excel")]
)
def test_another_old_document(stream: str, word: str) -> None:
    assert word in refusal(container({stream: os.urandom(5000)}), "表.xls")


@pytest.mark.parametrize(
    ("entry", "word"), [("word/document.xml", "Word"), ("ppt/a.xml", "演示"), ("表.xlsx", "压缩包")]
)
def test_another_package(entry: str, word: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr(entry, b"<x/>")
    assert word in refusal(file.getvalue())


def test_macros_are_left_out_and_said() -> None:
    (grid,) = read_file(xlsx(extra={"xl/vbaProject.bin": b"\0" * 100}), name="表.xlsm")
    assert grid.rows[1][0] == "甲"
    assert any("宏" in note for note in grid.notes)


def test_links_to_other_workbooks_are_not_followed_and_said() -> None:
    link = '<externalLink xmlns="x"><externalBook r:id="rId1" xmlns:r="y"/></externalLink>'
    (grid,) = read_file(xlsx(extra={"xl/externalLinks/externalLink1.xml": link}), name="表.xlsx")
    assert any("别的工作簿" in note for note in grid.notes)


def test_a_formula_counts_with_its_stored_value_and_is_named_without_one() -> None:
    rows = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>SUM(A1)</f></c><c r="C1"><f>A1</f><v></v></c>'
        f"{text_cell('D1', 'x')}</row>"
    )
    (grid,) = read_file(xlsx(rows), name="表.xlsx")
    assert grid.rows == [[2, None, None, "x"]]
    (note,) = grid.notes
    assert "2个公式" in note
    assert "B1、C1" in note


def test_formulas_of_a_workbook_that_no_excel_has_opened_are_named() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["姓名", "人数"])
    sheet.append(["甲", "=COUNTA(A2:A9)"])
    file = io.BytesIO()
    book.save(file)
    (grid,) = read_file(file.getvalue(), name="表.xlsx")
    assert any("B2" in note for note in grid.notes)


def test_a_workbook_that_counts_from_1904_says_so() -> None:
    extra: dict[str, str | bytes] = {
        "xl/workbook.xml": PARTS["xl/workbook.xml"].replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    }
    (grid,) = read_file(xlsx(extra=extra), name="表.xlsx")
    assert grid.is_1904


def test_a_file_that_is_too_large() -> None:
    assert "MB" in refusal(b"a" * 3_000_000, limits=Limits(max_bytes=2 << 20))


def test_reading_stops_after_its_time() -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in range(1, 300_000))
    data = xlsx([rows] * 30)
    started = time.monotonic()
    assert refusal(data, limits=Limits(seconds=1))
    assert time.monotonic() - started < 15
