"""What a batch holds, read: sheets of cells, or the lines of a chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from grassroots.ledgers.intake.protocol import Source
from grassroots.ledgers.intake.recognise import is_table
from grassroots.ledgers.intake.source import source_bytes
from grassroots.ledgers.models import ImportBatch
from grassroots.ledgers.reading.files import UnreadableFile, read_file, read_text
from grassroots.ledgers.reading.grids import Grid
from grassroots.ledgers.reading.texts import decode

LONGEST_TEXT = 500_000


@dataclass(slots=True)
class Content:
    """Sheets, and the text where it is one (`is_chat`: its lines are no cells of a spreadsheet)."""

    grids: Sequence[Grid]
    text: str = ""
    is_chat: bool = False
    notes: list[str] = field(default_factory=list)


def is_text_name(name: str) -> bool:
    """Whether a file is plain text by its name."""
    return PurePath(name).suffix.lower() in {".txt", ".text", ".md", ".log"}


def content_of(batch: ImportBatch) -> Content:
    """Read the file or text of a batch. Raises SourceGone, and UnreadableFile in words for the page."""
    data = source_bytes(batch)
    if batch.is_text or is_text_name(batch.source_name):
        return _text_content(decode(data))
    grids = read_file(data, name=batch.source_name)
    notes = list(dict.fromkeys(note for grid in grids for note in grid.notes))
    return Content(grids, notes=notes)


def source_of(batch: ImportBatch) -> Source:
    """The file as it came, for kinds that keep it."""
    return Source("" if batch.is_text else batch.source_name, lambda: source_bytes(batch))


def _text_content(text: str) -> Content:
    if not text.strip():
        raise UnreadableFile("没有内容，请粘贴表格或接龙文字。")
    if len(text) > LONGEST_TEXT:
        raise UnreadableFile("文字太长，请分成几次粘贴，或存成表格文件上传。")
    return Content([read_text(text)], text, is_chat=not is_table(text))
