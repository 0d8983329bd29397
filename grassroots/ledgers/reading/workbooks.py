"""Workbooks (.xlsx, .xlsm, .xls, .et, .ods) as grids, read by `worker.py` in a process of its own."""

from __future__ import annotations

import datetime as dt
import json
import marshal
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from grassroots.ledgers.reading.grids import Grid, squared
from grassroots.ledgers.reading.limits import Limits, UnreadableFile

WORKER = Path(__file__).with_name("worker.py")

SAVE_AS = "请在Excel或WPS里打开它，另存为“Excel 工作簿（.xlsx）”后再传。"
BROKEN = f"文件打不开，可能已损坏或没有传完整。{SAVE_AS}"
TOO_LARGE = "表格的范围太大，读不了。请把有内容的行和列复制到一张新表里，另存为.xlsx后再传。"
TOO_SLOW = "文件读了很久还没有读完，已停止。请删去多余的空行、空列和工作表，另存为.xlsx后再传。"
#: What the clerk is told for each reason of the worker.
REASONS = {
    "PasswordError": "文件有密码。请在Excel或WPS里打开，取消密码后保存再传。",
    "bomb": f"文件解压后大得不正常，没有打开。如果确是工作用表，{SAVE_AS}",
    "entities": f"文件里有不允许的XML声明（DOCTYPE或ENTITY），没有打开。如果确是工作用表，{SAVE_AS}",
    "memory": TOO_LARGE,
    "word": "这是Word文档，不是表格。请把里面的表格复制到Excel里，保存为.xlsx后再传。",
    "ppt": "这是演示文稿，不是表格。请传Excel文件（.xlsx、.xls）或CSV文件。",
    "numbers": "这是苹果Numbers文件。请在Numbers里导出为Excel(.xlsx)后再传。",
    "zip": "这是压缩包，不是表格。请先解压，再传里面的Excel文件。",
    "ole": "这不是Excel文件。请传Excel文件（.xlsx、.xls）或CSV文件。",
}


def read_workbook(data: bytes | Path, limits: Limits) -> list[Grid]:
    """The sheets that hold something, visible ones first. Raises UnreadableFile."""
    grids = [squared(grid) for grid in _grids(data, limits)]
    return sorted((grid for grid in grids if grid.rows), key=lambda grid: grid.is_hidden)


def _grids(data: bytes | Path, limits: Limits) -> Iterator[Grid]:
    grid: Grid | None = None
    facts: Mapping[str, Any] = {}
    for message in _messages(data, limits):
        if message[0] == "facts":
            facts = message[1]
        elif message[0] == "sheet":
            if grid:
                yield grid
            grid = _sheet(message, facts)
        elif message[0] == "rows" and grid is not None:
            _take(grid, *message[1:])
        elif message[0] == "merged" and grid is not None:
            grid.merged = tuple(message[1])
    if grid:
        yield grid


def _sheet(message: tuple[Any, ...], facts: Mapping[str, Any]) -> Grid:
    _kind, name, is_hidden, merged = message
    grid = Grid(str(name), [], is_hidden=bool(is_hidden), is_1904=bool(facts["is_1904"]))
    grid.notes, grid.merged = tuple(_notes(facts)), tuple(merged)
    return grid


def _notes(facts: Mapping[str, Any]) -> Iterator[str]:
    """Remarks for the clerk on what the file holds and was not used."""
    if facts["macros"]:
        yield "文件带有宏，宏没有运行，也没有收下。"
    if facts["links"]:
        yield "文件引用了别的工作簿，取用的是文件里保存的数值，没有更新。"
    if count := facts["missing_count"]:
        places = "、".join(facts["missing"]) + ("等" if count > len(facts["missing"]) else "")
        yield f"有{count}个公式没有保存结果（{places}），按空格处理。请在Excel里打开并保存一次再传。"


def _take(grid: Grid, rows: list[list[object]], days: list[tuple[int, int, str]], first: int) -> None:
    grid.rows.extend([] for _ in range(first - len(grid.rows)))
    for place, column, text in days:
        rows[place][column] = _day(text)
    grid.rows.extend(rows)


@lru_cache(maxsize=20_000)
def _day(text: str) -> object:
    if text.startswith("T"):
        return dt.time.fromisoformat(text[1:])
    if text.startswith("X"):
        return text[1:]
    return dt.datetime.fromisoformat(text) if "T" in text else dt.date.fromisoformat(text)


def _messages(data: bytes | Path, limits: Limits) -> Iterator[tuple[Any, ...]]:
    """What the worker says. Raises UnreadableFile for its refusals, its death, and when it takes too long."""
    order = {
        "path": str(data) if isinstance(data, Path) else "", "memory": limits.memory, "seconds": limits.seconds,
        "rows": limits.max_rows, "columns": limits.max_columns, "unpacked": limits.max_unpacked,
        "entries": limits.max_entries, "halved_from": limits.halved_from,
    }  # fmt: skip
    worker = subprocess.Popen(
        [sys.executable, "-I", str(WORKER), json.dumps(order)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0,
    )  # fmt: skip
    assert worker.stdin and worker.stdout
    timer = threading.Timer(limits.seconds * 2, _kill, [worker])
    timer.start()
    try:
        with suppress(BrokenPipeError), worker.stdin as pipe:
            if not isinstance(data, Path):
                pipe.write(data)
        is_whole = yield from _heard(worker.stdout, limits)
        if not is_whole:
            raise UnreadableFile(_why_dead(worker.wait()))
    finally:
        timer.cancel()
        _kill(worker)
        worker.wait()
        worker.stdout.close()


def _kill(worker: subprocess.Popen[bytes]) -> None:
    """The process, and the one that it may have started."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)


def _heard(pipe: IO[bytes], limits: Limits) -> Generator[tuple[Any, ...], None, bool]:
    """Messages until the pipe ends; whether it ended as it should. Raises UnreadableFile for a refusal."""
    while len(head := pipe.read(8)) == 8:
        message: tuple[Any, ...] = marshal.loads(pipe.read(int.from_bytes(head, "big")))
        if message[0] == "end":
            return True
        if message[0] == "error":
            raise UnreadableFile(_why_refused(message[1], message[2], limits))
        yield message
    return False


def _why_dead(code: int) -> str:
    """The reader aborts where memory runs out; else it was stopped for taking too long."""
    return TOO_LARGE if code == -signal.SIGABRT else TOO_SLOW


def _why_refused(kind: str, detail: str, limits: Limits) -> str:
    if kind in ("columns", "rows"):
        sheet, last = detail.split("\n")
        word, most = ("列", limits.max_columns) if kind == "columns" else ("行", limits.max_rows)
        return f"工作表“{sheet}”到第{last}{word}还有内容，最多读{most}{word}。请删去多余的{word}，或分成几个文件再传。"
    return REASONS.get(kind, BROKEN)
