"""Filling a form from above with the rows of a ledger: who may, what is written down, and the file."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from grassroots.grid.models import AccessAction, Area, Staff
from grassroots.grid.trail import access_log
from grassroots.ledgers.captions import remember, remembered_for_many
from grassroots.ledgers.engine import FilterError, LedgerContext, UnknownLedger, ledger_registry, make_imprint
from grassroots.ledgers.exports import ExportRefused, check_export
from grassroots.ledgers.filling.apart import fill_apart
from grassroots.ledgers.filling.drawing.form import Order
from grassroots.ledgers.filling.forms import NO_ROOM, Form, best_form, read_form
from grassroots.ledgers.filling.lines import Blanks, filled_cells
from grassroots.ledgers.filling.sources import Source, source_of, sources_for
from grassroots.ledgers.reading import Match, UnreadableFile
from grassroots.ledgers.reading.limits import MB

#: A workbook with more rows is no form: openpyxl holds every cell as an object (10,000 rows of 30 columns took
#: 198 MB and 13 s on a busy machine). Ledgers of any length are exported in our own layouts.
MOST_ROWS = 10_000
PURPOSE = "form:"


@dataclass(frozen=True)
class Wish:
    """Whose rows go into a form: of which area and day, as known now, which of them, masked or not and what for."""

    area: Area
    on: dt.date
    ledger: str = ""
    filters: Mapping[str, Any] | None = None
    unmasked: bool = False
    purpose: str = ""


@dataclass(frozen=True)
class Filled:
    """A form with its rows: the workbook, how many rows, and the form."""

    data: bytes
    rows: int
    form: Form


def form_open(*, data: bytes, name: str, wish: Wish, staff: Staff) -> Form:
    """The form with the ledger that fits it (or that was chosen) and what its captions stand for.

    Raises UnreadableFile and ExportRefused in words for the clerk.
    """
    check_export(area=wish.area, staff=staff, unmasked=wish.unmasked, purpose=wish.purpose)
    grids = read_form(data, name=name)
    sources = [_source(wish, staff)] if wish.ledger else sources_for(_context(wish, staff))
    known = remembered_for_many(wish.area, [f"{PURPOSE}{source.key}" for source in sources])
    form = best_form(grids, sources, {key.removeprefix(PURPOSE): fields for key, fields in known.items()})
    form.notes = (*form.notes, *lost_parts(data))
    if wish.filters and not wish.ledger:
        form.source = _source(replace(wish, ledger=form.source.key), staff)
    return form


def form_correct(*, form: Form, chosen: Mapping[int, str], area: Area, by: Staff) -> Form:
    """What a clerk says that columns stand for (by zero-based column, "" for none): taken over and remembered."""
    known = {column.key for column in form.source.columns}
    corrections: dict[str, str] = {}
    matches = []
    for match in form.matches:
        field = chosen.get(match.caption.column)
        if field is None or field == (match.field or "") or (field and field not in known):
            matches.append(match)
            continue
        corrections[match.caption.key] = field
        matches.append(Match(match.caption, field or None, "remembered"))
    remember(area, f"{PURPOSE}{form.source.key}", corrections, by=by)
    return replace_matches(form, matches)


def replace_matches(form: Form, matches: Sequence[Match]) -> Form:
    """The form with other matches."""
    return Form(form.grid, form.table, form.source, list(matches), form.notes)


def form_fill(
    *, data: bytes, form: Form, wish: Wish, staff: Staff, request: HttpRequest | None = None, subject: Any = None
) -> Filled:  # fmt: skip
    """The workbook with the ledger's rows in it; logged. Raises UnreadableFile, ExportRefused."""
    check_export(area=wish.area, staff=staff, unmasked=wish.unmasked, purpose=wish.purpose)
    if not form.matched:
        raise UnreadableFile(NO_ROOM)
    source = _source(replace(wish, ledger=form.source.key), staff)
    rows = _rows(source, [match.field or "" for match in form.matched])
    imprint = make_imprint(
        who=staff.name, at=source.context.as_of, purpose=wish.purpose.strip(), unmasked=wish.unmasked,
        filtered=source.definition.filter_words(source.context.filters),
    )  # fmt: skip
    filled = fill_apart(data, _order(form, source, rows, imprint), rows)
    access_log(
        action=AccessAction.EXPORT, staff=staff, area=wish.area, purpose=wish.purpose, request=request, subject=subject,
        detail={
            "step": "填上级表", "key": source.definition.name, "on": wish.on.isoformat(), "rows": len(rows),
            "unmasked": wish.unmasked,
            **({"filters": source.definition.filter_words(source.context.filters)} if source.context.filters else {}),
        },
    )  # fmt: skip
    return Filled(filled, len(rows), form)


def _context(wish: Wish, staff: Staff, filters: Mapping[str, Any] | None = None) -> LedgerContext:
    return LedgerContext(
        area=wish.area, staff=staff, on=wish.on, as_of=timezone.now(), unmasked=wish.unmasked, purpose=wish.purpose,
        filters=filters or {},
    )  # fmt: skip


def _source(wish: Wish, staff: Staff) -> Source:
    try:
        definition = ledger_registry.get(wish.ledger)
        chosen = definition.read_filters(wish.filters or {})
    except UnknownLedger as unknown:
        known = "、".join(f"{item.key}({item.name})" for item in ledger_registry.all())
        raise ExportRefused(f"没有台账“{wish.ledger}”，可用的有：{known}。") from unknown
    except FilterError as error:
        raise ExportRefused(str(error)) from error
    return source_of(definition, _context(wish, staff, chosen))


def _rows(source: Source, keys: Sequence[str]) -> list[list[object]]:
    """The rows, if they are few enough for a form."""
    words = (
        f"“{source.definition.name}”超过{MOST_ROWS}行，填不进一张表。请选小一些的区域（如一个村），"
        "或用“下载台账”导出。"
    )
    if source.definition.is_longer_than(source.context, MOST_ROWS, as_form=True):
        raise ExportRefused(words)
    rows = []
    for row in source.rows(keys):
        rows.append(row)
        if len(rows) > MOST_ROWS:
            raise ExportRefused(words)
    return rows


def _order(form: Form, source: Source, rows: Sequence[Sequence[object]], imprint: str) -> Order:
    grid, place, table = form.grid, form.place, form.table
    matched = form.matched
    columns = [(match.caption.column + 1, source.column(match.field or "").format) for match in matched]
    context = source.context
    lines = context.lines()
    blanks = Blanks(lines["unit"], context.on, lines["cutoff"])
    around = [
        *range(table.header[0]),
        *range(place.footer if place.footer is not None else len(grid.rows), len(grid.rows)),
    ]
    return Order(
        sheet=grid.sheet, header=grid.number_of(table.header[1]), first=grid.number_of(place.first),
        footer=0 if place.footer is None else grid.number_of(place.footer),
        totals=0 if place.totals is None else grid.number_of(place.totals),
        columns=columns, table=[caption.column + 1 for caption in table.captions], number=place.filled + 1,
        texts=[(grid.number_of(row), column + 1, text) for row, column, text in filled_cells(grid, around, blanks)],
        sums=_sums(form, source, rows), imprint=imprint,
    )  # fmt: skip


def _sums(form: Form, source: Source, rows: Sequence[Sequence[object]]) -> dict[int, object]:
    """What goes into the 合计 row by column: sums and ratios of the ledger, else how many people there are."""
    if form.place.totals is None:
        return {}
    given = source.definition.totals(source.context) if source.definition.totals else {}
    keys = [match.field or "" for match in form.matched]
    totals: dict[str, Any] = {}
    for index, key in enumerate(keys):
        if source.column(key).is_sum:
            numbers: list[Any] = [row[index] for row in rows if isinstance(row[index], (int, float))]
            totals[key] = given.get(key, sum(numbers))
    found: dict[int, object] = {}
    for match in form.matched:
        column = source.column(match.field or "")
        value = totals.get(column.key)
        if column.ratio is not None:
            part, whole = column.ratio
            below = sum(sign * totals.get(key, 0) for sign, key in whole)
            value = totals[part] / below if part in totals and below else None
        if value is not None:
            found[match.caption.column + 1] = value
    if not found:
        found = {
            match.caption.column + 1: f"{len(rows)}人" for match in form.matched if match.field == "name"
        }
    return found


# What openpyxl with Pillow writes back; metafiles (.emf, .wmf) it does not.
KEPT_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff")
_SHAPE = re.compile(rb"<(?:\w+:)?(?:sp|grpSp|cxnSp)[\s/>]")


def lost_parts(data: bytes) -> tuple[str, ...]:
    """What of a workbook is not kept when it is filled, for the clerk: text boxes, lines, pictures in a header."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in package.namelist():
            low = name.lower()
            is_other_picture = "/media/" in low and not low.endswith(KEPT_PICTURES)
            is_header_picture = low.startswith("xl/drawings/_rels/vmldrawing")
            has_shapes = "/drawings/drawing" in low and low.endswith(".xml") and _has_shape(package, name)
            if is_other_picture or is_header_picture or has_shapes:
                return ("表里的文本框、线条等图形没有保留，填好后请对照原表补上。",)
    return ()


def _has_shape(package: zipfile.ZipFile, name: str) -> bool:
    with package.open(name) as part:
        return _SHAPE.search(part.read(4 * MB)) is not None
