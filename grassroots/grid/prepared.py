"""Queries that nearly every request asks, with their SQL built once in a process.

Django builds a query's SQL anew each time it is asked: for one over several tables that costs a page more than the
database takes to answer it.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.models.query import get_related_populators

Argument = tuple[Any, Any]  # two values that differ, by which it is found among the query's parameters
Row = tuple[Any, ...]
M = TypeVar("M", bound=models.Model)
REMEMBERED = 4096


def _rows(using: str, sql: str, parameters: Sequence[Any]) -> list[Row]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


@dataclass
class Prepared:
    """A query over values (`values_list`) whose SQL is the same whatever its arguments.

    Arguments are numbers, texts, UUIDs, days and moments. `build` makes the query from them by name; `samples` gives
    two different values of each. The rows come as the database gives them. ValueError when an argument changes the
    SQL, or none of its parameters.
    """

    build: Callable[..., Any]
    samples: Mapping[str, Argument]
    _made: dict[str, tuple[str, Row, dict[int, str]]] = field(default_factory=dict, init=False)

    def rows(self, using: str = "default", **arguments: Any) -> list[Row]:
        """The rows for these arguments (one query)."""
        if using not in self._made:
            self._made[using] = self._make(using)
        sql, parameters, places = self._made[using]
        connection, given = connections[using], list(parameters)
        for place, name in places.items():
            value = arguments[name]
            if isinstance(value, dt.datetime):
                value = connection.ops.adapt_datetimefield_value(value)
            given[place] = _plain(value) if isinstance(parameters[place], str) else value
        if keeps_plans(connection):
            with connection.cursor() as cursor:
                statement = _statement(connection, sql, given, places)
                cursor.execute(statement, [given[place] for place in places])
                return cursor.fetchall()
        return _rows(using, sql, given)

    def _make(self, using: str) -> tuple[str, Row, dict[int, str]]:
        usual = {name: one for name, (one, _other) in self.samples.items()}
        sql, parameters = self._compiled(usual, using)
        places: dict[int, str] = {}
        for name, (_one, other) in self.samples.items():
            changed_sql, changed = self._compiled({**usual, name: other}, using)
            found = [place for place, value in enumerate(parameters) if changed[place] != value]
            if changed_sql != sql or not found:
                raise ValueError(f"{name} is more, or less, than a parameter of the query")
            places |= dict.fromkeys(found, name)
        return sql, parameters, dict(sorted(places.items()))

    def _compiled(self, arguments: Mapping[str, Any], using: str) -> tuple[str, Row]:
        sql, parameters = self.build(**arguments).query.get_compiler(using).as_sql()
        return sql, tuple(parameters)


def keeps_plans(connection: Any) -> bool:
    """Whether a session of the database keeps the plans of queries: PostgreSQL does, unless sessions are shared.

    Behind a pooler that hands out a session for each transaction (PgBouncer), DISABLE_SERVER_SIDE_CURSORS says so.
    """
    return connection.vendor == "postgresql" and not connection.settings_dict.get(
        "DISABLE_SERVER_SIDE_CURSORS"
    )


def _statement(connection: Any, sql: str, given: Sequence[Any], places: Mapping[int, str]) -> str:
    """EXECUTE of the query, which the session of this connection has got ready: it plans it a few times, not always."""
    connection.ensure_connection()
    kept: tuple[Any, dict[str, str]] = getattr(connection, "_statements", (None, {}))
    if kept[0] is not connection.connection:  # a new session knows nothing
        kept = connection._statements = connection.connection, {}
    raw, names = kept
    if sql not in names:
        number, holes = f"prepared_{len(names)}", iter(range(1, len(places) + 1))
        texts = sql.replace("%%", "%").split("%s")
        with raw.cursor() as cursor:
            values = [
                f"${next(holes)}" if place in places else cursor.mogrify("%s", [value]).decode()
                for place, value in enumerate(given)
            ]
            whole = "".join(text + value for text, value in zip(texts, [*values, ""], strict=True))
            cursor.execute(f"PREPARE {number} AS {whole}")
        names[sql] = f"EXECUTE {number} ({', '.join(['%s'] * len(places))})"
    return str(names[sql])


def _plain(value: Any) -> str:
    """As a database without the type keeps it: SQLite has a UUID without hyphens."""
    return value.hex if hasattr(value, "hex") and not isinstance(value, float) else str(value)


@dataclass(frozen=True)
class _Shape:
    """How a row of a query becomes an instance: what Django works out anew for every query."""

    model: type[models.Model]
    columns: slice
    names: list[str]
    related: list[Any]
    annotated: Mapping[str, int]
    converters: list[tuple[int, list[Callable[..., Any]], Any]]


class PreparedModels(Prepared, Generic[M]):
    """The same for a query that gives instances, with `select_related`, `only` and annotations."""

    def __init__(self, build: Callable[..., models.QuerySet[M]], samples: Mapping[str, Argument]) -> None:
        super().__init__(build, samples)
        self._shapes: dict[str, _Shape] = {}

    def instances(self, using: str = "default", **arguments: Any) -> list[M]:
        """The instances for these arguments, as the query itself gives them (one query)."""
        rows = self.rows(using, **arguments)
        if not rows:
            return []
        if using not in self._shapes:
            self._shapes[using] = self._shape(using)
        shape, connection = self._shapes[using], connections[using]
        found = []
        for row in rows:
            values = list(row)
            for place, converters, expression in shape.converters:
                for convert in converters:
                    values[place] = convert(values[place], expression, connection)
            one: Any = shape.model.from_db(using, shape.names, values[shape.columns])
            for populator in shape.related:
                populator.populate(values, one)
            for name, place in shape.annotated.items():
                setattr(one, name, values[place])
            found.append(one)
        return found

    def first(self, using: str = "default", **arguments: Any) -> M | None:
        """The first of them."""
        return next(iter(self.instances(using, **arguments)), None)

    def _shape(self, using: str) -> _Shape:
        usual = {name: one for name, (one, _other) in self.samples.items()}
        compiler = self.build(**usual).query.get_compiler(using)
        compiler.as_sql()
        select, klass = compiler.select, compiler.klass_info
        columns = slice(klass["select_fields"][0], klass["select_fields"][-1] + 1)
        converters = compiler.get_converters([expression for expression, _sql, _alias in select])
        return _Shape(
            model=klass["model"],
            columns=columns,
            names=[expression.target.attname for expression, _sql, _alias in select[columns]],
            related=get_related_populators(klass, select, using),  # type: ignore[call-arg]
            annotated=dict(compiler.annotation_col_map or {}),
            converters=[(place, list(converts), of) for place, (converts, of) in converters.items()],
        )


class Remembered:
    """A query over values whose SQL depends on who asks: it is kept for each of the latest who did."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[str, Row]] = OrderedDict()

    def rows(self, key: Hashable, build: Callable[[], Any], using: str = "default") -> list[Row]:
        """The rows of the query (`values_list`) that `build` makes, as the database gives them (one query).

        `key` must tell everything that the query depends on.
        """
        known = self._kept.get((using, key))
        if known is None:
            known = self._kept[using, key] = _compiled(build(), using)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return _rows(using, *known)


def _compiled(query: Any, using: str) -> tuple[str, Row]:
    sql, parameters = query.query.get_compiler(using).as_sql()
    return sys.intern(sql), tuple(parameters)  # thousands of people share a few dozen shapes
