"""The sender's file while it is taken in: its rows with all their cells, also of columns that stand for nothing."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePath

from grassroots.ledgers.intake.planning import sheets_of
from grassroots.ledgers.intake.protocol import ImportContext
from grassroots.ledgers.intake.recognise import SheetMap
from grassroots.ledgers.models import ImportBatch
from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.parsed import original_text
from grassroots.ledgers.reading.tables import table_at
from quarantine.pushed_tables import SheetShape, grids_of

LONGEST_TITLE = 80
PASTED = "粘贴的名单"


class SendersFile:
    """Read only when something is written: the preview needs no more than the records."""

    def __init__(self, context: ImportContext) -> None:
        self.context = context

    @cached_property
    def data(self) -> bytes:
        """The bytes that came."""
        return self.context.source.read() if self.context.source else b""

    @property
    def name(self) -> str:
        """The file's name; '' of a pasted text."""
        return self.context.source.name if self.context.source else ""

    @cached_property
    def grids(self) -> list[Grid]:
        """The sheets."""
        return grids_of(self.data, self.name)

    @cached_property
    def _maps(self) -> list[SheetMap]:
        """The sheets with a table, as they were recognised and corrected."""
        return sheets_of(ImportBatch.objects.get(uid=self.context.options["batch"]))

    def _key(self, sheet: SheetMap) -> str:
        """By what records name a sheet: '' where there is only one."""
        return sheet.sheet if len(self._maps) > 1 else ""

    def shapes(self) -> list[SheetShape]:
        """The sheets as the list keeps them."""
        found = []
        for sheet in self._maps:
            grid = self.grids[sheet.index]
            captions = tuple((column.column, column.caption) for column in sheet.columns)
            header = grid.number_of(sheet.header[0]), grid.number_of(sheet.header[1])
            found.append(SheetShape(self._key(sheet), grid.sheet, header, captions))
        return found

    def cells(self, key: str, row: int) -> list[str]:
        """The cells of a row (by its own number) as the clerk saw them, in the sender's order."""
        grid = self._grid_of(key)
        index = row - grid.first_row
        return [original_text(value) for value in grid.rows[index]] if 0 <= index < len(grid.rows) else []

    def _grid_of(self, key: str) -> Grid:
        sheet = next(one for one in self._maps if self._key(one) == key)
        return self.grids[sheet.index]

    def title(self) -> str:
        """What the list is called: the line above its table, else the file's name."""
        sheet = self._maps[0]
        title = " ".join(table_at(self.grids[sheet.index], *sheet.header).title.split())
        return (title or PurePath(self.name.replace("\\", "/")).stem or PASTED)[:LONGEST_TITLE]
