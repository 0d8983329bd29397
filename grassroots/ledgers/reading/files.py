"""Any file that an office is sent, as grids: .xlsx, .xlsm, .xls, .et, .ods, csv in any usual encoding, text.

What a file is is told from its first bytes, never from its name. Files come from outside: what one may cost is
bounded by `Limits`, and every refusal says what to do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.limits import MB, UPLOAD, Limits, UnreadableFile
from grassroots.ledgers.reading.texts import read_csv, read_text
from grassroots.ledgers.reading.workbooks import SAVE_AS, read_workbook

__all__ = ["Grid", "Limits", "UnreadableFile", "read_file", "read_text"]

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EMPTY = "文件是空的，请重新选择文件。"
NO_CONTENT = "文件里没有内容，请看看是不是传错了文件。"
PICTURE = "这是图片，不是表格。请传Excel文件（.xlsx、.xls）或CSV文件。"
#: First bytes of what is sent by mistake, and what to do about it.
_OTHERS = (
    (b"MZ", "这是程序文件，不是表格，没有打开。请不要运行它，并告诉系统管理员。"),
    (b"\x7fELF", "这是程序文件，不是表格，没有打开。"),
    (b"%PDF", "这是PDF文件。请向发送单位索要Excel原件（.xlsx、.xls）。"),
    (b"\x89PNG", PICTURE), (b"\xff\xd8\xff", PICTURE), (b"GIF8", PICTURE), (b"BM", PICTURE), (b"RIFF", PICTURE),
    (b"Rar!", "这是压缩包，不是表格。请先解压，再传里面的Excel文件。"),
    (b"7z\xbc\xaf", "这是压缩包，不是表格。请先解压，再传里面的Excel文件。"),
    (b"\x1f\x8b", "这是压缩包，不是表格。请先解压，再传里面的Excel文件。"),
    (b"{\\rtf", "这是写字板文档，不是表格。请把里面的表格复制到Excel里，保存为.xlsx后再传。"),
    (b"PK\x05\x06", "这是空的压缩包，不是表格。"),
)  # fmt: skip
_OLD_EXCEL = re.compile(rb"\x09[\x00\x02\x04]\x04\x00|\x09[\x00\x02\x04]\x06\x00")
_MARKUP = re.compile(
    rb"\s*<(\?xml|!doctype|html|head|meta|table|style|workbook|script|body|div)", re.IGNORECASE
)


def read_file(data: bytes | BinaryIO | Path, *, name: str, limits: Limits = UPLOAD) -> list[Grid]:
    """The sheets of a file that hold something (at least one), visible ones first; one grid for a text file.

    `name` is the file's name as sent, for messages. Raises UnreadableFile in words for the clerk.
    """
    content = _content(data, limits)
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise UnreadableFile(EMPTY)
    if content.startswith((ZIP, OLE)):
        grids = read_workbook(data if isinstance(data, Path) else content, limits)
    else:
        _check_text(content)
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
        raise UnreadableFile(
            f"文件超过{limits.max_bytes // MB} MB。请删去图片和多余的空行空列，或分成几个文件再传。"
        )
    return content


def _check_text(content: bytes) -> None:
    """Raise UnreadableFile for what is neither a workbook nor a text with cells."""
    for start, message in _OTHERS:
        if content.startswith(start) and (len(start) > 2 or b"\0" in content[:512]):
            raise UnreadableFile(message)
    if _OLD_EXCEL.match(content):
        raise UnreadableFile(f"这是很旧的Excel格式，读不了。{SAVE_AS}")
    head = content[:2048].lstrip(b"\xef\xbb\xbf")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    if _MARKUP.match(head):
        raise UnreadableFile(f"这个文件名为表格，其实是网页或XML格式（有些老系统这样导出）。{SAVE_AS}")
