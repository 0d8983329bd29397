"""How much a file from outside may cost, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1024 * 1024


class UnreadableFile(Exception):
    """The file cannot be read; the message says to the clerk (Chinese) what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_bytes` as sent, `max_unpacked` after unpacking, filled rows and columns, seconds and memory to read it.
    A sheet of `halved_from` bytes unpacked is read by two processes at once."""

    max_bytes: int = 30 * MB
    max_unpacked: int = 1024 * MB
    max_entries: int = 2000
    max_rows: int = 300_000
    max_columns: int = 512
    seconds: int = 60
    memory: int = 2048 * MB
    halved_from: int = 32 * MB


UPLOAD = Limits()
