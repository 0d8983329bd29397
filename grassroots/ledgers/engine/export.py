"""A registered ledger into a file, for the download page, the job and the command line alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from grassroots.ledgers.engine.columns import Column
from grassroots.ledgers.engine.csv_out import Encoding, write_csv
from grassroots.ledgers.engine.layout import Layout, placeholders_of
from grassroots.ledgers.engine.registry import LedgerContext, LedgerDefinition
from grassroots.ledgers.engine.rows import Arranger, Rows, blocks_of
from grassroots.ledgers.engine.stream import Progress
from grassroots.ledgers.engine.writer import Sheet, Target, WriteResult, opened, write_workbook, write_xlsx

FILTER_LINE = "(只列 {filters})"
FileFormat = Literal["xlsx", "csv"]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a ledger is wanted: as which file, in which layout (None: its own), with which imprint."""

    file_format: FileFormat = "xlsx"
    encoding: Encoding = "utf-8-sig"
    layout: Layout | None = None
    imprint: str = ""


def export_ledger(
    definition: LedgerDefinition,
    context: LedgerContext,
    target: Target,
    *,
    options: ExportOptions = ExportOptions(),
    progress: Progress | None = None,
) -> WriteResult:
    """Write a ledger for a context to a path or a binary file.

    A layout among the options takes the place of the ledger's own: any choice and order of its columns,
    and columns of its own that stay empty. Values are masked unless `context.unmasked`; whether that is
    allowed, and that it is logged, is the caller's business. Raises what the writers raise.
    """
    write = _write_rows if definition.sheets is None else _write_sheets
    return write(definition, context, target, options, progress)


def _write_rows(
    definition: LedgerDefinition,
    context: LedgerContext,
    target: Target,
    options: ExportOptions,
    progress: Progress | None,
) -> WriteResult:
    assert definition.rows is not None  # LedgerDefinition sees to it
    lines = _lines(definition, context)
    layout = said(options.layout or definition.layout_of(context), lines["filters"])
    hint = definition.count(context) if definition.count else None
    rows = definition.rows(context) if definition.blocks is None else definition.blocks(context)
    if options.file_format == "csv":
        return _write_csv(
            target, layout, rows, definition.held_keys(context), hint, context, options, progress
        )
    return write_xlsx(
        target,
        layout,
        rows,
        context=lines,
        row_keys=definition.held_keys(context),
        totals=definition.totals(context) if definition.totals else {},
        total_hint=hint,
        masked=not context.unmasked,
        imprint=options.imprint,
        progress=progress,
    )


def _write_sheets(
    definition: LedgerDefinition,
    context: LedgerContext,
    target: Target,
    options: ExportOptions,
    progress: Progress | None,
) -> WriteResult:
    assert definition.sheets is not None
    lines = _lines(definition, context)
    layout = said(options.layout or definition.layout_of(context), lines["filters"])
    sheets = [
        replace(
            sheet,
            layout=said(options.layout or sheet.layout, lines["filters"]),
            row_keys=tuple(sheet.row_keys) or sheet.layout.keys,
            context={**lines, **sheet.context},
        )
        for sheet in definition.sheets(context)
    ]
    if options.file_format == "csv":
        rows = flat_rows(sheets)
        return _write_csv(target, flat_layout(layout), rows, (), None, context, options, progress)
    sheets = sheets or [Sheet(definition.name, layout, (), lines)]
    return write_workbook(
        target, sheets, masked=not context.unmasked, imprint=options.imprint, progress=progress
    )


def _lines(definition: LedgerDefinition, context: LedgerContext) -> dict[str, object]:
    more = definition.lines(context) if definition.lines else {}
    return {**context.lines(), "filters": definition.filter_words(context.filters), **more}


def said(layout: Layout, words: object) -> Layout:
    """The layout with a line that says which filters were chosen, unless a line of its own does.

    With no filter chosen, a line that would say nothing else is left out.
    """
    if not words:
        kept = tuple(line for line in layout.header_lines if line.strip() != "{filters}")
        return layout if kept == layout.header_lines else replace(layout, header_lines=kept)
    if "filters" in placeholders_of(layout):
        return layout
    return replace(layout, header_lines=(*layout.header_lines, FILTER_LINE))


def _write_csv(
    target: Target,
    layout: Layout,
    rows: Rows,
    row_keys: Sequence[str],
    hint: int | None,
    context: LedgerContext,
    options: ExportOptions,
    progress: Progress | None,
) -> WriteResult:
    with opened(target) as out:
        return write_csv(
            out,
            layout,
            rows,
            encoding=options.encoding,
            row_keys=row_keys,
            masked=not context.unmasked,
            imprint=options.imprint,
            total_hint=hint,
            progress=progress,
        )


def flat_layout(layout: Layout) -> Layout:
    """The layout of a sheet with a block above its table as one table: the block's fields, then the
    columns."""
    fields = [field for line in layout.block for field in line]
    taken = set(layout.keys)
    block = [
        Column(
            f"block_{field.key}" if field.key in taken else field.key,
            field.caption,
            format=field.format,
            mask=field.mask,
        )
        for field in fields
    ]
    columns = [
        replace(column, format="int") if column.format == "serial" else column for column in layout.columns
    ]
    return replace(layout, columns=(*block, *columns), block=())


def flat_rows(sheets: Iterable[Sheet]) -> Iterator[tuple[object, ...]]:
    """Rows for `flat_layout`: those of all sheets, each with its sheet's block before it."""
    for sheet in sheets:
        block = [sheet.context.get(field.key) for line in sheet.layout.block for field in line]
        arranger = Arranger(sheet.layout.columns, sheet.row_keys)
        count = 0
        for part in blocks_of(sheet.rows):
            for row in zip(*arranger.columns(count, part), strict=True):
                yield (*block, *row)
            count += len(part)
