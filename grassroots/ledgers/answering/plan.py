"""Where the answers go: the header of each sheet, the columns that the sender left for them or that are added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grassroots.ledgers.reading.captions import Caption, normalise
from grassroots.ledgers.reading.grids import Grid, is_blank

RESULT, NOTE = "核查结果", "备注"
OWN_NOTE = "核查备注"
RESULT_CAPTIONS = (
    RESULT, "排查结果", "反馈结果", "核实结果", "反馈情况", "核查情况", "排查情况", "核实情况", "反馈代码", "核查反馈",
    "排查反馈", "落地核查情况", "落地核查结果", "核查结论", "处理结果", "核查状态",
)  # fmt: skip
NOTE_CAPTIONS = (OWN_NOTE, "反馈备注", "核查说明", "反馈说明", "情况说明", NOTE, "说明")
_RESULTS = {normalise(caption) for caption in RESULT_CAPTIONS}
_NOTES = [normalise(caption) for caption in NOTE_CAPTIONS]


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What is written beside one row: the one code, and a remark."""

    code: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnswerSheet:
    """One sheet: its name, the header's rows (from 1), how many columns the table has, and the two columns.

    Columns are zero-based; a column beyond the table's width is added there, under its caption. `answers` go by the
    sheet's own row numbers.
    """

    sheet: str
    header: tuple[int, int]
    width: int
    result: int
    note: int
    note_caption: str = NOTE
    answers: Mapping[int, RowAnswer] = field(default_factory=dict)

    @property
    def added(self) -> dict[int, str]:
        """Captions of the columns that the sender's table did not have."""
        columns = {self.result: RESULT, self.note: self.note_caption}
        return {column: caption for column, caption in columns.items() if column >= self.width}


def answer_sheets(
    grid: Grid, header: tuple[int, int], captions: Sequence[Caption], answers: Mapping[int, RowAnswer]
) -> AnswerSheet:
    """Where the answers of one sheet go; `header` in the grid's own rows (from 0), `answers` by sheet row (from 1).

    A column of the sender's for results is filled. His column for remarks is filled where he wrote nothing into it;
    one that he uses himself stays as it is, and ours is added.
    """
    rows = [number - grid.first_row for number in answers]
    width = max((caption.column for caption in captions), default=-1) + 1
    words = {caption.column: normalise(caption.path[-1]) for caption in captions}
    result = next((column for column, word in words.items() if word in _RESULTS), None)
    note = next(
        (
            column
            for wanted in _NOTES
            for column, word in words.items()
            if word == wanted and _is_free(grid, rows, column)
        ),
        None,
    )
    has_note = any(word in _NOTES for word in words.values())
    free = width
    if result is None:
        result, free = free, free + 1
    if note is None:
        note = free
    first, last = (grid.number_of(row) for row in header)
    return AnswerSheet(
        grid.sheet, (first, last), width, result, note, OWN_NOTE if has_note else NOTE, dict(answers)
    )


def _is_free(grid: Grid, rows: Sequence[int], column: int) -> bool:
    return all(
        is_blank(grid.rows[row][column]) for row in rows if 0 <= row < len(grid.rows) and column < grid.width
    )
