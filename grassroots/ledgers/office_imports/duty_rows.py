"""Rows of a 责任表 as they were read: the area, whom they name for each kind of duty, 片, since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from grassroots.grid.models import Area, DutyKind, Level
from grassroots.ledgers.intake.protocol import Effect, ImportContext, Planned, Record
from grassroots.ledgers.office_imports.duty_columns import DUTY, Officer, officers_in
from grassroots.ledgers.office_imports.duty_writing import Work
from grassroots.ledgers.office_imports.places import Spots
from grassroots.ledgers.office_imports.words import area_name_of, text_of
from grassroots.ledgers.reading import parse_date

LONGEST_SECTION, LONGEST_NAME = 40, 50


@dataclass(slots=True)
class Row:
    """A row: its area (None: it was turned down), its officers by the code of their kind, the rest."""

    record: Record
    planned: Planned
    on: dt.date
    area: Area | None = None
    named: dict[str, tuple[Officer, ...]] = field(default_factory=dict)
    section: str = ""


class Rows:
    """Reads the rows one after the other: a village left blank is the one above."""

    def __init__(self, context: ImportContext, kinds: Mapping[str, DutyKind]) -> None:
        self.context, self.kinds = context, kinds
        self.today = timezone.localdate(context.at)
        self.spots = Spots(context.area)
        self._village: dict[str, str] = {}

    def line(self, row: Row) -> list[Area]:
        """From the import's own area down to the row's."""
        assert row.area is not None
        tree = self.spots.tree
        nodes = [tree.by_path[path] for path in row.area.ancestor_paths() if path in tree.by_path]
        return [node.area for node in nodes if node.area is not None]

    def read(self, record: Record) -> Row:
        """A row with everything that is wrong with it."""
        row = Row(record, Planned(record.row, Effect.UNCHANGED, work=Work()), self.today)
        village, group, compound = (text_of(record, key) for key in ("village", "group", "compound"))
        if not village and (group or compound):
            village = self._village.get(record.sheet, "")
        self._village[record.sheet] = village
        names = (village, area_name_of(group, Level.GROUP), compound)
        spot = self.spots.find(village=names[0], group=names[1], compound=names[2])
        row.planned.title = " ".join(filter(None, names))
        if spot.area is None:
            words = spot.problem or "没有写明村(社区)或组。"
            row.planned.reject(record.problem(spot.column, words))
            return row
        row.area = spot.area
        for code in self.kinds:
            self._read_officers(row, code)
        self._read_rest(row)
        return row

    def _read_officers(self, row: Row, code: str) -> None:
        named, problem = officers_in(row.record, code)
        if any(len(one.name) > LONGEST_NAME for one in named):
            named, problem = [], f"姓名最多{LONGEST_NAME}个字，没有收下。"
        if problem:
            row.planned.problems.append(row.record.problem(f"{DUTY}{code}", problem))
        if named:
            row.named[code] = tuple(named)

    def _read_rest(self, row: Row) -> None:
        record = row.record
        day = parse_date(record.values.get("valid_from"), reference=self.context.reference)
        if day.problem:
            row.planned.problems.append(record.problem("valid_from", day.problem))
        row.on = day.value or self.today
        row.section = text_of(record, "section")
        if len(row.section) > LONGEST_SECTION:
            row.planned.problems.append(
                record.problem("section", f"片区最多{LONGEST_SECTION}个字，没有收下。")
            )
            row.section = ""
