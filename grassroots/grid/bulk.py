"""Writing many rows at once: COPY on PostgreSQL, executemany on SQLite, with history as services write it.

Used by the demo data and by imports. Rows go past `save()`, signals and field validation: the caller has already
checked them, and the database's constraints still hold.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models
from django.utils import timezone

from grassroots.grid.crypto import encrypt
from grassroots.grid.fields import EncryptedTextField, SealedText
from grassroots.grid.lane import Lane

Convert = Callable[[Any], Any]
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
FLUSH_ROWS = 5000


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _sealed(value: Any) -> str:
    return str(value) if isinstance(value, SealedText) else encrypt(value)


def _plain(value: Any) -> Any:
    return value


def _special(field: models.Field[Any, Any]) -> Convert | None:
    """A conversion that holds for both databases, or None."""
    if isinstance(field, EncryptedTextField):
        return _sealed
    if isinstance(field, models.JSONField):
        return _json
    return None


def _sqlite_converter(field: models.Field[Any, Any]) -> Convert:
    if special := _special(field):
        return special
    if isinstance(field, models.DateTimeField):
        return lambda value: str(value.astimezone(dt.UTC).replace(tzinfo=None))
    if isinstance(field, models.UUIDField):
        return lambda value: (value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))).hex
    if isinstance(field, models.DateField):
        return lambda value: value.isoformat()
    if isinstance(field, models.DecimalField):
        return str
    return _plain


def _copy_converter(field: models.Field[Any, Any]) -> Convert:
    special = _special(field)
    if special is not None:
        return lambda value: special(value).translate(_ESCAPES)
    if isinstance(field, models.BooleanField):
        return lambda value: "t" if value else "f"
    if isinstance(field, models.DateTimeField | models.DateField):
        return lambda value: value.isoformat()
    if isinstance(field, models.CharField | models.TextField):
        return lambda value: str(value).translate(_ESCAPES)
    return str


class BulkWriter:
    """Collects rows of one model and writes them in batches of FLUSH_ROWS.

    Primary keys are given by the writer (`next_pk` onwards), so that rows of other tables can point to them before
    anything is written: for tables that nobody else is filling at the same time.
    """

    def __init__(self, model: type[models.Model], using: str = "default") -> None:
        self.model = model
        self.connection = connections[using]
        self.fields = list(model._meta.concrete_fields)
        self._is_copy = self.connection.vendor == "postgresql"
        converter = _copy_converter if self._is_copy else _sqlite_converter
        self._null = "\\N" if self._is_copy else None
        self._columns = {field.attname: (at, converter(field)) for at, field in enumerate(self.fields)}
        # What a row holds that nobody names: defaults converted once, and those that are made for each row.
        self._blank: list[Any] = []
        self._made: list[tuple[str, Callable[[], Any]]] = []
        for field in self.fields:
            is_made = field.has_default() and callable(field.default)
            if is_made:
                self._made.append((field.attname, field.default))
            self._blank.append(self._null if is_made else self._converted(field.attname, field.get_default()))
        self._rows: list[tuple[Any, ...]] = []
        last = model._default_manager.using(using).order_by("-pk").values_list("pk", flat=True).first()
        self.first_pk = self.next_pk = (last or 0) + 1
        self.written = 0

    def _converted(self, attname: str, value: Any) -> Any:
        return self._null if value is None else self._columns[attname][1](value)

    def add(self, **values: Any) -> int:
        """Add a row by column names (`area_id=…`); unnamed columns take the field's default. Returns its key.

        Raises KeyError for a name that is no column.
        """
        pk_name = self.model._meta.pk.attname  # type: ignore[union-attr]
        pk = values.setdefault(pk_name, self.next_pk)
        self.next_pk = max(self.next_pk, pk) + 1
        for attname, make in self._made:
            if attname not in values:
                values[attname] = make()
        row = self._blank.copy()
        columns, null = self._columns, self._null
        for attname, value in values.items():
            at, convert = columns[attname]
            row[at] = null if value is None else convert(value)
        self._rows.append(tuple(row))
        if len(self._rows) >= FLUSH_ROWS:
            self.flush()
        return int(pk)

    def flush(self) -> None:
        """Write what has been collected."""
        if not self._rows:
            return
        names = [self.connection.ops.quote_name(str(field.column)) for field in self.fields]
        table = self.connection.ops.quote_name(self.model._meta.db_table)
        with self.connection.cursor() as cursor:
            if self._is_copy:
                text = "\n".join(map("\t".join, self._rows)) + "\n"
                cursor.cursor.copy_expert(f"COPY {table} ({', '.join(names)}) FROM STDIN", io.StringIO(text))
            else:
                marks = ", ".join(["%s"] * len(names))
                cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", self._rows)  # noqa: S608 names from the model
        self.written += len(self._rows)
        self._rows.clear()

    def close(self, *, by_id: int | None = None) -> int:
        """Write the rest, set the sequence behind the last key, write history; returns the number of rows."""
        self.flush()
        reset_sequences([self.model], self.connection.alias)
        if self.written and hasattr(self.model, "history"):
            write_history(self.model, self.first_pk, by_id=by_id, using=self.connection.alias)
        return self.written


def reset_sequences(tables: Iterable[type[models.Model]], using: str = "default") -> None:
    """Set the keys' sequences behind the highest key (PostgreSQL; SQLite does so by itself).

    Never back: keys above the highest one that is seen may have been given to transactions that are still open.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in tables:
            key = model._meta.pk
            if not isinstance(key, models.AutoField | models.BigAutoField):
                continue
            table, column = (
                connection.ops.quote_name(name) for name in (model._meta.db_table, str(key.column))
            )
            cursor.execute(
                f"SELECT setval(keys.name, GREATEST(nextval(keys.name), (SELECT MAX({column}) FROM {table}))) "  # noqa: S608
                "FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name) AS keys",
                [table, str(key.column)],
            )


def write_history(
    model: type[models.Model],
    first_pk: int,
    *,
    by_id: int | None,
    kind: str = "+",
    using: str = "default",
    last_pk: int | None = None,
    at: dt.datetime | None = None,
    lane: Lane | None = None,
) -> None:
    """Write a history row for every row from `first_pk` on (to `last_pk`), in one statement; ciphertext stays
    ciphertext. Beside the caller where a lane is given."""
    connection = connections[using]
    history = model.history.model  # type: ignore[attr-defined]
    quote = connection.ops.quote_name
    own = {field.column for field in history._meta.concrete_fields}
    columns = [quote(str(field.column)) for field in model._meta.concrete_fields if field.column in own]
    pk = quote(str(model._meta.pk.column))  # type: ignore[union-attr]
    moment = connection.ops.adapt_datetimefield_value(at or timezone.now())
    extra = [
        quote(name) for name in ("history_date", "history_type", "history_user_id", "history_change_reason")
    ]
    statement = (
        f"INSERT INTO {quote(history._meta.db_table)} ({', '.join(columns + extra)}) "  # noqa: S608
        f"SELECT {', '.join(columns)}, %s, %s, %s, %s FROM {quote(model._meta.db_table)} WHERE {pk} BETWEEN %s AND %s"
    )
    params = [moment, kind, by_id, None, first_pk, last_pk or models.BigAutoField.MAX_BIGINT]

    def execute() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)

    if lane is None:
        execute()
    else:
        lane.do(execute)
