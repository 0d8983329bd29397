"""The columns of a layout as rows of a form: which, in which order, with which captions, groups and widths.

Not formsets: a ledger has forty columns and more, and a row must be shown again just as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from grassroots.ledgers.engine import Column, Layout, LayoutError, clean_text
from grassroots.ledgers.engine.changes import FORMATS
from grassroots.ledgers.engine.columns import DEFAULT_WIDTHS
from grassroots.ledgers.engine.tailored import MAX_COLUMNS, TWICE, formats_for, free_key, is_free

MAX_CAPTION = 200
MAX_WIDTH = 100
FIELDS = ("caption", "group", "subgroup", "width", "format")


@dataclass
class ColumnRow:
    """One column as it stands in the form: what was typed, and what is wrong with it by field."""

    key: str
    is_in: bool
    caption: str = ""
    group: str = ""
    subgroup: str = ""
    width: str = ""
    format: str = ""
    registered: Column | None = None
    place: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_free(self) -> bool:
        return is_free(self.key)

    @property
    def is_gone(self) -> bool:
        """Whether the ledger no longer has the column."""
        return self.registered is None and not self.is_free

    @property
    def title(self) -> str:
        """What the column is, whatever it is called here."""
        if self.registered:
            return self.registered.full_caption
        return "自填列" if self.is_free else "台账已没有这一列"

    @property
    def formats(self) -> list[tuple[str, str]]:
        """The ways in which its values may be written, if there is more than one."""
        offered = formats_for(self.registered) if self.registered else ()
        return [(name, FORMATS[name]) for name in offered] if len(offered) > 1 else []

    @property
    def usual_width(self) -> str:
        return (
            f"{DEFAULT_WIDTHS['text']:g}" if self.registered is None else f"{self.registered.drawn_width:g}"
        )

    @property
    def is_changed(self) -> bool:
        """Whether something of it was changed: its row is then shown open."""
        own = self.registered
        if own is None or self.errors:
            return True
        typed = tuple(filter(None, (self.group, self.subgroup)))
        width = f"{own.width:g}" if own.width else ""
        return (self.caption, typed, self.width, self.format) != (own.caption, own.path, width, own.format)

    def column(self) -> Column | None:
        """The column as typed; None, with what is wrong noted in `errors`."""
        self.errors.update(self._troubles())
        if self.errors:
            return None
        caption, group, subgroup = self._words()
        path = tuple(filter(None, (group, subgroup)))
        wanted = self.format if self.format in dict(self.formats) else ""
        own = wanted or (self.registered.format if self.registered else "text")
        return Column(self.key, caption, group=path, width=self._width() or 0, format=own)  # type: ignore[arg-type]

    def _words(self) -> tuple[str, str, str]:
        return _one_line(self.caption), _one_line(self.group), _one_line(self.subgroup)

    def _troubles(self) -> Iterator[tuple[str, str]]:
        """What is wrong, by field."""
        for name, text in zip(("caption", "group", "subgroup"), self._words(), strict=True):
            if len(text) > MAX_CAPTION:
                yield name, f"不能超过 {MAX_CAPTION} 个字"
        if not self._words()[0]:
            yield "caption", "列名不能空着"
        if self.width.strip():
            width = self._width()
            if width is None:
                yield "width", "列宽请填数字，例如 8 或 11.5"
            elif not 1 <= width <= MAX_WIDTH:
                yield "width", f"列宽请填 1 到 {MAX_WIDTH}，不填按内容自动"

    def _width(self) -> float | None:
        """The width typed; None for none, or for what is no number."""
        try:
            return round(float(self.width), 1)
        except ValueError:
            return None


def _one_line(text: str) -> str:
    return " ".join(clean_text(text).split())


class ColumnRows:
    """All rows of the form: those chosen and those left out, in their order."""

    def __init__(self, rows: Sequence[ColumnRow]) -> None:
        self.rows = list(rows)

    def __iter__(self) -> Iterator[ColumnRow]:
        for number, row in enumerate(self.rows, start=1):
            row.place = str(number)
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of(cls, layout: Layout, standard: Layout) -> ColumnRows:
        """The rows of a layout, then the ledger's columns that it leaves out."""
        registered = {column.key: column for column in standard.columns}
        rows = [_row(column, registered.get(column.key), is_in=True) for column in layout.columns]
        return cls([*rows, *_left_out(standard, {row.key for row in rows})])

    @classmethod
    def posted(cls, data: QueryDict, standard: Layout) -> ColumnRows:
        """The rows as they were sent, in the order of their places; columns that were not sent are left out."""
        registered = {column.key: column for column in standard.columns}
        rows: dict[str, ColumnRow] = {}
        for name in data.getlist("row")[: 2 * MAX_COLUMNS]:
            key = data.get(f"{name}-key", "")
            if not key or key in rows:
                continue
            caption, group, subgroup, width, written = (data.get(f"{name}-{part}", "") for part in FIELDS)
            rows[key] = ColumnRow(
                key, f"{name}-in" in data, caption, group, subgroup, width, written, registered.get(key),
                data.get(f"{name}-place", ""),
            )  # fmt: skip
        found = cls(_placed(list(rows.values())))
        found.rows += _left_out(standard, set(rows))
        return found

    def columns(self) -> tuple[Column, ...]:
        """The chosen columns; what is wrong is noted in the rows, and such a row is left out."""
        made: dict[str, Column] = {}
        for row in self.rows:
            column = row.column() if row.is_in else None
            if column is None:
                continue
            if column.full_caption in made:
                row.errors["caption"] = TWICE.format(column.full_caption)
            else:
                made[column.full_caption] = column
        return tuple(made.values())

    def blame(self, error: LayoutError) -> bool:
        """Note an error beside the field of its row; False where it is about no row."""
        row = next((row for row in self.rows if row.key == error.key), None)
        if row is None or not error.key:
            return False
        row.errors[error.field if error.field in FIELDS else "caption"] = str(error)
        return True

    @property
    def has_errors(self) -> bool:
        return any(row.errors for row in self.rows)

    def act(self, action: str) -> None:
        """What a button of the form asks for: `up:KEY`, `down:KEY`, `add`, `remove:KEY`; anything else is nothing."""
        verb, _colon, key = action.partition(":")
        if verb == "add" and len(self.rows) < MAX_COLUMNS:
            last = max((index for index, row in enumerate(self.rows) if row.is_in), default=-1)
            self.rows.insert(
                last + 1, ColumnRow(free_key(row.key for row in self.rows), is_in=True, caption="备注")
            )
            return
        place = next((place for place, row in enumerate(self.rows) if row.key == key), None)
        if place is None:
            return
        if verb == "remove" and self.rows[place].registered is None:
            del self.rows[place]
        elif verb in ("up", "down"):
            other = place + (1 if verb == "down" else -1)
            if 0 <= other < len(self.rows):
                self.rows[place], self.rows[other] = self.rows[other], self.rows[place]


def _row(column: Column, registered: Column | None, *, is_in: bool) -> ColumnRow:
    group, subgroup = (*column.path, "", "")[:2]
    width = f"{column.width:g}" if column.width else ""
    return ColumnRow(column.key, is_in, column.caption, group, subgroup, width, column.format, registered)


def _left_out(standard: Layout, taken: set[str]) -> list[ColumnRow]:
    return [_row(column, column, is_in=False) for column in standard.columns if column.key not in taken]


def _placed(rows: list[ColumnRow]) -> list[ColumnRow]:
    """The rows in their order, but those whose place was typed over go where it says."""
    moved: list[tuple[int, ColumnRow]] = []
    kept: list[ColumnRow] = []
    for number, row in enumerate(rows, start=1):
        typed = row.place.strip()
        if typed.isdecimal() and len(typed) <= 4 and int(typed) not in (0, number):
            moved.append((int(typed), row))
        else:
            kept.append(row)
    for place, row in sorted(moved, key=lambda pair: pair[0]):
        kept.insert(place - 1, row)
    return kept
