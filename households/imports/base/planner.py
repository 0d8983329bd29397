"""A file of households held against the register, some thousand rows at a time, by household."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grassroots.ledgers.intake.protocol import ImportContext, Planned, Record
from grassroots.ledgers.intake.records import SheetRows, sheets_in
from households.imports.base.cells import Block, Reader
from households.imports.base.chunk import Chunk
from households.imports.base.doors import Finder, Houses
from households.imports.base.grouping import chunks, households_of
from households.imports.base.knocks import Knocks
from households.imports.base.members import Members
from households.imports.base.register import Register

PLAN_ROWS = 2000


class Planner:
    """Plans one import; what it learns of earlier rows it keeps: doors, people, letters."""

    def __init__(self, context: ImportContext) -> None:
        self.context = context
        self.reader = Reader(context.reference, context.at)
        self.finder = Finder(context)
        self.register = Register(context)
        self.houses = Houses(self.register, self.finder)
        self.members = Members(self.register, self.reader.today)
        self.knocks = Knocks(context, self.reader)
        self.proposed: set[int] = set()

    def plan(self, records: Sequence[Record]) -> Iterator[Planned]:
        """One Planned a record, in order."""
        for sheet in sheets_in(records):
            yield from self._sheet(sheet)

    def _sheet(self, sheet: SheetRows) -> Iterator[Planned]:
        village, stranger = self.finder.village_of(sheet.lines)
        self.knocks.has_letters = "letter" in sheet.columns
        self.knocks.ask_staff(self.reader.words(sheet.rows, sheet.columns, "surveyor"))
        waiting: dict[int, Planned] = {}
        following = 0
        for chunk in chunks(households_of(sheet), PLAN_ROWS):
            at = [index for rows in chunk for index in rows]
            block = self.reader.block(sheet.rows, at, sheet.columns, sheet.captions)
            waiting.update(zip(at, self._chunk(block, chunk, village, stranger), strict=True))
            while (row := waiting.pop(following, None)) is not None:
                yield row
                following += 1

    def _chunk(self, block: Block, chunk: list[list[int]], village: str, stranger: str) -> list[Planned]:
        work = Chunk(self, block, village, stranger)
        start = 0
        for rows in chunk:
            work.take(range(start, start + len(rows)), is_joined=rows[-1] - rows[0] == len(rows) - 1)
            start += len(rows)
        work.hold()
        return [row.planned for row in work.rows]


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """Hold a sheet of households against the register."""
    return Planner(context).plan(records)
