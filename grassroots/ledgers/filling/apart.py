"""A form filled in a process apart: openpyxl on a file from outside, with bounded memory and time."""

from __future__ import annotations

import dataclasses
import marshal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from grassroots.ledgers.filling.drawing.form import Order, packed
from grassroots.ledgers.reading import UnreadableFile
from grassroots.ledgers.reading.limits import MB

WORKER = Path(__file__).with_name("drawing") / "worker.py"
MEMORY, SECONDS = 2048 * MB, 120
TOO_LARGE = "表格太大，填不了。请把要填的表单独存成一个文件，删去多余的行、列和工作表后再传。"
BROKEN = "这个表打开了，但填不进去。请在Excel或WPS里打开它，另存为“Excel 工作簿（.xlsx）”后再传。"


def fill_apart(form: bytes, order: Order, rows: Iterable[Sequence[object]]) -> bytes:
    """The workbook with the rows in it. Raises UnreadableFile in words for the clerk."""
    message = (form, dataclasses.asdict(order), [[packed(value) for value in row] for row in rows])
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(WORKER), str(MEMORY), str(SECONDS)],
            input=marshal.dumps(message), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS * 2,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise UnreadableFile(TOO_LARGE) from late
    if done.returncode != 0 or not done.stdout:
        raise UnreadableFile(TOO_LARGE)
    state, content = marshal.loads(done.stdout)
    if state != "ok":
        raise UnreadableFile(TOO_LARGE if content == "large" else BROKEN)
    assert isinstance(content, bytes)
    return content
