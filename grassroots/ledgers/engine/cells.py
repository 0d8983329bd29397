"""Columns of values as pieces of the sheet's XML, a batch at a time.

A row is written as `number.join(pieces)`: the pieces are cut so that the row's number belongs exactly
between them, e.g. ``<row r="`` | ``" ht="24"…><c r="A`` | ``" s="3"><v>7</v></c><c r="B`` | …. Whole
columns are turned into pieces at once, and what is cheap to know about a whole batch (all text? all
plain?) is asked of the batch; that is what makes it many times as fast as a cell object each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from grassroots.ledgers.engine.columns import Column
from grassroots.ledgers.engine.formats import MAX_EXACT, encode, plain_text
from grassroots.ledgers.engine.text import CELL_LIMIT, MASKS, clean_text, inline_string, is_plain, shorten

_NONE = type(None)


@dataclass(slots=True)
class Notes:
    """In how many cells something had to be changed for Excel's sake."""

    cleaned: int = 0
    shortened: int = 0


class ColumnWriter:
    """Turns values of one column into pieces of XML.

    `style` and `text_style` are the style ids of the shell's sample cells: as the column's format wants
    it, and the same as text. `following` is what stands between this cell and the next one's row number.
    """

    def __init__(
        self, column: Column, style: str, text_style: str, following: str, *, masked: bool, notes: Notes
    ) -> None:
        self.column, self.notes = column, notes
        self._number = (f'" s="{style}"><v>', f"</v></c>{following}")
        self._text = (f'" s="{text_style}" t="inlineStr"><is>', f"</is></c>{following}")
        self._blank = f'" s="{style}"/>{following}'
        self._mask = MASKS[column.mask] if masked and column.mask else None

    def prepared(self, values: Sequence[object]) -> Sequence[object]:
        """The values as they may be shown: masked where the column says so."""
        if self._mask is None:
            return values
        mask = self._mask
        return [mask(plain_text(value)) if value not in (None, "") else None for value in values]

    def pieces(self, values: Sequence[object]) -> list[bytes]:
        """A piece of XML for each of the (prepared) values."""
        kinds = set(map(type, values))
        has_gaps = _NONE in kinds
        kinds.discard(_NONE)
        if not kinds:
            return [self._blank.encode()] * len(values)
        if kinds == {str}:
            texts = [value or "" for value in values] if has_gaps else values
            return self._text_pieces(cast(Sequence[str], texts))
        if self.column.format == "text" or len(kinds) > 1:
            return self._single_pieces(values)
        if kinds == {int} and not has_gaps and self.column.format in ("serial", "int"):
            return self._int_pieces(cast(Sequence[int], values))
        seen = {value: self._piece(value).encode() for value in set(values)}
        return [seen[value] for value in values]

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
        self.notes.cleaned += cleaned != text
        self.notes.shortened += short != cleaned
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
    widest = max(map(len, texts), default=0) * (1 if joined.isascii() else 2)
    if widest <= fit and "\n" not in joined:
        return None
    seen = {value: count_lines(value, fit) if isinstance(value, str) else 1 for value in set(values)}
    counts = [seen[value] for value in values]
    return counts if max(counts) > 1 else None


def count_lines(text: str, fit: float) -> int:
    """How many lines the text takes where `fit` half-width characters fit on one."""
    if "\n" in text:
        return sum(count_lines(line, fit) for line in text.split("\n"))
    width = (len(text) + len(text.encode("utf-8", "replace"))) / 2  # text_width, without the call
    return math.ceil(width / fit) if width > fit else 1
