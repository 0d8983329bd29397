"""The file or text of an import: kept sealed on disk until it is no longer needed."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.conf import settings

from grassroots.grid.crypto import DecryptionError
from grassroots.grid.sealed_files import SealedReader, SealedWriter
from grassroots.ledgers.models import ImportBatch


class SourceGone(Exception):
    """The file is no longer there; the words are for the page."""

    def __init__(self) -> None:
        super().__init__("原文件已按期清除，请重新上传。")


def _path(batch: ImportBatch) -> Path:
    return Path(settings.IMPORT_ROOT) / batch.source_path


def source_store(batch: ImportBatch, chunks: Iterable[bytes]) -> int:
    """Seal the content of a batch (whose row need not be saved yet); returns its size in bytes."""
    batch.source_path = f"{batch.created_at:%Y-%m}/{batch.uid}"
    with SealedWriter(_path(batch)) as target:
        for chunk in chunks:
            target.write(chunk)
        return target.size


def source_open(batch: ImportBatch) -> IO[bytes]:
    """The content in clear as a stream that can seek. Raises SourceGone."""
    if not batch.source_path:
        raise SourceGone
    try:
        return io.BufferedReader(SealedReader(_path(batch)))
    except (FileNotFoundError, DecryptionError) as gone:
        raise SourceGone from gone


def source_bytes(batch: ImportBatch) -> bytes:
    """The whole content in clear. Raises SourceGone."""
    with source_open(batch) as file:
        return file.read()


def source_size(batch: ImportBatch) -> int:
    """How many bytes the content has in clear; 0 when it is gone."""
    try:
        with SealedReader(_path(batch)) as file:
            return file.size
    except (FileNotFoundError, IsADirectoryError, DecryptionError):
        return 0


def source_drop(batch: ImportBatch) -> None:
    """Remove the content; the batch (unsaved) knows of none any more."""
    if batch.source_path:
        with suppress(FileNotFoundError):
            _path(batch).unlink()
        batch.source_path = ""
