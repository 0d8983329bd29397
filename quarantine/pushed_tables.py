"""What is kept of a pushed sheet's shape: its sheets with their captions in the sender's order (sealed JSON)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from grassroots.ledgers.intake.content import is_text_name
from grassroots.ledgers.reading.captions import Caption
from grassroots.ledgers.reading.files import read_file
from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.texts import decode, read_text
from quarantine.models import PushedList


def grids_of(data: bytes, name: str) -> list[Grid]:
    """The sheets of a file as the import read them; a pasted text has no name. Raises UnreadableFile."""
    if not name or is_text_name(name):
        return [read_text(decode(data))]
    return read_file(data, name=name)


@dataclass(frozen=True, slots=True)
class SheetShape:
    """One sheet: the key by which rows name it, its name in the file, the header's rows (from 1), the captions."""

    key: str
    name: str
    header: tuple[int, int]
    captions: tuple[tuple[int, str], ...]  # zero-based column, caption on one line

    @property
    def columns(self) -> list[Caption]:
        """Captions as the reading and the answering know them."""
        return [Caption(column, tuple(text.split("/"))) for column, text in self.captions]


def pack_shapes(shapes: Sequence[SheetShape]) -> str:
    """As it is stored."""
    return json.dumps(
        [
            [one.key, one.name, list(one.header), [list(caption) for caption in one.captions]]
            for one in shapes
        ],
        ensure_ascii=False,
    )


def shapes_of(one: PushedList) -> list[SheetShape]:
    """The sheets of a list in the file's order."""
    packed = json.loads(one.tables) if one.tables else []
    return [
        SheetShape(key, name, (header[0], header[1]), tuple((column, text) for column, text in captions))
        for key, name, header, captions in packed
    ]
