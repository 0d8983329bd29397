"""Re-encrypting everything under another key, in small steps that may be cut off anywhere (docs/encryption.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models.functions import Cast

from grassroots.grid.crypto import DEFAULT_CIPHER, DecryptionError, decrypt, encrypt
from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.keys import add_envelope_key, add_key, drop_key, load_keyring
from grassroots.grid.sealed_files import key_ids_in_use

BATCH_ROWS = 500
MAX_PASSES = 5  # processes that were already writing under the old key leave rows behind for the next pass

Progress = Callable[[str, int, int], None]
"""Told after every batch: the column, rows done so far, rows unreadable so far."""


@dataclass(frozen=True)
class SealedColumn:
    """An encrypted column of one table, the tables of history among them."""

    model: type[models.Model]
    field: EncryptedTextField

    @property
    def name(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field.name}"

    def stored(self) -> models.QuerySet[Any]:
        """Rows that hold something, with the value as stored (`sealed`), never decrypted on the way."""
        sealed = Cast(self.field.name, models.TextField())
        return self.model._base_manager.annotate(sealed=sealed).exclude(sealed="").exclude(sealed=None)

    def naming(self, key_id: str) -> models.QuerySet[Any]:
        """Rows whose value names the key."""
        return self.stored().filter(sealed__contains=f":{key_id}:")

    def not_under(self, key_id: str) -> models.QuerySet[Any]:
        """Rows that still have to be rewritten when `key_id` is the active key."""
        return self.stored().exclude(sealed__startswith=f"{DEFAULT_CIPHER}:{key_id}:")


@dataclass
class Rotation:
    """What a run did."""

    key_id: str
    is_resumed: bool
    rewritten: int = 0
    unreadable: int = 0
    dropped: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def sealed_columns() -> list[SealedColumn]:
    """Every encrypted column of every table, history included."""
    return [
        SealedColumn(model, field)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedTextField)
    ]


def retired_keys_in_use(path: Path) -> set[str]:
    """Ids of keys in the keyring, other than the active one, that some row still names."""
    ring = load_keyring(path)
    retired = set(ring.keys) - {ring.active}
    return {
        key_id for key_id in retired if any(column.naming(key_id).exists() for column in sealed_columns())
    }


def keys_rotate(
    *, drop_old: bool = False, batch: int = BATCH_ROWS, progress: Progress | None = None
) -> Rotation:
    """Add a key, rewrite every encrypted value under it, and with `drop_old` remove keys that no row names.

    A run that finds rows under a retired key goes on with the active key instead of adding one: that is how a run
    that was cut off is finished. Values that cannot be read are left as they are and counted.
    """
    path = settings.KEYRING_PATH
    is_resumed = bool(retired_keys_in_use(path))
    if is_resumed:
        key_id = load_keyring(path).active
    else:
        key_id = add_key(path)
        add_envelope_key(path)
    rotation = Rotation(key_id, is_resumed)
    for _pass in range(MAX_PASSES):
        unreadable = 0
        for column in sealed_columns():
            for done, failed in _rewrite(column, key_id, batch):
                rotation.rewritten += done
                unreadable += failed
                if progress:
                    progress(column.name, rotation.rewritten, unreadable)
        rotation.unreadable = unreadable
        if unreadable or not retired_keys_in_use(path):
            break
    if drop_old:
        rotation.dropped, rotation.kept = _drop_retired(path)
    return rotation


def _rewrite(column: SealedColumn, key_id: str, batch: int) -> Iterator[tuple[int, int]]:
    """Rewrite a column in the order of its key; yields (rewritten, unreadable) after each batch."""
    last: Any = None
    while True:
        rows = column.not_under(key_id).order_by("pk")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        found = list(rows.values_list("pk", "sealed")[:batch])
        if not found:
            return
        changes, failed = [], 0
        for pk, sealed in found:
            try:
                changes.append((pk, sealed, encrypt(decrypt(sealed))))
            except DecryptionError:
                failed += 1
        yield _replace(column, changes), failed
        last = found[-1][0]


def _replace(column: SealedColumn, changes: list[tuple[Any, str, str]]) -> int:
    """Put the new values in where the old ones still stand, in one statement; returns how many rows changed."""
    if not changes:
        return 0
    quote = connection.ops.quote_name
    table, name = quote(column.model._meta.db_table), quote(str(column.field.column))
    pk = quote(str(column.model._meta.pk.column))  # type: ignore[union-attr]
    values = ", ".join(["(%s, %s, %s)"] * len(changes))
    statement = (
        f"UPDATE {table} SET {name} = fresh.column3 FROM (VALUES {values}) AS fresh "  # noqa: S608 names of ours
        f"WHERE {table}.{pk} = fresh.column1 AND {table}.{name} = fresh.column2"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for change in changes for value in change])
        return int(cursor.rowcount)


def _drop_retired(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Drop retired keys that no row and no sealed file names, while nobody can write a row; returns (dropped, kept)."""
    ring = load_keyring(path)
    retired = sorted(set(ring.keys) - {ring.active})
    with transaction.atomic():
        if connection.vendor == "postgresql":  # SQLite's transaction keeps writers out by itself
            tables = {connection.ops.quote_name(column.model._meta.db_table) for column in sealed_columns()}
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {', '.join(sorted(tables))} IN SHARE MODE")
        in_use = (retired_keys_in_use(path) | key_ids_in_use(settings.SEALED_ROOTS)) & set(retired)
        dropped = tuple(key_id for key_id in retired if key_id not in in_use)
        for key_id in dropped:
            drop_key(path, key_id)
    return dropped, tuple(sorted(in_use))
