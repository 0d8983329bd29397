"""Captions of a sheet and the fields that they stand for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A fact that a column may hold: its key, the caption that the office uses, and the others that it goes by.

    `group` is the path of merged captions above it, from the top down, where only that tells it apart.
    """

    key: str
    caption: str
    aliases: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    kind: str = "text"
