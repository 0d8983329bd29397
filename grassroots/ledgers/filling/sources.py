"""Ledgers as sources of a form's rows: the fields that captions are matched to, and the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from grassroots.grid.models import Area, Level
from grassroots.ledgers.engine import Column, LedgerContext, LedgerDefinition, ledger_registry
from grassroots.ledgers.engine.export import flat_layout, flat_rows
from grassroots.ledgers.engine.text import MASKS
from grassroots.ledgers.filling.values import sheet_value
from grassroots.ledgers.reading import Field

#: Where the area itself lies: known for every row, whatever the ledger says of it.
STREET, COUNTY, UNIT, NUMBER = "form_street", "form_county", "form_unit", "form_number"
CONSTANTS = (
    Column(STREET, "镇(街道)", aliases=("乡镇", "街道", "镇街", "所属街道", "乡镇(街道)")),
    Column(COUNTY, "区(县)", aliases=("县", "区县", "县区", "所属区县", "区(市)县")),
    Column(UNIT, "填报单位", aliases=("报送单位", "上报单位", "填表单位")),
)
CONSTANT_KEYS = frozenset({STREET, COUNTY, UNIT, NUMBER})


@dataclass(frozen=True)
class Source:
    """A ledger for a context, with all columns that a form may ask of it."""

    definition: LedgerDefinition
    context: LedgerContext
    columns: tuple[Column, ...]

    @property
    def key(self) -> str:
        return self.definition.key

    @property
    def fields(self) -> tuple[Field, ...]:
        """What captions are matched to."""
        return tuple(_field(column) for column in self.columns)

    def column(self, key: str) -> Column:
        """The column of that key. Raises KeyError."""
        return {column.key: column for column in self.columns}[key]

    def fallback(self, key: str, taken: Iterable[str]) -> Column | None:
        """The column whose value stands in for an empty one of `key`, unless the form has it by itself."""
        other = self.definition.form.fallbacks.get(key) if self.definition.form else None
        return self.column(other) if other and other not in set(taken) else None

    def rows(self, keys: Sequence[str]) -> Iterator[list[object]]:
        """Values of these columns, row by row, masked unless the context is an unmasked one."""
        places = {column.key: index for index, column in enumerate(self.columns)}
        constants = _constants(self.context)
        columns = [self.columns[places[key]] for key in keys]
        others = [self.fallback(key, keys) for key in keys]
        for values in self._raw():
            row = []
            for column, other in zip(columns, others, strict=True):
                value = self._value(column, values, places, constants)
                if value in (None, "") and other is not None:
                    value = self._value(other, values, places, constants)
                row.append(value)
            yield row

    def _value(
        self, column: Column, values: Sequence[object], places: dict[str, int], constants: dict[str, str]
    ) -> object:
        if column.key in constants:
            return constants[column.key]
        mask = MASKS[column.mask] if column.mask and not self.context.unmasked else None
        return sheet_value(values[places[column.key]], column.format, mask)

    def _raw(self) -> Iterator[Sequence[object]]:
        """The ledger's rows with a value for each of `columns` but the constants, which stand at the end."""
        if self.definition.form:
            yield from self.definition.form.rows(self.context)
        elif self.definition.sheets is not None:
            yield from flat_rows(self.definition.sheets(self.context))
        else:
            assert self.definition.rows is not None
            held = self.definition.held_keys(self.context)
            own = [column.key for column in self.columns if column.key not in CONSTANT_KEYS]
            places = [held.index(key) if key in held else None for key in own]
            for row in self.definition.rows(self.context):
                yield [None if place is None else row[place] for place in places]


def source_of(definition: LedgerDefinition, context: LedgerContext) -> Source:
    """The ledger as a source of rows for that context."""
    if definition.form:
        columns = tuple(definition.form.columns(context))
    elif definition.sheets is not None:
        columns = flat_layout(definition.layout_of(context)).columns
    else:
        columns = definition.offered_layout_of(context).columns
    taken = {column.key for column in columns}
    more = [item for item in CONSTANTS if item.key not in taken]
    if not any(column.format == "serial" for column in columns):
        more.append(Column(NUMBER, "序号", format="serial"))
    return Source(definition, context, (*columns, *more))


def sources_for(context: LedgerContext) -> list[Source]:
    """Every registered ledger, in the order of the registry."""
    return [source_of(definition, context) for definition in ledger_registry.all()]


def _field(column: Column) -> Field:
    return Field(column.key, column.caption, column.aliases, column.path, column.format)


def _constants(context: LedgerContext) -> dict[str, str]:
    area = cast(Area, context.area)
    above = {row.level: row.name for row in Area.objects.filter(path__in=area.ancestor_paths())}
    return {
        STREET: above.get(Level.STREET, ""), COUNTY: above.get(Level.COUNTY, ""), UNIT: area.name, NUMBER: "",
    }  # fmt: skip


def for_day(source: Source, context: LedgerContext) -> Source:
    """The same ledger for another context (filters, masked or not)."""
    return replace(source, context=context)
