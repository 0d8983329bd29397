"""A workbook without the empty formatted rows below its contents: openpyxl would make an object of every cell."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import IO

BLOCK = 1 << 20
#: Empty rows that are kept below the last filled one: rows prepared for entries.
KEPT_ROWS = 2_000
#: A smaller sheet is taken as it is.
SMALL = 1 << 20
#: What openpyxl may be given after that; 16 MB of a sheet's XML become some 300 MB of cells.
MOST_SHEET, MOST_PART = 16 << 20, 24 << 20

_ROW = re.compile(rb"<(?:\w+:)?row\b(?:[^>]*/>|.*?</(?:\w+:)?row>)", re.DOTALL)
_FILLED = re.compile(rb"<(?:\w+:)?(?:v|is|f)[ >]")


class TooLarge(Exception):
    """The workbook is too large to be filled."""


def slimmed(data: bytes) -> bytes:
    """The workbook with at most KEPT_ROWS empty rows in a row. Raises TooLarge, zipfile.BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        large = [entry for entry in source.infolist() if entry.file_size > SMALL]
        if any(entry.file_size > MOST_PART and not _is_sheet(entry) for entry in large):
            raise TooLarge
        if not any(_is_sheet(entry) for entry in large):
            return data
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in source.infolist():
                with source.open(entry) as content:
                    whole = b"".join(_slim(content)) if _is_sheet(entry) else content.read()
                out.writestr(entry.filename, whole)
    return target.getvalue()


def _is_sheet(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.lower().startswith("xl/worksheets/") and entry.filename.lower().endswith(".xml")


def _slim(content: IO[bytes]) -> Iterator[bytes]:
    """The sheet's XML in pieces, runs of empty rows cut short, those at the end kept up to KEPT_ROWS."""
    kept, total, waiting = b"", 0, 0
    while block := content.read(BLOCK):
        block = kept + block
        at = 0
        for match in _ROW.finditer(block):
            waiting = 0 if _FILLED.search(match[0]) else waiting + 1
            piece = block[at : match.end()] if waiting <= KEPT_ROWS else block[at : match.start()]
            at = match.end()
            total += len(piece)
            yield piece
        kept = block[at:]
        if total + len(kept) > MOST_SHEET:
            raise TooLarge
    yield kept
