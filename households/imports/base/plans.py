"""What rows will do, between planning and writing: households, members, knocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from grassroots.ledgers.intake.protocol import Change, Effect, Planned, Problem
from grassroots.ledgers.reading.parsed import original_text
from households.imports.places import NewArea
from households.rules.addresses import Door, door_display

if TYPE_CHECKING:
    from grassroots.grid.models import Area
    from households.imports.base.cells import Block
    from households.imports.base.register import Known, KnownHouse

CREATED, REJECTED = Effect.CREATED, Effect.REJECTED


class HousePlan:
    """A household of the file: registered (`known`) or new; `values` are its fields for a new one, else its changes.

    One object for all rows of a household, also across steps of writing: `pk` is set once it stands in the register.
    Like the other plans no dataclass: of the many fields each row sets a few, and a street has 125,000 rows.
    """

    head: MemberPlan | None = None
    old_head: Known | None = None
    """The residency of the registered head who gives way to another."""
    next_order = 0
    knock: KnockPlan | None = None
    known_knock: Known | None = None
    """The registered knock that the sheet's answers belong to."""
    pk: int | None = None
    knock_pk: int | None = None
    version: int | None = None
    """The version after this import has raised it; None before."""
    since: dt.date | None = None

    def __init__(self, area: Area | NewArea, door: Door, share_no: str, known: KnownHouse | None) -> None:
        self.area, self.door, self.share_no, self.known = area, door, share_no, known
        self.values: dict[str, Any] = {}
        self._area_id: int | None = None
        if known is not None:
            self._area_id = int(known.row.area_id)
            self.pk, self.next_order, self.share_no = known.row.pk, known.next_order, known.row.share_no
        self.display = (
            door_display(door.building, door.unit, door.door, share_no)
            if known is None
            else str(known.row.display)
        )

    @property
    def area_id(self) -> int | None:
        """The area's key; None for one that is still to be made."""
        if self._area_id is None:
            area = self.area.area if isinstance(self.area, NewArea) else self.area
            self._area_id = area.pk if area is not None else None
        return self._area_id


class KnockPlan(NamedTuple):
    """A knock that is not in the register yet, with how the household stands after it and the letter, if one was
    signed (None: none; '': without a number; '*': one is made up)."""

    visited_at: dt.datetime
    outcome: str
    method: str
    staff_id: int
    steps: frozenset[str]
    standing: Mapping[str, Any]
    letter: str | None = None
    absent_try: int = 0
    respondent: str = ""
    respondent_relation: str = ""
    respondent_phone: str = ""
    leaflets: int = 0
    slip_left: bool = False
    note: str = ""
    signed_by: str = ""


class MemberPlan:
    """Somebody in a row. `person` and `home` are registered rows, None for new ones; `changes` and `home_changes` what
    becomes of registered ones."""

    house: HousePlan | None = None
    sex = ""
    birth_date: dt.date | None = None
    stated_age: int | None = None
    id_kind = "RESIDENT_ID"
    id_number = ""
    id_digest = ""
    """By which he is found; where the register is empty, the number itself."""
    id_check_reason = ""
    phone_digest = ""
    phone_owner = ""
    work_unit = ""
    note = ""
    kind = "REGISTERED"
    is_away = False
    away_where = ""
    order = 0
    area: Area | NewArea | None = None
    address = ""
    """Where somebody without a door lives: his area and what the sheet says of the place."""
    person: Known | None = None
    home: Known | None = None
    makes_home = False
    changes: dict[str, Any] | None = None
    home_changes: dict[str, Any] | None = None
    answers: dict[str, Any] | None = None
    known_answers: Known | None = None
    """The registered answers of the same knock, which `answers` change."""
    same_as: MemberPlan | None = None
    """The row before that makes the same person: here he is registered besides, away from home."""
    person_pk: int | None = None

    def __init__(self, name: str, relation: str, phone: str) -> None:
        self.name, self.relation, self.phone = name, relation, phone


class Work:
    """What one row brings about: its household, its member, changes of the household's letter and knock that are
    registered, and cells whose text is kept beside the record."""

    house: HousePlan | None = None
    member: MemberPlan | None = None
    letter: tuple[int | None, str] | None = None
    """(key of the registered letter or None for a new one, its number)"""
    knock_changes: dict[str, Any] | None = None
    originals: list[tuple[str, Problem]] | None = None


@dataclass(eq=False, slots=True)
class Row:
    """A row while it is planned: what it will do, and its cells (`place` in the block)."""

    planned: Planned
    block: Block
    place: int
    work: Work

    def cell(self, key: str) -> Any:
        """What a cell was read as; None for a blank one."""
        column = self.block.read.get(key)
        return None if column is None else column[self.place]

    def problem(self, key: str, message: str) -> Problem:
        """A problem of one cell as it stands in the sheet ('' for the whole row)."""
        raw = self.block.raw[key][self.place] if key in self.block.raw else None
        return Problem(self.planned.row, self.block.captions.get(key, ""), original_text(raw), message)

    def warn(self, key: str, message: str) -> None:
        """Something that costs the row nothing."""
        self.planned.problems.append(self.problem(key, message))

    def leave(self, key: str, message: str) -> None:
        """A cell that is not taken over: its text is kept beside the record."""
        problem = self.problem(key, message)
        self.planned.problems.append(problem)
        if self.work.originals is None:
            self.work.originals = []
        self.work.originals.append((key, problem))

    def reject(self, key: str, message: str) -> None:
        """Turn the row down."""
        self.planned.reject(self.problem(key, message))

    @property
    def is_rejected(self) -> bool:
        return self.planned.effect is REJECTED

    def becomes(self, effect: Effect) -> None:
        """The row does at least this."""
        now = self.planned.effect
        if now is not CREATED and now is not REJECTED:
            self.planned.effect = effect

    def change(self, label: str, old: object, new: object) -> None:
        """A registered value gives way."""
        self.planned.changes.append(Change(label, str(old or ""), str(new or "")))
        self.becomes(Effect.UPDATED)
