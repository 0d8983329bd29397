"""Workbooks made by hand, byte by byte: what no honest program writes."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        '<sheets><sheet name="表" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{RELATIONS}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>', "</sheetData></worksheet>"


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


#: Two honest rows: a header and a person.
HONEST = (
    f'<row r="1">{text_cell("A1", "姓名")}{text_cell("B1", "电话")}</row>'
    f'<row r="2">{text_cell("A2", "甲")}{text_cell("B2", "13800000001")}</row>'
)


def xlsx(
    rows: Iterable[str] | str = HONEST, *, extra: dict[str, str | bytes] | None = None, prolog: str = ""
) -> bytes:
    """A package with one sheet of these rows, written as they come; `extra` parts replace or join the usual ones."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in {**PARTS, **(extra or {})}.items():
            package.writestr(name, content)
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<?xml version="1.0" encoding="UTF-8"?>{prolog}{SHEET[0]}'.encode())
            for row in [rows] if isinstance(rows, str) else rows:
                sheet.write(row.encode())
            sheet.write(SHEET[1].encode())
    return file.getvalue()


def column(number: int) -> str:
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def container(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file (the shell of .xls and of encrypted .xlsx) with these streams, sectors of 512 bytes."""
    sectors: list[bytes] = []
    table: list[int] = []

    def add(data: bytes) -> int:
        first, count = len(sectors), max(1, -(-len(data) // 512))
        for index in range(count):
            sectors.append(data[index * 512 : (index + 1) * 512].ljust(512, b"\0"))
            table.append(first + index + 1 if index < count - 1 else 0xFFFFFFFE)
        return first

    places = {name: add(data.ljust(4096, b"\0")) for name, data in streams.items()}
    names = list(streams)
    entries = [_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)]
    for index, name in enumerate(names, start=1):
        right = index + 1 if index < len(names) else 0xFFFFFFFF
        entries.append(_entry(name, 2, places[name], max(4096, len(streams[name])), right=right))
    directory = add(b"".join(entries))
    fat = len(sectors)
    table.append(0xFFFFFFFD)
    sectors.append(struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff"))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    )
    header += struct.pack("<9I", 0, 1, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", fat, *[0xFFFFFFFF] * 108)
    return header + b"".join(sectors)


def _entry(
    name: str, kind: int, start: int, size: int, *, right: int = 0xFFFFFFFF, child: int = 0xFFFFFFFF
) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    body = raw.ljust(64, b"\0") + struct.pack("<HBB3I", len(raw), kind, 1, 0xFFFFFFFF, right, child)
    return body + bytes(36) + struct.pack("<IQ", start, size)


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def xls(
    cells: dict[tuple[int, int], str | float],
    *,
    after_start: bytes = b"",
    streams: dict[str, bytes] | None = None,
) -> bytes:
    """An old binary workbook (BIFF8) with one sheet of these cells; `after_start` are records after the first."""
    version = struct.pack("<4H2I", 0x0600, 5, 0, 0, 0, 6)
    start = record(0x809, version) + after_start
    name = "表".encode("utf-16-le")
    bound = struct.pack("<IHBB", len(start) + 4 + 8 + len(name) + 4, 0, 1, 1) + name
    book = start + record(0x85, bound) + record(0x0A)
    sheet = record(0x809, struct.pack("<4H2I", 0x0600, 0x10, 0, 0, 0, 6))
    for (row, col), value in cells.items():
        if isinstance(value, str):
            raw = value.encode("utf-16-le")
            sheet += record(0x204, struct.pack("<4HB", row, col, 0, len(value), 1) + raw)
        else:
            sheet += record(0x203, struct.pack("<3Hd", row, col, 0, value))
    return container({"Workbook": book + sheet + record(0x0A), **(streams or {})})
