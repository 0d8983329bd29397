"""A layout as an office saved it, fitted to the ledger as it is registered.

An office decides how a ledger looks, never what it gives away: what it saved says which columns, in which
order, with which captions, groups and widths; the mask, the meaning and the totals of a column are always
those of the registered one, whatever the saved JSON says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from grassroots.ledgers.engine.columns import Column, Format, LayoutError
from grassroots.ledgers.engine.layout import BlockField, Layout
from grassroots.ledgers.engine.placeholders import allowed_in, unknown_placeholders, without_unknown

FREE = "free_"
_FREE_KEY = re.compile(rf"{FREE}\d{{1,4}}")
#: Formats that show the same values as another: an office may choose among them.
_FAMILIES: tuple[tuple[Format, ...], ...] = (("date", "short-date"),)
MAX_COLUMNS = 150
TWICE = "已经有一列叫“{}”，请改名或放到不同的上级表头下"


@dataclass(frozen=True, slots=True)
class Tailored:
    """A layout ready to be drawn; `gone` are columns that the ledger no longer has: they stay, empty."""

    layout: Layout
    gone: tuple[Column, ...] = ()
    hints: tuple[str, ...] = ()


def is_free(key: str) -> bool:
    """Whether the column is one that the office added: a caption over empty cells."""
    return _FREE_KEY.fullmatch(key) is not None


def free_key(taken: Iterable[str]) -> str:
    """A key for another free column."""
    numbers = [int(key.removeprefix(FREE)) for key in taken if is_free(key)]
    return f"{FREE}{max(numbers, default=0) + 1}"


def formats_for(column: Column) -> tuple[Format, ...]:
    """Formats that an office may choose for a registered column, its own first."""
    for family in _FAMILIES:
        if column.format in family:
            return (column.format, *(one for one in family if one != column.format))
    return (column.format,)


def bare(column: Column) -> Column:
    """The column with only what an office may edit, as it is saved."""
    group: str | tuple[str, ...] = column.path[0] if len(column.path) == 1 else column.path or ""
    return Column(column.key, column.caption, group=group, width=column.width, format=column.format)


def bare_layout(layout: Layout) -> Layout:
    """The layout with only what an office may edit, as it is saved."""
    return Layout(
        title=layout.title, columns=tuple(bare(column) for column in layout.columns),
        header_lines=layout.header_lines, unit_line=layout.unit_line, footer_lines=layout.footer_lines,
        notes=layout.notes, totals_label=layout.totals_label, freeze_columns=layout.freeze_columns,
        orientation=layout.orientation, paper=layout.paper,
    )  # fmt: skip


def tailor(saved: Layout, standard: Layout) -> Tailored:
    """The saved layout over the ledger's own one. Never fails for what an update of the ledger changed.

    Columns that the ledger no longer has stay, empty; formats that no longer fit and placeholders that may not
    be used are dropped; the facts above a sheet for one person follow the ledger, in as many lines as the
    columns leave room for. Raises LayoutError where a single column leaves no room for them.
    """
    registered = {column.key: column for column in standard.columns}
    columns = tuple(_fitted(column, registered.get(column.key)) for column in saved.columns)
    allowed = allowed_in(standard)

    def clean(lines: Sequence[str]) -> tuple[str, ...]:
        return tuple(without_unknown(line, allowed) for line in lines)

    layout = replace(
        standard, title=without_unknown(saved.title, allowed), columns=columns,
        header_lines=clean(saved.header_lines), unit_line=clean(saved.unit_line),
        block=reflowed(standard.block, len(columns)),
        footer_lines=tuple(clean(pieces) for pieces in saved.footer_lines), notes=clean(saved.notes),
        totals_label=saved.totals_label, freeze_columns=min(saved.freeze_columns, len(columns) - 1),
        orientation=saved.orientation, paper=saved.paper,
    )  # fmt: skip
    gone = tuple(column for column in columns if column.key not in registered and not is_free(column.key))
    return Tailored(layout, gone, tuple(_hints(layout, gone)))


def _fitted(saved: Column, registered: Column | None) -> Column:
    """The registered column as the office wants it to look; a column without one has nothing to show."""
    if registered is None:
        return replace(bare(saved), format="text")
    wanted = saved.format if saved.format in formats_for(registered) else registered.format
    names = dict.fromkeys((registered.caption, *registered.aliases))
    return replace(
        registered, caption=saved.caption, group=saved.group, width=saved.width, format=wanted,
        aliases=tuple(name for name in names if name != saved.caption),
    )  # fmt: skip


def reflowed(block: Sequence[Sequence[BlockField]], columns: int) -> tuple[tuple[BlockField, ...], ...]:
    """The facts above the table in lines that so many columns have room for: each fact takes two.

    Raises LayoutError for a single column.
    """
    if block and columns < 2:
        raise LayoutError("表格上方的个人信息每项占两列，请至少选两列", field="columns")
    room = columns // 2
    lines = (line[start : start + room] for line in block for start in range(0, len(line), room))
    return tuple(tuple(line) for line in lines)


def _hints(layout: Layout, gone: Sequence[Column]) -> Iterable[str]:
    """What the office should know about the layout as it is."""
    if gone:
        names = "、".join(f"“{column.full_caption}”" for column in gone)
        yield f"台账里已经没有 {names}，这几列保留在表上，内容是空的。"
    if not layout.totals_label:
        return
    have = set(layout.keys)
    for column in layout.columns:
        needs = {column.ratio[0], *(key for _sign, key in column.ratio[1])} if column.ratio else set()
        if needs - have:
            yield f"“{column.full_caption}”的合计要用到没有选的列，合计行里会空着。"


def check_tailored(saved: Layout, standard: Layout, before: Iterable[str] = ()) -> Tailored:
    """The layout fitted to the ledger, as `tailor` does, but strict: for what is being saved.

    `before`: keys of the version it was edited from, which may hold columns that the ledger no longer has.
    Raises LayoutError naming the field.
    """
    known = {column.key: column for column in standard.columns}
    if len(saved.columns) > MAX_COLUMNS:
        raise LayoutError(f"最多 {MAX_COLUMNS} 列", field="columns")
    for column in saved.columns:
        if column.key in known:
            if column.format not in ("text", *formats_for(known[column.key])):  # "text": none was said
                raise LayoutError(f"列“{column.caption}”不能用这种格式", field="format", key=column.key)
        elif not is_free(column.key) and column.key not in set(before):
            raise LayoutError(f"台账里没有列“{column.caption}”", field="key", key=column.key)
    if unknown := unknown_placeholders(saved, allowed_in(standard)):
        raise LayoutError(f"花括号里的“{unknown[0]}”不认识", field="title")
    _check_captions(saved.columns)
    return tailor(saved, standard)


def _check_captions(columns: Sequence[Column]) -> None:
    """Every column has a caption, and no two the same one below the same groups: whoever reads them back matches
    columns by it."""
    seen: dict[str, str] = {}
    for column in columns:
        if not column.caption.strip():
            raise LayoutError("列名不能空着", field="caption", key=column.key)
        if column.full_caption in seen:
            raise LayoutError(TWICE.format(column.full_caption), field="caption", key=column.key)
        seen[column.full_caption] = column.key
