"""Whether workbooks hold the same cells: `python -m bench.exports.check FILE...` prints rows and a checksum of each."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
from typing import Any

from python_calamine import CalamineWorkbook


def cell(value: Any) -> str:
    """A value as it reads, whoever wrote it: days without a time, numbers alike whether whole or not."""
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, int | float):
        return f"{value:g}"
    return "" if value is None else str(value)


def checksum(path: str) -> tuple[int, str]:
    """The numbered rows, and a checksum of their cells; blank ones at the end of a row are none (only who writes a
    caption above the last column makes it part of the sheet)."""
    found, count = hashlib.sha256(), 0
    for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows():
        if isinstance(row[0], int | float):
            found.update("\x1f".join(map(cell, row)).rstrip("\x1f").encode() + b"\x1e")
            count += 1
    return count, found.hexdigest()


if __name__ == "__main__":
    print(json.dumps([checksum(path) for path in sys.argv[1:]]))
