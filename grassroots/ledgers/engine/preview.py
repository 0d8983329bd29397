"""The first rows of a ledger as it would look, for a page: everything as text, masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from grassroots.ledgers.engine.columns import HeaderCell, header_cells
from grassroots.ledgers.engine.export import said
from grassroots.ledgers.engine.formats import plain_text
from grassroots.ledgers.engine.layout import BlockField, Layout, fill_placeholders, spread_pieces
from grassroots.ledgers.engine.registry import LedgerContext, LedgerDefinition
from grassroots.ledgers.engine.rows import Arranger, Block, Rows, rows_of
from grassroots.ledgers.engine.text import MASKS, clean_text
from grassroots.ledgers.engine.workbook import print_scale

PREVIEW_ROWS = 10
_PIXELS = 7  # of one unit of Excel's widths
_UNREADABLE = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """A text over some columns; `align` is left, center or right."""

    text: str
    columns: int
    align: str = "left"
    is_label: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """A sheet as a page draws it: from the top down, every line so many columns wide."""

    title: str
    columns: int
    widths: tuple[int, ...]
    lines: list[str]
    unit_line: list[Piece]
    block: list[list[Piece]]
    header: list[list[HeaderCell]]
    rows: list[list[str]]
    totals: list[Piece]
    footers: list[list[Piece]]
    notes: list[str]
    empty_text: str
    scale: int  # percent at which the sheet is printed

    @property
    def width(self) -> int:
        """Pixels of all columns."""
        return sum(self.widths)

    @property
    def is_small(self) -> bool:
        """Whether the print would be hard to read."""
        return self.scale < _UNREADABLE * 100


def preview_ledger(definition: LedgerDefinition, context: LedgerContext, layout: Layout) -> Preview:
    """The first rows of the ledger in that layout, always masked; of a ledger with a sheet a person, the first one.

    What the generator is asked for is bounded by `context.limit`, set here.
    """
    context = replace(context, limit=PREVIEW_ROWS, unmasked=False)
    words = definition.filter_words(context.filters)
    lines: dict[str, object] = {**context.lines(), "filters": words}
    if definition.lines:
        lines |= definition.lines(context)
    layout = said(layout, words)
    if definition.sheets is None:
        assert definition.rows is not None
        return _drawn(layout, definition.rows(context), definition.held_keys(context), lines)
    sheet = next(iter(definition.sheets(context)), None)
    if sheet is None:
        return _drawn(layout, (), layout.keys, lines)
    return _drawn(layout, sheet.rows, tuple(sheet.row_keys) or sheet.layout.keys, {**lines, **sheet.context})


def _drawn(layout: Layout, rows: Rows, keys: Sequence[str], lines: Mapping[str, object]) -> Preview:
    pixels = tuple(round(width * _PIXELS) for width in layout.widths)
    return Preview(
        title=fill_placeholders(layout.title, lines), columns=len(pixels), widths=pixels,
        lines=[fill_placeholders(line, lines) for line in layout.header_lines],
        unit_line=_pieces(layout.unit_line, layout, lines, ends_right=True) if layout.unit_line else [],
        block=[list(_block(line, lines, len(pixels))) for line in layout.block],
        header=_header(layout), rows=_rows(layout, rows, keys), totals=list(_totals(layout)),
        footers=[_pieces(pieces, layout, lines) for pieces in layout.footer_lines],
        notes=[fill_placeholders(note, lines) for note in layout.notes],
        empty_text=layout.empty_text, scale=min(100, round(print_scale(layout) * 100)),
    )  # fmt: skip


def _pieces(
    pieces: Sequence[str], layout: Layout, lines: Mapping[str, object], *, ends_right: bool = False
) -> list[Piece]:
    filled = tuple(fill_placeholders(piece, lines) for piece in pieces)
    placed = spread_pieces(filled, layout.widths)
    aligns = ["left"] * len(placed)
    if ends_right and len(placed) > 1:
        aligns = ["left", *["center"] * (len(placed) - 2), "right"]
    return [
        Piece(text, last - first + 1, align)
        for (text, first, last), align in zip(placed, aligns, strict=True)
    ]


def _block(fields: Sequence[BlockField], lines: Mapping[str, object], columns: int) -> Iterator[Piece]:
    """Labels and values of a line above the table, spread evenly."""
    shares = _even(columns, 2 * len(fields))
    for field, (label, value) in zip(fields, zip(shares[::2], shares[1::2], strict=True), strict=True):
        text = plain_text(lines.get(field.key), field.format)
        mask = field.mask
        yield Piece(field.caption, label, "center", is_label=True)
        yield Piece(clean_text(MASKS[mask](text) if mask and text else text), value, "center")


def _even(columns: int, parts: int) -> list[int]:
    return [columns * (part + 1) // parts - columns * part // parts for part in range(parts)]


def _header(layout: Layout) -> list[list[HeaderCell]]:
    rows: list[list[HeaderCell]] = [[] for _ in range(layout.header_rows)]
    for cell in sorted(header_cells(layout.columns), key=lambda cell: cell.column):
        rows[cell.row].append(cell)
    return rows


def _rows(layout: Layout, rows: Rows, keys: Sequence[str]) -> list[list[str]]:
    batch = list(islice(rows_of(rows), PREVIEW_ROWS))
    if not batch:
        return []
    columns = Arranger(layout.columns, keys).columns(0, Block.of(batch))
    shown = [
        [_text(value, column.format, column.mask) for value in values]
        for column, values in zip(layout.columns, columns, strict=True)
    ]
    return [list(row) for row in zip(*shown, strict=True)]


def _text(value: object, format_name: str, mask: str | None) -> str:
    text = plain_text(value, format_name)
    if format_name == "short-date" and text[:4].isdigit() and text[4:5] == "-":
        text = text[5:10]
    return clean_text(MASKS[mask](text) if mask and text else text)


def _totals(layout: Layout) -> Iterator[Piece]:
    """The 合计 row without figures: of ten rows they would mean nothing."""
    if not layout.has_totals:
        return
    first = next(index for index, column in enumerate(layout.columns) if column.total)
    if first:
        yield Piece(layout.totals_label, first, "center")
    for column in layout.columns[first:]:
        yield Piece("…" if column.total else "", 1, "center")
