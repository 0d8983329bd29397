"""Ledgers as .xlsx files: openpyxl draws the shell, rows stream into it."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from grassroots.ledgers.engine.deflate import row_entry
from grassroots.ledgers.engine.layout import Layout, fill_placeholders
from grassroots.ledgers.engine.names import unique_sheet_names
from grassroots.ledgers.engine.rows import Rows
from grassroots.ledgers.engine.stream import Progress, SheetStream, check_room
from grassroots.ledgers.engine.text import clean_text
from grassroots.ledgers.engine.workbook import SheetDrawer, Shell, Styles, new_workbook

Target = str | os.PathLike[str] | IO[bytes]

SHELL_LEVEL = 6
#: Cells over which a sheet may pass 2 GiB and needs ZIP64; below it is avoided: Excel may offer a repair.
_ZIP64_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its tab's name, layout, rows, and the context that fills its placeholders and block.

    `row_keys` names what a row holds, in order (default: the layout's columns); `totals` overrides sums
    in the 合计 row by column key; `total_hint` is how many rows are expected, for the progress bar.
    """

    name: str
    layout: Layout
    rows: Rows
    context: Mapping[str, object] = field(default_factory=dict)
    row_keys: Sequence[str] = ()
    totals: Mapping[str, object] = field(default_factory=dict)
    total_hint: int | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What was written. `cleaned`, `shortened`: cells that lost characters XML forbids, or ran over
    Excel's limit."""

    rows: int
    sheets: int = 1
    cleaned: int = 0
    shortened: int = 0


def write_xlsx(
    target: Target,
    layout: Layout,
    rows: Rows,
    *,
    context: Mapping[str, object] | None = None,
    row_keys: Sequence[str] = (),
    totals: Mapping[str, object] | None = None,
    total_hint: int | None = None,
    masked: bool = True,
    imprint: str = "",
    progress: Progress | None = None,
) -> WriteResult:
    """Write a ledger as a workbook of one sheet, in memory that does not grow with the rows.

    `target` is a path (which appears only when the file is whole) or a binary file. `context` fills the
    layout's placeholders. Columns with a mask are masked unless `masked=False`. `imprint` says who
    exported it, when and what for; it stands below the table, at the foot of every printed page and in
    the file's properties. `progress(rows so far, total_hint)` is called for every thousand rows; what it
    raises stops the export. Raises TooManyRows, LayoutError, and ValueError for rows of the wrong length.
    """
    title = fill_placeholders(layout.title, context or {})
    sheet = Sheet(title, layout, rows, context or {}, row_keys, totals or {}, total_hint)
    return write_workbook(target, [sheet], masked=masked, imprint=imprint, progress=progress)


def write_workbook(
    target: Target,
    sheets: Iterable[Sheet],
    *,
    masked: bool = True,
    imprint: str = "",
    progress: Progress | None = None,
) -> WriteResult:
    """Write a workbook of several sheets; see `write_xlsx`. Their shells (not their rows) are held in memory.

    `progress` counts rows over all sheets. Raises ValueError when there is no sheet at all.
    """
    drawn = list(sheets)
    if not drawn:
        raise ValueError("a workbook needs a sheet")
    shell, places = _draw_shell(drawn, masked=masked, imprint=imprint)
    for sheet, place in zip(drawn, places, strict=True):
        check_room(place, sheet.total_hint or 0)
    with opened(target) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        return _fill(archive, shell, drawn, places, masked=masked, progress=progress)


def _draw_shell(sheets: Sequence[Sheet], *, masked: bool, imprint: str) -> tuple[io.BytesIO, list[Shell]]:
    book, styles, places = new_workbook(), Styles(), []
    for name, sheet in zip(unique_sheet_names([sheet.name for sheet in sheets]), sheets, strict=True):
        page = book.create_sheet(name)
        places.append(SheetDrawer(page, sheet.layout, sheet.context, styles).draw(imprint, masked))
    book.properties.title = clean_text(fill_placeholders(sheets[0].layout.title, sheets[0].context))
    book.properties.description = clean_text(imprint) or None
    file = io.BytesIO()
    book.save(file)
    return file, places


def _fill(
    archive: zipfile.ZipFile,
    shell: io.BytesIO,
    sheets: Sequence[Sheet],
    places: Sequence[Shell],
    *,
    masked: bool,
    progress: Progress | None,
) -> WriteResult:
    entries = {f"xl/worksheets/sheet{number}.xml": number - 1 for number in range(1, len(sheets) + 1)}
    rows = cleaned = shortened = 0
    with zipfile.ZipFile(shell) as source:
        for name in source.namelist():
            content = source.read(name)
            if name not in entries:
                archive.writestr(name, content, compresslevel=SHELL_LEVEL)
                continue
            sheet, place = sheets[entries[name]], places[entries[name]]
            stream = SheetStream(
                content.decode(), place, sheet.layout, masked=masked, row_keys=sheet.row_keys
            )
            rows += _write_sheet(archive, name, stream, sheet, _offset(progress, rows))
            cleaned += stream.notes.cleaned
            shortened += stream.notes.shortened
    return WriteResult(rows, len(sheets), cleaned, shortened)


def _write_sheet(
    archive: zipfile.ZipFile, name: str, stream: SheetStream, sheet: Sheet, progress: Progress | None
) -> int:
    is_huge = (sheet.total_hint or 0) * len(sheet.layout.columns) > _ZIP64_CELLS
    with row_entry(archive, name, is_huge=is_huge) as out:
        return stream.write(
            out, sheet.rows, total_hint=sheet.total_hint, progress=progress, given_totals=sheet.totals
        )


def _offset(progress: Progress | None, before: int) -> Progress | None:
    if progress is None or not before:
        return progress
    return lambda done, hint: progress(before + done, hint)


@contextmanager
def opened(target: Target) -> Iterator[IO[bytes]]:
    """The target as a binary file.

    A path is written beside itself and renamed when whole: a failed export leaves no half file behind.
    """
    if not isinstance(target, (str, os.PathLike)):
        yield target
        return
    path = Path(target)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
