"""The data rows of a table: what is none is skipped and named, 同上 and merged cells are filled in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from grassroots.ledgers.reading.captions import normalise
from grassroots.ledgers.reading.grids import Region
from grassroots.ledgers.reading.parsed import original_text

if TYPE_CHECKING:
    from grassroots.ledgers.reading.tables import Table

BLANK, TOTALS, SIGNATURE, NOTE, HEADER, NUMBER_ONLY = (
    "空行", "合计行", "签字行", "说明", "重复的表头", "只有序号，没有内容",
)  # fmt: skip

_DITTO = frozenset({"同上", "〃", "″", '"', "''", "”", "“", "＂", "同前", "同上行"})
_TOTALS = re.compile(r"(?:合|总|小|共|累)计.{0,6}")
_SIGNATURE = re.compile(
    r"(?:主要领导|分管领导|领导|审核人?|审批人?|填表人|填报人|制表人?|经办人|负责人|责任人|联系人|联系电话|签字|签名|盖章|签章|日期)"
    r"[^:：]{0,10}[:：]"
)
_NOTE = re.compile(r"^\s*(?:注|备注|说明|填表说明|填报说明|注意|注意事项|温馨提示|填写说明)\s*\d?\s*[:：、.]")
# Without any of these in its texts no row is a total or a signature, and nothing in it says 同上.
_LOUD = "计:：同前〃″\"'”“＂"
MEMO_SIZE = 20_000
LOOKED_ROWS = 200
_SERIAL = frozenset({"序号", "编号", "序", "no", "行号", "序列"})


def data_rows(table: Table) -> Iterator[tuple[int, list[object]]]:
    """(sheet row number, cells) of each data row; cells by column of the grid, as `Caption.column` counts them.

    The cells may be the grid's own list: they are not to be changed.

    Blank rows, 合计, signatures, notes, repeated headers and rows with nothing but a number are left out
    (`skipped_rows` names them); 同上 takes the value above; a cell merged over rows or columns counts in each.
    """
    filled = _merged_values(table)
    kinds = _Kinds(table)
    above: list[object] = []
    for index in range(table.body[0], table.body[1] + 1):
        is_plain = kinds.is_plain(index)
        if not is_plain and kinds.of(index):
            continue
        cells = table.grid.rows[index]
        if index in filled:
            cells = list(cells)
            for column, value in filled[index]:
                cells[column] = value
        if not is_plain and above:
            cells = _dittoed(cells, above)
        above = cells
        yield table.grid.number_of(index), cells


def _dittoed(cells: list[object], above: Sequence[object]) -> list[object]:
    """The cells with what 同上 stands for."""
    return [
        above[column] if isinstance(value, str) and value.strip() in _DITTO else value
        for column, value in enumerate(cells)
    ]


def skipped_rows(table: Table) -> list[tuple[int, str]]:
    """(sheet row number, why) of the rows below the header that are not data; blank ones at the end are no rows."""
    kinds = _Kinds(table)
    first, last = table.body
    found = [(index, kinds.of(index)) for index in range(first, last + 1)]
    return [(table.grid.number_of(index), kind) for index, kind in found if kind]


def footer_rows(table: Table) -> list[int]:
    """Indexes of the rows below the last data row that hold something: totals, signatures, notes."""
    kinds = _Kinds(table)
    found: list[int] = []
    for index in range(table.body[1], table.body[0] - 1, -1):
        kind = kinds.of(index)
        if not kind:
            break
        if kind not in (BLANK, NUMBER_ONLY):
            found.append(index)
    return found[::-1]


def _is_loud(texts: Sequence[str]) -> bool:
    """Whether any of the signs stands in any of these texts: looked for one by one they are found out far sooner."""
    text = "\n".join(texts)
    return any(sign in text for sign in _LOUD)


class _Captions(dict[str, bool]):
    """Whether texts may be captions of a table: most come again and again."""

    def __init__(self, words: frozenset[str]) -> None:
        super().__init__()
        self.words = words

    def __missing__(self, text: str) -> bool:
        if len(self) > MEMO_SIZE:
            self.clear()
        is_plain = text.isalnum() and unicodedata.is_normalized("NFKC", text)
        # All that `normalise` changes of a plain text is its case.
        found = self[text] = (text.lower() if is_plain else normalise(text)) in self.words
        return found


class _Kinds:
    """What the rows of a table are."""

    def __init__(self, table: Table) -> None:
        self.table, self.grid = table, table.grid
        self.columns = {caption.column for caption in table.captions}
        self.words = self._header_words()
        serial = [c.column for c in table.captions if normalise(c.path[-1]) in _SERIAL]
        self.serial = serial[0] if serial else None
        self.wide = self._wide_rows()
        self.captions = _Captions(frozenset().union(*self.words.values()) if self.words else frozenset())
        self._looked_from = self._looked_to = 0
        self._is_loud = False
        self._words_here: set[str] = set()

    def is_plain(self, index: int) -> bool:
        """Whether a row is data, and nothing in it says 同上, at a glance: so are nearly all of a long sheet."""
        row = self.grid.rows[index]
        if index in self.wide or len(row) - row.count(None) < 3:
            return False
        if index >= self._looked_to or index < self._looked_from:
            self._look(index)
        if not self._is_loud and (not self._words_here or self._words_here.isdisjoint(row)):
            return True
        return self._is_plain(row)

    def _look(self, index: int) -> None:
        """What some rows say, together: whether any is loud, and which captions they repeat."""
        self._looked_from, self._looked_to = index, index + LOOKED_ROWS
        values = set().union(*self.grid.rows[index : self._looked_to])
        texts = [value for value in values if type(value) is str]
        self._is_loud = _is_loud(texts)
        # Numbers and dates, which nearly all differ, are no captions: normalised they stay ASCII.
        is_ascii_told = any(map(str.isascii, self.captions.words))
        self._words_here = {
            text for text in texts if (is_ascii_told or not text.isascii()) and self.captions[text]
        }

    def _is_plain(self, row: Sequence[object]) -> bool:
        texts = [value for value in row if type(value) is str]
        if _is_loud(texts):
            return False
        # A header repeats captions in more than half of its cells.
        filled = len(row) - row.count(None)
        misses_left = filled - filled // 2 - (filled - len(texts))
        is_caption = self.captions
        for text in texts:
            if misses_left <= 0:
                return True
            misses_left -= not is_caption[text]
        return misses_left <= 0

    def of(self, index: int) -> str:
        """Why a row is no data; "" for one that is."""
        row = self.grid.rows[index]
        filled = [(column, value) for column, value in enumerate(row) if value is not None]
        if not filled:
            return BLANK
        texts = [original_text(value).strip() for _column, value in filled]
        first = normalise(texts[0])
        if _TOTALS.fullmatch(first) or (
            len(texts) > 1 and filled[0][0] == self.serial and self._is_total(texts[1])
        ):
            return TOTALS
        is_alone = len(filled) == 1
        if _NOTE.match(texts[0]) and (is_alone or index in self.wide):
            return NOTE
        labels = sum(bool(_SIGNATURE.search(text)) for text in texts)
        if labels and labels * 2 >= len(texts):
            return SIGNATURE
        if self._is_header(filled):
            return HEADER
        return self._of_one_cell(index, filled[0][0]) if is_alone else ""

    def _is_total(self, text: str) -> bool:
        return bool(_TOTALS.fullmatch(normalise(text)))

    def _of_one_cell(self, index: int, column: int) -> str:
        if column == self.serial:
            return NUMBER_ONLY
        if index in self.wide:
            return NOTE
        return ""

    def _is_header(self, filled: list[tuple[int, object]]) -> bool:
        hits = sum(
            normalise(original_text(value)) in self.words.get(column, ())
            for column, value in filled
            if isinstance(value, str)
        )
        return hits == len(filled) or (hits >= 2 and hits * 2 > len(filled))

    def _header_words(self) -> dict[int, set[str]]:
        return {c.column: {normalise(part) for part in c.path} - {""} for c in self.table.captions}

    def _wide_rows(self) -> set[int]:
        width = max(3, len(self.columns) * 0.5)
        return {
            row
            for top, left, bottom, right in self.grid.merged
            if right - left + 1 >= width
            for row in range(top, bottom + 1)
        }


def _merged_values(table: Table) -> dict[int, list[tuple[int, object]]]:
    """By row: the columns that a merged cell of the body reaches into, with its value."""
    found: dict[int, list[tuple[int, object]]] = {}
    first, last = table.body
    for region in table.grid.merged:
        for row, column, value in _covered(table, region, first, last):
            found.setdefault(row, []).append((column, value))
    return found


def _covered(table: Table, region: Region, first: int, last: int) -> Iterator[tuple[int, int, object]]:
    top, left, bottom, right = region
    if top < first or top > last:
        return
    value = table.grid.rows[top][left]
    if value is None:
        return
    for row in range(top, min(bottom, last) + 1):
        for column in range(left, right + 1):
            if (row, column) != (top, left):
                yield row, column, value
