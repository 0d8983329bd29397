"""What differs between two layouts, in the office's words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grassroots.ledgers.engine.columns import Column
from grassroots.ledgers.engine.layout import Layout
from grassroots.ledgers.engine.placeholders import to_words

PAPERS = {"landscape": "横向", "portrait": "纵向"}
FORMATS = {"date": "年-月-日", "short-date": "月-日"}
NOTHING = "(空)"
Items = dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two people saved differently, both values as the office reads them."""

    label: str
    mine: str
    theirs: str


def layout_items(layout: Layout, filters: str = "") -> Items:
    """Everything that an office edits, by label; `filters` in words."""
    items = {
        "标题": layout.title,
        "表头说明": " / ".join(layout.header_lines),
        "填报行": " | ".join(layout.unit_line),
        "表尾": " / ".join(" | ".join(pieces) for pieces in layout.footer_lines),
        "附注": " / ".join(layout.notes),
        "合计行名称": layout.totals_label,
        "纸张": f"{layout.paper}{PAPERS[layout.orientation]}",
        "冻结列数": str(layout.freeze_columns),
        "筛选": filters,
    }
    return {label: to_words(value) for label, value in items.items()}


def _look(column: Column) -> str:
    """A column as it is shown where two versions of it stand side by side."""
    width = f"宽 {column.width:g}" if column.width else "宽自动"
    return "，".join(filter(None, (column.full_caption, width, FORMATS.get(column.format, ""))))


def differences(
    mine: Layout, theirs: Layout, *, mine_filters: str = "", theirs_filters: str = ""
) -> list[Difference]:
    """What two saves of one layout do not agree on."""
    left, right = layout_items(mine, mine_filters), layout_items(theirs, theirs_filters)
    mine_columns, their_columns = _by_key(mine), _by_key(theirs)
    for key in dict.fromkeys((*mine_columns, *their_columns)):
        name = f"列“{(mine_columns.get(key) or their_columns[key]).full_caption}”"
        if name in left:  # one of two columns has taken the other's caption
            name = f"{name}({key})"
        left[name], right[name] = (
            _look(columns[key]) if key in columns else "没有选" for columns in (mine_columns, their_columns)
        )
    left["列的顺序"], right["列的顺序"] = (
        "、".join(
            column.caption for column in layout.columns if column.key in mine_columns.keys() & their_columns
        )
        for layout in (mine, theirs)
    )
    common = [key for key in mine.keys if key in their_columns]
    if common == [key for key in theirs.keys if key in mine_columns]:
        del left["列的顺序"]
    return [
        Difference(label, value or NOTHING, right[label] or NOTHING)
        for label, value in left.items()
        if value != right[label]
    ]


def describe_changes(
    before: Layout, after: Layout, *, before_filters: str = "", after_filters: str = ""
) -> list[str]:
    """What was changed from one version to the next, a sentence each; nothing for equal ones."""
    old, new = layout_items(before, before_filters), layout_items(after, after_filters)
    words = [
        f"{label}由“{old[label] or NOTHING}”改为“{value or NOTHING}”"
        for label, value in new.items()
        if value != old[label]
    ]
    return [*_column_changes(before, after), *words]


def _by_key(layout: Layout) -> dict[str, Column]:
    return {column.key: column for column in layout.columns}


def _names(columns: Sequence[Column]) -> str:
    return "、".join(f"“{column.caption}”" for column in columns)


def _column_changes(before: Layout, after: Layout) -> Iterator[str]:
    old, new = _by_key(before), _by_key(after)
    if added := [column for key, column in new.items() if key not in old]:
        yield f"增加列{_names(added)}"
    if dropped := [column for key, column in old.items() if key not in new]:
        yield f"去掉列{_names(dropped)}"
    if moved := moved_keys([key for key in old if key in new], [key for key in new if key in old]):
        places = {key: place for place, key in enumerate(after.keys, start=1)}
        yield "移动列" + "、".join(f"“{new[key].caption}”(到第{places[key]}列)" for key in moved)
    for key, column in new.items():
        if key in old:
            yield from _changes_of(old[key], column)


def _changes_of(old: Column, new: Column) -> Iterator[str]:
    if old.caption != new.caption:
        yield f"列“{old.caption}”改名为“{new.caption}”"
    if old.path != new.path:
        yield f"列“{new.caption}”的上级表头由“{'-'.join(old.path) or NOTHING}”改为“{'-'.join(new.path) or NOTHING}”"
    if old.width != new.width:
        before, after = (f"{width:g}" if width else "自动" for width in (old.width, new.width))
        yield f"列“{new.caption}”的列宽由{before}改为{after}"
    if old.format != new.format:
        yield f"列“{new.caption}”的日期写成{FORMATS.get(new.format, new.format)}"


def moved_keys(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The fewest keys whose moving makes `after` out of `before` (the same keys in another order)."""
    place: Mapping[str, int] = {key: index for index, key in enumerate(before)}
    ends: list[int] = []  # the smallest last place of a run of each length
    runs: list[list[str]] = []
    for key in after:
        length = bisect_left(ends, place[key])
        run = [*(runs[length - 1] if length else ()), key]
        ends[length : length + 1], runs[length : length + 1] = [place[key]], [run]
    stayed = set(runs[-1]) if runs else set()
    return [key for key in after if key not in stayed]
