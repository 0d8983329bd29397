"""What an import will do, row by row, kept for its pages: bounded pages by effect, counts, and a digest of the whole.

Every row is counted once, and kept encrypted: what an office's file holds never lies in clear.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from grassroots.grid.bulk_columns import reserve_keys, write_columns
from grassroots.grid.crypto import digest
from grassroots.ledgers.intake.protocol import Change, Effect, Planned, Problem
from grassroots.ledgers.models import ImportBatch, ImportPage

LINES_PER_PAGE = 50
PAGES_AT_ONCE = 100
WARNINGS = "warnings"
NEW = "新建"
_HEAD = re.compile(r"[^“”:：(（,，;；\s\d]+")
PARTS = (*Effect, WARNINGS)


@dataclass(slots=True)
class Line:
    """One row of the file as the pages show it; `index` is its place among the rows, from 0."""

    index: int
    row: int
    effect: str
    title: str = ""
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    proposals: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, index: int, planned: Planned) -> Line:
        return cls(
            index, planned.row, str(planned.effect), planned.title, planned.problems, planned.changes,
            planned.proposals,
        )  # fmt: skip

    @property
    def is_rejected(self) -> bool:
        return self.effect == Effect.REJECTED

    def packed(self) -> list[Any]:
        """As it is stored; empty tails are left out."""
        problems = [[one.row, one.column, one.value, one.message] for one in self.problems]
        changes = [[one.label, one.old, one.new] for one in self.changes]
        parts: list[Any] = [
            self.index, self.row, self.effect, self.title, problems, changes, self.proposals,
        ]  # fmt: skip
        while not parts[-1]:
            parts.pop()
        return parts

    @classmethod
    def unpacked(cls, parts: list[Any]) -> Line:
        padded: list[Any] = [*parts, *[None] * (7 - len(parts))]
        index, row, effect, title, problems, changes, proposals = padded
        return cls(
            index, row, effect, title or "", [Problem(*one) for one in problems or []],
            [Change(*one) for one in changes or []], list(proposals or []),
        )  # fmt: skip


class PlanDigest:
    """A digest of what a plan does: two plans with one digest do the same."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, line: Line) -> None:
        if not (line.problems or line.changes or line.proposals):
            self._hash.update(
                f'[{line.row}, "{line.effect}"]\n'.encode()
            )  # what JSON makes of it, without its cost
            return
        packed = [line.row, line.effect, *line.packed()[4:]]
        self._hash.update(json.dumps(packed, ensure_ascii=False).encode() + b"\n")

    def value(self) -> str:
        """Keyed, because a plain hash would let what the rows hold be found by trying."""
        return digest(self._hash.hexdigest(), "import-plan")


class PreviewWriter:
    """Takes the lines of a plan in the order of the rows, and writes pages of an import anew in constant memory: a
    page's text is made when it is full, `pages_at_once` are written together."""

    def __init__(self, batch: ImportBatch, *, pages_at_once: float = PAGES_AT_ONCE) -> None:
        self.batch, self.pages_at_once = batch, pages_at_once
        self.counts = dict.fromkeys(Effect, 0)
        self.warnings = 0
        self._proposed: dict[str, int] = defaultdict(int)
        self._new: set[str] = set()
        self._digest = PlanDigest()
        self._open: dict[str, list[list[Any]]] = defaultdict(list)
        self._numbers: dict[str, int] = defaultdict(int)
        self._full: list[tuple[str, int, str]] = []
        ImportPage.objects.filter(batch=batch).delete()

    def add(self, line: Line) -> None:
        self.counts[Effect(line.effect)] += 1
        self._digest.add(line)
        self._put(line.effect, line)
        for words in line.proposals:
            self._count(words)
        if line.problems and not line.is_rejected:
            self.warnings += len(line.problems)
            self._put(WARNINGS, line)

    def _count(self, words: str) -> None:
        """How often each kind of thing is proposed; what several rows propose to make is made once."""
        head = _HEAD.match(words)
        if head is None or words in self._new:
            return
        if words.startswith(NEW):
            self._new.add(words)
        self._proposed[head[0]] += 1

    def _put(self, part: str, line: Line) -> None:
        lines = self._open[part]
        lines.append(line.packed())
        if len(lines) >= LINES_PER_PAGE:
            self._close(part)

    def _close(self, part: str) -> None:
        if lines := self._open.pop(part, None):
            self._full.append((part, self._numbers[part], json.dumps(lines, ensure_ascii=False)))
            self._numbers[part] += 1
        if len(self._full) >= self.pages_at_once:
            self._write()

    def _write(self) -> None:
        parts, numbers, bodies = map(list, zip(*self._full, strict=True)) if self._full else ([], [], [])
        keys = reserve_keys(ImportPage, len(parts))
        write_columns(
            ImportPage, keys, {"batch_id": self.batch.pk, "part": parts, "number": numbers, "body": bodies}
        )
        self._full = []

    def close(self) -> None:
        """No more lines: the pages that are not full are made too."""
        for part in list(self._open):
            self._close(part)

    def finish(self) -> str:
        """Write the rest and set the batch's counts (unsaved); returns the digest of the plan."""
        self.close()
        self._write()
        for effect, count in self.counts.items():
            setattr(self.batch, effect.value, count)
        self.batch.rows = sum(self.counts.values())
        self.batch.warnings = self.warnings
        self.batch.proposed = dict(self._proposed)
        return self._digest.value()


def lines_of(batch: ImportBatch, part: str, number: int) -> list[Line]:
    """The lines of one page (from 0) of an effect, or of 'warnings' (one query)."""
    page = ImportPage.objects.filter(batch=batch, part=part, number=number).first()
    return [Line.unpacked(parts) for parts in page.body] if page else []


def page_count(count: int) -> int:
    """How many pages so many lines fill."""
    return -(-count // LINES_PER_PAGE)


def all_lines(batch: ImportBatch, *parts: str) -> Iterator[Line]:
    """All lines of these parts (default: every row once), a part after the other, in the order of the rows."""
    for part in parts or tuple(Effect):
        pages = ImportPage.objects.filter(batch=batch, part=part).order_by("number")
        for page in pages.iterator(chunk_size=20):
            yield from (Line.unpacked(packed) for packed in page.body)
