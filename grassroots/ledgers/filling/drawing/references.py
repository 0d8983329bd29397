"""References to cells in formulas and ranges, moved as a spreadsheet moves them when rows are inserted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token

_CELLS = re.compile(r"(\$?[A-Za-z]{1,3}\$?)(\d{1,7})(?::(\$?[A-Za-z]{1,3}\$?)(\d{1,7}))?$")
_ROWS = re.compile(r"(\$?)(\d{1,7}):(\$?)(\d{1,7})$")


@dataclass(frozen=True, slots=True)
class Insertion:
    """`count` rows inserted before row `at`, below the rows from `first` on: ranges that end at the row before grow."""

    at: int
    count: int
    first: int

    def moved(self, row: int) -> int:
        """Where a row has gone."""
        return row + self.count if row >= self.at else row

    def span(self, top: int, bottom: int) -> tuple[int, int]:
        """Where a range of rows has gone; one that ends with the prepared rows takes the new ones in."""
        is_grown = (
            bottom == self.at - 1
            and top <= bottom
            and bottom >= self.first
            and (top < bottom or top == self.first)
        )
        return self.moved(top), bottom + self.count if is_grown else self.moved(bottom)

    def reference(self, text: str) -> str:
        """A reference such as F5, $A$1:$V$16, 5:14; anything else comes back as it is."""
        if match := _CELLS.match(text):
            if match[4] is None:
                return f"{match[1]}{self.moved(int(match[2]))}"
            top, bottom = self.span(int(match[2]), int(match[4]))
            return f"{match[1]}{top}:{match[3]}{bottom}"
        if match := _ROWS.match(text):
            top, bottom = self.span(int(match[2]), int(match[4]))
            return f"{match[1]}{top}:{match[3]}{bottom}"
        return text

    def ranges(self, text: str) -> str:
        """Several ranges with blanks between them (sqref)."""
        return " ".join(self._area(part) for part in text.split())

    def _area(self, text: str) -> str:
        match = _CELLS.match(text)
        if match is None or match[4] is not None:
            return self.reference(text)
        top, bottom = self.span(int(match[2]), int(match[2]))
        return f"{match[1]}{top}" if top == bottom else f"{match[1]}{top}:{match[1]}{bottom}"

    def formula(self, text: str, *, sheet: str, own: str) -> str:
        """A formula of the sheet `own` (with or without its =): references into `sheet` are moved."""
        has_sign = text.startswith("=")
        try:
            tokens = Tokenizer(text if has_sign else f"={text}").items
        except Exception:  # a formula that nobody can read stays as it is
            return text
        body = "".join(self._token(token, sheet, own) for token in tokens)
        return f"={body}" if has_sign else body

    def _token(self, token: Token, sheet: str, own: str) -> str:
        if token.type != Token.OPERAND or token.subtype != Token.RANGE:
            return str(token.value)
        named, sign, cells = token.value.rpartition("!")
        target = named.strip("'").replace("''", "'") if sign else own
        return f"{named}{sign}{self.reference(cells)}" if target == sheet else str(token.value)
