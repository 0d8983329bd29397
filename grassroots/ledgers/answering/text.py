"""The answer in a text file: every byte that came stays, encoding, separators, quotes and tabs among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from grassroots.ledgers.answering.plan import AnswerSheet
from grassroots.ledgers.engine.text import clean_text

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DELIMITERS = ",\t;|"
_FORMULA = ("=", "+", "-", "@")


@dataclass(slots=True)
class _Line:
    """One record: where its fields begin and end in the text, and what ends it."""

    fields: list[tuple[int, int]] = field(default_factory=list)
    end: int = 0


def answer_text(data: bytes, sheet: AnswerSheet) -> bytes:
    """The file with the answers in it, in the sender's encoding. Raises ValueError for bytes that are no text.

    Rows are counted as a csv reader counts them: a quoted cell may hold line ends, an empty line is a row.
    """
    mark, encoding, text = _decode(data)
    delimiter = _delimiter(text, sheet)
    header, parts, at = sheet.header[1], [], 0
    for number, line in enumerate(_lines(text, delimiter), start=1):
        wanted: dict[int, str] = {}
        if number == header:
            wanted = sheet.added
        elif number in sheet.answers:
            answer = sheet.answers[number]
            wanted = {sheet.result: answer.code, sheet.note: _as_text(answer.note)}
        for start, end, new in _changes(line, wanted, delimiter):
            parts += [text[at:start], new]
            at = end
    return mark + "".join([*parts, text[at:]]).encode(encoding)


def _decode(data: bytes) -> tuple[bytes, str, str]:
    """The mark at its beginning, the encoding, and the text; such that encoding it again gives the same bytes."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return mark, encoding, data[len(mark) :].decode(encoding)
    for encoding in _unmarked(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.encode(encoding) == data:
            return b"", encoding, text
    raise ValueError("the file is no text in an encoding that is known")


def _unmarked(data: bytes) -> list[str]:
    if b"\0" in data[:4096]:
        odd, even = data[1:4096:2].count(0), data[:4096:2].count(0)
        return ["utf-16-be" if even > odd else "utf-16-le"]
    return ["utf-8", "gb18030"]


def _delimiter(text: str, sheet: AnswerSheet) -> str:
    """The separator that cuts the header into the table's columns."""
    counts = {}
    for delimiter in _DELIMITERS:
        lines = _lines(text, delimiter)
        found = next((line for number, line in enumerate(lines, 1) if number == sheet.header[1]), _Line())
        filled = [place for place, (start, end) in enumerate(found.fields) if text[start:end].strip()]
        counts[delimiter] = max(filled, default=-1) + 1
    return min(_DELIMITERS, key=lambda one: (abs(counts[one] - sheet.width), _DELIMITERS.index(one)))


def _lines(text: str, delimiter: str) -> Iterator[_Line]:
    """The records of the text, as a csv reader sees them."""
    at, length = 0, len(text)
    while at < length:
        line = _Line()
        while True:
            start = at
            at = _field_end(text, at, delimiter)
            line.fields.append((start, at))
            if at < length and text[at] == delimiter:
                at += 1
                continue
            break
        line.end = at
        if text[at : at + 2] == "\r\n":
            at += 2
        elif at < length:
            at += 1
        yield line


def _field_end(text: str, at: int, delimiter: str) -> int:
    """Where a field that begins at `at` ends: at a separator or line end outside of quotes, or with the text."""
    length = len(text)
    if at < length and text[at] == '"':
        at += 1
        while at < length:
            if text[at] != '"':
                at += 1
            elif text[at + 1 : at + 2] == '"':
                at += 2
            else:
                at += 1
                break
    while at < length and text[at] != delimiter and text[at] not in "\r\n":
        at += 1
    return at


def _changes(line: _Line, wanted: dict[int, str], delimiter: str) -> Iterator[tuple[int, int, str]]:
    """What is replaced in the text from where to where; missing cells before a new one are added empty."""
    have = len(line.fields)
    for column in sorted(column for column in wanted if column < have):
        start, end = line.fields[column]
        yield start, end, _quoted(wanted[column], delimiter)
    beyond = [column for column in wanted if column >= have]
    if beyond:
        tail = [_quoted(wanted.get(column, ""), delimiter) for column in range(have, max(beyond) + 1)]
        yield line.end, line.end, "".join(delimiter + cell for cell in tail)


def _as_text(note: str) -> str:
    """A remark that a spreadsheet does not take for a formula."""
    tidy = clean_text(note).replace("\t", " ")
    return f"'{tidy}" if tidy.startswith(_FORMULA) else tidy


def _quoted(text: str, delimiter: str) -> str:
    if delimiter in text or any(sign in text for sign in '"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
