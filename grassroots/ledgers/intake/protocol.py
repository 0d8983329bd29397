"""What a kind of import is: apps declare theirs in `imports.py`, the pipeline knows none by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from grassroots.ledgers.reading.parsed import original_text

if TYPE_CHECKING:
    from grassroots.grid.lane import Lane
    from grassroots.grid.models import Area, Staff
    from grassroots.ledgers.reading.captions import Caption, Field


class Effect(StrEnum):
    """What a row does to the register. A row is counted once, by its strongest effect: the order is by strength."""

    UNCHANGED = "unchanged"
    UPDATED = "updated"
    CREATED = "created"
    REJECTED = "rejected"

    @property
    def strength(self) -> int:
        return list(Effect).index(self)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a cell or a row, in the office's words: `row` is the sheet's own number, `column` its
    caption there ('' for the whole row), `value` as it stood in the sheet."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """A registered value that the row replaces; all three as they are shown (masked where they must be)."""

    label: str
    old: str
    new: str


@dataclass(slots=True)
class Record:
    """A data row as it was read: raw cells by field key; `captions` says what the sheet calls each field."""

    row: int
    values: Mapping[str, object]
    captions: Mapping[str, str]
    sheet: str = ""

    def problem(self, key: str, message: str) -> Problem:
        """A problem of one cell ('' for the whole row)."""
        return Problem(self.row, self.captions.get(key, ""), original_text(self.values.get(key)), message)


@dataclass(slots=True)
class Planned:
    """What one row will do.

    `problems` are the reasons of a rejection where `effect` is REJECTED, otherwise warnings that cost the row nothing
    but the flawed cell. `proposals` are further things that confirming brings about ("新建小区 翠柏苑"). `work` is
    what the kind's `apply` needs, nobody else's business.
    """

    row: int
    effect: Effect
    title: str = ""
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    proposals: list[str] = field(default_factory=list)
    work: Any = None
    joins_previous: bool = False
    """Written in the same step as the row above: a household's further members."""

    def reject(self, problem: Problem) -> None:
        """Turn the row down; warnings that it had give way to the reasons."""
        if self.effect != Effect.REJECTED:
            self.effect, self.problems, self.changes, self.proposals = Effect.REJECTED, [], [], []
        self.problems.append(problem)


class PlanStale(Exception):
    """Raised by a kind's `apply`: the register is no longer as it was when the rows were planned. Nothing is kept of
    the step; the file is planned anew and the new preview is shown."""


@dataclass(frozen=True, slots=True)
class Source:
    """What came in, as it came: the file's name and bytes; of pasted text, '' and its UTF-8."""

    name: str
    read: Callable[[], bytes]


@dataclass(slots=True)
class ImportContext:
    """For which area, by whom, recorded when; `reference` is the sheet's own date, by which dates without a year are
    read. `source` is for kinds that keep the sender's file or answer in it, the same while planning and writing.

    In `apply`, every row that is made or changed is noted, so that it can be undone: `note_created(obj)` after it was
    saved, `note_range(model, first_pk, last_pk)` for rows made in bulk with keys one after the other,
    `note_updated(obj, before)` after it was saved, with the old values by field name. Rows go in the order in which
    they were made. `keep_original(obj, key, problem)` keeps the text of a cell of field `key` that could not be taken
    over beside the record. `progress(done, total)` moves the bar and raises when the import was cancelled.

    With a `lane`, statements may still run in it when `apply` returns; what needs the rows to stand there goes to
    `later`, which runs it when they do. What goes into tables to which the rest of the step does not point may be
    left to `at_end(write, finished)`: `write` runs when all rows were planned, while the database already makes the
    indexes of the `finished` tables, into which nothing more goes.
    """

    area: Area
    staff: Staff
    at: dt.datetime
    reference: dt.date
    progress: Callable[[int, int | None], None] = lambda done, total: None
    note_created: Callable[[Any], None] = lambda obj: None
    note_updated: Callable[[Any, Mapping[str, Any]], None] = lambda obj, before: None
    source: Source | None = None
    note_range: Callable[[type[Any], int, int], None] = lambda model, first_pk, last_pk: None
    keep_original: Callable[[Any, str, Problem], None] = lambda obj, key, problem: None
    options: Mapping[str, Any] = field(default_factory=dict)
    lane: Lane | None = None
    later: Callable[[Callable[[], None]], None] = lambda do: do()
    at_end: Callable[[Callable[[], None], Sequence[type[Any]]], None] = lambda write, finished: write()


Plan = Callable[[ImportContext, Sequence[Record]], Iterable[Planned]]
Apply = Callable[[ImportContext, Sequence[Planned]], None]


@dataclass(frozen=True, slots=True)
class ImportKind:
    """A kind of sheet: what its columns may be, what a row means, how it is written.

    `plan` reads and compares, writes nothing, and answers exactly one Planned a Record, in order; it says the same
    whenever nothing has changed in the register (no times of day in its words). It is called once with all records
    of the file; after a run that was cut off it is called with all of them again, some of which stand in the register
    by then. `apply` writes rows that were planned as created or updated, some hundred at a time and in order, inside
    a transaction of the caller; it locks what it changes and raises PlanStale where that is no longer as planned.

    `permissions` are what the importer needs besides ledgers.import_ledger. `identity` names field keys of which a
    sheet of this kind has at least one group (all keys of one tuple): by them the kind is recognised. `dynamic` gives
    keys to columns that no list of fields can name, such as days. `read_text` reads lines of a chat. `undo` overrides
    the pipeline's own undoing.

    `fields_now` is for kinds whose columns depend on the office (its duty kinds), asked anew for every sheet; read
    `columns()`, never `fields`. With `takes_rejected` every row is handed to `apply`, those without effect and those
    that were not taken over too: a kind that must answer every row of a sheet keeps them.
    """

    key: str
    name: str
    fields: tuple[Field, ...]
    plan: Plan
    apply: Apply
    identity: tuple[tuple[str, ...], ...] = ()
    permissions: tuple[str, ...] = ()
    read_text: Callable[[str, dt.date], Iterator[Record]] | None = None
    undo: Callable[[ImportContext, Any], None] | None = None
    dynamic: Callable[[Sequence[Caption], dt.date], Mapping[int, str]] | None = None
    """Captions that nobody has corrected, and the reference date; the answer's keys are the columns of those that it
    knows better than the list of fields does."""
    step_rows: int = 500
    """How many rows are written in one step."""
    whole_step_rows: int | None = None
    """The same where all steps are one transaction (PostgreSQL), if more at once are quicker."""
    order: int = 50
    fields_now: Callable[[], tuple[Field, ...]] | None = None
    takes_rejected: bool = False
    whole: Callable[[int], AbstractContextManager[object]] | None = None
    """Put around the writing of so many rows where it is one transaction (PostgreSQL). Where it answers a `Filling`,
    what the plan is held against is empty and stays so but for what this import writes: then a command may have rows
    planned while others are written already (`at_once`); a plan that must change what is written raises PlanStale."""

    def columns(self) -> tuple[Field, ...]:
        """What its columns may be in this office."""
        return self.fields_now() if self.fields_now else self.fields


_kinds: dict[str, ImportKind] = {}


def register_import(kind: ImportKind) -> ImportKind:
    """Enter a kind of import. Raises ValueError when its key is taken."""
    if kind.key in _kinds:
        raise ValueError(f"import kind {kind.key} is registered already")
    _kinds[kind.key] = kind
    return kind


def import_kinds() -> list[ImportKind]:
    """All kinds in their order."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.key))


def import_kind(key: str) -> ImportKind:
    """The kind of that key. Raises KeyError."""
    return _kinds[key]
