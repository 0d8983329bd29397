"""A kind of import small enough to see through: villages with the number of households expected there.

It stands for all kinds in the tests of the pipeline; rows name an area below the import's own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grassroots.grid.models import Area, Level
from grassroots.ledgers.intake.protocol import (
    Change,
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    PlanStale,
    Record,
)
from grassroots.ledgers.reading import Field, parse_int, parse_text

KEY = "toy"
STOP_AT, STOP_FILE = "TOY_STOP_AT", "TOY_STOP_FILE"


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    below = {area.name: area for area in Area.objects.within(context.area).open()}
    seen: set[str] = set()
    for record in records:
        name = parse_text(record.values.get("place")).value or ""
        count = parse_int(record.values.get("expected"))
        row = Planned(record.row, Effect.UNCHANGED, title=name, work=(name, count.value))
        if not name:
            row.reject(record.problem("place", "没有名称。"))
        elif count.problem:
            row.problems.append(record.problem("expected", count.problem))
        area = below.get(name)
        if row.effect == Effect.REJECTED or name in seen:
            pass
        elif area is None:
            row.effect = Effect.CREATED
        elif count.value is not None and area.expected_households != count.value:
            row.effect = Effect.UPDATED
            row.changes = [Change("应排查户数", str(area.expected_households or ""), str(count.value))]
        seen.add(name)
        yield row


def _stop_at(name: str) -> None:
    """In a process that is to be killed: says that it has come to this row, and goes no further."""
    if name == os.environ.get(STOP_AT):
        Path(os.environ[STOP_FILE]).touch()
        time.sleep(120)


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    for row in rows:
        name, count = row.work
        _stop_at(name)
        if row.effect == Effect.CREATED:
            fields = {"level": Level.VILLAGE, "name": name, "expected_households": count}
            if Area.objects.within(context.area).filter(name=name).exists():
                raise PlanStale
            area = Area.objects.add_child(Area.objects.get(pk=context.area.pk), create_kwargs=fields)
            context.note_created(area)
            for problem in row.problems:
                context.keep_original(area, "expected", problem)
        else:
            changed: Any = Area.objects.within(context.area).get(name=name)
            before = {"expected_households": changed.expected_households}
            changed.expected_households = count
            changed.version += 1
            changed.save(update_fields=["expected_households", "version"])
            context.note_updated(changed, before)


TOY = ImportKind(
    key=KEY,
    name="玩具表",
    fields=(Field("place", "地名"), Field("expected", "应排查户数", ("户数",))),
    plan=plan,
    apply=apply,
    identity=(("place", "expected"),),
    permissions=("grid.change_area",),
    step_rows=2,
)
