"""One way of writing the ledger, in a process of its own: `python -m bench.exports.writers NAME FILE`.

Prints a line of JSON: rows, seconds from the query to the closed file, seconds of these that went into making the
rows of a peer, and the process's peak memory in MB.
"""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from openpyxl import Workbook  # noqa: E402
from openpyxl.cell import WriteOnlyCell  # noqa: E402
from openpyxl.styles import Alignment, Border, Font, Side  # noqa: E402
from xlsxwriter import Workbook as XlsxWorkbook  # noqa: E402

from bench.exports.floor import FACTS  # noqa: E402
from bench.exports.rows import CODE, ON, USER, ShownRows  # noqa: E402
from bench.usage import peak_mb  # noqa: E402
from grassroots.ledgers.engine.formats import NUMBER_FORMATS  # noqa: E402

Found = dict[str, Any]

GAP, ROW_GAP = "\x01", "\x02"  # between values, and rows, on their way into the floor's sheet
CELL_BEGINS = '<c t="inlineStr"><is><t>'
CELL_ENDS = f"</t></is></c>{CELL_BEGINS}"
ROW_BEGINS = f"<row>{CELL_BEGINS}"
ROW_ENDS = f"</t></is></c></row>{ROW_BEGINS}"


def ours(path: str, *options: str) -> Found:
    """The command that offices use, log entry and all."""
    told = io.StringIO()
    call_command(
        "export_ledger", "base", "--area", CODE, "--as", USER, "--on", ON.isoformat(), "--out", path, *options,
        stdout=told,
    )  # fmt: skip
    return {"rows": int("".join(filter(str.isdigit, told.getvalue().split("行")[0])))}


def ours_masked(path: str) -> Found:
    return ours(path)


def ours_unmasked(path: str) -> Found:
    return ours(path, "--unmasked", "--purpose", "量度")


def openpyxl_styled(path: str) -> Found:
    """Write-only, a styled cell each, in the quickest way that it has: styles made once and shared."""
    rows, book = ShownRows(), Workbook(write_only=True)
    sheet = book.create_sheet()
    styles = []
    side = Side(style="thin")
    for column in rows.columns:
        cell = WriteOnlyCell(sheet)
        cell.font = Font(name="仿宋", size=11)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = Border(left=side, right=side, top=side, bottom=side)
        cell.number_format = NUMBER_FORMATS[column.format]
        styles.append(cell._style)
    for part in rows:
        for row in part:
            cells = []
            for value, style in zip(row, styles, strict=True):
                cell = WriteOnlyCell(sheet, value)
                cell._style = style
                cells.append(cell)
            sheet.append(cells)
    book.save(path)
    return {"rows": rows.count, "making": rows.seconds}


def openpyxl_plain(path: str) -> Found:
    """Write-only, values alone."""
    rows, book = ShownRows(), Workbook(write_only=True)
    sheet = book.create_sheet()
    for part in rows:
        for row in part:
            sheet.append(row)
    book.save(path)
    return {"rows": rows.count, "making": rows.seconds}


def xlsxwriter_styled(path: str) -> Found:
    """constant_memory, a format a column."""
    rows = ShownRows()
    book = XlsxWorkbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    common = {
        "font_name": "仿宋",
        "font_size": 11,
        "border": 1,
        "align": "center",
        "valign": "vcenter",
        "text_wrap": True,
    }
    formats = [
        book.add_format({**common, "num_format": NUMBER_FORMATS[column.format]}) for column in rows.columns
    ]
    number = 0
    for part in rows:
        for row in part:
            for at, (value, look) in enumerate(zip(row, formats, strict=True)):
                if value is None:
                    sheet.write_blank(number, at, None, look)
                elif isinstance(value, str):
                    sheet.write_string(number, at, value, look)
                elif isinstance(value, int):
                    sheet.write_number(number, at, value, look)
                else:
                    sheet.write(number, at, value, look)
            number += 1
    book.close()
    return {"rows": rows.count, "making": rows.seconds}


def floor(path: str) -> Found:
    """The same facts by one query, as strings joined into an unstyled sheet, deflated by zlib; nothing else."""
    count = 0
    with (
        transaction.atomic(),
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("sheet1.xml", "w") as out,
    ):
        connection.ensure_connection()
        cursor = connection.connection.cursor("floor")
        cursor.execute(FACTS)
        while rows := cursor.fetchmany(1000):
            count += len(rows)
            lines = [GAP.join(["" if value is None else str(value) for value in row]) for row in rows]
            cells = escape(ROW_GAP.join(lines)).replace(ROW_GAP, ROW_ENDS).replace(GAP, CELL_ENDS)
            out.write(f"{ROW_BEGINS}{cells}</t></is></c></row>".encode())
    return {"rows": count}


def nothing(path: str) -> Found:
    """A process that has everything loaded and is connected: what memory costs before an export."""
    connection.ensure_connection()
    return {"rows": 0}


WRITERS: dict[str, Callable[[str], Found]] = {
    "nothing": nothing, "floor": floor, "ours_masked": ours_masked, "ours_unmasked": ours_unmasked,
    "openpyxl_styled": openpyxl_styled, "openpyxl_plain": openpyxl_plain, "xlsxwriter": xlsxwriter_styled,
}  # fmt: skip


if __name__ == "__main__":
    connection.ensure_connection()
    began = time.perf_counter()
    found = WRITERS[sys.argv[1]](sys.argv[2])
    print(json.dumps({**found, "seconds": time.perf_counter() - began, "peak_mb": peak_mb()}))
