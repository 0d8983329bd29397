"""The generic ledger engine: columns and layouts as data, workbooks and CSV out of rows. It knows no
model."""

from grassroots.ledgers.engine.columns import Column, LayoutError
from grassroots.ledgers.engine.csv_out import guarded, unguarded, write_csv
from grassroots.ledgers.engine.export import ExportOptions, export_ledger
from grassroots.ledgers.engine.filters import Chosen, ClockFilter, Filter, FilterError
from grassroots.ledgers.engine.layout import BlockField, Fonts, Layout
from grassroots.ledgers.engine.registry import (
    FormRows,
    LedgerContext,
    LedgerDefinition,
    UnknownLedger,
    chinese_date,
    clock_words,
    ledger_registry,
    make_imprint,
)
from grassroots.ledgers.engine.rows import Block, Runs, rows_of
from grassroots.ledgers.engine.stream import TooManyRows
from grassroots.ledgers.engine.text import clean_text, mask_id, mask_name, mask_phone
from grassroots.ledgers.engine.writer import Sheet, WriteResult, write_workbook, write_xlsx

__all__ = [
    "Block",
    "BlockField",
    "Chosen",
    "ClockFilter",
    "Column",
    "ExportOptions",
    "Filter",
    "FilterError",
    "Fonts",
    "FormRows",
    "Layout",
    "LayoutError",
    "LedgerContext",
    "LedgerDefinition",
    "Runs",
    "Sheet",
    "TooManyRows",
    "UnknownLedger",
    "WriteResult",
    "chinese_date",
    "clean_text",
    "clock_words",
    "export_ledger",
    "guarded",
    "ledger_registry",
    "make_imprint",
    "mask_id",
    "mask_name",
    "mask_phone",
    "rows_of",
    "unguarded",
    "write_csv",
    "write_workbook",
    "write_xlsx",
]
