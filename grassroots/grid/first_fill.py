"""Filling tables that are empty: indexes and foreign keys are set aside and made once when everything is in.

A row that is inserted costs an entry in each index and a check of each foreign key; made afterwards from all rows
together they cost a quarter of that (docs/decisions/0050-first-fill.md). PostgreSQL only: its DDL is part of the
transaction, so whatever happens the tables come out with all they had. Elsewhere, and for tables that hold anything,
nothing is set aside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connections, models, transaction

LOCK_TIMEOUT = "2s"
MEMORY = "128MB"  # for the sorting of an index
HELPERS = 1  # beside the server's process for one index: a second one costs more than it brings
_NAMES = "SELECT name::regclass::text FROM unnest(%s) AS name"  # as the other queries answer them
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), confrelid::regclass::text
    FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY (%s::regclass[]) ORDER BY conname
"""
_UNIQUES = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), ''
    FROM pg_constraint WHERE contype = 'u' AND conrelid = ANY (%s::regclass[]) ORDER BY conname
"""
_INDEXES = """
    SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid = ANY (%s::regclass[])
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1
"""


@contextmanager
def first_fill(filled: Sequence[type[models.Model]], using: str = "default") -> Iterator[Filling | None]:
    """Set aside indexes and foreign keys of these tables and their histories while they are filled, if all are empty.

    Inside a transaction. Until it ends nobody else can read these tables, or those that they point to. Where somebody
    does so at this moment, or the tables are not this user's to change, nothing is set aside, and None is yielded.
    """
    connection = connections[using]
    aside: Filling | None = None
    if connection.vendor == "postgresql":
        try:
            with transaction.atomic(using=using):
                aside = Filling(connection, filled)
        except (DatabaseError, _NotEmpty):
            aside = None
    yield aside
    if aside is not None:
        aside.done()


class _NotEmpty(Exception):
    """Somebody has rows there already."""


class Filling:
    """What was taken off some tables."""

    def __init__(self, connection: Any, filled: Sequence[type[models.Model]]) -> None:
        self.connection = connection
        with connection.cursor() as cursor:
            self._set_aside(cursor, self._tables(filled))

    def _tables(self, filled: Sequence[type[models.Model]]) -> list[str]:
        return [
            _name(self.connection, table) for model in filled for table in (model, _history(model)) if table
        ]

    def _set_aside(self, cursor: Any, tables: Sequence[str]) -> None:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_FOREIGN_KEYS, [list(tables)])
        self.foreign_keys = cursor.fetchall()
        targets = sorted({row[3] for row in self.foreign_keys} - set(tables))
        cursor.execute(f"LOCK TABLE {', '.join([*tables, *targets])} IN ACCESS EXCLUSIVE MODE")
        if any(_has_rows(cursor, table) for table in tables):
            raise _NotEmpty
        cursor.execute(_UNIQUES, [list(tables)])
        self.uniques = cursor.fetchall()
        cursor.execute(_INDEXES, [list(tables)])
        self.indexes = cursor.fetchall()
        for table, name, *_rest in [*self.foreign_keys, *self.uniques]:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for _table, name, _definition in self.indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL lock_timeout = 0")

    def done(self, filled: Sequence[type[models.Model]] | None = None) -> None:
        """Nothing more goes into these tables (None: into any): all that was taken off them is made anew. Raises
        IntegrityError where the rows do not bear it."""
        with self.connection.cursor() as cursor:
            tables = None
            if filled is not None:
                cursor.execute(_NAMES, [self._tables(filled)])
                tables = {name for (name,) in cursor.fetchall()}
            indexes, self.indexes = _parted(self.indexes, tables)
            uniques, self.uniques = _parted(self.uniques, tables)
            foreign_keys, self.foreign_keys = _parted(self.foreign_keys, tables)
            cursor.execute(f"SET LOCAL maintenance_work_mem = '{MEMORY}'")
            cursor.execute(f"SET LOCAL max_parallel_maintenance_workers = {HELPERS}")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for _table, _name, definition in indexes:
                cursor.execute(definition)
            for table, name, definition, _target in [*uniques, *foreign_keys]:
                cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _parted(rows: Sequence[Any], tables: Collection[str] | None) -> tuple[list[Any], list[Any]]:
    """Those of these tables (None: of all), and the others."""
    if tables is None:
        return list(rows), []
    return [row for row in rows if row[0] in tables], [row for row in rows if row[0] not in tables]


def _history(model: type[models.Model]) -> type[models.Model] | None:
    history = getattr(model, "history", None)
    return history.model if history is not None else None


def _name(connection: Any, model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def _has_rows(cursor: Any, table: str) -> bool:
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")  # noqa: S608 names from the models
    return bool(cursor.fetchone()[0])
