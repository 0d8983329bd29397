"""Writing many rows by column: for imports, whose rows are known before any of them is written.

Like `bulk.BulkWriter`, several times as fast, and beside others who write to the same tables: keys are reserved from
the table's sequence. Rows go past `save()`, signals and field validation.
"""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice, repeat
from typing import Any

from django.db import connections, models
from django.utils import timezone

from grassroots.grid.bulk import FLUSH_ROWS, _copy_converter, _json, _sqlite_converter
from grassroots.grid.crypto import digest_many, encrypt_many
from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.lane import Lane

RESERVE_TRIES = 50
LANE_ROWS = 20_000
_TAKE = "SELECT min(k), max(k) FROM (SELECT nextval(%s::regclass) AS k FROM generate_series(1, %s)) AS taken"
_TO_ESCAPE = "\\\t\n\r"
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
    sequence = _sequence(using, table, str(pk.column))
    with connection.cursor() as cursor:
        for _ in range(RESERVE_TRIES):
            cursor.execute(_TAKE, [sequence, count])
            first, last = cursor.fetchone()
            if last - first + 1 == count:
                return range(int(first), int(last) + 1)
    raise KeysTaken


@lru_cache
def _sequence(using: str, table: str, column: str) -> str:
    """The name of a key's sequence: looked up once, it costs more than a key."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, column])
        return str(cursor.fetchone()[0])


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
    is_packed = is_copy and lane is not None and lane.packer is not None
    table = {
        str(field.column): _column(
            field, keys if field.primary_key else columns.get(field.attname, field), len(keys),
            is_copy=is_copy, is_packed=is_packed,
        )
        for field in fields
    }  # fmt: skip
    if lane is not None and is_packed:
        _packed(connection, model, table, lane)
        return
    # Beside, each statement waits several times for this thread to let it on: few long ones.
    size = FLUSH_ROWS if lane is None else LANE_ROWS
    for statement in (_copies if is_copy else _inserts)(connection, model, table, size):
        if lane is None:
            statement()
        else:
            lane.do(statement)


Statements = Iterator[Callable[[], None]]


def _into(connection: Any, model: type[models.Model], names: Iterable[str]) -> str:
    quote = connection.ops.quote_name
    return f"{quote(model._meta.db_table)} ({', '.join(map(quote, names))})"


def _parted(table: dict[str, Any]) -> tuple[dict[str, Any], list[str], str]:
    """Columns whose values differ, and the names of the others with all that stands in these, in one piece."""
    same = {name: column for name, column in table.items() if isinstance(column, repeat)}
    own = {name: column for name, column in table.items() if name not in same}
    return own, list(same), "\t".join(map(next, same.values()))


def _copies(connection: Any, model: type[models.Model], table: dict[str, Any], size: int) -> Statements:
    """A COPY for so many rows each."""
    own, same, tail = _parted(table)
    into = _into(connection, model, [*own, *same])
    lines = map("\t".join, zip(*own.values(), *([repeat(tail)] if same else []), strict=False))
    while part := "\n".join(islice(lines, size)):
        yield partial(_copy, connection, into, f"{part}\n".encode())


def _packed(connection: Any, model: type[models.Model], table: dict[str, Any], lane: Lane) -> None:
    """One COPY of all rows, which are put together in another process."""
    assert lane.packer is not None
    own, same, tail = _parted(table)
    columns = [column if isinstance(column, tuple) else ("text", list(column)) for column in own.values()]
    lines = lane.packer.pack([*columns, *([("same", tail)] if same else [])])
    into = _into(connection, model, [*own, *same])
    lane.do(lambda: _copy(connection, into, lines.result()))


def _inserts(
    connection: Any, model: type[models.Model], table: dict[str, Iterable[Any]], size: int
) -> Statements:
    into = _into(connection, model, table)
    rows = zip(*table.values(), strict=False)  # a column with one value for all has no end
    while part := list(islice(rows, size)):
        yield partial(_insert, connection, into, part)


def _copy(connection: Any, into: str, lines: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(f"COPY {into} FROM STDIN", io.BytesIO(lines), len(lines))


def _insert(connection: Any, into: str, rows: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608 names from the model


@dataclass(slots=True)
class Digested:
    """As values of a column: the digests of these texts, of which (`is_few`) only some thousand may differ."""

    texts: list[str]
    purpose: str
    is_few: bool = False

    def digests(self) -> list[str]:
        if not self.is_few:
            return digest_many(self.texts, self.purpose)
        different = list(dict.fromkeys(self.texts))
        known = dict(zip(different, digest_many(different, self.purpose), strict=True))
        return [known[text] for text in self.texts]


def _secret(values: list[str] | Digested, *, is_packed: bool) -> Any:
    """A column that is made with a key: in this process, or as another is told of it (`sealing.Table`)."""
    if isinstance(values, Digested):
        how = "again" if values.is_few else "digest"
        return (how, values.texts, values.purpose) if is_packed else values.digests()
    return ("sealed", values) if is_packed else encrypt_many(values)


def _column(
    field: models.Field[Any, Any], values: Any, count: int, *, is_copy: bool, is_packed: bool = False
) -> Any:
    """The values of one column as the database takes them; with `is_packed` those that a key is needed for, and
    numbers, as another process is told of them."""
    if values is field:
        values = _defaults(field, count)
    null = "\\N" if is_copy else None
    convert = (_copy_converter if is_copy else _sqlite_converter)(field)
    if isinstance(values, range):
        if is_packed:
            return ("keys", values.start, values.stop)
        return map(str, values) if is_copy else values
    is_digested = isinstance(values, Digested)
    if not (is_digested or isinstance(values, list)):
        return repeat(null if values is None else convert(values))
    length = len(values.texts if is_digested else values)
    if length != count:
        raise ValueError(f"{length} values of {field.name} for {count} rows")
    if is_digested or isinstance(field, EncryptedTextField):
        return _secret(values, is_packed=is_packed)
    if is_copy and isinstance(field, models.CharField | models.TextField):
        return _texts(values)
    if is_packed and isinstance(field, models.BooleanField):
        return ("flags", values)
    if is_packed and isinstance(field, models.IntegerField | models.ForeignKey) and convert is str:
        return ("numbers", values)
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
    all_of_them = "\0".join(values)
    if not any(sign in all_of_them for sign in _TO_ESCAPE):
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
    raw = bytearray(os.urandom(16 * count))
    raw[6::16] = raw[6::16].translate(_VERSION)
    raw[8::16] = raw[8::16].translate(_VARIANT)
    text = raw.hex()
    return [text[at : at + 32] for at in range(0, 32 * count, 32)]


_VERSION = bytes(0x40 | byte & 0x0F for byte in range(256))
_VARIANT = bytes(0x80 | byte & 0x3F for byte in range(256))
