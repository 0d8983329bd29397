"""Any file that an office is sent, as grids: .xlsx, .xlsm, .xls, .et, .ods, csv in any usual encoding, text.

What a file is is told from its first bytes, never from its name. Files come from outside: what one may cost is
bounded by `Limits`, and every refusal says what to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.limits import MB, UPLOAD, Limits, UnreadableFile
from grassroots.ledgers.reading.texts import read_csv, read_text
from grassroots.ledgers.reading.workbooks import read_workbook

__all__ = ["Grid", "Limits", "UnreadableFile", "read_file", "read_text"]

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EMPTY = "文件是空的,请重新选择文件。"
NO_CONTENT = "文件里没有内容。"


def read_file(data: bytes | BinaryIO | Path, *, name: str, limits: Limits = UPLOAD) -> list[Grid]:
    """The sheets of a file that hold something (at least one), visible ones first; one grid for a text file.

    `name` is the file's name as sent, for messages. Raises UnreadableFile in words for the clerk.
    """
    content = _content(data, limits)
    if not content.strip():
        raise UnreadableFile(EMPTY)
    if content.startswith((ZIP, OLE)):
        grids = read_workbook(content, limits)
    else:
        grids = [read_csv(content, limits, name=Path(name).stem)]
    grids = [grid for grid in grids if grid.rows]
    if not grids:
        raise UnreadableFile(NO_CONTENT)
    return grids


def _content(data: bytes | BinaryIO | Path, limits: Limits) -> bytes:
    if isinstance(data, Path):
        with data.open("rb") as file:
            content = file.read(limits.max_bytes + 1)
    elif isinstance(data, bytes):
        content = data
    else:
        content = data.read(limits.max_bytes + 1)
    if len(content) > limits.max_bytes:
        raise UnreadableFile(f"文件超过{limits.max_bytes // MB} MB,请分成几个文件再传。")
    return content
