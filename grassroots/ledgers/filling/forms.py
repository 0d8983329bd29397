"""An empty form: which sheet, which ledger, what each caption stands for, where the rows go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grassroots.ledgers.filling.sources import Source
from grassroots.ledgers.reading import (
    Grid,
    Limits,
    Match,
    Table,
    UnreadableFile,
    find_tables,
    match_captions,
    normalise,
    read_file,
    skipped_rows,
)
from grassroots.ledgers.reading.files import OLE, ZIP
from grassroots.ledgers.reading.limits import MB
from grassroots.ledgers.reading.rows import BLANK, HEADER, NUMBER_ONLY, TOTALS

LIMITS = Limits(max_bytes=10 * MB, max_unpacked=600 * MB, max_rows=20_000, seconds=30)
SAVE_AS_XLSX = "请在Excel或WPS里打开它，另存为“Excel 工作簿（.xlsx）”后再传。"
OLD = f"这是旧版Excel格式（.xls），能读但不能原样填写。{SAVE_AS_XLSX}"
NOT_A_WORKBOOK = f"只能填Excel工作簿（.xlsx），这个文件不是。{SAVE_AS_XLSX}"
NO_TABLE = "没有找到表头：每一列要有列名（如姓名、身份证号），列名占一至三行。请看看是不是传错了文件。"
#: What a title that names a ledger counts for: as much as this share of the columns.
TITLE_WEIGHT = 0.3
NO_ROOM = "没有可填的列：这张表的列名系统都不认识。请在下面为各列选择要填的内容。"


@dataclass(slots=True)
class Form:
    """A form with the ledger that fits it best and what each of its captions stands for there."""

    grid: Grid
    table: Table
    source: Source
    matches: list[Match]
    notes: tuple[str, ...] = ()
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = place_of(self.table)

    @property
    def matched(self) -> list[Match]:
        """The columns that will be filled."""
        return [match for match in self.matches if match.field]

    @property
    def unknown(self) -> list[str]:
        """Captions of the columns that stay empty."""
        return [match.caption.text for match in self.matches if not match.field]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows go; row indexes of the grid. `first`: the first row to write; `filled`: rows that somebody has
    filled in above it; `footer`, `totals`: the first row below the table, and the 合计 row (None: there is none)."""

    first: int
    filled: int
    footer: int | None
    totals: int | None


def read_form(data: bytes, *, name: str) -> list[Grid]:
    """The shown sheets of a form. Raises UnreadableFile, also for whatever is no .xlsx."""
    if data.startswith(OLE):
        _check_old(data, name)
        raise UnreadableFile(OLD)
    grids = [grid for grid in read_file(data, name=name, limits=LIMITS) if not grid.is_hidden]
    if not data.startswith(ZIP) or b"xl/workbook.xml" not in data:
        raise UnreadableFile(NOT_A_WORKBOOK)
    if not grids:
        raise UnreadableFile(NO_TABLE)
    return grids


def _check_old(data: bytes, name: str) -> None:
    """Whatever else is wrong with an OLE file (a password, a Word document) is said first."""
    try:
        read_file(data, name=name, limits=LIMITS)
    except UnreadableFile as error:
        if "密码" in str(error) or "Word" in str(error) or "演示" in str(error):
            raise


def best_form(
    grids: Sequence[Grid], sources: Sequence[Source], remembered: Mapping[str, Mapping[str, str]]
) -> Form:
    """The sheet and the ledger that explain most captions; a title that names a ledger speaks for it.

    `remembered` are corrections by ledger. Raises UnreadableFile where no sheet has a header.
    """
    best: tuple[tuple[float, float], Form] | None = None
    for grid in grids:
        for source in sources:
            form = form_with(grid, source, remembered.get(source.key, {}))
            if form is None:
                continue
            named = likeness(form.table.title, source)
            known = len({match.field for match in form.matched})
            rank = known + named * TITLE_WEIGHT * len(form.matches), named
            if best is None or rank > best[0]:
                best = rank, form
    if best is None:
        raise UnreadableFile(NO_TABLE)
    return best[1]


def form_with(grid: Grid, source: Source, remembered: Mapping[str, str]) -> Form | None:
    """The form as filled from one ledger; None where its header is not found."""
    table = find_tables(grid, source.fields)
    if table is None:
        return None
    return Form(grid, table, source, match_captions(table.captions, source.fields, remembered), grid.notes)


def likeness(title: str, source: Source) -> float:
    """How much a title sounds like a ledger's: 返乡, 重点人员, 体温."""
    text = normalise(title).replace("返来", "返乡").replace("来返", "返乡")
    name = normalise(source.definition.name).removesuffix("台账").removesuffix("登记表")
    pairs = {name[index : index + 2] for index in range(len(name) - 1)}
    return sum(pair in text for pair in pairs) / max(1, len(pairs))


def place_of(table: Table) -> Place:
    """Where a form's rows go: below its header and whatever is filled in, above its footers."""
    first, last = table.body
    skipped = {number - table.grid.first_row: why for number, why in skipped_rows(table)}
    rows = [index for index in range(first, last + 1) if index not in skipped]
    filled = [index for index in rows if not _is_label(table, index) and not _is_remark(table, index)]
    start = filled[-1] + 1 if filled else first
    below = range(start, last + 1)
    footer = next(
        (
            index
            for index in below
            if skipped.get(index, "") not in (BLANK, NUMBER_ONLY, HEADER) and not _is_label(table, index)
        ),
        None,
    )
    totals = next((index for index in below if skipped.get(index) == TOTALS), None)
    return Place(start, len(filled), footer, totals)


def _is_label(table: Table, index: int) -> bool:
    """Whether all that a row holds is the label of several rows, merged down at their side."""
    down = [(top, left) for top, left, bottom, _right in table.grid.merged if top < bottom]
    row = table.grid.rows[index]
    return all((index, column) in down for column, value in enumerate(row) if value is not None)


def _is_remark(table: Table, index: int) -> bool:
    """Whether a row is one text alone at its left: a remark that begins like none that the reading layer knows."""
    row = table.grid.rows[index]
    cells = [(column, value) for column, value in enumerate(row) if value is not None]
    if len(cells) != 1:
        return False
    column, value = cells[0]
    return isinstance(value, str) and column <= 1 and (len(value) > 8 or bool(re.match(r"\d+[、..]", value)))
