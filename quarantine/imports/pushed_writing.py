"""Writing a pushed list: the list with its sealed original, its rows, and the answers that the register proves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grassroots.grid.logs import scrub
from grassroots.ledgers.intake.protocol import ImportContext, Planned
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import PushedAnswer, PushedFile, PushedList, PushedPerson, PushedState
from quarantine.pushed_answers import file_pack
from quarantine.pushed_tables import pack_shapes

if TYPE_CHECKING:
    from quarantine.imports.pushed_source import SendersFile


@dataclass(slots=True)
class RowWork:
    """A row to be written, and the file that it came in."""

    row: PushedPerson
    file: SendersFile
    content: str
    is_answered: bool = False
    is_there: bool = False


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Write the list once and these rows of it; every row of the file is kept, for every row is answered."""
    works: list[RowWork] = [row.work for row in rows if not row.work.is_there]
    if not works:
        return
    one = _list(context, works)
    people = [work.row for work in works]
    for work in works:
        row = work.row
        row.list = one
        row.cells = json.dumps(work.file.cells(row.sheet, row.row), ensure_ascii=False)
        if work.is_answered:
            row.state, row.code = PushedState.ANSWERED, row.proposed
            row.answered_by, row.answered_at = context.staff, context.at
        if row.assigned_to_id == context.staff.pk:
            row.told_at = context.at  # who takes a list in has seen what it holds
    PushedPerson.objects.bulk_create(people)
    answers = [
        PushedAnswer(row=row, code=row.code, is_automatic=True, by=context.staff, at=context.at)
        for row in people
        if row.code
    ]
    PushedAnswer.objects.bulk_create(answers)
    for made in (*people, *answers):
        context.note_created(made)
    mark_dirty({row.area_id for row in people})


def _list(context: ImportContext, works: Sequence[RowWork]) -> PushedList:
    """The list that these rows belong to, made with the first of them."""
    file, content = works[0].file, works[0].content
    one = PushedList.objects.filter(area=context.area, content_digest=content).first()
    if one is not None:
        return one
    senders = Counter(work.row.source for work in works)
    sender = next(iter(senders)) if len(senders) == 1 else ""
    one = PushedList.objects.create(
        area=context.area, title=scrub(file.title()), sender=sender[:60], received_at=context.at,
        tables=pack_shapes(file.shapes()), content_digest=content, recorded_by=context.staff,
        recorded_at=context.at,
    )  # fmt: skip
    kept = PushedFile.objects.create(list=one, name=file.name, content=file_pack(file.data))
    context.note_created(one)
    context.note_created(kept)
    return one
