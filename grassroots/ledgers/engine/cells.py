"""Columns of values as pieces of the sheet's XML, a batch at a time.

A row is written as `number.join(pieces)`: the pieces are cut so that the row's number belongs exactly
between them, e.g. ``<row r="`` | ``" ht="24"…><c r="A`` | ``" s="3"><v>7</v></c><c r="B`` | …. Whole
columns are turned into pieces at once, what is cheap to know about a whole batch (all text? all plain?)
is asked of the batch, and a column that repeats itself keeps the pieces that it has made; that is what
makes it many times as fast as a cell object each.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import cast

from grassroots.ledgers.engine.columns import Column
from grassroots.ledgers.engine.formats import MAX_EXACT, encode, local_naive, plain_text
from grassroots.ledgers.engine.rows import Runs
from grassroots.ledgers.engine.text import CELL_LIMIT, MASKS, clean_text, inline_string, is_plain, shorten

_Made = tuple[list[bytes], list[int] | None]  # pieces, and lines where any takes more than one

_NONE = type(None)
_EMPTY = (None, "")
_MOST_KEPT = 4_000  # pieces that a column keeps
_TELLING = 200  # rows of a block that tell whether a column repeats itself


@dataclass(slots=True)
class Notes:
    """In how many cells something had to be changed for Excel's sake."""

    cleaned: int = 0
    shortened: int = 0


@dataclass(slots=True)
class _Memory:
    """What a column has made of its values: of one kind, since 1, 1.0 and True are the same key to a dict."""

    kind: type = _NONE
    pieces: dict[object, bytes] = field(default_factory=dict)
    lines: dict[object, int] = field(default_factory=dict)
    is_wrapping: bool = False
    changed: dict[str, Notes] = field(default_factory=dict)  # texts that XML or Excel cannot hold as they are

    def recall(self, values: Sequence[object]) -> _Made:
        """Raises KeyError for a value that it has not met."""
        lines = list(map(self.lines.__getitem__, values)) if self.is_wrapping else None
        return list(map(self.pieces.__getitem__, values)), lines

    def add(self, values: Sequence[object], pieces: list[bytes], lines: list[int] | None) -> None:
        self.pieces.update(zip(values, pieces, strict=True))
        self.lines.update(zip(values, lines or repeat(1), strict=False))
        self.is_wrapping = self.is_wrapping or lines is not None


class ColumnWriter:
    """Turns values of one column into pieces of XML.

    `styles` are the style ids of the shell's sample cells: as the column's format wants it, and the same
    as text. `following` is what stands between this cell and the next one's row number. `fit` is how many
    half-width characters fit on one of its lines, None where text is not wrapped.
    """

    def __init__(
        self, column: Column, styles: tuple[str, str], following: str, *, fit: float | None, masked: bool,
        notes: Notes,
    ) -> None:  # fmt: skip
        style, text_style = styles
        self.column, self.notes, self._fit = column, notes, fit
        self._number = (f'" s="{style}"><v>', f"</v></c>{following}")
        self._text = (f'" s="{text_style}" t="inlineStr"><is>', f"</is></c>{following}")
        self._blank = f'" s="{style}"/>{following}'
        self._mask = MASKS[column.mask] if masked and column.mask else None
        self._is_repetitive = True
        self._memory = _Memory()

    def _prepared(self, values: Sequence[object]) -> Sequence[object]:
        """The values as they may be shown: masked where the column says so."""
        mask = self._mask
        if mask is None:
            return values
        return [
            mask(value if type(value) is str else plain_text(value)) if value not in _EMPTY else None
            for value in values
        ]

    def write(self, values: Sequence[object]) -> tuple[Iterable[bytes], Iterable[int] | None]:
        """A piece of XML for the cell of each row, and how many lines each takes (None: all take one)."""
        runs = values if isinstance(values, Runs) else None
        shown = self._prepared(values if runs is None else runs.values)
        pieces, lines = self._made(shown)
        if self._memory.changed:
            self._note(shown if runs is None else runs.spread(shown))
        if runs is None:
            return pieces, lines
        return runs.spread(pieces), lines and runs.spread(lines)

    def pieces(self, values: Sequence[object]) -> list[bytes]:
        """The pieces alone, of values that need no mask."""
        return self._made(values)[0]

    def _note(self, values: Iterable[object]) -> None:
        """Count what had to be changed, cell by cell."""
        changed = self._memory.changed
        for value in values:
            if isinstance(value, str) and (change := changed.get(value)):
                self.notes.cleaned += change.cleaned
                self.notes.shortened += change.shortened
        if not self._memory.pieces or len(changed) > _MOST_KEPT:
            self._memory = _Memory()

    def _made(self, values: Sequence[object]) -> _Made:
        kinds = set(map(type, values))
        kinds.discard(_NONE)
        if not kinds:
            return [self._blank.encode()] * len(values), None
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is dt.datetime and self.column.format in ("date", "short-date"):
            values, kind = [at and local_naive(cast(dt.datetime, at)).date() for at in values], dt.date
        if not self._is_repetitive or kind is None or (kind is not str and self.column.format == "text"):
            return self._fresh(values, kind)
        return self._repeated(values, kind)

    def _repeated(self, values: Sequence[object], kind: type) -> _Made:
        """Values of one kind, out of those made before; only new ones are encoded.

        A column in which most values are new (numbers, names) is told by its first block and is encoded
        as it comes from then on.
        """
        if kind is not self._memory.kind or len(self._memory.pieces) > _MOST_KEPT:
            self._memory = _Memory(kind)
        try:
            return self._memory.recall(values)
        except KeyError:
            new = list(set(values).difference(self._memory.pieces))
        if len(new) * 2 > len(values) > _TELLING:
            self._is_repetitive, self._memory = False, _Memory()
            return self._fresh(values, kind)
        self._memory.add(new, *self._fresh(new, kind))
        return self._memory.recall(values)

    def _fresh(self, values: Sequence[object], kind: type | None) -> _Made:
        """Values of one kind (None: of any), with gaps."""
        lines = None if self._fit is None else line_counts(values, self._fit)
        if kind is str:
            return self._text_pieces([cast(str, value) or "" for value in values]), lines
        if kind is int and self.column.format in ("serial", "int") and None not in values:
            return self._int_pieces(cast(Sequence[int], values)), lines
        return self._single_pieces(values), lines

    def _text_pieces(self, values: Sequence[str]) -> list[bytes]:
        if not _are_plain(values):
            return self._single_pieces(values)
        return _between(values, f"{self._text[0]}<t>", f"</t>{self._text[1]}", empty=self._blank)

    def _int_pieces(self, values: Sequence[int]) -> list[bytes]:
        if max(values) >= MAX_EXACT or min(values) <= -MAX_EXACT:
            return self._single_pieces(values)
        return _between(map(str, values), *self._number, empty=self._blank)

    def _single_pieces(self, values: Sequence[object]) -> list[bytes]:
        return [self._piece(value).encode() for value in values]

    def _piece(self, value: object) -> str:
        cell = encode(value, self.column.format)
        if cell is None:
            return self._blank
        is_number, text = cell
        if is_number:
            return f"{self._number[0]}{text}{self._number[1]}"
        cleaned = clean_text(text)
        short = shorten(cleaned)
        if short != text:
            self._memory.changed[text] = Notes(int(cleaned != text), int(short != cleaned))
        return f"{self._text[0]}{inline_string(short)}{self._text[1]}" if short else self._blank


def _between(values: Iterable[str], before: str, after: str, *, empty: str) -> list[bytes]:
    """Each (plain) value between `before` and `after`, `empty` for an empty one; one pass in C for the
    batch."""
    joined = "\0".join(values).encode()
    cells = before.encode() + joined.replace(b"\0", f"{after}\0{before}".encode()) + after.encode()
    return cells.replace(f"{before}{after}".encode(), empty.encode()).split(b"\0")


def _are_plain(texts: Sequence[str]) -> bool:
    """Whether all of the texts go into XML as they are, asked of all at once; may say False of some that
    would."""
    joined = "|".join(texts)
    if len(joined) > CELL_LIMIT // 2 and max(map(len, texts)) > CELL_LIMIT // 2:
        return False
    return is_plain(joined) and "| " not in joined and " |" not in joined


def capacity(width: float, font_size: float) -> float:
    """Half-width characters of a font (points) that fit on a line of a column (Excel's unit of 7 pixels)."""
    return max(1.0, (width * 7 - 5) / (font_size * 96 / 72 / 2))


def line_counts(values: Sequence[object], fit: float) -> list[int] | None:
    """How many lines each value takes where `fit` half-width characters fit on one; None if all take one."""
    texts = [value for value in values if type(value) is str]
    joined = "".join(texts)
    is_narrow = joined.isascii()
    widest = max(map(len, texts), default=0) * (1 if is_narrow else 2)
    if widest <= fit and "\n" not in joined:
        return None
    if is_narrow and "\n" not in joined and len(texts) == len(values):
        lengths = list(map(len, texts))
        by_length = {length: _lines_of(length, fit) for length in set(lengths)}
        return [by_length[length] for length in lengths]
    seen = {value: count_lines(value, fit) if isinstance(value, str) else 1 for value in set(values)}
    counts = [seen[value] for value in values]
    return counts if max(counts) > 1 else None


def count_lines(text: str, fit: float) -> int:
    """How many lines the text takes where `fit` half-width characters fit on one."""
    if "\n" in text:
        return sum(count_lines(line, fit) for line in text.split("\n"))
    return _lines_of(
        (len(text) + len(text.encode("utf-8", "replace"))) / 2, fit
    )  # text_width, without the call


def _lines_of(width: float, fit: float) -> int:
    return math.ceil(width / fit) if width > fit else 1
