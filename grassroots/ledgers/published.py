"""The 统计表 of a publication as a workbook: drawn from what was frozen, never counted again."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.ledgers.briefs import cutoff_words, made_words
from grassroots.ledgers.engine import Column, Layout, chinese_date, make_imprint, write_xlsx
from grassroots.ledgers.engine.layout import ZERO_REPORT_NOTE
from grassroots.ledgers.models import Publication
from grassroots.ledgers.sheet import NAME, NOTE, NUMBER, TITLE
from grassroots.ledgers.snapshots import table_published
from grassroots.ledgers.table import Heading


def _column(heading: Heading) -> Column:
    kind: Any = {"format": "percent", "width": 7.5} if heading.is_share else {"format": "int", "width": 6}
    return Column(heading.key, heading.caption, group=heading.group, total="sum", **kind)


def _layout(publication: Publication, columns: list[Heading]) -> Layout:
    made = (
        f"本表由{publication.published_by.name}于{made_words(publication.published_at)}发布，发布后不再改动。"
    )
    notes = [ZERO_REPORT_NOTE, made, *(f"更正：{line}。" for line in publication.changes)]
    return Layout(
        title=TITLE + ("（更正）" if publication.is_correction else ""),
        columns=(NUMBER, NAME, *map(_column, columns), Column("note", NOTE, width=8)),
        notes=tuple(notes), freeze_columns=2, row_height=24,
    )  # fmt: skip


def published_workbook(publication: Publication, target: Any, *, by: Staff) -> None:
    """Write the frozen table to a binary file, with who downloaded it when at its foot."""
    table = table_published(publication)
    context = {
        "unit": publication.area.name, "area": publication.area.name, "on": chinese_date(publication.on),
        "cutoff": cutoff_words(publication.on, publication.cutoff),
        "filled_on": chinese_date(timezone.localdate(publication.published_at)),
    }  # fmt: skip
    keys = [column.key for column in table.columns]
    write_xlsx(
        target, _layout(publication, table.columns), [[None, row.name, *row.values, None] for row in table.rows],
        context=context, totals=dict(zip(keys, table.total.values, strict=True)),
        imprint=make_imprint(who=by.name, at=timezone.now(), purpose="", unmasked=False),
    )  # fmt: skip
