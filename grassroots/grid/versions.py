"""Stale saves: somebody else has saved in between; neither value is lost."""

from __future__ import annotations

from typing import Any


class StaleVersion(Exception):
    """The row has moved on since the form was opened. Carries the row as it stands, to be shown side by side."""

    def __init__(self, current: Any) -> None:
        super().__init__("somebody else has saved this in the meantime")
        self.current = current


def check_version(row: Any, version: int) -> None:
    """Raise StaleVersion unless the row, read under lock, still has the version that the form was opened with."""
    if row.version != version:
        raise StaleVersion(row)
