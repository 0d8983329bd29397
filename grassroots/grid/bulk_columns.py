"""Writing many rows by column: for imports, whose rows are known before any of them is written.

Like `bulk.BulkWriter`, several times as fast, and beside others who write to the same tables: keys are reserved from
the table's sequence. Rows go past `save()`, signals and field validation.
"""

from __future__ import annotations

import io
import os
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice, repeat
from typing import Any

from django.db import connections, models
from django.utils import timezone

from grassroots.grid.bulk import FLUSH_ROWS, _copy_converter, _json, _sqlite_converter
from grassroots.grid.crypto import encrypt_many
from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.lane import Lane

RESERVE_TRIES = 50
LANE_ROWS = 20_000
_TAKE = "SELECT min(k), max(k) FROM (SELECT nextval(%s::regclass) AS k FROM generate_series(1, %s)) AS taken"
_TO_ESCAPE = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class KeysTaken(Exception):
    """So many others insert rows at this moment that no keys one after the other could be had."""


def reserve_keys(model: type[models.Model], count: int, using: str = "default") -> range:
    """`count` keys one after the other, which nobody else will be given. Raises KeysTaken.

    PostgreSQL: taken from the table's sequence, anew where somebody else took one in between. SQLite: behind the
    highest key; whoever writes is alone there until his transaction ends.
    """
    if not count:
        return range(0)
    connection = connections[using]
    pk = model._meta.pk
    assert pk is not None
    if connection.vendor != "postgresql":
        last = model._base_manager.using(using).order_by("-pk").values_list("pk", flat=True).first()
        return range(int(last or 0) + 1, int(last or 0) + 1 + count)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, pk.column])
        sequence = cursor.fetchone()[0]  # looked up once: for each key it costs more than the key
        for _ in range(RESERVE_TRIES):
            cursor.execute(_TAKE, [sequence, count])
            first, last = cursor.fetchone()
            if last - first + 1 == count:
                return range(int(first), int(last) + 1)
    raise KeysTaken


def write_columns(
    model: type[models.Model],
    keys: range,
    columns: dict[str, Any],
    *,
    using: str = "default",
    lane: Lane | None = None,
) -> None:
    """Write rows with these (reserved) keys: for each column (`area_id`, …) a list of values, or one value for all;
    columns that are not named take the field's default. Beside the caller where a lane is given.

    Raises KeyError for a name that is no column, ValueError for a list of another length.
    """
    if not keys:
        return
    connection = connections[using]
    fields = list(model._meta.concrete_fields)
    if unknown := columns.keys() - {field.attname for field in fields}:
        raise KeyError(f"no columns of {model.__name__}: {sorted(unknown)}")
    is_copy = connection.vendor == "postgresql"
    table = [
        _column(
            field,
            keys if field.primary_key else columns.get(field.attname, field),
            len(keys),
            is_copy=is_copy,
        )
        for field in fields
    ]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    into = f"{connection.ops.quote_name(model._meta.db_table)} ({names})"
    rows = zip(*table, strict=False)  # a column with one value for all has no end
    # Beside, each statement waits several times for this thread to let it on: few long ones.
    while part := list(islice(rows, FLUSH_ROWS if lane is None else LANE_ROWS)):
        statement: Callable[[], None] = partial(_insert, connection, into, part)
        if is_copy:
            statement = partial(_copy, connection, into, _packed(part))
        if lane is None:
            statement()
        else:
            lane.do(statement)


def _packed(rows: Sequence[Sequence[str]]) -> bytes:
    return ("\n".join(map("\t".join, rows)) + "\n").encode()


def _copy(connection: Any, into: str, lines: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(f"COPY {into} FROM STDIN", io.BytesIO(lines), len(lines))


def _insert(connection: Any, into: str, rows: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608 names from the model


def _column(field: models.Field[Any, Any], values: Any, count: int, *, is_copy: bool) -> Iterable[Any]:
    """The values of one column as the database takes them."""
    if values is field:
        values = _defaults(field, count)
    null = "\\N" if is_copy else None
    convert = (_copy_converter if is_copy else _sqlite_converter)(field)
    if isinstance(values, range):
        return map(str, values) if is_copy else values
    if not isinstance(values, list):
        return repeat(null if values is None else convert(values))
    if len(values) != count:
        raise ValueError(f"{len(values)} values of {field.name} for {count} rows")
    if isinstance(field, EncryptedTextField):
        return encrypt_many(values)
    if is_copy and isinstance(field, models.CharField | models.TextField):
        return _texts(values)
    if isinstance(field, models.UUIDField):
        return values  # 32 hex digits, which both databases take
    if isinstance(field, models.JSONField):
        return _converted(
            values, (lambda value: _json(value).translate(_ESCAPES)) if is_copy else _json, null
        )
    return _converted(values, convert, null)


def _defaults(field: models.Field[Any, Any], count: int) -> Any:
    if not (field.has_default() and callable(field.default)):
        return field.get_default()
    if field.default is uuid.uuid4:
        return uuids(count)
    return (
        field.default()
        if field.default in (timezone.now, timezone.localdate)
        else [field.default() for _ in range(count)]
    )


def _texts(values: Sequence[str]) -> Sequence[str]:
    """Texts as COPY takes them: nearly always just as they are."""
    if not _TO_ESCAPE.search("\0".join(values)):
        return values
    return [value.translate(_ESCAPES) for value in values]


def _converted(values: Sequence[Any], convert: Callable[[Any], Any], null: Any) -> list[Any]:
    """Values converted; each that comes again once."""
    if convert is str and None not in values:
        return list(map(str, values))
    try:
        known = {value: convert(value) for value in set(values) if value is not None}
    except TypeError:  # a list of JSON
        return [null if value is None else convert(value) for value in values]
    known[None] = null
    return list(map(known.__getitem__, values))


def uuids(count: int) -> list[str]:
    """Random UUIDs (version 4) as 32 hex digits."""
    text = os.urandom(16 * count).hex()
    parts = (text[at : at + 32] for at in range(0, 32 * count, 32))
    return [f"{one[:12]}4{one[13:16]}{_VARIANT[one[16]]}{one[17:]}" for one in parts]


_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
