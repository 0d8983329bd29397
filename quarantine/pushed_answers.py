"""The answer to a pushed list: the sender's own file, in his order and format, every row with exactly one code."""

from __future__ import annotations

import base64
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePath

from grassroots.ledgers.answering import (
    AnswerSheet,
    RowAnswer,
    answer_sheets,
    answer_text,
    answer_workbook,
    workbook_from_grids,
)
from grassroots.ledgers.reading.files import OLE, ZIP
from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.limits import UnreadableFile
from quarantine.models import PushedFile, PushedList, PushedPerson
from quarantine.pushed_tables import grids_of, shapes_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNANSWERED = "待核查"


class AnswerRefused(Exception):
    """The answer cannot go out; the words are for the page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A file to hand out."""

    name: str
    content: bytes
    content_type: str
    rows: int


def file_pack(data: bytes) -> str:
    """Bytes as the sealed column holds them."""
    return base64.b64encode(zlib.compress(data)).decode()


def file_unpack(packed: str) -> bytes:
    """The bytes that came."""
    return zlib.decompress(base64.b64decode(packed))


def answer_file(one: PushedList, *, interim: bool = False) -> Answer:
    """The sender's file with 核查结果 and 备注 filled in or added.

    Raises AnswerRefused while a row is unanswered, unless the interim state is asked for: then the code of such a
    row is empty and its remark says so.
    """
    rows = list(PushedPerson.objects.filter(list=one).order_by("number"))
    waiting = [row for row in rows if row.is_open]
    if waiting and not interim:
        numbers = "、".join(str(row.row) for row in waiting[:10]) + ("等" if len(waiting) > 10 else "")
        words = f"还有{len(waiting)}行没有答复(原表第{numbers}行)，答复齐了才能反馈；急用请勾选“中间稿”。"
        raise AnswerRefused(words)
    file = PushedFile.objects.filter(list=one).first()
    if file is None:
        raise AnswerRefused("这份名单没有保留原件，不能按原格式反馈。")
    data, name = file_unpack(file.content), PurePath(file.name.replace("\\", "/"))
    try:
        grids = grids_of(data, file.name)
    except UnreadableFile as error:  # it was readable when it came
        raise AnswerRefused("原件读不出来了，请联系系统管理员。") from error
    sheets = _sheets(one, grids, rows)
    stem = f"{name.stem or one.title}-{'中间稿' if interim and waiting else '核查反馈'}"
    if data.startswith(ZIP):
        return Answer(f"{stem}.xlsx", answer_workbook(data, sheets), XLSX, len(rows))
    if data.startswith(OLE):
        return Answer(f"{stem}.xlsx", workbook_from_grids(grids, sheets), XLSX, len(rows))
    suffix = name.suffix or ".txt"
    return Answer(f"{stem}{suffix}", answer_text(data, sheets[0]), "application/octet-stream", len(rows))


def _sheets(one: PushedList, grids: list[Grid], rows: list[PushedPerson]) -> list[AnswerSheet]:
    answers: dict[str, dict[int, RowAnswer]] = defaultdict(dict)
    for row in rows:
        label = "" if row.is_open else str(row.get_code_display())
        answers[row.sheet][row.row] = RowAnswer(label, UNANSWERED if row.is_open else row.note)
    found = []
    for shape in shapes_of(one):
        grid = next((grid for grid in grids if grid.sheet == shape.name), grids[0])
        header = shape.header[0] - grid.first_row, shape.header[1] - grid.first_row
        found.append(answer_sheets(grid, header, shape.columns, answers[shape.key]))
    return found
