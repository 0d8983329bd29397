"""Tables of other people: any file or pasted text in, rows under known fields out. Knows no model and no field.

    grids = read_file(path, name=path.name)
    table = find_tables(grids[0], FIELDS)
    matches = match_captions(table.captions, FIELDS, remembered)
    for number, cells in data_rows(table): …

See docs/reading.md.
"""

from grassroots.ledgers.reading.captions import Caption, Field, Match, match_captions, normalise
from grassroots.ledgers.reading.cells import (
    Parsed,
    parse_date,
    parse_datetime,
    parse_id,
    parse_int,
    parse_phone,
    parse_sex,
    parse_temperature,
    parse_text,
    parse_yes_no,
)
from grassroots.ledgers.reading.files import Grid, Limits, UnreadableFile, read_file, read_text
from grassroots.ledgers.reading.rows import data_rows, skipped_rows
from grassroots.ledgers.reading.tables import Table, find_tables, reference_date

__all__ = [
    "Caption",
    "Field",
    "Grid",
    "Limits",
    "Match",
    "Parsed",
    "Table",
    "UnreadableFile",
    "data_rows",
    "find_tables",
    "match_captions",
    "normalise",
    "parse_date",
    "parse_datetime",
    "parse_id",
    "parse_int",
    "parse_phone",
    "parse_sex",
    "parse_temperature",
    "parse_text",
    "parse_yes_no",
    "read_file",
    "read_text",
    "reference_date",
    "skipped_rows",
]
