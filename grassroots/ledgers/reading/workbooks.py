"""Workbooks (.xlsx, .xlsm, .xls, .et, .ods) as grids, read by `worker.py` in a process of its own."""

from __future__ import annotations

import datetime as dt
import json
import marshal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grassroots.ledgers.reading.grids import Grid, trimmed
from grassroots.ledgers.reading.limits import Limits, UnreadableFile

WORKER = Path(__file__).with_name("worker.py")

BROKEN = "文件打不开,可能已损坏或没有传完整。请在Excel或WPS里打开它,另存为“Excel 工作簿(.xlsx)”后再传。"
PASSWORD = "文件有密码。请在Excel或WPS里打开,取消密码后保存再传。"
TOO_LARGE = "表格的范围太大,读不了。请把有内容的行和列复制到一张新表里,另存为.xlsx后再传。"
TOO_SLOW = "文件读了{seconds}秒还没有读完,已停止。请删去多余的行、列和工作表,另存为.xlsx后再传。"


def read_workbook(
    data: bytes | Path, limits: Limits, *, is_1904: bool = False, notes: tuple[str, ...] = ()
) -> list[Grid]:
    """The sheets that hold something, visible ones first. Raises UnreadableFile."""
    if isinstance(data, Path):
        return _read(data, limits, is_1904, notes)
    with tempfile.NamedTemporaryFile(prefix="upload-") as file:
        file.write(data)
        file.flush()
        return _read(Path(file.name), limits, is_1904, notes)


def _read(path: Path, limits: Limits, is_1904: bool, notes: tuple[str, ...]) -> list[Grid]:
    grids = [trimmed(grid) for grid in _grids(path, limits, is_1904, notes)]
    return sorted((grid for grid in grids if grid.rows), key=lambda grid: grid.is_hidden)


def _grids(path: Path, limits: Limits, is_1904: bool, notes: tuple[str, ...]) -> Iterator[Grid]:
    grid: Grid | None = None
    for message in _messages(path, limits):
        if message[0] == "sheet":
            if grid:
                yield grid
            grid = _sheet(message, limits, is_1904, notes)
        elif message[0] == "rows" and grid is not None:
            _take(grid, message[1], message[2])
            if len(grid.rows) > limits.max_rows + 1000:
                raise UnreadableFile(
                    f"工作表“{grid.sheet}”的行数超过{limits.max_rows}行,请分成几个文件再传。"
                )
    if grid:
        yield grid


def _sheet(message: tuple[Any, ...], limits: Limits, is_1904: bool, notes: tuple[str, ...]) -> Grid:
    _kind, name, is_hidden, start, size, merged = message
    if size[1] > limits.max_columns:
        raise UnreadableFile(
            f"工作表“{name}”用到了第{size[1]}列,最多读{limits.max_columns}列。请删去右边多余的列,保存后再传。"
        )
    rows: list[list[object]] = []
    grid = Grid(
        str(name), rows, first_row=start[0] + 1, notes=notes, is_hidden=bool(is_hidden), is_1904=is_1904
    )
    grid.merged = tuple(
        (top - start[0], left, bottom - start[0], right) for top, left, bottom, right in merged
    )
    return grid


def _take(grid: Grid, rows: list[list[object]], days: list[tuple[int, int, str]]) -> None:
    for place, column, text in days:
        rows[place][column] = _day(text)
    grid.rows.extend(rows)


def _day(text: str) -> object:
    if text.startswith("T"):
        return dt.time.fromisoformat(text[1:])
    if text.startswith("X"):
        return text[1:]
    return dt.datetime.fromisoformat(text) if "T" in text else dt.date.fromisoformat(text)


def _messages(path: Path, limits: Limits) -> Iterator[tuple[Any, ...]]:
    """What the worker says. Raises UnreadableFile for its errors, its death, and when it takes too long."""
    order = {
        "path": str(path), "memory": limits.memory, "seconds": limits.seconds, "rows": limits.max_rows,
        "columns": limits.max_columns,
    }  # fmt: skip
    worker = subprocess.Popen(
        [sys.executable, "-E", str(WORKER), json.dumps(order)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    timer = threading.Timer(limits.seconds * 2, worker.kill)
    timer.start()
    try:
        assert worker.stdout is not None
        while True:
            head = worker.stdout.read(8)
            if len(head) < 8:
                raise UnreadableFile(_why_dead(worker.wait(), limits))
            message: tuple[Any, ...] = marshal.loads(worker.stdout.read(int.from_bytes(head, "big")))
            if message[0] == "end":
                return
            if message[0] == "error":
                raise UnreadableFile(_why_error(message[1], message[2]))
            yield message
    finally:
        timer.cancel()
        worker.kill()
        worker.wait()
        if worker.stdout:
            worker.stdout.close()


def _why_dead(code: int, limits: Limits) -> str:
    """SIGABRT: an allocation beyond the limit; SIGXCPU and SIGKILL: out of time."""
    return TOO_LARGE if code == -6 else TOO_SLOW.format(seconds=limits.seconds)


def _why_error(kind: str, text: str) -> str:
    if kind == "PasswordError":
        return PASSWORD
    return TOO_LARGE if kind == "memory" else BROKEN
