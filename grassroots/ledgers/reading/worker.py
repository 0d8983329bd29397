"""Run in a process of its own: opens a workbook and hands its sheets out.

A crafted workbook of 1.5 KB makes the reader ask for 550 GB and aborts the process that it runs in; here that
costs nothing but this process. Started by `workbooks.py` as a script, without Django: it imports nothing of the
project. Answers on its output in messages of `marshal`: ("sheet", …), ("rows", …), ("end",) or ("error", …).
"""

from __future__ import annotations

import datetime as dt
import json
import marshal
import resource
import sys
from typing import IO, Any

CHUNK_CELLS = 100_000


def main() -> None:
    """Read the order (a line of JSON) and the path from the command line, write messages to standard output."""
    order = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (order["seconds"], order["seconds"] + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    try:
        _read(order, out)
    except MemoryError:
        _send(out, ("error", "memory", ""))
    except BaseException as error:  # a panic of the reader is no Exception
        _send(out, ("error", type(error).__name__, str(error)[:500]))
    out.flush()


def _read(order: dict[str, Any], out: IO[bytes]) -> None:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(order["path"])
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        is_hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
        sheet = book.get_sheet_by_name(meta.name)
        start, end = sheet.start or (0, 0), sheet.end or (0, 0)
        size = (end[0] + 1, end[1] + 1)
        if is_hidden and (size[0] > order["rows"] or size[1] > order["columns"]):
            continue
        merged = [(a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or ()]
        _send(out, ("sheet", meta.name, is_hidden, start, size, merged))
        if size[1] <= order["columns"]:
            _send_rows(sheet, size[1], out, order["rows"])
    _send(out, ("end",))


def _send_rows(sheet: Any, width: int, out: IO[bytes], most: int) -> None:
    """Rows in portions; equal texts are one object, which marshal sends once and which stay one on the other side.

    Rows after the last filled one are left out; more than `most` filled rows are cut one above it, for the other
    side to refuse.
    """
    seen: dict[str, str] = {}
    portion: list[list[Any]] = []
    days: list[tuple[int, int, str]] = []
    blanks, sent, step = 0, 0, max(1, CHUNK_CELLS // max(1, width))
    for row in sheet.iter_rows():
        if not any(value != "" for value in row):
            blanks += 1
            continue
        portion.extend([] for _ in range(blanks))
        blanks = 0
        place = len(portion)
        for column, value in enumerate(row):
            kind = type(value)
            if kind is str:
                row[column] = seen.setdefault(value, value) if len(value) < 64 else value
            elif kind is not float and kind is not bool and kind is not int:
                row[column] = None
                days.append((place, column, _iso(value)))
        portion.append(row)
        if len(portion) >= step:
            sent += len(portion)
            _send(out, ("rows", portion, days))
            portion, days = [], []
            if sent > most:
                return
            if len(seen) > 500_000:
                seen.clear()
    _send(out, ("rows", portion, days))


def _iso(value: Any) -> str:
    if isinstance(value, dt.timedelta):
        seconds = int(value.total_seconds())
        hours, rest = divmod(seconds, 3600)
        return (
            f"T{hours:02}:{rest // 60:02}:{rest % 60:02}" if 0 <= hours < 24 else f"X{hours}:{rest // 60:02}"
        )
    if isinstance(value, dt.time):
        return f"T{value.isoformat()}"
    return str(value.isoformat())


def _send(out: IO[bytes], message: tuple[Any, ...]) -> None:
    data = marshal.dumps(message)
    out.write(len(data).to_bytes(8, "big"))
    out.write(data)


if __name__ == "__main__":
    main()
